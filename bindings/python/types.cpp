#include "types.h"

#include <cstring>

#include "ref.h"

namespace plog::python {

Types g;

namespace {

PyObject* attribute_of(const char* module, const char* name) {
  const Ref loaded(PyImport_ImportModule(module));
  return loaded ? PyObject_GetAttrString(loaded.get(), name) : nullptr;
}

bool find_type(PyTypeObject*& out, const char* module, const char* name) {
  PyObject* found = attribute_of(module, name);
  if (found == nullptr) return false;
  if (!PyType_Check(found)) {
    PyErr_Format(PyExc_ImportError, "%s.%s is not a type", module, name);
    return false;
  }
  out = reinterpret_cast<PyTypeObject*>(found);
  return true;
}

bool find_object(PyObject*& out, const char* module, const char* name) {
  out = attribute_of(module, name);
  return out != nullptr;
}

// Types of modules that this module does not import, because importing them takes longer than the rest of the package.
// A program that has not imported them cannot have a value of these types.
struct LateType {
  const char* module;
  const char* name;
  PyObject* module_name;
  PyTypeObject* type;  // null until the program has imported the module
};
LateType late_types[] = {{"decimal", "Decimal", nullptr, nullptr},
                         {"uuid", "UUID", nullptr, nullptr},
                         {"pathlib", "PurePath", nullptr, nullptr}};

bool is_imported(LateType& late) {
  if (late.type != nullptr) return true;
  const Ref module(PyImport_GetModule(late.module_name));
  Ref found(module ? PyObject_GetAttrString(module.get(), late.name) : nullptr);
  PyErr_Clear();  // half imported, or something else under its name
  if (found && PyType_Check(found.get())) late.type = reinterpret_cast<PyTypeObject*>(found.release());
  return late.type != nullptr;
}

bool intern_late_names() {
  for (LateType& late : late_types) {
    late.module_name = PyUnicode_InternFromString(late.module);
    if (late.module_name == nullptr) return false;
  }
  return true;
}

bool intern_names() {
  const struct {
    PyObject** slot;
    const char* text;
  } names[] = {
      {&g.event, "event"},
      {&g.agent_id, "agent_id"},
      {&g.session_id, "session_id"},
      {&g.parent_event_id, "parent_event_id"},
      {&g.duration_ms, "duration_ms"},
      {&g.extra, "extra"},
      {&g.value, "_value_"},
      {&g.fields, "_fields"},
      {&g.dict, "__dict__"},
      {&g.module, "__module__"},
      {&g.qualname, "__qualname__"},
      {&g.name_attribute, "name"},
      {&g.item, "item"},
      {&g.tolist, "tolist"},
      {&g.size, "size"},
      {&g.shape, "shape"},
      {&g.dtype, "dtype"},
      {&g.kind, "kind"},
      {&g.dataclass_fields, "__dataclass_fields__"},
      {&g.field_type, "_field_type"},
      {&g.pydantic_fields, "__pydantic_fields__"},
      {&g.pydantic_extra, "__pydantic_extra__"},
      {&g.pydantic_decorators, "__pydantic_decorators__"},
      {&g.computed_fields, "computed_fields"},
      {&g.pydantic_root, "__pydantic_root_model__"},
      {&g.old_fields, "__fields__"},
      {&g.old_fields_marker, "__post_root_validators__"},
      {&g.field_info, "field_info"},
      {&g.exclude, "exclude"},
      {&g.root, "root"},
      {&g.attrs, "__attrs_attrs__"},
      {&g.struct_fields, "__struct_fields__"},
      {&g.cause, "__cause__"},
      {&g.context, "__context__"},
      {&g.suppress_context, "__suppress_context__"},
      {&g.exceptions, "exceptions"},
      {&g.keys, "keys"},
      {&g.restart_watch, "_restart_watch"},
      {&g.asynchronous_error, "_asynchronous_error"},
  };
  for (const auto& name : names) {
    *name.slot = PyUnicode_InternFromString(name.text);
    if (*name.slot == nullptr) return false;
  }
  return true;
}

}  // namespace

bool init_types() {
  g.scope = PyContextVar_New("provenlog_scope", Py_None);
  g.status_classes = PyDict_New();
  return g.scope != nullptr && g.status_classes != nullptr && intern_names() && intern_late_names() &&
         find_type(g.enum_type, "enum", "Enum") && find_object(g.mapping, "collections.abc", "Mapping") &&
         find_object(g.set, "collections.abc", "Set") && find_object(g.sequence, "collections.abc", "Sequence") &&
         find_object(g.user_string, "collections", "UserString");
}

bool is_written_as_text(PyTypeObject* type) {
  for (LateType& late : late_types) {
    if (is_imported(late) && PyType_IsSubtype(type, late.type)) return true;
  }
  return false;
}

PyObject* raise_status(plog_status status, const char* message) {
  const Ref number(PyLong_FromLong(status));
  PyObject* cls = number ? PyDict_GetItem(g.status_classes, number.get()) : nullptr;
  if (cls == nullptr) cls = PyExc_RuntimeError;
  // The message may contain a path that is not valid UTF-8.
  const Ref text(PyUnicode_DecodeUTF8(message, static_cast<Py_ssize_t>(strlen(message)), "replace"));
  if (text) PyErr_SetObject(cls, text.get());
  return nullptr;
}

PyObject* raise_status(plog_status status, plog_error* error) {
  raise_status(status, error != nullptr ? plog_error_message(error) : plog_status_name(status));
  plog_error_destroy(error);
  return nullptr;
}

}  // namespace plog::python
