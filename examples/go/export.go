package provenlog

import (
	"context"
	"encoding/json"
)

// ExportOptions of an export.
type ExportOptions struct {
	Filter    Filter // which events, without order and limits; the zero value is everything, system events too
	Tiles     bool   // a directory of C2SP tlog-tiles, brought up to date if it is there, in place of a .plog file
	Overwrite bool   // the file may be there already
}

// ExportReport says what was exported.
type ExportReport struct {
	Path     string
	Events   int64
	TreeSize int64  `json:"tree_size"`
	Root     string // of the tree, as hexadecimal digits
	Tail     int64  // newer events that no head covers yet
}

// CheckOptions say whom to believe when an export is verified.
type CheckOptions struct {
	Key   string   // a trusted public key, or the path of a file with one; "": the export's own
	Heads []string // paths of files with trusted heads
}

// Export writes events with all that proves them: VerifyExport checks them without the ledger. What was logged before is
// committed and signed first. When ctx ends it stops, with ErrCancelled, and leaves nothing behind.
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

// Prove returns one event with all that proves it, as the text of a .plog file. With agent "": the first event committed
// with that id. ErrNotFound if there is none.
func (c *Client) Prove(id, agent string) ([]byte, error) {
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	return c.native.prove(id, agent)
}

// VerifyExport checks a .plog file, or a directory of tiles: no ledger, configuration or network is needed.
func VerifyExport(ctx context.Context, path string, options CheckOptions) (*Report, error) {
	text, err := stoppable(ctx, func(stop stopFlag) ([]byte, error) { return verifyExport(path, options, stop) })
	if err != nil {
		return nil, err
	}
	return parseReport(text)
}
