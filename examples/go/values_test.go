package provenlog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"provenlog.io/provenlog"
)

type colour int

func (c colour) MarshalText() ([]byte, error) { return []byte("colour-" + fmt.Sprint(int(c))), nil }

type base struct {
	ID     int `json:"id"`
	Hidden string
}

type record struct {
	base
	*extra  `json:"extra"`
	Name    string        `json:"name"`
	Empty   string        `json:"empty,omitempty"`
	Secret  string        `json:"-"`
	Number  int           `json:"number,string"`
	Hidden  int           // shadows base.Hidden
	Next    *record       `json:"next,omitempty"`
	Took    time.Duration `json:"took"`
	private int
}

type extra struct{ Why string }

type broken struct{ kind string }

func (b broken) MarshalJSON() ([]byte, error) {
	switch b.kind {
	case "panic":
		panic("no")
	case "malformed":
		return []byte("{"), nil
	}
	return nil, errors.New("no")
}

type brokenError struct{}

func (brokenError) Error() string { panic("no") }

func TestValuesBecomeTheJSONOfTheTable(t *testing.T) {
	client := open(t, provenlog.Options{Salt: provenlog.SaltOff})
	cyclicMap := map[string]any{}
	cyclicMap["self"] = cyclicMap
	cyclicSlice := []any{1, nil}
	cyclicSlice[1] = cyclicSlice
	node := &record{Name: "loop"}
	node.Next = node
	shared := []int{1}
	var nilMap map[string]int
	var nilError error
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, `null`}, {nilMap, `null`}, {(*int)(nil), `null`}, {nilError, `null`}, {true, `true`}, {-7, `-7`},
		{uint8(255), `255`}, {int64(1) << 53, `9007199254740992`}, {int64(1)<<53 + 1, `"9007199254740993"`},
		{uint64(math.MaxUint64), `"18446744073709551615"`}, {float32(0.1), `0.1`}, {1e3, `1000`},
		{math.Copysign(0, -1), `0`}, {math.NaN(), `"NaN"`}, {math.Inf(-1), `"-Infinity"`}, {float32(math.Inf(1)), `"Infinity"`},
		{"é😀\x00\"\\<&>\u2028", "\"é😀\\u0000\\\"\\\\<&>\u2028\""}, {"a\xffb\xe2\x82c", `"a�b�c"`},
		{[]byte{0, 255}, `"AP8="`}, {json.RawMessage(`{"b":1,"a":[]}`), `{"a":[],"b":1}`}, {json.Number("12.50"), `12.5`},
		{json.Number("many"), `"many"`}, {big.NewInt(5), `5`}, {new(big.Int).Lsh(big.NewInt(1), 70), `"1180591620717411303424"`},
		{*big.NewInt(6), `6`}, {[2]int{1, 2}, `[1,2]`}, {[]any{shared, shared}, `[[1],[1]]`}, {map[int]string{1: "a"}, `{"1":"a"}`},
		{map[any]any{"k": 1, true: 2, colour(3): 4}, `{"colour-3":4,"k":1,"true":2}`}, {colour(3), `"colour-3"`},
		{time.Date(2026, 2, 17, 1, 2, 3, 4999, time.FixedZone("", 3600)), `"2026-02-17T00:02:03.000004Z"`},
		{26*time.Hour + 3500*time.Millisecond, `"P1DT2H3.5S"`}, {-250 * time.Millisecond, `"-PT0.25S"`},
		{time.Duration(0), `"PT0S"`}, {24 * time.Hour, `"P1D"`}, {90 * time.Second, `"PT1M30S"`},
		{fmt.Errorf("outer: %w", errors.New("inner")),
			`{"cause":{"message":"inner","type":"errors.errorString"},"message":"outer: inner","type":"fmt.wrapError"}`},
		{record{base: base{ID: 1, Hidden: "x"}, extra: &extra{"y"}, Name: "n", Secret: "s", Number: 5, Hidden: 6, private: 7},
			`{"Hidden":6,"id":1,"name":"n","number":"5","took":"PT0S"}`},
		{&base{ID: 2}, `{"Hidden":"","id":2}`}, {1 + 2i, `"(1+2i)"`}, {func() {}, `"<func()>"`}, {make(chan int), `"<chan int>"`},
		{broken{"error"}, `"<provenlog_test.broken>"`}, {broken{"panic"}, `"<provenlog_test.broken>"`},
		{broken{"malformed"}, `"<provenlog_test.broken>"`},
		{brokenError{}, `{"message":"<provenlog_test.brokenError>","type":"provenlog_test.brokenError"}`},
		{cyclicMap, `{"self":{"reason":"cycle","truncated":true}}`}, {cyclicSlice, `[1,{"reason":"cycle","truncated":true}]`},
		{node, `{"Hidden":0,"id":0,"name":"loop","next":{"reason":"cycle","truncated":true},"number":"0","took":"PT0S"}`},
	} {
		event := log(t, client, provenlog.Event{ActionInput: map[string]any{"v": c.value}})
		want := `"action_input":{"v":` + c.want + `},"agent_id"`
		if !strings.Contains(event.JSON(), want) {
			t.Errorf("%#v: want %s, got %s", c.value, c.want, event.JSON())
		}
	}
}

func TestWhatCannotBeRepresentedIsWarnedOf(t *testing.T) {
	client := open(t, provenlog.Options{})
	event := log(t, client, provenlog.Event{ActionInput: []any{math.NaN(), "\xff", broken{"error"}, map[any]any{1: 1}}})
	var codes []string
	for _, warning := range event.ValidationWarnings {
		codes = append(codes, warning.Code)
	}
	for _, code := range []string{"not_finite", "invalid_utf8", "unrepresentable", "key_not_string"} {
		if !strings.Contains(strings.Join(codes, " "), code) {
			t.Errorf("%s is missing in %v", code, codes)
		}
	}
}

func TestContainersBelowDepth128AreCut(t *testing.T) {
	client := open(t, provenlog.Options{})
	var deep any = "bottom"
	for i := 0; i < 100000; i++ {
		deep = []any{deep}
	}
	text := log(t, client, provenlog.Event{ActionInput: deep}).JSON()
	equal(t, strings.Contains(text, strings.Repeat("[", 127)+`{"reason":"depth","truncated":true}`), true)
	equal(t, strings.Contains(text, strings.Repeat("[", 128)), false)
}

func TestStructuralTextOfAnyKindIsKeptOrRepaired(t *testing.T) {
	client := open(t, provenlog.Options{})
	event := log(t, client, provenlog.Event{ActionName: "a\x00b\xff", AgentID: "ägent😀", Labels: map[string]string{"k\x00": "v\x00"}})
	equal(t, event.ActionName, "a\x00b\uFFFD")
	equal(t, event.Labels["k\x00"], "v\x00")
	equal(t, len(collect(t, client, provenlog.Filter{AgentID: "ägent😀", Labels: map[string]string{"k\x00": "v\x00"}})), 1)
}

func TestAnEventReadFromALedgerCanBeLoggedAgain(t *testing.T) {
	client := open(t, provenlog.Options{})
	event := log(t, client, provenlog.Event{ActionName: "x", Extra: map[string]any{"colour": "red"}})
	again := log(t, client, *event)
	equal(t, again.JSON(), event.JSON())
}
