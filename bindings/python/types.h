// Objects that the module looks up once: types that it recognises, attribute names, and the package's exception
// classes.
#pragma once

#include <Python.h>

#include "provenlog/plog.h"

namespace plog::python {

// Filled at import and kept for the life of the process. Read with the GIL.
struct Types {
  PyTypeObject* enum_type;
  PyTypeObject* client;     // provenlog._native.Client
  PyTypeObject* json_text;  // provenlog._native.Json
  PyObject* mapping;        // abstract base classes: only for PyObject_IsInstance
  PyObject* set;
  PyObject* sequence;
  PyObject* user_string;

  PyObject* scope;  // a ContextVar: None or (agent_id, session_id, parent_event_id)

  // Names.
  PyObject *event, *agent_id, *session_id, *parent_event_id, *duration_ms, *extra;
  PyObject *value, *fields, *dict, *module, *qualname, *name_attribute, *item, *tolist, *size, *shape, *dtype, *kind;
  PyObject *dataclass_fields, *field_type, *pydantic_fields, *pydantic_extra, *pydantic_decorators, *computed_fields;
  PyObject *pydantic_root, *old_fields, *old_fields_marker, *field_info, *exclude, *root, *attrs, *struct_fields;
  PyObject *cause, *context, *suppress_context, *exceptions, *keys;
  PyObject *restart_watch, *asynchronous_error;

  PyObject* status_classes;  // {status number: exception class}
};
extern Types g;

// Looks everything up. False with a Python error set.
bool init_types();

// Whether values of this type are written as their str(): Decimal, UUID, PurePath and their subclasses.
bool is_written_as_text(PyTypeObject* type);

// Raises the exception class of `status` with the error's message, and destroys the error. Returns NULL.
PyObject* raise_status(plog_status status, plog_error* error);
PyObject* raise_status(plog_status status, const char* message);

}  // namespace plog::python
