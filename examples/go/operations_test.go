package provenlog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"provenlog.io/provenlog"
)

func ExampleCall() {
	result, err := provenlog.Call(context.Background(), "redact", map[string]string{"text": "to ada@example.com"})
	fmt.Println(string(result), err)
	// Output: {"count":1,"text":"to [REDACTED:email]"} <nil>
}

func TestAnOperationGivesTheAnswerOfItsMethod(t *testing.T) {
	client := open(t, provenlog.Options{})
	first := log(t, client, provenlog.Event{ActionName: "a"})
	log(t, client, provenlog.Event{ActionName: "b"})
	result, err := client.Call(ctx, "count", map[string]any{"action_name": "a", "agent_id": nil})
	must(t, err)
	equal(t, string(result), `{"count":1}`)
	result, err = client.Call(ctx, "get", struct {
		ID string `json:"event_id"`
	}{first.ID})
	must(t, err)
	var event struct{ Hash string }
	must(t, json.Unmarshal(result, &event))
	equal(t, event.Hash, first.Hash)
	report, err := client.Verify(ctx, provenlog.VerifyOptions{})
	must(t, err)
	result, err = client.Call(ctx, "verify", nil)
	must(t, err)
	equal(t, string(result), report.JSON)
}

func TestAWrongCallNamesTheParameter(t *testing.T) {
	client := open(t, provenlog.Options{})
	for operation, message := range map[string]string{
		"nothing": `there is no operation "nothing"; use a name that ` + "`plog generate operations` prints",
		"agents":  "agents: limit: 0 is out of range; use a whole number from 1 to 1000",
		"a\x00b":  "the name of the operation contains a NUL byte",
		"":        `the name of the operation is empty; give one that Call(ctx, "operations", nil) lists`,
	} {
		_, err := client.Call(ctx, operation, map[string]int{"limit": 0})
		var failure *provenlog.Error
		equal(t, errors.As(err, &failure) && failure.Code == provenlog.ErrInvalid, true)
		equal(t, failure.Message, message)
	}
	_, err := client.Call(ctx, "query", func() {})
	equal(t, errors.Is(err, provenlog.ErrInvalid), true)
	_, err = provenlog.Call(ctx, "query", nil)
	equal(t, errors.Is(err, provenlog.ErrInvalid), true)
	must(t, client.Close())
	_, err = client.Call(ctx, "query", nil)
	equal(t, errors.Is(err, provenlog.ErrClosed), true)
}

func TestAnOperationStopsWithItsContext(t *testing.T) {
	client := open(t, provenlog.Options{})
	log(t, client, provenlog.Event{ActionName: "a"})
	path := filepath.Join(t.TempDir(), "all.plog")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := client.Call(ended, "export", map[string]string{"path": path})
	equal(t, errors.Is(err, provenlog.ErrCancelled), true)
	_, err = os.Stat(path)
	equal(t, errors.Is(err, os.ErrNotExist), true)
}
