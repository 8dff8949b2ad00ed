#include "client.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "log_event.h"
#include "ref.h"
#include "text.h"
#include "types.h"

namespace plog::python {

namespace {

// How often a waiting call checks for signals.
constexpr std::int64_t kSliceMs = 200;
constexpr std::int64_t kPauseMs = 10;
// The deadline for clients that are still open after the interpreter has finished.
constexpr std::int64_t kLateCloseMs = 1000;

// Clients that were opened again during exit. They are closed after the interpreter has finished, but never destroyed,
// because other threads may still use them.
std::mutex late_mutex;
std::vector<plog_client*>* late_clients = nullptr;

ClientObject* self_of(PyObject* object) { return reinterpret_cast<ClientObject*>(object); }

PyObject* client_new(PyTypeObject* type, PyObject* /*args*/, PyObject* /*keywords*/) {
  return type->tp_alloc(type, 0);  // zeroed
}

void client_dealloc(PyObject* object) {
  ClientObject* self = self_of(object);
  PyTypeObject* type = Py_TYPE(object);
  if (self->handle != nullptr && !self->late) {
    plog_client* handle = std::exchange(self->handle, nullptr);
    PyThreadState* state = PyEval_SaveThread();
    plog_client_destroy(handle);
    PyEval_RestoreThread(state);
  }
  delete self->options;
  type->tp_free(object);
  Py_DECREF(type);
}

// Leaves `out` empty for None. False with a Python error set.
bool take_text(PyObject* value, const char* name, std::string& out, const char*& pointer) {
  pointer = nullptr;
  if (value == Py_None) return true;
  if (!PyUnicode_Check(value)) {
    PyErr_Format(PyExc_TypeError, "%s must be a str, not %s", name, Py_TYPE(value)->tp_name);
    return false;
  }
  std::string scratch;
  bool repaired = false;
  out = utf8_of(value, scratch, &repaired);
  if (repaired || out.find('\0') != std::string::npos) {
    PyErr_Format(PyExc_ValueError, "%s contains a NUL character or a lone surrogate, which is not allowed", name);
    return false;
  }
  pointer = out.c_str();
  return true;
}

// Raises the core's error for a value that a field of plog_client_options cannot hold. Returns false.
bool refuse_value(PyObject* value, const char* name) {
  const Ref text(PyObject_Str(value));
  Py_ssize_t size = 0;
  const char* data = text ? PyUnicode_AsUTF8AndSize(text.get(), &size) : nullptr;
  if (data == nullptr) return false;
  plog_error* error = nullptr;
  const plog_status status = plog_client_option_check(name, data, static_cast<std::size_t>(size), &error);
  if (status != PLOG_OK) {
    raise_status(status, error);
  } else {
    raise_status(PLOG_E_INTERNAL, "internal error: an option has no range");
  }
  return false;
}

template <typename Number>
bool take_number(PyObject* value, const char* name, Number& out) {
  out = 0;
  if (value == Py_None) return true;
  if (!PyIndex_Check(value)) {
    PyErr_Format(PyExc_TypeError, "%s must be an int, not %s", name, Py_TYPE(value)->tp_name);
    return false;
  }
  const Ref index(PyNumber_Index(value));
  if (!index) return false;
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(index.get(), &overflow);
  const bool fits =
      overflow == 0 && number > 0 && static_cast<unsigned long long>(number) <= std::numeric_limits<Number>::max();
  if (!fits) return refuse_value(index.get(), name);
  out = static_cast<Number>(number);
  return true;
}

// Converts seconds to milliseconds, rounded up.
bool take_duration(PyObject* value, const char* name, std::uint32_t& out) {
  out = 0;
  if (value == Py_None) return true;
  if (!PyNumber_Check(value)) {
    PyErr_Format(PyExc_TypeError, "%s must be a number of seconds, not %s", name, Py_TYPE(value)->tp_name);
    return false;
  }
  const double seconds = PyFloat_AsDouble(value);
  if (seconds == -1 && PyErr_Occurred() != nullptr) {
    if (PyErr_ExceptionMatches(PyExc_OverflowError) == 0) return false;
    PyErr_Clear();
    return refuse_value(value, name);
  }
  // The tolerance of a nanosecond keeps 0.07 s, which is not exact in binary, at 70 ms.
  const double ms = std::ceil(seconds * 1000 - 1e-6);
  if (!(ms >= 1 && ms <= std::numeric_limits<std::uint32_t>::max())) return refuse_value(value, name);
  out = static_cast<std::uint32_t>(ms);
  return true;
}

// Opens the ledger. All arguments are positional, because only the Python half of the package calls this.
PyObject* client_open(PyObject* object, PyObject* args) {
  ClientObject* self = self_of(object);
  if (self->handle != nullptr) return raise_status(PLOG_E_INVALID, "the client is already open");
  PyObject *base_url, *db_path, *agent, *session, *labels, *metadata, *context, *source, *capture, *content;
  PyObject *batch_size, *flush_interval, *block_timeout, *max_event, *journal_limit, *read_connections;
  int durability = 0, on_full = 0, salt = 0;  // plog_durability, plog_on_full, plog_switch
  if (!PyArg_ParseTuple(args, "OOOOOOOOOOOOOOOOiii:_open", &base_url, &db_path, &agent, &session, &labels, &metadata,
                        &context, &source, &capture, &content, &batch_size, &flush_interval, &block_timeout, &max_event,
                        &journal_limit, &read_connections, &durability, &on_full, &salt)) {
    return nullptr;
  }
  auto options = std::make_unique<ClientOptions>();
  plog_client_options& values = options->values;
  plog_client_options_init(&values);
  values.durability = durability;
  values.on_full = on_full;
  values.salt = salt;
  if (!take_text(base_url, "base_url", options->base_url, values.base_url) ||
      !take_text(db_path, "db_path", options->db_path, values.db_path) ||
      !take_text(agent, "agent_id", options->agent_id, values.agent_id) ||
      !take_text(session, "session_id", options->session_id, values.session_id) ||
      !take_text(labels, "labels", options->labels, values.labels_json) ||
      !take_text(metadata, "metadata", options->metadata, values.metadata_json) ||
      !take_text(context, "context", options->context, values.context_json) ||
      !take_text(source, "source", options->source, values.source) ||
      !take_text(capture, "capture_method", options->capture_method, values.capture_method) ||
      !take_text(content, "capture_content", options->capture_content, values.capture_content) ||
      !take_number(batch_size, "batch_size", values.batch_size) ||
      !take_duration(flush_interval, "flush_interval", values.flush_interval_ms) ||
      !take_duration(block_timeout, "block_timeout", values.block_timeout_ms) ||
      !take_number(max_event, "max_event_bytes", values.max_event_bytes) ||
      !take_number(journal_limit, "journal_limit_bytes", values.journal_limit_bytes) ||
      !take_number(read_connections, "read_connections", values.read_connections)) {
    return nullptr;
  }
  plog_client* handle = nullptr;
  plog_error* error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status = plog_client_new(&values, &handle, &error);
  PyEval_RestoreThread(state);
  if (status != PLOG_OK) return raise_status(status, error);
  self->handle = handle;
  self->waits = plog_client_durability(handle) == PLOG_DURABILITY_POWER;
  self->on_full = plog_client_on_full(handle);
  self->options = options.release();
  Py_RETURN_NONE;
}

// Converts seconds to milliseconds. None means no deadline (-1). False with a Python error set.
bool milliseconds_of(PyObject* seconds, std::int64_t* out) {
  *out = -1;
  if (seconds == Py_None) return true;
  const double value = PyFloat_AsDouble(seconds);
  if (value == -1 && PyErr_Occurred() != nullptr) return false;
  if (std::isnan(value) || value < 0) {
    PyErr_SetString(PyExc_ValueError, "a timeout must be a number of seconds, 0 or more");
    return false;
  }
  if (value < 1e12) *out = static_cast<std::int64_t>(std::ceil(value * 1000));
  return true;
}

using WaitingCall = plog_status (*)(plog_client*, std::int64_t, plog_error**);

std::int64_t now_ms() {
  using std::chrono::steady_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// Waits in slices, to check for signals (Ctrl-C) between them. Waits for another process's lock as for a slow disk.
PyObject* client_flush(PyObject* object, PyObject* seconds) {
  plog_client* handle = handle_of(object);
  std::int64_t timeout = 0;
  if (handle == nullptr || !milliseconds_of(seconds, &timeout)) return nullptr;
  const std::int64_t deadline = timeout < 0 ? std::numeric_limits<std::int64_t>::max() : now_ms() + timeout;
  for (;;) {
    plog_error* error = nullptr;
    PyThreadState* state = PyEval_SaveThread();
    const std::int64_t slice = std::clamp<std::int64_t>(deadline - now_ms(), 0, kSliceMs);
    const plog_status status = plog_client_flush(handle, slice, &error);
    if (status == PLOG_E_BUSY) std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
    PyEval_RestoreThread(state);
    if (status == PLOG_OK) Py_RETURN_NONE;
    const bool again = status == PLOG_E_TIMEOUT || status == PLOG_E_BUSY;
    if (!again || now_ms() >= deadline) return raise_status(again ? PLOG_E_TIMEOUT : status, error);
    plog_error_destroy(error);
    if (PyErr_CheckSignals() != 0) return nullptr;
  }
}

PyObject* client_close(PyObject* object, PyObject* seconds) {
  plog_client* handle = self_of(object)->handle;
  if (handle == nullptr) Py_RETURN_NONE;
  std::int64_t left = 0;
  if (!milliseconds_of(seconds, &left)) return nullptr;
  plog_error* error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status = plog_client_close(handle, left, &error);
  PyEval_RestoreThread(state);
  if (status != PLOG_OK) return raise_status(status, error);
  Py_RETURN_NONE;
}

PyObject* client_close_at_exit(PyObject* object, PyObject* seconds) {
  self_of(object)->closed_at_exit = self_of(object)->handle != nullptr;
  return client_close(object, seconds);
}

PyObject* client_set_context(PyObject* object, PyObject* args) {
  const char *key = nullptr, *value = nullptr, *context = nullptr;
  Py_ssize_t key_size = 0, value_size = 0, context_size = 0;
  plog_client* handle = handle_of(object);
  if (handle == nullptr ||
      !PyArg_ParseTuple(args, "s#z#s#:_set_context", &key, &key_size, &value, &value_size, &context, &context_size)) {
    return nullptr;
  }
  plog_error* error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status = plog_client_set_context(handle, key, static_cast<std::size_t>(key_size), value,
                                                     static_cast<std::size_t>(value_size), context,
                                                     static_cast<std::size_t>(context_size), &error);
  PyEval_RestoreThread(state);
  if (status != PLOG_OK) return raise_status(status, error);
  Py_RETURN_NONE;
}

PyObject* text_of(plog_buffer* buffer) {
  PyObject* text =
      PyUnicode_DecodeUTF8(plog_buffer_data(buffer), static_cast<Py_ssize_t>(plog_buffer_size(buffer)), "replace");
  plog_buffer_destroy(buffer);
  return text;
}

PyObject* client_get_context(PyObject* object, PyObject* args) {
  const char *key = nullptr, *value = nullptr;
  Py_ssize_t key_size = 0, value_size = 0;
  plog_client* handle = handle_of(object);
  if (handle == nullptr || !PyArg_ParseTuple(args, "s#s#:_get_context", &key, &key_size, &value, &value_size)) {
    return nullptr;
  }
  plog_buffer* buffer = nullptr;
  plog_error* error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status = plog_client_get_context(handle, key, static_cast<std::size_t>(key_size), value,
                                                     static_cast<std::size_t>(value_size), &buffer, &error);
  PyEval_RestoreThread(state);
  if (status == PLOG_E_NOT_FOUND) {
    plog_error_destroy(error);
    Py_RETURN_NONE;
  }
  return status == PLOG_OK ? text_of(buffer) : raise_status(status, error);
}

PyObject* client_get_event(PyObject* object, PyObject* args) {
  const char *id = nullptr, *agent = nullptr;
  Py_ssize_t id_size = 0, agent_size = 0;
  plog_client* handle = handle_of(object);
  if (handle == nullptr || !PyArg_ParseTuple(args, "s#z#:_get_event", &id, &id_size, &agent, &agent_size)) {
    return nullptr;
  }
  plog_buffer* buffer = nullptr;
  plog_error* error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status = plog_client_get_event(handle, id, static_cast<std::size_t>(id_size), agent,
                                                   static_cast<std::size_t>(agent_size), &buffer, &error);
  PyEval_RestoreThread(state);
  if (status == PLOG_E_NOT_FOUND) {
    plog_error_destroy(error);
    Py_RETURN_NONE;
  }
  return status == PLOG_OK ? text_of(buffer) : raise_status(status, error);
}

// Returns (status, message), and destroys the error.
PyObject* error_pair(plog_error* error) {
  const char* message = plog_error_message(error);
  PyObject* pair = nullptr;
  const Ref text(PyUnicode_DecodeUTF8(message, static_cast<Py_ssize_t>(strlen(message)), "replace"));
  if (text) pair = Py_BuildValue("(iO)", static_cast<int>(plog_error_status(error)), text.get());
  plog_error_destroy(error);
  return pair;
}

PyObject* client_stats(PyObject* object, PyObject* /*unused*/) {
  plog_client* handle = handle_of(object);
  if (handle == nullptr) return nullptr;
  plog_client_stats_t stats;
  std::memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  plog_error *last = nullptr, *error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status = plog_client_stats(handle, &stats, &last, &error);
  PyEval_RestoreThread(state);
  if (status != PLOG_OK) return raise_status(status, error);
  const Ref last_error(last != nullptr ? error_pair(last) : Py_NewRef(Py_None));
  if (!last_error) return nullptr;
  return Py_BuildValue("{sKsKsKsKsKsKsKsKsKsKsKsKsO}", "accepted", stats.accepted, "stored", stats.stored, "recovered",
                       stats.recovered, "duplicates", stats.duplicates, "conflicts", stats.conflicts, "dropped",
                       stats.dropped, "gaps", stats.gaps, "queued_events", stats.queued_events, "queued_bytes",
                       stats.queued_bytes, "truncated", stats.truncated, "redactions", stats.redactions, "errors",
                       stats.errors, "last_error", last_error.get());
}

// Waits for an asynchronous error: (status, message), or None if the time passed. Raises ClosedError if the client is
// closed and has no more errors. This frame must hold no C++ object with a destructor: at exit, CPython ends a waiting
// thread without returning here.
PyObject* client_next_error(PyObject* object, PyObject* seconds) {
  plog_client* handle = handle_of(object);
  std::int64_t timeout = 0;
  if (handle == nullptr || !milliseconds_of(seconds, &timeout)) return nullptr;
  plog_error *found = nullptr, *error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status = plog_client_next_error(handle, timeout, &found, &error);
  PyEval_RestoreThread(state);
  if (status != PLOG_OK) return raise_status(status, error);
  if (found == nullptr) Py_RETURN_NONE;
  return error_pair(found);
}

PyObject* client_set_watched(PyObject* object, PyObject* value) {
  const int watched = PyObject_IsTrue(value);
  if (watched < 0) return nullptr;
  self_of(object)->watched = watched != 0;
  Py_RETURN_NONE;
}

PyObject* client_after_fork(PyObject* object, PyObject* /*unused*/) {
  ClientObject* self = self_of(object);
  self->restart_watch = self->watched;
  self->watched = false;
  Py_RETURN_NONE;
}

PyObject* get_recorded(PyObject* object, void* /*closure*/) {
  return PyLong_FromUnsignedLongLong(self_of(object)->recorded);
}

PyObject* get_db_path(PyObject* object, void* /*closure*/) {
  plog_client* handle = self_of(object)->handle;
  if (handle == nullptr) return raise_status(PLOG_E_CLOSED, "the client is not open");
  return PyUnicode_DecodeFSDefault(plog_client_db_path(handle));
}

constexpr char kLogEventDoc[] =
    "log_event($self, event=None, *, action_type=None, action_name=None, action_input=None, action_output=None,\n"
    "          action_status=None, error_message=None, agent_id=None, session_id=None, labels=None, metadata=None,\n"
    "          duration_ms=None, timestamp=None, id=None, parent_event_id=None, parents=None, tool_call_id=None,\n"
    "          **fields)\n--\n\n"
    "Record one event and return its id.\n\n"
    "The event is a ProvenLogEvent, a mapping, keywords, or one of the first two with keywords, which then win. When\n"
    "the call returns, the event survives the death of this process and, with durability=\"power\", a power failure.\n"
    "A keyword that schema 1.0 does not define is stored as a field of that name. Values may be of any type; they are\n"
    "converted to JSON. An agent_id, session_id or parent_event_id that is not given is taken from the enclosing\n"
    "agent, session or parent block, else from the client's defaults. Odd values do not raise: they are repaired,\n"
    "and the event's validation_warnings name them.\n\n"
    "Returns \"\" if the event was not recorded because the journal or the disk was full (on_full=\"block\" or\n"
    "\"drop\"): the loss is counted, and a gap event records it in the ledger. Raises InvalidEventError if there is no "
    "agent_id,\n"
    "ClosedError after close, StorageError if the journal cannot be written, and JournalFullError with\n"
    "on_full=\"raise\".";

PyCFunction as_function(PyObject* (*method)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*)) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(method));
}

