// Client.log_event.
#pragma once

#include "client.h"

namespace plog::python {

// With the signature of METH_FASTCALL | METH_KEYWORDS.
PyObject* log_event(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords);

}  // namespace plog::python
