package provenlog_test

import (
	"context"
	"fmt"
	"os"

	"provenlog.io/provenlog"
)

func Example() {
	folder, err := os.MkdirTemp("", "provenlog")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	client, err := provenlog.Open(provenlog.Options{DBPath: folder + "/events.db", AgentID: "researcher"})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	ctx := provenlog.WithSession(context.Background(), "morning")
	call, _ := client.Log(ctx, provenlog.Event{
		ActionType: "TOOL_CALL", ActionName: "add", ActionInput: map[string]int{"a": 1, "b": 2},
	})
	client.Log(provenlog.WithParent(ctx, call), provenlog.Event{ActionType: "TOOL_RESULT", ActionName: "add", ActionOutput: 3})

	rows, err := client.Query(ctx, provenlog.Filter{SessionID: "morning"})
	if err != nil {
		panic(err)
	}
	for rows.Next() {
		event := rows.Event()
		fmt.Println(event.Sequence, event.ActionType, event.ActionName, event.ParentEventID == call)
	}
	report, err := client.Verify(ctx, provenlog.VerifyOptions{})
	fmt.Println(report.Valid, rows.Err(), err)
	// Output:
	// 1 TOOL_CALL add false
	// 2 TOOL_RESULT add true
	// true <nil> <nil>
}
