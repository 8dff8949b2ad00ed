package provenlog

// Thin functions over plog.h. They turn statuses into errors and copy the data that C returns.

/*
#cgo pkg-config: provenlog
#include <provenlog/plog.h>
#include <stdlib.h>

// Go strings are passed without a copy.
static void event_key(plog_event *event, _GoString_ key) {
  plog_event_key(event, _GoStringPtr(key), _GoStringLen(key));
}
static void event_coerced_key(plog_event *event, _GoString_ key) {
  plog_event_coerced_key(event, _GoStringPtr(key), _GoStringLen(key));
}
static void event_string(plog_event *event, _GoString_ text) {
  plog_event_string(event, _GoStringPtr(text), _GoStringLen(text));
}
static void event_integer_text(plog_event *event, _GoString_ digits) {
  plog_event_integer_text(event, _GoStringPtr(digits), _GoStringLen(digits));
}
static void event_json(plog_event *event, _GoString_ json) {
  plog_event_json(event, _GoStringPtr(json), _GoStringLen(json));
}
static void event_truncated(plog_event *event, _GoString_ reason) {
  plog_event_truncated(event, _GoStringPtr(reason), _GoStringLen(reason));
}
static void event_warning(plog_event *event, _GoString_ code, _GoString_ detail) {
  plog_event_warning(event, _GoStringPtr(code), _GoStringLen(code), _GoStringPtr(detail), _GoStringLen(detail));
}
static plog_status option_check(const char *name, _GoString_ value, plog_error **err) {
  return plog_client_option_check(name, _GoStringPtr(value), _GoStringLen(value), err);
}
static plog_status log_event(plog_client *client, _GoString_ json, char id[37], plog_error **err) {
  return plog_log_event(client, _GoStringPtr(json), _GoStringLen(json), id, err);
}
static plog_status set_context(plog_client *client, _GoString_ key, _GoString_ value, int has_value, _GoString_ context,
                               plog_error **err) {
  // An empty value needs a pointer that is not NULL: NULL stands for the client's default label.
  const char *text = !has_value ? NULL : _GoStringLen(value) > 0 ? _GoStringPtr(value) : "";
  return plog_client_set_context(client, _GoStringPtr(key), _GoStringLen(key), text, _GoStringLen(value),
                                 _GoStringPtr(context), _GoStringLen(context), err);
}
static plog_status get_context(plog_client *client, _GoString_ key, _GoString_ value, plog_buffer **out,
                               plog_error **err) {
  return plog_client_get_context(client, _GoStringPtr(key), _GoStringLen(key), _GoStringPtr(value), _GoStringLen(value),
                                 out, err);
}
static plog_status get_event(plog_client *client, _GoString_ id, _GoString_ agent, plog_buffer **out,
                             plog_error **err) {
  const char *name = _GoStringLen(agent) > 0 ? _GoStringPtr(agent) : NULL;
  return plog_client_get_event(client, _GoStringPtr(id), _GoStringLen(id), name, _GoStringLen(agent), out, err);
}
static plog_status query(plog_client *client, _GoString_ filter, plog_cursor **out, plog_error **err) {
  return plog_client_query(client, _GoStringPtr(filter), _GoStringLen(filter), out, err);
}
static plog_status redactor_new(_GoString_ rules, plog_redactor **out, plog_error **err) {
  return plog_redactor_new(_GoStringPtr(rules), _GoStringLen(rules), out, err);
}
static plog_status redact(const plog_redactor *redactor, _GoString_ text, plog_buffer **out, uint64_t *count,
                          plog_error **err) {
  return plog_redactor_redact(redactor, _GoStringPtr(text), _GoStringLen(text), out, count, err);
}
*/
import "C"

import (
	"strings"
	"sync/atomic"
	"unsafe"
)

func statusName(code Code) string { return C.GoString(C.plog_status_name(C.plog_status(code))) }

// check turns a status into an error and frees the C error.
func check(status C.plog_status, err **C.plog_error) error {
	if status == C.PLOG_OK {
		return nil
	}
	defer C.plog_error_destroy(*err)
	return &Error{Code: Code(status), Message: C.GoString(C.plog_error_message(*err))}
}

// take copies the bytes of a buffer and frees it.
func take(buffer *C.plog_buffer) []byte {
	defer C.plog_buffer_destroy(buffer)
	return C.GoBytes(unsafe.Pointer(C.plog_buffer_data(buffer)), C.int(C.plog_buffer_size(buffer)))
}

// A handle owns an object of the library. It counts references, because Close may be called while other goroutines are
// inside a call: the last release destroys the object.
type handle struct {
	refs    atomic.Int64
	what    string
	destroy func()
}

func newHandle(what string, destroy func()) *handle {
	h := &handle{what: what, destroy: destroy}
	h.refs.Store(1)
	return h
}

