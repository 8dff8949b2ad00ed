package provenlog

import (
	"context"
	"encoding/json"
)

// Report is the result of a verification. A verdict is no error: look at Valid.
type Report struct {
	Verdict   string // "OK", "TAMPERED", "CANNOT_RUN", "MISSING_LOG", ...
	Valid     bool
	Events    int64
	Agents    int64
	Tail      int64
	Assurance string // "consistent", "signed" or "pinned": whom it rests on
	// AssuranceEvents is how many events the assurance reaches.
	AssuranceEvents int64 `json:"assurance_events"`
	Findings        []Finding

	JSON string `json:"-"` // the whole report
}

// Finding is one thing that is wrong.
type Finding struct {
	AgentID  string `json:"agent_id"`
	Sequence int64
	What     string
}

// VerifyOptions of a verification.
type VerifyOptions struct {
	AgentID     string   // "": all agents. An unknown agent is never valid
	ReadOnly    bool     // never drain the journals of dead processes first; their records are counted as pending
	Level       string   // "chain", "tree" or "full"; "" is "full"
	Key         string   // a trusted public key, or the path of a file with one
	Heads       []string // paths of files with trusted heads
	Incremental bool     // only the events behind the newest of Heads, which vouches for those before it
	Threads     int      // that read and hash; 0: two
}

// Verify flushes, and verifies the ledger. When ctx ends it stops, with ErrCancelled.
func (c *Client) Verify(ctx context.Context, options VerifyOptions) (*Report, error) {
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	return runVerify(ctx, &c.native, "", options)
}

// Verify verifies a ledger by its path; "" is the default one.
func Verify(ctx context.Context, dbPath string, options VerifyOptions) (*Report, error) {
	return runVerify(ctx, nil, dbPath, options)
}

func runVerify(ctx context.Context, client *nativeClient, path string, options VerifyOptions) (*Report, error) {
	text, err := stoppable(ctx, func(stop stopFlag) ([]byte, error) { return verify(client, path, options, stop) })
	if err != nil {
		return nil, err
	}
	return parseReport(text)
}

func parseReport(text []byte) (*Report, error) {
	report := &Report{JSON: string(text)}
	return report, json.Unmarshal(text, report)
}

// stoppable does work that ends soon after ctx has.
func stoppable(ctx context.Context, work func(stopFlag) ([]byte, error)) ([]byte, error) {
	stop := newStopFlag()
	defer stop.free()
	if ctx.Err() != nil {
		stop.raise()
	} else if ctx.Done() != nil {
		// The watcher is waited for, since the flag is freed on return.
		finished, watched := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(watched)
			select {
			case <-ctx.Done():
				stop.raise()
			case <-finished:
			}
		}()
		defer func() { close(finished); <-watched }()
	}
	return work(stop)
}
