//go:build go1.23

package provenlog_test

import (
	"testing"

	"provenlog.io/provenlog"
)

func TestEventsCanBeRangedOver(t *testing.T) {
	client := open(t, provenlog.Options{})
	for _, name := range []string{"a", "b", "c"} {
		log(t, client, provenlog.Event{ActionName: name})
	}
	seen := ""
	for event, err := range client.Events(ctx, provenlog.Filter{}) {
		must(t, err)
		if seen += event.ActionName; seen == "ab" {
			break
		}
	}
	equal(t, seen, "ab")
}
