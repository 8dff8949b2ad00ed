#include "foreign.h"

#include <algorithm>
#include <string>

#include "arrays.h"
#include "json_text.h"
#include "records.h"
#include "representation.h"
#include "text.h"
#include "types.h"

namespace plog::python {

namespace {

constexpr Py_ssize_t kMaxElements = 1'000'000;  // of a container that user code implements

void bytes(Walker& walker, PyObject* object) {
  Ref copy;
  Py_buffer view;
  if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) != 0) {
    PyErr_Clear();
    copy = Ref(PyBytes_FromObject(object));  // a memory view with gaps
    if (!copy || PyObject_GetBuffer(copy.get(), &view, PyBUF_SIMPLE) != 0) {
      walker.unrepresentable(object);
      return;
    }
  }
  if (walker.spend(static_cast<std::size_t>(view.len) / 3 * 4)) {
    walker.writer().string(base64({static_cast<const char*>(view.buf), static_cast<std::size_t>(view.len)}));
  }
  PyBuffer_Release(&view);
}

void named_tuple(Walker& walker, PyObject* object, PyObject* names) {
  if (!walker.enter(object)) return;
  walker.writer().begin_object();
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object) && !walker.exhausted(); ++i) {
    walker.key(PyTuple_GET_ITEM(names, i));
    walker.value(PyTuple_GET_ITEM(object, i));
  }
  walker.writer().end_object();
  walker.leave();
}

void set(Walker& walker, PyObject* object) {
  if (!walker.enter(object)) return;
  const Ref copy(PySequence_List(object));
  if (!copy) {
    walker.leave();
    walker.unrepresentable(object);
    return;
  }
  walker.writer().begin_set();
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(copy.get()) && !walker.exhausted(); ++i) {
    const Ref element = Ref::borrow(PyList_GET_ITEM(copy.get(), i));
    walker.value(element.get());
  }
  walker.writer().end_set();
  walker.leave();
}

void exception(Walker& walker, PyObject* object) {
  if (!walker.enter(object)) return;
  walker.writer().begin_object();
  walker.writer().key("type");
  write_qualified_name(walker, reinterpret_cast<PyObject*>(Py_TYPE(object)));
  walker.writer().key("message");
  write_as_text(walker, object);
  Ref cause = walker.find(object, g.cause);
  if (!cause || cause.get() == Py_None) {
    const Ref suppressed = walker.find(object, g.suppress_context);
    cause = suppressed && suppressed.get() == Py_True ? Ref() : walker.find(object, g.context);
  }
  if (cause && PyExceptionInstance_Check(cause.get())) {
    walker.writer().key("cause");
    walker.value(cause.get());
  }
  // An exception group.
  const Ref group = walker.find(object, g.exceptions);
  if (group && PyTuple_Check(group.get())) {
    walker.writer().key("exceptions");
    walker.value(group.get());
  }
  walker.writer().end_object();
  walker.leave();
}

bool mapping(Walker& walker, PyObject* object) {
  const Py_ssize_t size = PyObject_Size(object);
  const Ref keys(size >= 0 && size <= kMaxElements ? PyObject_CallMethodNoArgs(object, g.keys) : nullptr);
  const Ref iterator(keys ? PyObject_GetIter(keys.get()) : nullptr);
  if (!iterator) {
    if (PyErr_Occurred() != nullptr) walker.swallow();
    return false;
  }
  if (!walker.enter(object)) return true;
  walker.writer().begin_object();
  for (Py_ssize_t i = 0; i < size && !walker.exhausted(); ++i) {  // no more than its len(): it may be endless
    const Ref name(PyIter_Next(iterator.get()));
    if (!name) break;
    const Ref found(PyObject_GetItem(object, name.get()));
    std::string error;
    if (!found) error = walker.swallow();
    walker.key(name.get());
    if (found) {
      walker.value(found.get());
    } else {
      walker.unread(object, error);
    }
  }
  if (PyErr_Occurred() != nullptr) {
    const std::string error = walker.swallow();
    walker.writer().warning("unrepresentable", error + " while reading " + Py_TYPE(object)->tp_name);
  }
  walker.writer().end_object();
  walker.leave();
  return true;
}

