#include "log_event.h"

#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include "ref.h"
#include "text.h"
#include "types.h"
#include "walker.h"
#include "writer.h"

namespace plog::python {

namespace {

// An event with more text than this is committed without the GIL. For a smaller one, releasing the GIL costs more than
// it gains.
constexpr std::size_t kLargeEvent = 64 * 1024;
// If no thread waits for asynchronous errors, they are polled once per this number of events.
constexpr std::uint32_t kPollInterval = 256;

struct Arguments {
  PyObject* event = nullptr;  // the positional argument, or NULL
  PyObject* const* values = nullptr;
  PyObject* names = nullptr;  // may be NULL
  Py_ssize_t count = 0;

  // The value of a keyword, or NULL. Names are nearly always interned, so comparing pointers is usually enough.
  PyObject* find(PyObject* name) const {
    for (Py_ssize_t i = 0; i < count; ++i) {
      PyObject* own = PyTuple_GET_ITEM(names, i);
      if (own == name || PyUnicode_Compare(own, name) == 0) return values[i];
    }
    return nullptr;
  }
  // Whether the keyword was given with a value that is not None.
  bool gives(PyObject* name) const {
    PyObject* value = find(name);
    return value != nullptr && value != Py_None;
  }
};

bool parse(PyObject* const* args, Py_ssize_t count, PyObject* keywords, Arguments* out) {
  if (count > 1) {
    PyErr_Format(PyExc_TypeError, "log_event() takes at most 1 positional argument (%zd given)", count);
    return false;
  }
  out->values = args + count;
  out->names = keywords;
  out->count = keywords != nullptr ? PyTuple_GET_SIZE(keywords) : 0;
  if (count == 1) out->event = args[0];
  for (Py_ssize_t i = 0; i < out->count; ++i) {
    if (PyTuple_GET_ITEM(keywords, i) != g.event) continue;
    if (out->event != nullptr) {
      PyErr_SetString(PyExc_TypeError, "log_event() got multiple values for argument 'event'");
      return false;
    }
    out->event = out->values[i];
  }
  if (out->event == Py_None) out->event = nullptr;
  return true;
}

class Recording {
 public:
  Recording(Writer& writer, const Arguments& arguments) : arguments_(arguments), writer_(writer), walker_(writer) {}

  // False: the positional argument is not an event.
  bool write() {
    if (arguments_.event != nullptr && !write_event(arguments_.event)) {
      if (!walker_.interrupted()) return false;
      field(g.event, arguments_.event);  // records that it was not read
    }
    for (Py_ssize_t i = 0; i < arguments_.count; ++i) {
      PyObject* name = PyTuple_GET_ITEM(arguments_.names, i);
      if (name != g.event) field(name, arguments_.values[i]);
    }
    write_scope();
    return true;
  }
  Walker& walker() { return walker_; }

 private:
  void field(PyObject* name, PyObject* value) {
    if (value == Py_None) return;
    walker_.key(name);
    std::int64_t milliseconds = 0;
    if (name == g.duration_ms && !PyLong_Check(value) && timedelta_milliseconds(value, &milliseconds)) {
      writer_.integer(milliseconds);
    } else {
      walker_.value(value);
    }
  }

  // Writes the fields of the positional event, except those that keywords replace.
  bool write_event(PyObject* event) {
    const auto member = [this](PyObject* name, PyObject* value) {
      if (value == Py_None) return;
      if (PyUnicode_Check(name)) {
        if (arguments_.count > 0 && arguments_.gives(name)) return;
        note(name);
      }
      field(name, value);
    };
    const bool mapping = PyDict_Check(event);
    return walker_.members(event, [&](PyObject* name, PyObject* value) {
      // ProvenLogEvent.extra contains the fields that the schema does not define.
      if (!mapping && name == g.extra) {
        if (!walker_.members(value, member)) field(name, value);
      } else {
        member(name, value);
      }
    });
  }

  void note(PyObject* name) {
    if (PyUnicode_Compare(name, g.agent_id) == 0) agent_given_ = true;
    if (PyUnicode_Compare(name, g.session_id) == 0) session_given_ = true;
    if (PyUnicode_Compare(name, g.parent_event_id) == 0) parent_given_ = true;
  }

  // Writes the agent, session and parent of the enclosing `with` blocks, unless the event has them.
  void write_scope() {
    PyObject* current = nullptr;
    if (PyContextVar_Get(g.scope, nullptr, &current) != 0) {
      PyErr_Clear();
      return;
    }
    const Ref scope(current);
    if (current == nullptr || !PyTuple_CheckExact(current) || PyTuple_GET_SIZE(current) != 3) return;
    const std::pair<PyObject*, bool> fields[] = {
        {g.agent_id, agent_given_}, {g.session_id, session_given_}, {g.parent_event_id, parent_given_}};
    for (Py_ssize_t i = 0; i < 3; ++i) {
      const auto [name, given] = fields[i];
      PyObject* value = PyTuple_GET_ITEM(current, i);
      if (value != Py_None && !given && !arguments_.gives(name)) field(name, value);
    }
  }

