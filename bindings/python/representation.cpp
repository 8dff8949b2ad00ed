#include "representation.h"

#include <string>

#include "text.h"
#include "types.h"

namespace plog::python {

namespace {

constexpr Py_ssize_t kMaxRepresentation = 10'000;  // characters of a repr()

}  // namespace

void write_as_text(Walker& walker, PyObject* object) {
  const Ref text(PyObject_Str(object));
  if (text) {
    walker.text(text.get());
  } else {
    walker.unrepresentable(object);
  }
}

void write_qualified_name(Walker& walker, PyObject* object) {
  Ref name = walker.find(object, g.qualname);
  if (!name || !PyUnicode_Check(name.get())) {
    write_representation(walker, object);
    return;
  }
  const Ref module = walker.find(object, g.module);
  if (module && PyUnicode_Check(module.get()) && PyUnicode_CompareWithASCIIString(module.get(), "builtins") != 0) {
    name = Ref(PyUnicode_FromFormat("%U.%U", module.get(), name.get()));
  }
  if (name) {
    walker.text(name.get());
  } else {
    walker.unrepresentable(object);
  }
}

void write_representation(Walker& walker, PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type->tp_repr == PyBaseObject_Type.tp_repr) {
    walker.writer().string(std::string("<") + type->tp_name + " object>");
    return;
  }
  Ref repr(PyObject_Repr(object));
  if (!repr) {
    walker.unrepresentable(object);
    return;
  }
  const Py_ssize_t size = PyUnicode_GET_LENGTH(repr.get());
  if (size > kMaxRepresentation) {
    repr = Ref(PyUnicode_Substring(repr.get(), 0, kMaxRepresentation));
    if (!repr) {
      walker.unrepresentable(object);
      return;
    }
    walker.writer().warning(
        "repr_cut", "the repr() of " + std::string(type->tp_name) + " has " + std::to_string(size) + " characters");
  }
  bool repaired = false;
  std::string scratch;
  std::string text(utf8_of(repr.get(), scratch, &repaired));
  if (repaired) walker.writer().warning("lone_surrogate", "replaced by U+FFFD");
  strip_addresses(text);
  if (size > kMaxRepresentation) text += "\xE2\x80\xA6";
  if (walker.spend(text.size())) walker.writer().string(text);
}

}  // namespace plog::python
