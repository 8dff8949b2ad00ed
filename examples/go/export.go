package provenlog

import (
	"context"
	"encoding/json"
)

// ExportOptions configure an export.
type ExportOptions struct {
	Filter    Filter // the events to export; order and limits are not allowed. The zero value: all, including system events
	Tiles     bool   // write a directory of C2SP tlog-tiles, or update an existing one, instead of a .plog file
	Overwrite bool   // replace an existing file; not allowed with Tiles
}

// ExportReport is the result of an export.
type ExportReport struct {
	Path     string
	Events   int64  // number of events exported
	TreeSize int64  `json:"tree_size"` // number of events in the tree
	Root     string // root hash of the tree, in hexadecimal
	Tail     int64  // number of newer events that no head covers; they were not exported
}

// CheckOptions say which key and heads to trust when an export is verified.
type CheckOptions struct {
	Key   string   // a trusted public key, or the path of a file that contains one; "": the key in the export
	Heads []string // paths of files with trusted heads
}

// Export writes events together with their proofs, so that VerifyExport can check them without the ledger. It first
// commits and signs all events logged before the call. If ctx ends, it stops, returns ErrCancelled and removes the
// unfinished file.
func (c *Client) Export(ctx context.Context, path string, options ExportOptions) (*ExportReport, error) {
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	filter, err := options.Filter.json()
	if err != nil {
		return nil, err
	}
	if filter == "{}" {
		filter = ""
	}
	text, err := stoppable(ctx, func(stop stopFlag) ([]byte, error) { return export(&c.native, path, filter, options, stop) })
	if err != nil {
		return nil, err
	}
	report := &ExportReport{}
	return report, json.Unmarshal(text, report)
}

// Prove returns one event with its proof, as the text of a .plog file. If agent is "", it selects the first event
// committed with the id, of any agent. It returns ErrNotFound if there is no such event.
func (c *Client) Prove(id, agent string) ([]byte, error) {
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	return c.native.prove(id, agent)
}

// VerifyExport checks a .plog file or a directory of tiles. It needs no ledger, configuration or network. If ctx ends, it
// stops and returns ErrCancelled.
func VerifyExport(ctx context.Context, path string, options CheckOptions) (*Report, error) {
	text, err := stoppable(ctx, func(stop stopFlag) ([]byte, error) { return verifyExport(path, options, stop) })
	if err != nil {
		return nil, err
	}
	return parseReport(text)
}