  const Arguments& arguments_;
  Writer& writer_;
  Walker walker_;
  bool agent_given_ = false, session_given_ = false, parent_given_ = false;
};

// Passes an asynchronous error, if there is one, to the Python half of the package, which logs it.
bool report_errors(PyObject* self, plog_client* handle) {
  plog_error* error = nullptr;
  if (plog_client_next_error(handle, 0, &error, nullptr) != PLOG_OK || error == nullptr) return true;
  const Ref message(PyUnicode_DecodeUTF8(plog_error_message(error),
                                         static_cast<Py_ssize_t>(strlen(plog_error_message(error))), "replace"));
  const Ref status(PyLong_FromLong(plog_error_status(error)));
  plog_error_destroy(error);
  if (!message || !status) return false;
  const Ref done(PyObject_CallMethodObjArgs(self, g.asynchronous_error, status.get(), message.get(), nullptr));
  return static_cast<bool>(done);
}

// Opens the client again for late events of a program that is exiting. The package closed it, not the caller.
void reopen(ClientObject* client) {
  plog_client* fresh = nullptr;
  plog_client_options options = client->options->values;
  options.context_json = nullptr;  // recorded when the client was first opened
  if (plog_client_new(&options, &fresh, nullptr) != PLOG_OK) return;
  keep_until_exit(fresh);
  client->handle = fresh;  // the old handle is never destroyed, because another thread may use it
  client->late = true;
  client->closed_at_exit = false;
}

// Whether an asyncio event loop runs on this thread. It must not be blocked.
bool on_event_loop() {
  PyObject* modules = PyImport_GetModuleDict();
  PyObject* asyncio = modules != nullptr ? PyDict_GetItemString(modules, "asyncio") : nullptr;
  if (asyncio == nullptr) return false;
  const Ref loop(PyObject_CallMethod(asyncio, "_get_running_loop", nullptr));
  if (!loop) PyErr_Clear();
  return loop && loop.get() != Py_None;
}

enum class Outcome { kDone, kRaised };

// Writes the event and commits it. kRaised: a Python error is set. `wait`: whether it may wait for journal space.
// `interrupt` receives a KeyboardInterrupt that user code raised; the caller must raise it at the end.
Outcome record(ClientObject* client, const Arguments& arguments, bool wait, char (&id)[37], plog_status* status,
               plog_error** error, Ref* interrupt) {
  plog_event* event = nullptr;
  *status = plog_event_begin(client->handle, &event, error);
  if (*status != PLOG_OK) return Outcome::kDone;
  Writer writer(event);
  Recording recording(writer, arguments);
  if (!recording.write()) {
    raise_status(PLOG_E_INVALID, "log_event() takes a ProvenLogEvent, a mapping, or keywords");
    return Outcome::kRaised;
  }
  std::int32_t on_full = PLOG_ON_FULL_RAISE;
  if (wait) on_full = client->on_full == PLOG_ON_FULL_BLOCK && on_event_loop() ? PLOG_ON_FULL_DROP : client->on_full;
  if (wait || client->waits || writer.bytes() > kLargeEvent) {
    PyThreadState* state = PyEval_SaveThread();
    *status = plog_event_commit_with(writer.release(), on_full, id, error);
    PyEval_RestoreThread(state);
  } else {
    *status = plog_event_commit_with(writer.release(), on_full, id, error);
  }
  if (*status == PLOG_OK) ++client->recorded;
  if (recording.walker().interrupted()) *interrupt = recording.walker().take_interrupt();
  return Outcome::kDone;
}

}  // namespace

PyObject* log_event(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  auto* client = reinterpret_cast<ClientObject*>(self);
  if (client->handle == nullptr) return raise_status(PLOG_E_CLOSED, "the client is not open");
  Arguments arguments;
  if (!parse(args, count, keywords, &arguments)) return nullptr;
  if (client->restart_watch) {
    client->restart_watch = false;
    if (!Ref(PyObject_CallMethodNoArgs(self, g.restart_watch))) PyErr_Clear();
  }
  if (client->closed_at_exit) reopen(client);

  char id[37];
  plog_status status = PLOG_OK;
  plog_error* error = nullptr;
  Ref interrupt;
  try {
    if (record(client, arguments, false, id, &status, &error, &interrupt) == Outcome::kRaised) return nullptr;
    if (status == PLOG_E_FULL && client->on_full != PLOG_ON_FULL_RAISE) {
      // The first attempt neither waited nor counted a loss.
      plog_error_destroy(std::exchange(error, nullptr));
      if (record(client, arguments, true, id, &status, &error, &interrupt) == Outcome::kRaised) return nullptr;
    }
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const std::exception& failure) {
    return raise_status(PLOG_E_INTERNAL, failure.what());
  }
  if (++client->since_poll >= kPollInterval || status != PLOG_OK) {
    client->since_poll = 0;
    if (!client->watched && !report_errors(self, client->handle)) PyErr_Clear();
  }
  if (interrupt) {
    plog_error_destroy(error);
    raise_interrupt(interrupt);
    return nullptr;
  }
  if (status == PLOG_OK) return PyUnicode_FromStringAndSize(id, 36);
  if (status == PLOG_E_FULL && client->on_full != PLOG_ON_FULL_RAISE) {
    plog_error_destroy(error);
    return PyUnicode_FromStringAndSize(nullptr, 0);
  }
  return raise_status(status, error);
}

}  // namespace plog::python
