package provenlog

import (
	"context"
	"encoding/json"
)

// Report is the result of a verification. A bad verdict is not returned as an error: check Valid.
type Report struct {
	Verdict   string // "OK", "TAMPERED", "CANNOT_RUN", "MISSING_LOG", ...
	Valid     bool   // the verification ran and found no fault
	Events    int64  // number of events checked
	Agents    int64  // number of agents among them
	Tail      int64  // number of events after the newest head
	Assurance string // what the trust rests on: "consistent", "signed" or "pinned"
	// AssuranceEvents is the number of events, from the first, that the assurance covers.
	AssuranceEvents int64     `json:"assurance_events"`
	Findings        []Finding // at most the first 100

	JSON string `json:"-"` // the whole report
}

// Finding is one fault that a verification reports.
type Finding struct {
	AgentID  string `json:"agent_id"` // the agent of the event, if the fault concerns one
	Sequence int64  // the event's position in the chain of its agent
	What     string // a description
}

// VerifyOptions configure a verification.
type VerifyOptions struct {
	AgentID     string   // verify only this agent; "": all agents. An unknown agent is not valid
	ReadOnly    bool     // do not adopt orphaned journals; count their records as pending
	Level       string   // "chain", "tree" or "full"; "" means "full"
	Key         string   // a trusted public key, or the path of a file that contains one
	Heads       []string // paths of files with trusted heads
	Incremental bool     // verify only the events after the newest of Heads, if the ledger extends that head
	Threads     int      // number of threads that read and hash, up to 64; 0 means 2
}

// Verify flushes the client and verifies its ledger. If ctx ends, the verification stops and returns ErrCancelled.
func (c *Client) Verify(ctx context.Context, options VerifyOptions) (*Report, error) {
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	return runVerify(ctx, &c.native, "", options)
}

// Verify verifies the ledger at a path; "" means the default ledger. If ctx ends, it stops and returns ErrCancelled.
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

// stoppable runs work, which must poll the flag, and raises the flag if ctx ends.
func stoppable(ctx context.Context, work func(stopFlag) ([]byte, error)) ([]byte, error) {
	stop := newStopFlag()
	defer stop.free()
	if ctx.Err() != nil {
		stop.raise()
	} else if ctx.Done() != nil {
		// Wait for the goroutine before returning, because the flag is freed then.
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
