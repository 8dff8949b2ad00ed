// Helpers for calls of the C API: failures become exceptions, buffers become str, and progress is reported.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "client.h"
#include "provenlog/plog.h"
#include "types.h"

namespace plog::python {

// Raises the exception of a status, and destroys the error.
[[noreturn]] inline void raise(plog_status status, plog_error* error) {
  raise_status(status, error);
  throw pybind11::error_already_set();
}

[[noreturn]] inline void raise(plog_status status, const char* message) {
  raise_status(status, message);
  throw pybind11::error_already_set();
}

// Returns the text of a buffer, and destroys the buffer.
inline pybind11::str take_text(plog_buffer* buffer) {
  PyObject* text =
      PyUnicode_DecodeUTF8(plog_buffer_data(buffer), static_cast<Py_ssize_t>(plog_buffer_size(buffer)), "replace");
  plog_buffer_destroy(buffer);
  if (text == nullptr) throw pybind11::error_already_set();
  return pybind11::reinterpret_steal<pybind11::str>(text);
}

// The open handle of a Client. Raises TypeError for another object, and ClosedError for a client that is not open.
inline plog_client* client_of(const pybind11::object& client) {
  if (!PyObject_TypeCheck(client.ptr(), g.client)) {
    throw pybind11::type_error("the argument must be a ProvenLogClient");
  }
  plog_client* handle = handle_of(client.ptr());
  if (handle == nullptr) throw pybind11::error_already_set();
  return handle;
}

// Runs `work(plog_progress_fn, void *user_data, plog_error **)`, which returns a plog_status, without the GIL.
// `callback` is a callable that receives the counts, or None. Raises the exception of the failed work, or the one that
// the callback or a signal handler raised.
template <typename Work>
void run_with_progress(PyObject* callback, Work&& work) {
  struct Progress {
    PyObject* callback;
    PyThreadState* state;
    bool failed;
  } progress{callback, nullptr, false};
  const plog_progress_fn report = [](void* user_data, std::uint64_t done, std::uint64_t total) -> int {
    auto* own = static_cast<Progress*>(user_data);
    PyEval_RestoreThread(own->state);
    own->failed = PyErr_CheckSignals() != 0;
    if (!own->failed && own->callback != Py_None) {
      PyObject* answer = PyObject_CallFunction(own->callback, "KK", static_cast<unsigned long long>(done),
                                               static_cast<unsigned long long>(total));
      own->failed = answer == nullptr;
      Py_XDECREF(answer);
    }
    own->state = PyEval_SaveThread();
    return own->failed ? 1 : 0;
  };
  plog_error* error = nullptr;
  progress.state = PyEval_SaveThread();
  const plog_status status = work(report, &progress, &error);
  PyEval_RestoreThread(progress.state);
  if (progress.failed) {
    plog_error_destroy(error);
    throw pybind11::error_already_set();
  }
  if (status != PLOG_OK) raise(status, error);
}

}  // namespace plog::python
