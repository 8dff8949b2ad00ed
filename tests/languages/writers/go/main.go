// See writer.py for the commands.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"strconv"
	"time"

	"provenlog.io/provenlog"
)

func main() {
	client, err := provenlog.Open(provenlog.Options{AgentID: "polyglot", DBPath: os.Args[2]})
	if err != nil {
		log.Fatal(err)
	}
	if os.Args[1] == "count" {
		count, _ := strconv.Atoi(os.Args[4])
		for i := 0; i < count; i++ {
			record(client, provenlog.Event{
				ActionType: "CUSTOM", ActionName: fmt.Sprintf("%s-%d", os.Args[3], i), ActionInput: map[string]int{"i": i},
			})
		}
	} else {
		record(client, provenlog.Event{
			ID:            "0190163d-8694-739b-aea5-966c26f8ad91",
			Timestamp:     time.Date(2026, 2, 17, 10, 20, 30, 123000000, time.UTC),
			SessionID:     "séance",
			Source:        "test",
			CaptureMethod: "test",
			ActionType:    "TOOL_CALL",
			ActionName:    "every kind of value",
			ActionInput: map[string]any{
				"text":     "é😀\x00\"\\/<&>\u2028\x7f\n",
				"mail":     "ada@example.com",
				"integers": []int64{0, -7, 9007199254740992, 9007199254740993},
				"numbers":  []float64{0.1, 1e21, 1e-7, math.Copysign(0, -1), 5e-324, math.NaN(), math.Inf(-1)},
				"truth":    []any{true, false, nil},
				"bytes":    []byte{0, 255},
				"empty":    []any{map[string]int{}, []int{}, ""},
				"\ufb33":   1,
				"😀":        2,
			},
			ActionOutput: "x",
			DurationMS:   provenlog.Milliseconds(1500 * time.Millisecond),
			Labels:       map[string]string{"env": "dev", "ключ": "значение"},
			Metadata:     map[string]any{"nested": map[string]any{"deep": [][]int{{1}}}},
			Parents:      []string{"a", "b"},
		})
	}
	if err := client.Close(); err != nil {
		log.Fatal(err)
	}
}

func record(client *provenlog.Client, event provenlog.Event) {
	if _, err := client.Log(context.Background(), event); err != nil {
		log.Fatal(err)
	}
}
