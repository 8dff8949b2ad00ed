package provenlog

import (
	"context"
	"encoding/json"
)

// Call calls an operation by its name and returns its result as JSON. The parameters are anything that encoding/json
// writes as an object, such as map[string]any{"limit": 10} or a struct; nil means none. docs/operations.md describes all
// operations, and Call(ctx, "operations", nil) returns the table. The operation sees all events that this client recorded
// before the call.
//
// An operation with many results returns a page and "next"; pass that as "after" ("sessions": "offset") to continue. If
// ctx ends, an operation that reports progress stops and returns ErrCancelled. Call returns ErrInvalid for an unknown
// operation and wrong parameters.
func (c *Client) Call(ctx context.Context, operation string, parameters any) (json.RawMessage, error) {
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	return runCall(ctx, &c.native, operation, parameters)
}

// Call calls an operation that needs no client, as Client.Call does.
func Call(ctx context.Context, operation string, parameters any) (json.RawMessage, error) {
	return runCall(ctx, nil, operation, parameters)
}

func runCall(ctx context.Context, client *nativeClient, operation string, parameters any) (json.RawMessage, error) {
	text := ""
	if parameters != nil {
		marshalled, err := json.Marshal(parameters)
		if err != nil {
			return nil, failure(ErrInvalid, "cannot write the parameters of %s as JSON: %v", operation, err)
		}
		text = string(marshalled)
	}
	return stoppable(ctx, func(stop stopFlag) ([]byte, error) { return call(client, operation, text, stop) })
}