func (h *handle) acquire() error {
	for {
		n := h.refs.Load()
		if n == 0 {
			return failure(ErrClosed, "the %s is closed", h.what)
		}
		if h.refs.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

func (h *handle) release() {
	if h.refs.Add(-1) == 0 {
		h.destroy()
	}
}

// ---- Client

type nativeClient struct {
	*handle
	ptr *C.plog_client
}

// checkOption returns ErrConfig if the value of an option of a client is out of range.
func checkOption(name, value string) error {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	var err *C.plog_error
	status := C.option_check(text, value, &err)
	return check(status, &err)
}

func openClient(o *nativeOptions) (nativeClient, error) {
	if abi := C.plog_abi_version(); abi != C.PLOG_ABI_VERSION {
		return nativeClient{}, failure(ErrUnsupported, "libprovenlog has ABI %d, but this program was built for ABI %d; "+
			"build it again with the installed library", abi, int(C.PLOG_ABI_VERSION))
	}
	// plog_client_options_init is not used: the struct of a later library may be larger than this one.
	c := C.plog_client_options{struct_size: C.sizeof_plog_client_options}
	var owned []*C.char
	defer func() {
		for _, text := range owned {
			C.free(unsafe.Pointer(text))
		}
	}()
	for _, text := range []struct {
		field **C.char
		name  string
		value string
	}{
		{&c.base_url, "BaseURL", o.baseURL}, {&c.db_path, "DBPath", o.dbPath}, {&c.agent_id, "AgentID", o.agentID},
		{&c.session_id, "SessionID", o.sessionID}, {&c.source, "Source", o.source},
		{&c.capture_method, "CaptureMethod", o.captureMethod}, {&c.labels_json, "Labels", o.labels},
		{&c.metadata_json, "Metadata", o.metadata}, {&c.context_json, "Context", o.context},
		{&c.capture_content, "CaptureContent", o.captureContent},
	} {
		if text.value == "" {
			continue
		}
		if strings.IndexByte(text.value, 0) >= 0 {
			return nativeClient{}, failure(ErrInvalid, "%s contains a NUL byte", text.name)
		}
		*text.field = C.CString(text.value)
		owned = append(owned, *text.field)
	}
	c.durability, c.on_full, c.salt = C.int32_t(o.durability), C.int32_t(o.onFull), C.int32_t(o.salt)
	c.batch_size, c.read_connections = C.uint32_t(o.batchSize), C.uint32_t(o.readConnections)
	c.flush_interval_ms, c.block_timeout_ms = C.uint32_t(o.flushIntervalMS), C.uint32_t(o.blockTimeoutMS)
	c.max_event_bytes, c.journal_limit_bytes = C.uint64_t(o.maxEventBytes), C.uint64_t(o.journalLimitBytes)

	var ptr *C.plog_client
	var err *C.plog_error
	if err := check(C.plog_client_new(&c, &ptr, &err), &err); err != nil {
		return nativeClient{}, err
	}
	return nativeClient{newHandle("client", func() { C.plog_client_destroy(ptr) }), ptr}, nil
}

func (n nativeClient) dbPath() string { return C.GoString(C.plog_client_db_path(n.ptr)) }

func (n nativeClient) flush(timeoutMS int64) error {
	var err *C.plog_error
	status := C.plog_client_flush(n.ptr, C.int64_t(timeoutMS), &err)
	return check(status, &err)
}

func (n nativeClient) close(timeoutMS int64) error {
	var err *C.plog_error
	status := C.plog_client_close(n.ptr, C.int64_t(timeoutMS), &err)
	return check(status, &err)
}

func (n nativeClient) logJSON(json string) (string, error) {
	var id [37]C.char
	var err *C.plog_error
	status := C.log_event(n.ptr, json, &id[0], &err)
	return C.GoString(&id[0]), check(status, &err)
}

func (n nativeClient) setContext(key string, value *string, context string) error {
	var err *C.plog_error
	text, has := "", C.int(0)
	if value != nil {
		text, has = *value, 1
	}
	status := C.set_context(n.ptr, key, text, has, context, &err)
	return check(status, &err)
}

func (n nativeClient) getContext(key, value string) ([]byte, error) {
	var err *C.plog_error
	var out *C.plog_buffer
	status := C.get_context(n.ptr, key, value, &out, &err)
	return take(out), check(status, &err)
}

func (n nativeClient) getEvent(id, agent string) ([]byte, error) {
	var err *C.plog_error
	var out *C.plog_buffer
	status := C.get_event(n.ptr, id, agent, &out, &err)
	return take(out), check(status, &err)
}

func (n nativeClient) stats() (Stats, error) {
	c := C.plog_client_stats_t{struct_size: C.sizeof_plog_client_stats_t}
	var err, last *C.plog_error
	status := C.plog_client_stats(n.ptr, &c, &last, &err)
	stats := Stats{
		Accepted: uint64(c.accepted), Stored: uint64(c.stored), Recovered: uint64(c.recovered),
		Duplicates: uint64(c.duplicates), Conflicts: uint64(c.conflicts), Dropped: uint64(c.dropped), Gaps: uint64(c.gaps),
		QueuedEvents: uint64(c.queued_events), QueuedBytes: uint64(c.queued_bytes), Truncated: uint64(c.truncated),
		Redactions: uint64(c.redactions), Errors: uint64(c.errors),
	}
	if last != nil {
		stats.LastError = check(C.plog_error_status(last), &last)
	}
	return stats, check(status, &err)
}

// nextError returns the oldest asynchronous error, or nil after timeoutMS without one.
func (n nativeClient) nextError(timeoutMS int64) (found, failed error) {
	var err, out *C.plog_error
	status := C.plog_client_next_error(n.ptr, C.int64_t(timeoutMS), &out, &err)
	if out != nil {
		found = check(C.plog_error_status(out), &out)
	}
	return found, check(status, &err)
}

// ---- Event writer

type nativeEvent struct{ ptr *C.plog_event }

func (n nativeClient) beginEvent() (nativeEvent, error) {
	var event nativeEvent
	var err *C.plog_error
	status := C.plog_event_begin(n.ptr, &event.ptr, &err)
	return event, check(status, &err)
}

func (e nativeEvent) key(key string)           { C.event_key(e.ptr, key) }
func (e nativeEvent) coercedKey(key string)    { C.event_coerced_key(e.ptr, key) }
func (e nativeEvent) text(text string)         { C.event_string(e.ptr, text) }
func (e nativeEvent) integer(value int64)      { C.plog_event_integer(e.ptr, C.int64_t(value)) }
func (e nativeEvent) digits(digits string)     { C.event_integer_text(e.ptr, digits) }
func (e nativeEvent) double(value float64)     { C.plog_event_double(e.ptr, C.double(value)) }
func (e nativeEvent) null()                    { C.plog_event_null(e.ptr) }
func (e nativeEvent) beginObject()             { C.plog_event_begin_object(e.ptr) }
func (e nativeEvent) endObject()               { C.plog_event_end_object(e.ptr) }
func (e nativeEvent) beginArray()              { C.plog_event_begin_array(e.ptr) }
func (e nativeEvent) endArray()                { C.plog_event_end_array(e.ptr) }
func (e nativeEvent) json(json string)         { C.event_json(e.ptr, json) }
func (e nativeEvent) truncated(reason string)  { C.event_truncated(e.ptr, reason) }
func (e nativeEvent) warn(code, detail string) { C.event_warning(e.ptr, code, detail) }
func (e nativeEvent) depth() int               { return int(C.plog_event_depth(e.ptr)) }
func (e nativeEvent) cancel()                  { C.plog_event_cancel(e.ptr) }
func (e nativeEvent) boolean(value bool) {
	if value {
		C.plog_event_bool(e.ptr, 1)
	} else {
		C.plog_event_bool(e.ptr, 0)
	}
}

// commit records the event. It frees the writer even if it fails.
func (e nativeEvent) commit() (string, error) {
	var id [37]C.char
	var err *C.plog_error
	status := C.plog_event_commit(e.ptr, &id[0], &err)
	return C.GoString(&id[0]), check(status, &err)
}

// ---- Cursor

type nativeCursor struct{ ptr *C.plog_cursor }

func (n nativeClient) query(filter string) (nativeCursor, error) {
	var cursor nativeCursor
	var err *C.plog_error
	status := C.query(n.ptr, filter, &cursor.ptr, &err)
	return cursor, check(status, &err)
}

// next returns nil after the last event.
func (c nativeCursor) next() ([]byte, error) {
	var err *C.plog_error
	var json *C.char
	var size C.size_t
	if err := check(C.plog_cursor_next(c.ptr, &json, &size, &err), &err); err != nil || json == nil {
		return nil, err
	}
	return C.GoBytes(unsafe.Pointer(json), C.int(size)), nil
}

func (c nativeCursor) position() int64 { return int64(C.plog_cursor_position(c.ptr)) }
func (c nativeCursor) destroy()        { C.plog_cursor_destroy(c.ptr) }

// ---- Redactor

type nativeRedactor struct {
	*handle
	ptr *C.plog_redactor
}

func openRedactor(rules string) (nativeRedactor, error) {
	var err *C.plog_error
	var ptr *C.plog_redactor
	if err := check(C.redactor_new(rules, &ptr, &err), &err); err != nil {
		return nativeRedactor{}, err
	}
	return nativeRedactor{newHandle("redactor", func() { C.plog_redactor_destroy(ptr) }), ptr}, nil
}

func (n nativeRedactor) redact(text string) (string, int, error) {
	var err *C.plog_error
	var out *C.plog_buffer
	var count C.uint64_t
	status := C.redact(n.ptr, text, &out, &count, &err)
	return string(take(out)), int(count), check(status, &err)
}