void sequence(Walker& walker, PyObject* object) {
  if (!walker.enter(object)) return;
  walker.writer().begin_array();
  const Py_ssize_t size = std::max<Py_ssize_t>(PyObject_Size(object), 0);
  for (Py_ssize_t i = 0; i < size && !walker.exhausted(); ++i) {
    const Ref item(PySequence_GetItem(object, i));
    if (!item && PyErr_ExceptionMatches(PyExc_IndexError)) {
      PyErr_Clear();
      break;
    }
    walker.result(item, object);
    if (!item) break;  // one marker for the failure is enough
  }
  if (PyErr_Occurred() != nullptr) walker.swallow();
  walker.writer().end_array();
  walker.leave();
}

// Writes containers that are recognised by their abstract base class.
bool abstract(Walker& walker, PyObject* object) {
  if (walker.interrupted()) return false;
  if (walker.is_a(object, g.mapping)) return mapping(walker, object);
  if (walker.is_a(object, g.set)) {
    const Py_ssize_t size = PyObject_Size(object);
    if (size < 0 || size > kMaxElements) {
      walker.swallow();
      return false;
    }
    set(walker, object);
    return true;
  }
  if (walker.is_a(object, g.user_string)) {
    write_as_text(walker, object);
    return true;
  }
  if (!walker.is_a(object, g.sequence)) return false;
  const Py_ssize_t size = PyObject_Size(object);
  if (size < 0 || size > kMaxElements) {
    walker.swallow();
    return false;
  }
  sequence(walker, object);
  return true;
}

}  // namespace

void write_foreign(Walker& walker, PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (PyBytes_Check(object) || PyByteArray_Check(object) || PyMemoryView_Check(object)) {
    bytes(walker, object);
    return;
  }
  walker.before_user_code();
  if (walker.interrupted()) {
    walker.writer().string(std::string("<unread ") + type->tp_name + ">");
    return;
  }
  if (is_datetime_kind(object)) {
    std::string text;
    if (datetime_text(object, text)) {
      walker.writer().string(text);
    } else {
      walker.unrepresentable(object);
    }
  } else if (PyType_IsSubtype(type, g.enum_type)) {
    if (!walker.enter(object)) return;
    const Ref value(PyObject_GetAttr(object, g.value));
    walker.result(value, object);
    walker.leave();
  } else if (PyUnicode_Check(object)) {
    walker.text(object);
  } else if (PyLong_Check(object)) {
    walker.integer(object);
  } else if (PyFloat_Check(object)) {
    walker.writer().number(PyFloat_AS_DOUBLE(object));
  } else if (PyDict_Check(object)) {
    walker.dict(object);
  } else if (PyList_Check(object)) {
    walker.list(object);
  } else if (PyTuple_Check(object)) {
    const Ref names = walker.find(reinterpret_cast<PyObject*>(type), g.fields);
    if (names && PyTuple_Check(names.get()) && PyTuple_GET_SIZE(names.get()) == PyTuple_GET_SIZE(object)) {
      named_tuple(walker, object, names.get());
    } else {
      walker.tuple(object);
    }
  } else if (PyAnySet_Check(object)) {
    set(walker, object);
  } else if (is_written_as_text(type)) {
    write_as_text(walker, object);
  } else if (type == g.json_text) {
    const Writer& value = json_text_of(object)->writer();
    if (walker.spend(value.bytes())) walker.writer().value(value);
  } else if (PyExceptionInstance_Check(object)) {
    exception(walker, object);
  } else if (PyType_Check(object) || PyFunction_Check(object) || PyCFunction_Check(object) || PyMethod_Check(object)) {
    write_qualified_name(walker, object);
  } else if (!write_record(walker, object) && !write_numpy(walker, object) && !abstract(walker, object)) {
    write_representation(walker, object);
  }
}

}  // namespace plog::python
