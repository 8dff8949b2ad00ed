// provenlog._native.Client: a plog_client as a CPython type, with log_event as a plain vectorcall method so that
// nothing stands between a caller and the event writer.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>

#include "provenlog/plog.h"

namespace plog::python {

// What a client was opened with, kept so that one closed at interpreter exit can be opened again for late events.
struct ClientOptions {
  std::string db_path, agent_id, session_id, labels, metadata, context, source, capture_method, capture_content,
      base_url;
  plog_client_options values;  // points at the texts
};

struct ClientObject {
  PyObject_HEAD plog_client* handle;  // lives until the object dies, also when closed
  ClientOptions* options;
  std::uint64_t recorded;  // events of this object
  std::uint32_t since_poll;
  int on_full;          // plog_on_full
  bool waits;           // every call waits for the disk
  bool watched;         // a Python thread takes the asynchronous errors
  bool restart_watch;   // it did not survive a fork
  bool closed_at_exit;  // by the package's atexit hook, not by the caller
  bool late;            // opened again after that: keep_until_exit has the handle
};

// Adds the type to the module. False with a Python error set.
bool add_client_type(PyObject* module);

// A client that nobody closes before the interpreter is gone; it is closed then.
void keep_until_exit(plog_client* client);

// The open handle of a Client, or NULL with ClosedError set.
plog_client* handle_of(PyObject* client);

}  // namespace plog::python
