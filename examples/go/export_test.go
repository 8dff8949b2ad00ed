package provenlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"provenlog.io/provenlog"
)

// recorded returns a closed ledger with three events, and files with its public key and head.
func recorded(t *testing.T) (path, key, head string, ids []string) {
	t.Helper()
	client := open(t, provenlog.Options{})
	for _, name := range []string{"a", "b", "c"} {
		ids = append(ids, log(t, client, provenlog.Event{ActionName: name, Labels: map[string]string{"name": name}}).ID)
	}
	proof, err := client.Prove(ids[0], "")
	must(t, err)
	var document struct{ Vkey, Checkpoint string }
	must(t, json.Unmarshal(proof, &document))
	path = client.DBPath()
	must(t, client.Close())
	key, head = filepath.Join(filepath.Dir(path), "kept.key"), filepath.Join(filepath.Dir(path), "kept.head")
	must(t, os.WriteFile(key, []byte(document.Vkey), 0o600))
	must(t, os.WriteFile(head, []byte(document.Checkpoint), 0o600))
	return path, key, head, ids
}

func TestAVerificationGoesAsFarAsItIsTold(t *testing.T) {
	path, key, head, _ := recorded(t)
	for _, level := range []string{"chain", "tree", "full"} {
		report, err := provenlog.Verify(ctx, path, provenlog.VerifyOptions{Level: level, Threads: 1})
		must(t, err)
		equal(t, report.Verdict, "OK")
	}
	must(t, os.Remove(path+".key"))
	for _, c := range []struct {
		options   provenlog.VerifyOptions
		assurance string
	}{
		{provenlog.VerifyOptions{}, "consistent"},
		{provenlog.VerifyOptions{Key: key}, "signed"},
		{provenlog.VerifyOptions{Key: key, Heads: []string{head}, Incremental: true}, "pinned"},
	} {
		report, err := provenlog.Verify(ctx, path, c.options)
		must(t, err)
		equal(t, report.Verdict, "OK")
		equal(t, report.Assurance, c.assurance)
		equal(t, report.AssuranceEvents, 4)
	}
	for _, options := range []provenlog.VerifyOptions{
		{Level: "most"}, {Level: "a\x00b"}, {Key: "none"}, {Threads: 65}, {Threads: -1}, {Heads: []string{"a", "b\x00"}},
	} {
		_, err := provenlog.Verify(ctx, path, options)
		equal(t, errors.Is(err, provenlog.ErrInvalid), true)
	}
}

func TestAnExportIsVerifiedWithoutTheLedger(t *testing.T) {
	ledger, key, head, _ := recorded(t)
	client := open(t, provenlog.Options{DBPath: ledger})
	file := filepath.Join(t.TempDir(), "some.plog")
	options := provenlog.ExportOptions{Filter: provenlog.Filter{Labels: map[string]string{"name": "b"}}}
	exported, err := client.Export(ctx, file, options)
	must(t, err)
	equal(t, exported.Events, 1)
	equal(t, exported.TreeSize, 4)
	equal(t, len(exported.Root), 64)
	_, err = client.Export(ctx, file, options)
	equal(t, errors.Is(err, provenlog.ErrInvalid), true) // the file exists
	options.Overwrite = true
	_, err = client.Export(ctx, file, options)
	must(t, err)
	tiles := filepath.Join(t.TempDir(), "log")
	exported, err = client.Export(ctx, tiles, provenlog.ExportOptions{Tiles: true})
	must(t, err)
	equal(t, exported.Events, 4)
	must(t, client.Close())
	_, err = client.Export(ctx, file, options)
	equal(t, errors.Is(err, provenlog.ErrClosed), true)

	for _, path := range []string{file, tiles} {
		report, err := provenlog.VerifyExport(ctx, path, provenlog.CheckOptions{Key: key, Heads: []string{head}})
		must(t, err)
		equal(t, report.Verdict, "OK")
		equal(t, report.Assurance, "pinned")
	}
	report, err := provenlog.VerifyExport(ctx, file, provenlog.CheckOptions{})
	must(t, err)
	equal(t, report.Assurance, "consistent")
	octets, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, bytes.ReplaceAll(octets, []byte(`"tester"`), []byte(`"taster"`)), 0o600))
	report, err = provenlog.VerifyExport(ctx, file, provenlog.CheckOptions{})
	must(t, err)
	equal(t, report.Verdict, "TAMPERED")
	report, err = provenlog.VerifyExport(ctx, file+".missing", provenlog.CheckOptions{})
	must(t, err)
	equal(t, report.Valid, false)
}

func TestOneEventIsProvedByItself(t *testing.T) {
	ledger, key, _, ids := recorded(t)
	client := open(t, provenlog.Options{DBPath: ledger})
	proof, err := client.Prove(ids[1], "tester")
	must(t, err)
	file := filepath.Join(t.TempDir(), "one.plog")
	must(t, os.WriteFile(file, proof, 0o600))
	report, err := provenlog.VerifyExport(ctx, file, provenlog.CheckOptions{Key: key})
	must(t, err)
	equal(t, report.Verdict, "OK")
	equal(t, report.Assurance, "signed")
	equal(t, report.Events, 1)
	_, err = client.Prove(ids[1], "nobody")
	equal(t, errors.Is(err, provenlog.ErrNotFound), true)
}

func TestAnExportStopsWithItsContext(t *testing.T) {
	client := open(t, provenlog.Options{})
	log(t, client, provenlog.Event{})
	ended, cancel := context.WithCancel(ctx)
	cancel()
	folder := t.TempDir()
	_, err := client.Export(ended, filepath.Join(folder, "a.plog"), provenlog.ExportOptions{})
	equal(t, errors.Is(err, provenlog.ErrCancelled), true)
	left, err := os.ReadDir(folder)
	must(t, err)
	equal(t, len(left), 0)
}
