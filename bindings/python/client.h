// provenlog._native.Client: a plog_client as a CPython type. log_event is a plain vectorcall method, so that there is
// no other layer between a caller and the event writer.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>

#include "provenlog/plog.h"

namespace plog::python {

// The options that a client was opened with. They are kept to open the client again for events that are logged after it
// was closed at interpreter exit.
struct ClientOptions {
  std::string db_path, agent_id, session_id, labels, metadata, context, source, capture_method, capture_content,
      base_url;
  plog_client_options values;  // points to the texts above
};

struct ClientObject {
  PyObject_HEAD plog_client* handle;  // valid until the object is deallocated, even if closed
  ClientOptions* options;
  std::uint64_t recorded;  // events that were recorded through this object
  std::uint32_t since_poll;
  int on_full;          // plog_on_full
  bool waits;           // every call waits for the disk (PLOG_DURABILITY_POWER)
  bool watched;         // a Python thread takes the asynchronous errors
  bool restart_watch;   // that thread does not exist after a fork; start a new one
  bool closed_at_exit;  // by the package's atexit hook, not by the caller
  bool late;            // opened again after that: keep_until_exit owns the handle
};

// Adds the type to the module. False with a Python error set.
bool add_client_type(PyObject* module);

// Takes a client that is to be closed after the interpreter has finished.
void keep_until_exit(plog_client* client);

// The open handle of a Client, or NULL with ClosedError set.
plog_client* handle_of(PyObject* client);

}  // namespace plog::python
