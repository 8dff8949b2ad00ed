package provenlog

/*
#include <provenlog/plog.h>
#include <stdlib.h>

static int is_set(void *flag, uint64_t done, uint64_t total) {
  (void)done, (void)total;
  return __atomic_load_n((int32_t *)flag, __ATOMIC_RELAXED);
}
static plog_status verify(plog_client *client, plog_verify_options *options, int32_t *stop, plog_buffer **report,
                          plog_error **err) {
  options->progress = is_set;
  options->user_data = stop;
  return plog_verify(client, options, report, err);
}
static plog_status export(plog_client *client, plog_export_options *options, const char *path, int32_t *stop,
                          plog_buffer **report, plog_error **err) {
  options->progress = is_set;
  options->user_data = stop;
  return plog_export(client, options, path, report, err);
}
static plog_status verify_export(const char *path, plog_check_options *options, int32_t *stop, plog_buffer **report,
                                 plog_error **err) {
  options->progress = is_set;
  options->user_data = stop;
  return plog_verify_export(path, options, report, err);
}
static plog_status call(plog_client *client, const char *name, _GoString_ parameters, int32_t *stop,
                        plog_buffer **result, plog_error **err) {
  return plog_call(client, name, _GoStringPtr(parameters), _GoStringLen(parameters), is_set, stop, result, err);
}
static plog_status prove(plog_client *client, _GoString_ id, _GoString_ agent, plog_buffer **out, plog_error **err) {
  const char *name = _GoStringLen(agent) > 0 ? _GoStringPtr(agent) : NULL;
  return plog_client_prove(client, _GoStringPtr(id), _GoStringLen(id), name, _GoStringLen(agent), out, err);
}
*/
import "C"

import (
	"strings"
	"sync/atomic"
	"unsafe"
)

// Any goroutine may raise a stopFlag while C reads it. It is allocated in C memory, because C keeps the pointer.
type stopFlag struct{ ptr *C.int32_t }

func newStopFlag() stopFlag { return stopFlag{(*C.int32_t)(C.calloc(1, C.sizeof_int32_t))} }
func (f stopFlag) raise()   { atomic.StoreInt32((*int32)(f.ptr), 1) }
func (f stopFlag) free()    { C.free(unsafe.Pointer(f.ptr)) }

// cTexts are terminated strings in C memory for one call. err is the first error found in them.
type cTexts struct {
	owned []unsafe.Pointer
	err   error
}

// text returns a copy of value, or NULL if value is "".
func (t *cTexts) text(name, value string) *C.char {
	if strings.IndexByte(value, 0) >= 0 && t.err == nil {
		t.err = failure(ErrInvalid, "%s contains a NUL byte", name)
	}
	if value == "" {
		return nil
	}
	text := C.CString(value)
	t.owned = append(t.owned, unsafe.Pointer(text))
	return text
}

func (t *cTexts) list(name string, values []string) **C.char {
	if len(values) == 0 {
		return nil
	}
	block := C.calloc(C.size_t(len(values)), C.size_t(unsafe.Sizeof(uintptr(0))))
	t.owned = append(t.owned, block)
	for i, value := range values {
		unsafe.Slice((**C.char)(block), len(values))[i] = t.text(name, value)
	}
	return (**C.char)(block)
}

func (t *cTexts) free() {
	for _, pointer := range t.owned {
		C.free(pointer)
	}
}

func flag(set bool) C.int32_t {
	if set {
		return 1
	}
	return 0
}

func (n *nativeClient) pointer() *C.plog_client {
	if n == nil {
		return nil
	}
	return n.ptr
}

// verify verifies the ledger of a client, or the file at path if client is nil.
func verify(client *nativeClient, path string, options VerifyOptions, stop stopFlag) ([]byte, error) {
	var texts cTexts
	defer texts.free()
	if options.Threads < 0 || options.Threads > 64 {
		return nil, failure(ErrInvalid, "Threads: %d is out of range; use 0 to 64", options.Threads)
	}
	c := C.plog_verify_options{
		struct_size: C.sizeof_plog_verify_options, read_only: flag(options.ReadOnly),
		db_path: texts.text("the path", path), agent_id: texts.text("AgentID", options.AgentID),
		level: texts.text("Level", options.Level), key: texts.text("Key", options.Key),
		heads: texts.list("Heads", options.Heads), head_count: C.uint32_t(len(options.Heads)),
		incremental: flag(options.Incremental), threads: C.uint32_t(options.Threads),
	}
	if texts.err != nil {
		return nil, texts.err
	}
	var err *C.plog_error
	var out *C.plog_buffer
	status := C.verify(client.pointer(), &c, stop.ptr, &out, &err)
	return take(out), check(status, &err)
}

func export(client *nativeClient, path, filter string, options ExportOptions, stop stopFlag) ([]byte, error) {
	var texts cTexts
	defer texts.free()
	c := C.plog_export_options{
		struct_size: C.sizeof_plog_export_options, tiles: flag(options.Tiles), overwrite: flag(options.Overwrite),
		filter: texts.text("Filter", filter),
	}
	target := texts.text("the path", path)
	if texts.err != nil {
		return nil, texts.err
	}
	var err *C.plog_error
	var out *C.plog_buffer
	status := C.export(client.pointer(), &c, target, stop.ptr, &out, &err)
	return take(out), check(status, &err)
}

func verifyExport(path string, options CheckOptions, stop stopFlag) ([]byte, error) {
	var texts cTexts
	defer texts.free()
	c := C.plog_check_options{
		struct_size: C.sizeof_plog_check_options, key: texts.text("Key", options.Key),
		heads: texts.list("Heads", options.Heads), head_count: C.uint32_t(len(options.Heads)),
	}
	file := texts.text("the path", path)
	if texts.err != nil {
		return nil, texts.err
	}
	var err *C.plog_error
	var out *C.plog_buffer
	status := C.verify_export(file, &c, stop.ptr, &out, &err)
	return take(out), check(status, &err)
}

func call(client *nativeClient, name, parameters string, stop stopFlag) ([]byte, error) {
	var texts cTexts
	defer texts.free()
	operation := texts.text("the name of the operation", name)
	if texts.err != nil {
		return nil, texts.err
	}
	if operation == nil {
		return nil, failure(ErrInvalid, "the name of the operation is empty; give one that Call(ctx, \"operations\", nil) lists")
	}
	var err *C.plog_error
	var out *C.plog_buffer
	status := C.call(client.pointer(), operation, parameters, stop.ptr, &out, &err)
	return take(out), check(status, &err)
}

func (n *nativeClient) prove(id, agent string) ([]byte, error) {
	var err *C.plog_error
	var out *C.plog_buffer
	status := C.prove(n.ptr, id, agent, &out, &err)
	return take(out), check(status, &err)
}
