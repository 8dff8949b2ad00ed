// Writes and checks the tree, the checkpoints and the proofs of a static tlog-tiles directory with golang.org/x/mod/sumdb,
// which shares no code with our implementation.
//
//	sumdb make DIR SKEY COUNT   write a log of COUNT example entries, with proofs
//	sumdb verify DIR VKEY       check a whole log
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height      = 8
	width       = 1 << height
	proofHeader = "c2sp.org/tlog-proof@v1"
)

// Returns the same example entry as ../log.cpp.
func entry(i int64) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("entry %d\n", i), int(i%5)))
}

func step(count int64) int64 { return 1 + count/64 }

func formatCheckpoint(origin string, size int64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
}

func parseCheckpoint(text string) (origin string, tree tlog.Tree, err error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 {
		return "", tree, errors.New("checkpoint: too few lines")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return "", tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return lines[0], tree, err
}

// The paths of tlog-tiles are those of the checksum database without the tile height.
func tilePath(dir string, tile tlog.Tile) string {
	return filepath.Join(dir, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
}

func entriesPath(dir string, index, size int64) string {
	w := width
	if rest := size - index*width; rest < width {
		w = int(rest)
	}
	path := tlog.Tile{H: height, L: 0, N: index, W: w}.Path()
	return filepath.Join(dir, strings.Replace(path, "tile/8/0/", "tile/entries/", 1))
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}

func hashLines(hashes []tlog.Hash) string {
	var text strings.Builder
	for _, hash := range hashes {
		fmt.Fprintln(&text, hash)
	}
	return text.String()
}

// Returns the hashes up to the first empty line, and the text after it.
func cutHashes(text string) (hashes []tlog.Hash, rest string, err error) {
	for {
		line, after, found := strings.Cut(text, "\n")
		if !found {
			return nil, "", errors.New("proof: there is no empty line after the hashes")
		}
		if line == "" {
			return hashes, after, nil
		}
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, "", err
		}
		hashes = append(hashes, hash)
		text = after
	}
}

func makeLog(dir, skey string, count int64) error {
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for i := int64(0); i < count; i++ {
		hashes, err := tlog.StoredHashes(i, entry(i), reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	for _, tile := range tlog.NewTiles(height, 0, count) {
		// Some versions of NewTiles also list obsolete partial tiles.
		if tile.W < width && tile.N*width+int64(tile.W) != count>>uint(height*tile.L) {
			continue
		}
		data, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return err
		}
		if err := write(tilePath(dir, tile), data); err != nil {
			return err
		}
	}
	for index := int64(0); index*width < count; index++ {
		var bundle bytes.Buffer
		for i := index * width; i < count && i < (index+1)*width; i++ {
			binary.Write(&bundle, binary.BigEndian, uint16(len(entry(i))))
			bundle.Write(entry(i))
		}
		if err := write(entriesPath(dir, index, count), bundle.Bytes()); err != nil {
			return err
		}
	}
	head := func(size int64) ([]byte, error) {
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			return nil, err
		}
		return note.Sign(&note.Note{Text: formatCheckpoint(signer.Name(), size, root)}, signer)
	}
	checkpoint, err := head(count)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "checkpoint"), checkpoint); err != nil {
		return err
	}
	for i := int64(0); i < count; i += step(count) {
		proof, err := tlog.ProveRecord(count, i, reader)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%s\nindex %d\n%s\n%s", proofHeader, i, hashLines(proof), checkpoint)
		if err := write(filepath.Join(dir, "proof", "inclusion", fmt.Sprint(i)), []byte(text)); err != nil {
			return err
		}
	}
	for old := int64(1); old <= count; old += step(count) {
		proof, err := tlog.ProveTree(count, old, reader)
		if err != nil {
			return err
		}
		oldHead, err := head(old)
		if err != nil {
			return err
		}
		text := hashLines(proof) + "\n" + string(oldHead)
		if err := write(filepath.Join(dir, "proof", "consistency", fmt.Sprint(old)), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// Reads the tiles of a directory. Implements tlog.TileReader.
type tiles string

func (dir tiles) Height() int                         { return height }
func (dir tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (dir tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		var err error
		if data[i], err = os.ReadFile(tilePath(string(dir), tile)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

type report struct {
	Origin      string `json:"origin"`
	Size        int64  `json:"size"`
	Root        string `json:"root"`
	Inclusion   int    `json:"inclusion"`
	Consistency int    `json:"consistency"`
}

type checker struct {
	dir      string
	verifier note.Verifier
	tree     tlog.Tree
	reader   tlog.HashReader
	leaves   []tlog.Hash
}

func (a *checker) open(text []byte) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(a.verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin, tree, err := parseCheckpoint(opened.Text)
	if err == nil && origin != a.verifier.Name() {
		err = fmt.Errorf("the checkpoint has origin %q but is signed by %q", origin, a.verifier.Name())
	}
	return tree, err
}

func (a *checker) checkEntries() error {
	for index := int64(0); index*width < a.tree.N; index++ {
		bundle, err := os.ReadFile(entriesPath(a.dir, index, a.tree.N))
		if err != nil {
			return err
		}
		var indexes []int64
		first := len(a.leaves)
		for i := index * width; i < a.tree.N && i < (index+1)*width; i++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("entry %d: the bundle is too short", i)
			}
			size := 2 + int(binary.BigEndian.Uint16(bundle))
			a.leaves = append(a.leaves, tlog.RecordHash(bundle[2:size]))
			bundle = bundle[size:]
			indexes = append(indexes, tlog.StoredHashIndex(0, i))
		}
		if len(bundle) != 0 {
			return fmt.Errorf("bundle %d: bytes after the last entry", index)
		}
		hashes, err := a.reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, hash := range hashes {
			if hash != a.leaves[first+i] {
				return fmt.Errorf("entry %d differs from the leaf in the tree", first+i)
			}
		}
	}
	return nil
}

// Checks that a proof is valid, and that it is invalid with a flipped bit and without one of its hashes.
func checkProof(hashes []tlog.Hash, check func([]tlog.Hash) error) error {
	if err := check(hashes); err != nil {
		return err
	}
	for i := range hashes {
		wrong := append([]tlog.Hash(nil), hashes...)
		wrong[i][i%tlog.HashSize] ^= 1
		if check(wrong) == nil || check(append(append([]tlog.Hash(nil), hashes[:i]...), hashes[i+1:]...)) == nil {
			return errors.New("a wrong proof was accepted")
		}
	}
	return nil
}

func (a *checker) checkInclusion(index int64, hashes []tlog.Hash) error {
	return checkProof(hashes, func(hashes []tlog.Hash) error {
		return tlog.CheckRecord(hashes, a.tree.N, a.tree.Hash, index, a.leaves[index])
	})
}

func (a *checker) checkInclusionFile(text string, head []byte) error {
	prefix := proofHeader + "\nindex "
	if !strings.HasPrefix(text, prefix) {
		return errors.New("not a tlog-proof")
	}
	number, text, _ := strings.Cut(text[len(prefix):], "\n")
	index, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	hashes, checkpoint, err := cutHashes(text)
	if err != nil {
		return err
	}
	if checkpoint != string(head) {
		return errors.New("the proof has another checkpoint")
	}
	return a.checkInclusion(index, hashes)
}

func (a *checker) checkConsistencyFile(text string) error {
	hashes, checkpoint, err := cutHashes(text)
	if err != nil {
		return err
	}
	old, err := a.open([]byte(checkpoint))
	if err != nil {
		return err
	}
	return checkProof(hashes, func(hashes []tlog.Hash) error {
		return tlog.CheckTree(hashes, a.tree.N, a.tree.Hash, old.N, old.Hash)
	})
}

// Calls check with the content of each file of proof/kind. Returns the number of files.
func (a *checker) proofs(kind string, check func(text string) error) (int, error) {
	files, err := filepath.Glob(filepath.Join(a.dir, "proof", kind, "*"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		if err := check(string(text)); err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
	}
	return len(files), nil
}

func verify(dir, vkey string) (*report, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	head, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return nil, err
	}
	a := &checker{dir: dir, verifier: verifier}
	if a.tree, err = a.open(head); err != nil {
		return nil, err
	}
	a.reader = tlog.TileHashReader(a.tree, tiles(dir))
	if root, err := tlog.TreeHash(a.tree.N, a.reader); err != nil || root != a.tree.Hash {
		return nil, fmt.Errorf("the tiles have root %v, the checkpoint has root %v: %v", root, a.tree.Hash, err)
	}
	if err := a.checkEntries(); err != nil {
		return nil, err
	}
	result := &report{Origin: verifier.Name(), Size: a.tree.N, Root: a.tree.Hash.String()}
	if result.Inclusion, err = a.proofs("inclusion", func(text string) error {
		return a.checkInclusionFile(text, head)
	}); err != nil {
		return nil, err
	}
	if result.Consistency, err = a.proofs("consistency", a.checkConsistencyFile); err != nil {
		return nil, err
	}
	// If the log has no proofs, make them from its tiles.
	if result.Inclusion > 0 {
		return result, nil
	}
	for i := int64(0); i < a.tree.N; i += step(a.tree.N) {
		proof, err := tlog.ProveRecord(a.tree.N, i, a.reader)
		if err != nil {
			return nil, err
		}
		if err := a.checkInclusion(i, proof); err != nil {
			return nil, err
		}
		result.Inclusion++
	}
	return result, nil
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "make":
		count, err := strconv.ParseInt(args[3], 10, 64)
		if err != nil {
			return err
		}
		return makeLog(args[1], args[2], count)
	case len(args) == 3 && args[0] == "verify":
		result, err := verify(args[1], args[2])
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(result)
	}
	return errors.New("usage: sumdb make DIR SKEY COUNT | sumdb verify DIR VKEY")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sumdb:", err)
		os.Exit(1)
	}
}
