#include "arrays.h"

#include <string>

#include "representation.h"
#include "types.h"

namespace plog::python {

namespace {

constexpr Py_ssize_t kMaxElements = 100'000;  // of an array; a larger one is described by a marker

// Whether the elements are times or durations.
bool is_time(Walker& walker, PyObject* dtype) {
  const Ref kind = walker.find(dtype, g.kind);
  return kind && PyUnicode_Check(kind.get()) &&
         (PyUnicode_CompareWithASCIIString(kind.get(), "M") == 0 ||
          PyUnicode_CompareWithASCIIString(kind.get(), "m") == 0);
}

void numpy_array(Walker& walker, PyObject* object) {
  const Ref size = walker.find(object, g.size);
  const Py_ssize_t count = size && PyLong_Check(size.get()) ? PyLong_AsSsize_t(size.get()) : -1;
  const Ref dtype = walker.find(object, g.dtype);
  if (count < 0 || !dtype) {
    PyErr_Clear();
    write_representation(walker, object);
    return;
  }
  if (count > kMaxElements) {
    const Ref shape = walker.find(object, g.shape);
    const Ref name(PyObject_Str(dtype.get()));
    if (!name) walker.swallow();
    walker.writer().warning("size", "an array of " + std::to_string(count) + " elements was left out");
    walker.writer().begin_object();
    walker.writer().key("dtype");
    name ? walker.text(name.get()) : walker.writer().null();
    walker.writer().key("reason");
    walker.writer().string("size");
    walker.writer().key("shape");
    shape ? walker.value(shape.get()) : walker.writer().null();
    walker.writer().key("truncated");
    walker.writer().boolean(true);
    walker.writer().end_object();
    return;
  }
  const bool time = is_time(walker, dtype.get());
  Ref texts;
  if (time) {
    texts = Ref(PyObject_CallMethod(object, "astype", "s", "str"));
    if (!texts) {
      walker.unrepresentable(object);
      return;
    }
  }
  const Ref list(PyObject_CallMethodNoArgs(time ? texts.get() : object, g.tolist));
  if (!walker.enter(object)) return;
  walker.result(list, object);
  walker.leave();
}

}  // namespace

bool write_numpy(Walker& walker, PyObject* object) {
  // This module never imports numpy: without it there are no such values.
  PyObject* modules = PyImport_GetModuleDict();
  PyObject* module = modules != nullptr ? PyDict_GetItemString(modules, "numpy") : nullptr;
  if (module == nullptr) return false;
  const Ref keep = Ref::borrow(module);
  const Ref generic(PyObject_GetAttrString(module, "generic"));
  const Ref array(PyObject_GetAttrString(module, "ndarray"));
  if (!generic || !array || !PyType_Check(generic.get()) || !PyType_Check(array.get())) {
    walker.swallow();
    return false;
  }
  if (PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(array.get()))) {
    numpy_array(walker, object);
    return true;
  }
  if (!PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(generic.get()))) return false;
  const Ref dtype = walker.find(object, g.dtype);
  if (dtype && is_time(walker, dtype.get())) {
    write_as_text(walker, object);
    return true;
  }
  const Ref item(PyObject_CallMethodNoArgs(object, g.item));
  if (item && PyObject_TypeCheck(item.get(), reinterpret_cast<PyTypeObject*>(generic.get()))) {
    write_as_text(walker, object);  // a long double has no Python counterpart
  } else {
    walker.result(item, object);
  }
  return true;
}

}  // namespace plog::python
