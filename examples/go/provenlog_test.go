package provenlog_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"provenlog.io/provenlog"
)

var ctx = context.Background()

// isolate removes the user's configuration from the environment and returns a path for the test's ledger.
func isolate(t testing.TB) string {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PROVENLOG_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	folder := t.TempDir()
	t.Setenv("HOME", folder)
	return filepath.Join(folder, "events.db")
}

func open(t testing.TB, options provenlog.Options) *provenlog.Client {
	t.Helper()
	if options.DBPath == "" {
		options.DBPath = isolate(t)
	}
	if options.AgentID == "" {
		options.AgentID = "tester"
	}
	client, err := provenlog.Open(options)
	must(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t testing.TB, got, want T) {
	t.Helper()
	if any(got) != any(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func log(t testing.TB, client *provenlog.Client, event provenlog.Event) *provenlog.Event {
	t.Helper()
	id, err := client.Log(ctx, event)
	must(t, err)
	stored, err := client.Get(id, "")
	must(t, err)
	return stored
}

func collect(t testing.TB, client *provenlog.Client, filter provenlog.Filter) []*provenlog.Event {
	t.Helper()
	var events []*provenlog.Event
	client.Events(ctx, filter)(func(event *provenlog.Event, err error) bool {
		must(t, err)
		events = append(events, event)
		return true
	})
	return events
}

func names(events []*provenlog.Event) string {
	var all []string
	for _, event := range events {
		all = append(all, event.ActionName)
	}
	return strings.Join(all, " ")
}

func TestAnEventComesBackWithEveryFieldItWasGiven(t *testing.T) {
	client := open(t, provenlog.Options{})
	when := time.Date(2026, 2, 17, 10, 20, 30, 123456789, time.FixedZone("", 3600))
	given := provenlog.Event{
		ID: "0190163d-8694-739b-aea5-966c26f8ad91", AgentID: "a", SessionID: "s", ActionType: "TOOL_CALL", ActionName: "add",
		ActionInput: map[string]any{"a": 1, "b": []any{2.5, nil, true}}, ActionOutput: "three", ActionStatus: "success",
		ErrorMessage: "none", Timestamp: when, DurationMS: provenlog.Milliseconds(1500 * time.Microsecond),
		Labels: map[string]string{"env": "dev"}, Metadata: map[string]any{"v": "1"}, ParentEventID: "p",
		Parents: []string{"p", "q"}, ToolCallID: "t", ArtifactID: "x", AuditID: "y", InterventionID: "z",
		ProvenanceID: "w", Extra: map[string]any{"colour": "red"},
	}
	got := log(t, client, given)
	equal(t, got.ID, given.ID)
	equal(t, got.AgentID+got.SessionID+got.ActionType+got.ActionName, "asTOOL_CALLadd")
	equal(t, fmt.Sprint(got.ActionInput), "map[a:1 b:[2.5 <nil> true]]")
	equal(t, got.ActionOutput, any("three"))
	equal(t, got.ActionStatus+got.ErrorMessage, "successnone")
	equal(t, got.Timestamp, when.UTC().Truncate(time.Microsecond))
	equal(t, *got.DurationMS, 1)
	equal(t, got.Labels["env"]+fmt.Sprint(got.Metadata["v"]), "dev1")
	equal(t, got.ParentEventID+strings.Join(got.Parents, ""), "ppq")
	equal(t, got.ToolCallID+got.ArtifactID+got.AuditID+got.InterventionID+got.ProvenanceID, "txyzw")
	equal(t, got.Extra["colour"], any("red"))
	equal(t, got.Source+" "+got.CaptureMethod+" "+got.SchemaVersion, "sdk embedded 1.0")
	equal(t, got.Sequence, 1)
	equal(t, len(got.ValidationWarnings), 1)
	equal(t, got.ValidationWarnings[0].Code+got.ValidationWarnings[0].Field, "unknown_field/colour")
}

func TestTheHashIsThatOfTheStoredOctets(t *testing.T) {
	client := open(t, provenlog.Options{})
	event := log(t, client, provenlog.Event{ActionName: "x", ActionInput: "<&>\u2028é"})
	canonical, _, found := strings.Cut(event.JSON(), `,"sequence":`)
	if !found {
		t.Fatal(event.JSON())
	}
	sum := sha256.Sum256([]byte(canonical + "}" + event.PrevHash))
	equal(t, hex.EncodeToString(sum[:]), event.Hash)
}

func TestARetryWithTheSameIDIsStoredOnce(t *testing.T) {
	client := open(t, provenlog.Options{})
	event := provenlog.Event{ID: "order-17", ActionName: "pay"}
	first, err := client.Log(ctx, event)
	must(t, err)
	second, err := client.Log(ctx, event)
	must(t, err)
	equal(t, first, second)
	equal(t, len(collect(t, client, provenlog.Filter{})), 1)
	stats, err := client.Stats()
	must(t, err)
	equal(t, stats.Duplicates, 1)
	equal(t, stats.Conflicts, 0)
	stored, err := client.Get("order-17", "tester")
	must(t, err)
	equal(t, stored.ID, first)
	equal(t, stored.ProvenanceID, "order-17")
}

func TestARetryWithOtherContentIsReported(t *testing.T) {
	client := open(t, provenlog.Options{})
	for _, name := range []string{"pay", "refund"} {
		_, err := client.Log(ctx, provenlog.Event{ID: "order-17", ActionName: name})
		must(t, err)
	}
	must(t, client.Flush(ctx))
	conflict, err := client.NextError(ctx)
	must(t, err)
	if conflict.Message == "" || conflict.Code == 0 {
		t.Fatalf("%#v", conflict)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = client.NextError(ended)
	equal(t, err, context.Canceled)
}

func TestTheContextCarriesAgentSessionParentAndLabels(t *testing.T) {
	client := open(t, provenlog.Options{
		AgentID: "default", SessionID: "base", Labels: map[string]string{"env": "dev", "team": "a"},
	})
	scoped := provenlog.WithLabels(provenlog.WithSession(ctx, "s1"), map[string]string{"team": "b", "step": "1"})
	parent, err := client.Log(scoped, provenlog.Event{ActionName: "outer"})
	must(t, err)
	inner := provenlog.WithAgent(provenlog.WithParent(scoped, parent), "helper")
	_, err = client.Log(inner, provenlog.Event{ActionName: "inner", Labels: map[string]string{"step": "2"}})
	must(t, err)
	_, err = client.LogMap(inner, map[string]any{"action_name": "map", "session_id": "s2", "labels": map[string]string{"x": "y"}})
	must(t, err)
	log(t, client, provenlog.Event{ActionName: "plain"})

	events := collect(t, client, provenlog.Filter{})
	equal(t, names(events), "outer inner map plain")
	equal(t, fmt.Sprint(events[0].AgentID, events[0].SessionID, events[0].Labels), "defaults1map[env:dev step:1 team:b]")
	equal(t, fmt.Sprint(events[1].AgentID, events[1].SessionID, events[1].Labels), "helpers1map[env:dev step:2 team:b]")
	equal(t, events[1].ParentEventID, parent)
	equal(t, fmt.Sprint(events[2].AgentID, events[2].SessionID, events[2].Labels), "helpers2map[env:dev step:1 team:b x:y]")
	equal(t, fmt.Sprint(events[3].AgentID, events[3].SessionID, events[3].ParentEventID), "defaultbase")
}

func TestALabelValueHasAContext(t *testing.T) {
	client := open(t, provenlog.Options{
		Labels: map[string]string{"run": "7"}, Context: map[string]map[string]any{"run": {"commit": "abc"}},
	})
	got, err := client.Context("run", "7")
	must(t, err)
	equal(t, fmt.Sprint(got), "map[commit:abc]")
	must(t, client.SetDefaultContext("run", map[string]any{"commit": "def"}))
	must(t, client.SetContext("run", "", map[string]any{"empty": true}))
	got, err = client.Context("run", "7")
	must(t, err)
	equal(t, fmt.Sprint(got), "map[commit:def]")
	got, err = client.Context("run", "")
	must(t, err)
	equal(t, fmt.Sprint(got), "map[empty:true]")
	_, err = client.Context("run", "8")
	equal(t, errors.Is(err, provenlog.ErrNotFound), true)
	equal(t, errors.Is(client.SetDefaultContext("other", nil), provenlog.ErrInvalid), true)
	changes := collect(t, client, provenlog.Filter{IncludeSystem: true, ActionName: "context.changed"})
	equal(t, len(changes), 3)
}

func TestFiltersSelectAndCursorsGoOn(t *testing.T) {
	client := open(t, provenlog.Options{})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := 0; i < 10; i++ {
		_, err := client.Log(ctx, provenlog.Event{
			ActionName: fmt.Sprint("e", i), ActionType: []string{"TOOL_CALL", "CUSTOM"}[i%2], SessionID: fmt.Sprint("s", i/5),
			Labels: map[string]string{"third": fmt.Sprint(i % 3)}, Timestamp: start.Add(time.Duration(i) * time.Hour),
		})
		must(t, err)
	}
	for filter, want := range map[*provenlog.Filter]string{
		{SessionID: "s0"}:                                     "e0 e1 e2 e3 e4",
		{ActionType: "CUSTOM", SessionID: "s1"}:               "e5 e7 e9",
		{Labels: map[string]string{"third": "0"}}:             "e0 e3 e6 e9",
		{Since: start.Add(8 * time.Hour)}:                     "e8 e9",
		{Until: start.Add(time.Hour)}:                         "e0",
		{Descending: true, Limit: 2}:                          "e9 e8",
		{Limit: 2, Offset: 3}:                                 "e3 e4",
		{AgentID: "nobody"}:                                   "",
		{ActionName: "e4"}:                                    "e4",
		{Source: "sdk", Limit: 1}:                             "e0",
		{IncludeSystem: true, AgentID: "provenlog", Limit: 1}: "ledger.created",
	} {
		equal(t, names(collect(t, client, *filter)), want)
	}

	rows, err := client.Query(ctx, provenlog.Filter{})
	must(t, err)
	equal(t, rows.Position(), -1)
	for i := 0; i < 3; i++ {
		equal(t, rows.Next(), true)
	}
	after := rows.Position()
	must(t, rows.Close())
	must(t, rows.Close())
	equal(t, rows.Next(), false)
	equal(t, names(collect(t, client, provenlog.Filter{After: &after, Limit: 2})), "e3 e4")

	_, err = client.Query(ctx, provenlog.Filter{Limit: -1})
	equal(t, errors.Is(err, provenlog.ErrInvalid), true)
}

func TestRowsEndWhenTheirContextDoes(t *testing.T) {
	client := open(t, provenlog.Options{})
	for i := 0; i < 3; i++ {
		log(t, client, provenlog.Event{})
	}
	ended, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := client.Query(ended, provenlog.Filter{})
	must(t, err)
	equal(t, rows.Next(), true)
	cancel()
	equal(t, rows.Next(), false)
	equal(t, rows.Err(), context.Canceled)
	_, err = client.Query(ended, provenlog.Filter{})
	equal(t, err, context.Canceled)
}

func TestYieldMayStopAQuery(t *testing.T) {
	client := open(t, provenlog.Options{})
	for i := 0; i < 3; i++ {
		log(t, client, provenlog.Event{})
	}
	seen := 0
	client.Events(ctx, provenlog.Filter{})(func(*provenlog.Event, error) bool { seen++; return false })
	equal(t, seen, 1)
	var failed error
	client.Events(ctx, provenlog.Filter{Limit: -1})(func(_ *provenlog.Event, err error) bool { failed = err; return true })
	equal(t, errors.Is(failed, provenlog.ErrInvalid), true)
}

func TestALedgerVerifies(t *testing.T) {
	client := open(t, provenlog.Options{})
	log(t, client, provenlog.Event{ActionName: "x"})
	report, err := client.Verify(ctx, provenlog.VerifyOptions{})
	must(t, err)
	equal(t, report.Valid, true)
	equal(t, report.Agents, 2) // including the reserved agent "provenlog"
	equal(t, len(report.Findings), 0)
	report, err = client.Verify(ctx, provenlog.VerifyOptions{AgentID: "tester"})
	must(t, err)
	equal(t, report.Events, 1)
	report, err = client.Verify(ctx, provenlog.VerifyOptions{AgentID: "nobody"})
	must(t, err)
	equal(t, report.Valid, false)
	path := client.DBPath()
	must(t, client.Close())
	report, err = provenlog.Verify(ctx, path, provenlog.VerifyOptions{ReadOnly: true, AgentID: "tester"})
	must(t, err)
	equal(t, report.Valid, true)
	report, err = provenlog.Verify(ctx, path+".missing", provenlog.VerifyOptions{ReadOnly: true})
	must(t, err)
	equal(t, report.Verdict, "MISSING_LOG")
}

func TestAVerificationStopsWithItsContext(t *testing.T) {
	client := open(t, provenlog.Options{})
	log(t, client, provenlog.Event{})
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := client.Verify(ended, provenlog.VerifyOptions{})
	equal(t, errors.Is(err, provenlog.ErrCancelled), true)
}

func TestATamperedLedgerIsFound(t *testing.T) {
	client := open(t, provenlog.Options{})
	for i := 0; i < 3; i++ {
		log(t, client, provenlog.Event{ActionName: fmt.Sprint("transfer-", i), ActionInput: map[string]any{"amount": i}})
	}
	// A backup is a single file, whose bytes can be changed without SQLite.
	copied := client.DBPath() + ".copy"
	if out, err := exec.Command("plog", "backup", "--db", client.DBPath(), copied).CombinedOutput(); err != nil {
		t.Fatalf("plog backup: %v\n%s", err, out)
	}
	octets, err := os.ReadFile(copied)
	must(t, err)
	equal(t, bytes.Count(octets, []byte(`{"amount":1}`)), 1)
	must(t, os.WriteFile(copied, bytes.Replace(octets, []byte(`{"amount":1}`), []byte(`{"amount":9}`), 1), 0o600))
	report, err := provenlog.Verify(ctx, copied, provenlog.VerifyOptions{ReadOnly: true})
	must(t, err)
	equal(t, report.Verdict, "TAMPERED")
	equal(t, report.Valid, false)
	equal(t, report.Findings[0].AgentID, "tester")
	equal(t, report.Findings[0].Sequence, 2)
	if report.Findings[0].What == "" || !strings.Contains(report.JSON, report.Findings[0].What) {
		t.Fatal(report.JSON)
	}
}

func TestAnOptionOutOfRangeIsNamedWithItsRange(t *testing.T) {
	path := isolate(t)
	for want, bad := range map[string]provenlog.Options{
		"BatchSize: 5000 is out of range; use 1 to 4096":                     {BatchSize: 5000},
		"ReadConnections: 65 is out of range; use 1 to 64":                   {ReadConnections: 65},
		"FlushInterval: -1 s is out of range; use 0.001 to 3600 s":           {FlushInterval: -time.Second},
		"BlockTimeout: 7200000 s is out of range; use 0.001 to 86400 s":      {BlockTimeout: 2000 * time.Hour},
		"MaxEventBytes: 1 is out of range; use 4096 to 67108864":             {MaxEventBytes: 1},
		"durability: there is no choice 7; use 1 to 2, or 0 for the default": {Durability: 7},
		"capture_content: must be one of: full, redacted, digest, none":      {CaptureContent: provenlog.CapturePolicy{Default: "x"}},
		"salt: 3 is not a plog_switch value":                                 {Salt: 3},
	} {
		bad.DBPath = path
		_, err := provenlog.Open(bad)
		var failed *provenlog.Error
		if !errors.As(err, &failed) || failed.Code != provenlog.ErrConfig ||
			strings.ReplaceAll(failed.Message, ".default", "") != want {
			t.Fatalf("%s: %v", want, err)
		}
	}
}

func TestContentIsCapturedAsThePolicySays(t *testing.T) {
	client := open(t, provenlog.Options{
		Salt: provenlog.SaltOff,
		CaptureContent: provenlog.CapturePolicy{
			Default: provenlog.CaptureNone,
			Fields:  map[string]provenlog.Capture{"action_output": provenlog.CaptureFull},
		},
	})
	id, err := client.Log(ctx, provenlog.Event{ActionInput: "secret plan", ActionOutput: "kept"})
	must(t, err)
	event, err := client.Get(id, "")
	must(t, err)
	equal(t, event.Salt, "")
	if strings.Contains(event.JSON(), "secret plan") || !strings.Contains(event.JSON(), "kept") {
		t.Fatal(event.JSON())
	}
}

func TestErrorsCarryACodeAndAMessage(t *testing.T) {
	path := isolate(t)
	for name, bad := range map[string]provenlog.Options{
		"NUL":      {DBPath: path, AgentID: "a\x00b"},
		"Metadata": {DBPath: path, Metadata: map[string]any{"f": func() {}}},
	} {
		_, err := provenlog.Open(bad)
		var failed *provenlog.Error
		if !errors.As(err, &failed) || failed.Code != provenlog.ErrInvalid || !strings.Contains(failed.Message, name) {
			t.Fatalf("%s: %v", name, err)
		}
		equal(t, strings.HasSuffix(err.Error(), "(PLOG_E_INVALID)"), true)
	}
	_, err := provenlog.Open(provenlog.Options{BaseURL: "http://localhost:1"})
	equal(t, errors.Is(err, provenlog.ErrUnsupported), true)
	_, err = provenlog.Open(provenlog.Options{DBPath: "/proc/nothing/events.db"})
	if err == nil || errors.Is(err, provenlog.ErrInvalid) {
		t.Fatal(err)
	}
	client, err := provenlog.Open(provenlog.Options{DBPath: path})
	must(t, err)
	defer client.Close()
	_, err = client.Log(ctx, provenlog.Event{ActionName: "nobody's"})
	equal(t, errors.Is(err, provenlog.ErrInvalid), true)
	_, err = client.LogJSON(`{"agent_id":`)
	equal(t, errors.Is(err, provenlog.ErrInvalid), true)
	_, err = client.Get("0190163d-8694-739b-aea5-966c26f8ad91", "")
	equal(t, errors.Is(err, provenlog.ErrNotFound), true)
}

func TestAClosedClientSaysSo(t *testing.T) {
	client := open(t, provenlog.Options{})
	log(t, client, provenlog.Event{})
	rows, err := client.Query(ctx, provenlog.Filter{})
	must(t, err)
	must(t, client.Close())
	must(t, client.Close())
	must(t, rows.Close())
	for name, call := range map[string]func() error{
		"Log":        func() error { _, err := client.Log(ctx, provenlog.Event{}); return err },
		"LogMap":     func() error { _, err := client.LogMap(ctx, nil); return err },
		"LogJSON":    func() error { _, err := client.LogJSON("{}"); return err },
		"Query":      func() error { _, err := client.Query(ctx, provenlog.Filter{}); return err },
		"Get":        func() error { _, err := client.Get("x", ""); return err },
		"SetContext": func() error { return client.SetContext("k", "v", nil) },
		"Context":    func() error { _, err := client.Context("k", "v"); return err },
		"Flush":      func() error { return client.Flush(ctx) },
		"Stats":      func() error { _, err := client.Stats(); return err },
		"NextError":  func() error { _, err := client.NextError(ctx); return err },
		"Verify":     func() error { _, err := client.Verify(ctx, provenlog.VerifyOptions{}); return err },
	} {
		if err := call(); !errors.Is(err, provenlog.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	equal(t, client.DBPath(), "")
}

func TestCloseWaitsForNobodyWhileOthersAreLogging(t *testing.T) {
	path := isolate(t)
	client := open(t, provenlog.Options{DBPath: path})
	var accepted sync.Map
	var group sync.WaitGroup
	for g := 0; g < 4; g++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				id, err := client.Log(ctx, provenlog.Event{ActionName: "x"})
				if errors.Is(err, provenlog.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				accepted.Store(id, true)
			}
		}()
	}
	for seen := 0; seen < 100; {
		seen = 0
		accepted.Range(func(_, _ any) bool { seen++; return true })
		runtime.Gosched()
	}
	must(t, client.Close())
	group.Wait()
	again := open(t, provenlog.Options{DBPath: path})
	stored := map[string]bool{}
	for _, event := range collect(t, again, provenlog.Filter{}) {
		stored[event.ID] = true
	}
	accepted.Range(func(id, _ any) bool {
		if !stored[id.(string)] {
			t.Errorf("%s was accepted but is not stored", id)
		}
		return true
	})
}

func TestGoroutinesWriteOneContiguousChain(t *testing.T) {
	client := open(t, provenlog.Options{})
	const writers, each = 8, 500
	var group sync.WaitGroup
	for g := 0; g < writers; g++ {
		group.Add(1)
		go func(g int) {
			defer group.Done()
			for i := 0; i < each; i++ {
				if _, err := client.Log(ctx, provenlog.Event{ActionName: fmt.Sprintf("%d/%d", g, i)}); err != nil {
					t.Error(err)
				}
				if i%100 == 0 {
					collect(t, client, provenlog.Filter{Descending: true, Limit: 3})
				}
			}
		}(g)
	}
	group.Wait()
	seen, next := map[string]bool{}, map[string]int{}
	for i, event := range collect(t, client, provenlog.Filter{}) {
		equal(t, event.Sequence, uint64(i+1))
		seen[event.ActionName] = true
		var g, n int
		_, err := fmt.Sscanf(event.ActionName, "%d/%d", &g, &n)
		must(t, err)
		equal(t, n, next[fmt.Sprint(g)]) // the order of each goroutine is kept
		next[fmt.Sprint(g)]++
	}
	equal(t, len(seen), writers*each)
	report, err := client.Verify(ctx, provenlog.VerifyOptions{AgentID: "tester"})
	must(t, err)
	equal(t, report.Valid, true)
	equal(t, report.Events, writers*each)
}

func TestAnEventThatDeathInterruptedIsThere(t *testing.T) {
	if path := os.Getenv("KILL_TEST_DB"); path != "" {
		client, err := provenlog.Open(provenlog.Options{DBPath: path, AgentID: "victim", FlushInterval: time.Hour})
		must(t, err)
		for i := 0; i < 50; i++ {
			_, err := client.Log(ctx, provenlog.Event{ActionName: fmt.Sprint(i)})
			must(t, err)
		}
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	}
	path := isolate(t)
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), "KILL_TEST_DB="+path)
	if err := child.Run(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child process was not killed: %v", child.ProcessState)
	}
	client := open(t, provenlog.Options{DBPath: path})
	equal(t, len(collect(t, client, provenlog.Filter{AgentID: "victim"})), 50)
	stats, err := client.Stats()
	must(t, err)
	equal(t, stats.Recovered >= 50, true)
}

func openFiles(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}

func residentBytes(t testing.TB) int64 {
	var pages int64
	text, err := os.ReadFile("/proc/self/statm")
	must(t, err)
	_, err = fmt.Sscanf(string(text), "%d %d", new(int64), &pages)
	must(t, err)
	return pages * int64(os.Getpagesize())
}

func TestTenThousandClientsAndRowsLeaveNothingBehind(t *testing.T) {
	path := isolate(t)
	keeper := open(t, provenlog.Options{DBPath: path}) // keeps the ledger open between rounds
	log(t, keeper, provenlog.Event{ActionName: "x"})
	round := func(count int) {
		for i := 0; i < count; i++ {
			client, err := provenlog.Open(provenlog.Options{DBPath: path, AgentID: "a", Labels: map[string]string{"k": "v"}})
			must(t, err)
			if i%10 == 0 {
				rows, err := client.Query(ctx, provenlog.Filter{})
				must(t, err)
				equal(t, rows.Next(), true)
				must(t, rows.Close())
				_, err = provenlog.Open(provenlog.Options{DBPath: path, BatchSize: 5000})
				equal(t, errors.Is(err, provenlog.ErrConfig), true)
			}
			must(t, client.Close())
		}
	}
	round(2000)
	runtime.GC()
	files, bytes := openFiles(t), residentBytes(t)
	round(8000)
	runtime.GC()
	equal(t, openFiles(t), files)
	if grown := residentBytes(t) - bytes; grown > 16<<20 {
		t.Fatalf("grew by %d bytes", grown)
	}
}

func TestWhatIsForgottenIsFreedAndItsEventsAreKept(t *testing.T) {
	path := isolate(t)
	func() {
		client, err := provenlog.Open(provenlog.Options{DBPath: path, AgentID: "forgetful"})
		must(t, err)
		_, err = client.Log(ctx, provenlog.Event{ActionName: "kept"})
		must(t, err)
		_, err = client.Query(ctx, provenlog.Filter{})
		must(t, err)
	}()
	journals := func() []string {
		found, err := filepath.Glob(path + ".journal/*.owner")
		must(t, err)
		return found
	}
	equal(t, len(journals()), 1)
	for len(journals()) > 0 { // until a finalizer has closed the last client of the ledger
		runtime.GC()
		runtime.Gosched()
	}
	client := open(t, provenlog.Options{DBPath: path})
	equal(t, names(collect(t, client, provenlog.Filter{AgentID: "forgetful"})), "kept")
}

func TestTheRedactorKnowsBuiltInAndOwnPatterns(t *testing.T) {
	redactor, err := provenlog.NewRedactor(provenlog.Rule{Name: "ticket", Pattern: `TICKET-\d{4}`, Replace: "[TICKET]"})
	must(t, err)
	text, count, err := redactor.Redact("TICKET-1234 by ada@example.com\x00")
	must(t, err)
	equal(t, text, "[TICKET] by [REDACTED:email]\x00")
	equal(t, count, 2)
	must(t, redactor.Close())
	must(t, redactor.Close())
	_, _, err = redactor.Redact("x")
	equal(t, errors.Is(err, provenlog.ErrClosed), true)
	_, err = provenlog.NewRedactor(provenlog.Rule{Name: "broken", Pattern: "("})
	if !errors.Is(err, provenlog.ErrConfig) {
		t.Fatal(err)
	}
}
