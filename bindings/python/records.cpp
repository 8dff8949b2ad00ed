#include "records.h"

#include <string>

#include "types.h"

namespace plog::python {

namespace {

void attribute(Walker& walker, PyObject* object, PyObject* name) {
  const Ref found(PyObject_GetAttr(object, name));
  if (!found && PyErr_ExceptionMatches(PyExc_AttributeError)) {
    PyErr_Clear();  // declared but never set
    return;
  }
  std::string error;
  if (!found) error = walker.swallow();
  walker.key(name);
  if (found) {
    walker.value(found.get());
  } else {
    walker.unread(object, error);
  }
}

// Reads the fields from where pydantic stores them. Serialisers are not run: they are user code and may change fields
// or raise.
bool pydantic(Walker& walker, PyObject* object) {
  const auto type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  const Ref fields = walker.find(type, g.pydantic_fields);
  const bool second = fields && PyDict_Check(fields.get());
  Ref declared;
  if (!second) {
    if (!walker.find(type, g.old_fields_marker)) return false;
    declared = walker.find(type, g.old_fields);
    if (!declared || !PyDict_Check(declared.get())) return false;
  }
  PyObject* infos = second ? fields.get() : declared.get();
  const Ref values = walker.find(object, g.dict);
  if (!values || !PyDict_Check(values.get())) return false;

  const Ref is_root = second ? walker.find(type, g.pydantic_root) : Ref();
  if (is_root && is_root.get() == Py_True) {
    const Ref root(PyObject_GetAttr(object, g.root));
    walker.result(root, object);
    return true;
  }
  walker.writer().begin_object();
  {
    Walker::Frame frame(walker, values.get());
    while (frame.next() && !walker.exhausted()) {
      walker.before_user_code();
      PyObject* info = PyDict_GetItemWithError(infos, frame.key());
      if (info == nullptr) walker.swallow();
      if (second && info == nullptr) continue;  // a cached property
      Ref own = Ref(info != nullptr ? Py_NewRef(info) : nullptr);
      if (own && !second) own = walker.find(own.get(), g.field_info);
      const Ref exclude = own ? walker.find(own.get(), g.exclude) : Ref();
      if (exclude && exclude.get() == Py_True) continue;
      walker.key(frame.key());
      walker.value(frame.value());
    }
  }
  const Ref extra = second ? walker.find(object, g.pydantic_extra) : Ref();
  if (extra && PyDict_Check(extra.get())) {
    Walker::Frame frame(walker, extra.get());
    while (frame.next() && !walker.exhausted()) {
      walker.key(frame.key());
      walker.value(frame.value());
    }
  }
  const Ref decorators = second ? walker.find(type, g.pydantic_decorators) : Ref();
  const Ref computed = decorators ? walker.find(decorators.get(), g.computed_fields) : Ref();
  if (computed && PyDict_Check(computed.get())) {
    Walker::Frame frame(walker, computed.get());
    while (frame.next() && !walker.exhausted()) {
      walker.before_user_code();
      if (PyUnicode_Check(frame.key())) attribute(walker, object, frame.key());
    }
  }
  walker.writer().end_object();
  return true;
}

// Writes the attributes with the given names. `name_of(i)` is the name of field i, or an empty reference.
template <class NameOf>
void named_fields(Walker& walker, PyObject* object, Py_ssize_t count, NameOf name_of) {
  walker.writer().begin_object();
  for (Py_ssize_t i = 0; i < count && !walker.exhausted(); ++i) {
    const Ref name = name_of(i);
    if (name && PyUnicode_Check(name.get())) attribute(walker, object, name.get());
  }
  walker.writer().end_object();
}

bool attributes(Walker& walker, PyObject* object) {
  const auto type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  if (const Ref fields = walker.find(type, g.dataclass_fields); fields && PyDict_Check(fields.get())) {
    walker.writer().begin_object();
    Walker::Frame frame(walker, fields.get());
    while (frame.next() && !walker.exhausted()) {
      walker.before_user_code();
      // Class variables and InitVars are listed too. The kind of a real field is named "_FIELD".
      const Ref kind = walker.find(frame.value(), g.field_type);
      const Ref name(kind ? PyObject_GetAttrString(kind.get(), "name") : nullptr);
      if (!name) PyErr_Clear();
      const bool field =
          name && PyUnicode_Check(name.get()) && PyUnicode_CompareWithASCIIString(name.get(), "_FIELD") == 0;
      if (field && PyUnicode_Check(frame.key())) attribute(walker, object, frame.key());
    }
    walker.writer().end_object();
    return true;
  }
  if (pydantic(walker, object)) return true;
  const Ref names = walker.find(type, g.attrs);
  if (names && PyTuple_Check(names.get())) {
    named_fields(walker, object, PyTuple_GET_SIZE(names.get()),
                 [&](Py_ssize_t i) { return walker.find(PyTuple_GET_ITEM(names.get(), i), g.name_attribute); });
    return true;
  }
  const Ref fields = walker.find(type, g.struct_fields);
  if (fields && PyTuple_Check(fields.get())) {
    named_fields(walker, object, PyTuple_GET_SIZE(fields.get()),
                 [&](Py_ssize_t i) { return Ref::borrow(PyTuple_GET_ITEM(fields.get(), i)); });
    return true;
  }
  return false;
}

}  // namespace

bool write_record(Walker& walker, PyObject* object) {
  if (!walker.enter(object)) return true;
  const bool written = attributes(walker, object);
  walker.leave();
  return written;
}

}  // namespace plog::python