PyMethodDef* methods() {
  static PyMethodDef table[] = {
      {"log_event", as_function(log_event), METH_FASTCALL | METH_KEYWORDS, kLogEventDoc},
      {"_open", client_open, METH_VARARGS, nullptr},
      {"_flush", client_flush, METH_O, nullptr},
      {"_close", client_close, METH_O, nullptr},
      {"_close_at_exit", client_close_at_exit, METH_O, nullptr},
      {"_set_context", client_set_context, METH_VARARGS, nullptr},
      {"_get_context", client_get_context, METH_VARARGS, nullptr},
      {"_get_event", client_get_event, METH_VARARGS, nullptr},
      {"_stats", client_stats, METH_NOARGS, nullptr},
      {"_next_error", client_next_error, METH_O, nullptr},
      {"_set_watched", client_set_watched, METH_O, nullptr},
      {"_after_fork", client_after_fork, METH_NOARGS, nullptr},
      {nullptr, nullptr, 0, nullptr},
  };
  return table;
}

PyGetSetDef properties[] = {
    {"_recorded", get_recorded, nullptr, nullptr, nullptr},
    {"db_path", get_db_path, nullptr, "The real path of the ledger file.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

// Runs after the interpreter has finished, so it must not call Python.
void close_late_clients() {
  const std::lock_guard lock(late_mutex);
  if (late_clients == nullptr) return;
  for (plog_client* client : *late_clients) plog_client_close(client, kLateCloseMs, nullptr);
}

}  // namespace

void keep_until_exit(plog_client* client) {
  const std::lock_guard lock(late_mutex);
  if (late_clients == nullptr) late_clients = new std::vector<plog_client*>();
  late_clients->push_back(client);
}

plog_client* handle_of(PyObject* client) {
  plog_client* handle = self_of(client)->handle;
  if (handle == nullptr) raise_status(PLOG_E_CLOSED, "the client is not open");
  return handle;
}

bool add_client_type(PyObject* module) {
  static PyType_Slot slots[] = {
      {Py_tp_new, reinterpret_cast<void*>(client_new)},
      {Py_tp_dealloc, reinterpret_cast<void*>(client_dealloc)},
      {Py_tp_methods, methods()},
      {Py_tp_getset, properties},
      {Py_tp_doc, const_cast<char*>("An open ledger. The base class of provenlog.ProvenLogClient.")},
      {0, nullptr},
  };
  static PyType_Spec spec = {"provenlog._native.Client", sizeof(ClientObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr || PyObject_SetAttrString(module, "Client", type) != 0) return false;
  g.client = reinterpret_cast<PyTypeObject*>(type);
  // If no exit slot is free, late events stay in the journal for the next process, so nothing is lost.
  Py_AtExit(close_late_clients);
  return true;
}

}  // namespace plog::python
