package provenlog

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"
)

// Durability says what a recorded event survives.
type Durability int32

const (
	DurabilityDefault Durability = 0 // the configured value, else DurabilityProcess
	DurabilityProcess Durability = 1 // the death of the process
	DurabilityPower   Durability = 2 // the loss of power: each call waits for an fsync
)

// OnFull says what Log does when the journal has reached its limit or the disk is full.
type OnFull int32

const (
	OnFullDefault OnFull = 0 // the configured value, else OnFullBlock
	OnFullBlock   OnFull = 1 // wait up to BlockTimeout for space, then act as OnFullDrop
	OnFullDrop    OnFull = 2 // return ErrFull at once; the loss is counted and recorded as a gap event in the ledger
	OnFullRaise   OnFull = 3 // return ErrFull at once; the caller keeps the event, so it is not counted as lost
)

// Salt says whether 16 random bytes are added to each event, so that a short payload cannot be guessed from its hash.
type Salt int32

const (
	SaltDefault Salt = 0 // the configured value, else SaltOn
	SaltOn      Salt = 1
	SaltOff     Salt = 2 // equal events have equal bytes
)

// Capture says how content is stored. The empty Capture means "not given".
type Capture string

const (
	CaptureFull     Capture = "full"     // unchanged
	CaptureRedacted Capture = "redacted" // with markers in place of findings
	CaptureDigest   Capture = "digest"   // only its size and SHA-256
	CaptureNone     Capture = "none"     // only its size
)

// CapturePolicy says how content is stored, by field and by action type. If a rule for the field and one for the action
// type both apply, the one that keeps less is used. docs/redaction.md lists the fields.
type CapturePolicy struct {
	Default     Capture            `json:"default,omitempty"` // default: CaptureRedacted
	Fields      map[string]Capture `json:"fields,omitempty"`
	ActionTypes map[string]Capture `json:"action_types,omitempty"`
}

// Options configure a Client. The zero value of a field means "not given": the value comes from the environment, else
// from the configuration, else it is the default named here. Open returns ErrConfig for a value that is out of range or
// not a choice. Durations are rounded up to whole milliseconds.
type Options struct {
	DBPath            string                    // default: ~/.provenlog/events.db
	AgentID           string                    // used for events without an agent id
	SessionID         string                    // used for events without a session id
	Labels            map[string]string         // merged into every event; the event's own labels win
	Metadata          map[string]any            // merged into every event; the event's own keys win
	Context           map[string]map[string]any // by label key: the object for SetDefaultContext
	Source            string                    // default: "sdk"
	CaptureMethod     string                    // default: "embedded"
	BatchSize         uint32                    // events, 1 to 4096; default: 100
	FlushInterval     time.Duration             // longest delay of a commit, 1 ms to 1 h; default: 1 s
	Durability        Durability                // default: DurabilityProcess
	OnFull            OnFull                    // default: OnFullBlock
	BlockTimeout      time.Duration             // for OnFullBlock, 1 ms to 24 h; default: 5 s
	MaxEventBytes     uint64                    // of the canonical form of one event, 4096 to 67108864; default: 1 MiB
	JournalLimitBytes uint64                    // of uncommitted events of this process, 1 MiB to 2^53; default: 256 MiB
	ReadConnections   uint32                    // queries of this process that run at once, 1 to 64; default: 4
	Salt              Salt                      // default: SaltOn
	CaptureContent    CapturePolicy             // default: CaptureRedacted for everything
	BaseURL           string                    // for server mode, which does not exist yet: Open returns ErrUnsupported
}

type nativeOptions struct {
	baseURL, dbPath, agentID, sessionID, source, captureMethod  string
	labels, metadata, context, captureContent                   string
	durability, onFull, salt                                    int32
	batchSize, flushIntervalMS, blockTimeoutMS, readConnections uint32
	maxEventBytes, journalLimitBytes                            uint64
}

func (o Options) native() (*nativeOptions, error) {
	for _, number := range []struct {
		name  string
		value uint64
	}{
		{"BatchSize", uint64(o.BatchSize)}, {"MaxEventBytes", o.MaxEventBytes}, {"JournalLimitBytes", o.JournalLimitBytes},
		{"ReadConnections", uint64(o.ReadConnections)},
	} {
		if number.value != 0 {
			if err := checkOption(number.name, strconv.FormatUint(number.value, 10)); err != nil {
				return nil, err
			}
		}
	}
	n := &nativeOptions{
		baseURL: o.BaseURL, dbPath: o.DBPath, agentID: o.AgentID, sessionID: o.SessionID, source: o.Source,
		captureMethod: o.CaptureMethod, durability: int32(o.Durability), onFull: int32(o.OnFull), salt: int32(o.Salt),
		batchSize: o.BatchSize, maxEventBytes: o.MaxEventBytes, journalLimitBytes: o.JournalLimitBytes,
		readConnections: o.ReadConnections,
	}
	for _, object := range []struct {
		field *string
		name  string
		value any
		given bool
	}{
		{&n.labels, "Labels", o.Labels, o.Labels != nil}, {&n.metadata, "Metadata", o.Metadata, o.Metadata != nil},
		{&n.context, "Context", o.Context, o.Context != nil},
		{&n.captureContent, "CaptureContent", o.CaptureContent, !reflect.ValueOf(o.CaptureContent).IsZero()},
	} {
		if !object.given {
			continue
		}
		text, err := json.Marshal(object.value)
		if err != nil {
			return nil, failure(ErrInvalid, "cannot write %s as JSON: %v", object.name, err)
		}
		*object.field = string(text)
	}
	for _, duration := range []struct {
		field *uint32
		name  string
		value time.Duration
	}{
		{&n.flushIntervalMS, "FlushInterval", o.FlushInterval}, {&n.blockTimeoutMS, "BlockTimeout", o.BlockTimeout},
	} {
		if duration.value == 0 {
			continue
		}
		seconds := strconv.FormatFloat(duration.value.Seconds(), 'f', -1, 64)
		if err := checkOption(duration.name, seconds); err != nil {
			return nil, err
		}
		*duration.field = uint32((duration.value + time.Millisecond - 1) / time.Millisecond)
	}
	return n, nil
}
