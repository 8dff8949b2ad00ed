// Checks the tree and the proofs of a static tlog-tiles directory with github.com/transparency-dev/merkle. ../sumdb checks
// the signatures.
//
//	merkle verify DIR
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

const width = 256

type checkpoint struct {
	size uint64
	root []byte
}

func parseCheckpoint(text string) (head checkpoint, err error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 {
		return head, errors.New("checkpoint: too few lines")
	}
	if head.size, err = strconv.ParseUint(lines[1], 10, 64); err != nil {
		return head, err
	}
	head.root, err = base64.StdEncoding.DecodeString(lines[2])
	return head, err
}

// Works for trees of fewer than a million bundles.
func entriesPath(dir string, index, size uint64) string {
	path := filepath.Join(dir, "tile", "entries", fmt.Sprintf("%03d", index))
	if index >= 1000 {
		path = filepath.Join(dir, "tile", "entries", fmt.Sprintf("x%03d", index/1000), fmt.Sprintf("%03d", index%1000))
	}
	if rest := size - index*width; rest < width {
		path += fmt.Sprintf(".p/%d", rest)
	}
	return path
}

func readLeaves(dir string, size uint64) (leaves [][]byte, err error) {
	for index := uint64(0); index*width < size; index++ {
		bundle, err := os.ReadFile(entriesPath(dir, index, size))
		if err != nil {
			return nil, err
		}
		for len(bundle) > 0 {
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(bundle[2:end]))
			bundle = bundle[end:]
		}
	}
	return leaves, nil
}

// Returns the hashes up to the first empty line, and the text after it.
func cutHashes(text string) (hashes [][]byte, rest string, err error) {
	for {
		line, after, found := strings.Cut(text, "\n")
		if !found {
			return nil, "", errors.New("proof: there is no empty line after the hashes")
		}
		if line == "" {
			return hashes, after, nil
		}
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return nil, "", err
		}
		hashes = append(hashes, hash)
		text = after
	}
}

type report struct {
	Size        uint64 `json:"size"`
	Root        string `json:"root"`
	Inclusion   int    `json:"inclusion"`
	Consistency int    `json:"consistency"`
}

func verify(dir string) (*report, error) {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return nil, err
	}
	head, err := parseCheckpoint(string(text))
	if err != nil {
		return nil, err
	}
	leaves, err := readLeaves(dir, head.size)
	if err != nil {
		return nil, err
	}
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	tree := factory.NewEmptyRange(0)
	for _, leaf := range leaves {
		if err := tree.Append(leaf, nil); err != nil {
			return nil, err
		}
	}
	root, err := tree.GetRootHash(nil)
	if err != nil || tree.End() != head.size || !bytes.Equal(root, head.root) {
		return nil, fmt.Errorf("%d entries have root %x, but the checkpoint has size %d and root %x: %v", tree.End(), root, head.size, head.root, err)
	}
	result := &report{Size: head.size, Root: base64.StdEncoding.EncodeToString(root)}

	files, err := filepath.Glob(filepath.Join(dir, "proof", "inclusion", "*"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		lines := strings.SplitN(string(text), "\n", 3)
		index, err := strconv.ParseUint(strings.TrimPrefix(lines[1], "index "), 10, 64)
		if err != nil {
			return nil, err
		}
		hashes, _, err := cutHashes(lines[2])
		if err != nil {
			return nil, err
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, head.size, leaves[index], hashes, root); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		result.Inclusion++
	}
	if files, err = filepath.Glob(filepath.Join(dir, "proof", "consistency", "*")); err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		hashes, rest, err := cutHashes(string(text))
		if err != nil {
			return nil, err
		}
		old, err := parseCheckpoint(rest)
		if err != nil {
			return nil, err
		}
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, old.size, head.size, hashes, old.root, root); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		result.Consistency++
	}
	return result, nil
}

func main() {
	if len(os.Args) != 3 || os.Args[1] != "verify" {
		fmt.Fprintln(os.Stderr, "usage: merkle verify DIR")
		os.Exit(2)
	}
	result, err := verify(os.Args[2])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "merkle:", err)
		os.Exit(1)
	}
}
