// Values that are not plain JSON. The second half of walker.cpp, which is the only file that includes it.
#pragma once

#include <algorithm>

#include "text.h"
#include "types.h"
#include "walker.h"

namespace plog::python {

inline constexpr Py_ssize_t kMaxRepresentation = 10'000;      // characters of a repr()
inline constexpr Py_ssize_t kMaxForeignElements = 1'000'000;  // of a sequence or mapping of user code
inline constexpr Py_ssize_t kMaxArrayElements = 100'000;      // of a numpy array
inline constexpr std::size_t kMaxDecimalBits = 65'536;        // larger integers are written in hexadecimal

template <class Sink>
Ref Walker<Sink>::find(PyObject* object, PyObject* name) {
  Ref found(PyObject_GetAttr(object, name));
  if (!found) swallow();
  return found;
}

template <class Sink>
bool Walker<Sink>::is_a(PyObject* object, PyObject* cls) {
  const int answer = PyObject_IsInstance(object, cls);
  if (answer < 0) swallow();
  return answer > 0;
}

template <class Sink>
void Walker<Sink>::result(const Ref& value, PyObject* origin) {
  if (value) {
    this->value(value.get());
  } else {
    unrepresentable(origin);
  }
}

// Must be called with a Python error set, which it clears.
template <class Sink>
void Walker<Sink>::unrepresentable(PyObject* object) {
  unread(object, swallow());
}

template <class Sink>
void Walker<Sink>::unread(PyObject* object, const std::string& error) {
  const std::string type = Py_TYPE(object)->tp_name;
  sink_.warning("unrepresentable", error + " while reading " + type);
  literal("<unrepresentable " + type + ": " + error + ">");
}

template <class Sink>
void Walker<Sink>::huge_integer(PyObject* object) {
  const Ref magnitude(PyNumber_Absolute(object));
  const Ref number(magnitude ? PyNumber_Index(magnitude.get()) : nullptr);
  const Ref hex(number ? PyNumber_ToBase(number.get(), 16) : nullptr);
  if (!hex) {
    unrepresentable(object);
    return;
  }
  const Ref zero(PyLong_FromLong(0));
  const bool negative = PyObject_RichCompareBool(object, zero.get(), Py_LT) == 1;
  const auto hex_size = static_cast<std::size_t>(PyUnicode_GET_LENGTH(hex.get()));
  if (hex_size * 4 > kMaxDecimalBits) {
    bool repaired = false;
    const std::string text = (negative ? "-" : "") + std::string(utf8_of(hex.get(), scratch_, &repaired));
    budget_.bytes += text.size();
    sink_.warning("integer_as_hex", "too long for decimal digits");
    literal(text);
    return;
  }
  // Converted in pieces, because Python refuses to convert integers of more than a few thousand digits.
  constexpr int kPiece = 18;
  const Ref unit(PyLong_FromLongLong(1'000'000'000'000'000'000));
  std::vector<std::string> pieces;
  Ref rest = Ref::borrow(number.get());
  while (unit && rest && PyObject_IsTrue(rest.get()) == 1) {
    const Ref piece(PyNumber_Remainder(rest.get(), unit.get()));
    rest = Ref(PyNumber_FloorDivide(rest.get(), unit.get()));
    pieces.push_back(std::to_string(piece ? PyLong_AsLongLong(piece.get()) : 0));
  }
  if (PyErr_Occurred() != nullptr) {
    unrepresentable(object);
    return;
  }
  std::string digits = negative ? "-" : "";
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    if (piece != pieces.rbegin()) digits.append(kPiece - piece->size(), '0');
    digits += *piece;
  }
  budget_.bytes += digits.size();
  sink_.integer_text(digits);
}

template <class Sink>
void Walker<Sink>::bytes(PyObject* object) {
  Ref copy;
  Py_buffer view;
  if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) != 0) {
    PyErr_Clear();
    copy = Ref(PyBytes_FromObject(object));  // a memory view with gaps
    if (!copy || PyObject_GetBuffer(copy.get(), &view, PyBUF_SIMPLE) != 0) {
      unrepresentable(object);
      return;
    }
  }
  budget_.bytes += static_cast<std::size_t>(view.len) / 3 * 4;
  if (exhausted()) {
    oversize();
  } else {
    literal(base64({static_cast<const char*>(view.buf), static_cast<std::size_t>(view.len)}));
  }
  PyBuffer_Release(&view);
}

template <class Sink>
void Walker<Sink>::as_text(PyObject* object) {
  const Ref text(PyObject_Str(object));
  if (text) {
    this->text(text.get());
  } else {
    unrepresentable(object);
  }
}

template <class Sink>
void Walker<Sink>::foreign(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (PyBytes_Check(object) || PyByteArray_Check(object) || PyMemoryView_Check(object)) {
    bytes(object);
    return;
  }
  before_user_code();
  if (interrupted()) {
    literal(std::string("<unread ") + type->tp_name + ">");
    return;
  }
  if (is_datetime_kind(object)) {
    std::string text;
    if (datetime_text(object, text)) {
      literal(text);
    } else {
      unrepresentable(object);
    }
  } else if (PyType_IsSubtype(type, g.enum_type)) {
    if (!enter(object)) return;
    const Ref value(PyObject_GetAttr(object, g.value));
    result(value, object);
    leave();
  } else if (PyUnicode_Check(object)) {
    text(object);
  } else if (PyLong_Check(object)) {
    integer(object);
  } else if (PyFloat_Check(object)) {
    sink_.number(PyFloat_AS_DOUBLE(object));
  } else if (PyDict_Check(object)) {
    dict(object);
  } else if (PyList_Check(object)) {
    list(object);
  } else if (PyTuple_Check(object)) {
    const Ref names = find(reinterpret_cast<PyObject*>(type), g.fields);
    if (names && PyTuple_Check(names.get()) && PyTuple_GET_SIZE(names.get()) == PyTuple_GET_SIZE(object)) {
      named_tuple(object, names.get());
    } else {
      tuple(object);
    }
  } else if (PyAnySet_Check(object)) {
    set(object);
  } else if (is_written_as_text(type)) {
    as_text(object);
  } else if (type == g.json_text) {
    const JsonText* json = json_text_of(object);
    budget_.bytes += json->text.size();
    for (const Warning& warning : json->warnings) sink_.warning(warning.code, warning.detail);
    sink_.json(json->text);
  } else if (PyExceptionInstance_Check(object)) {
    exception(object);
  } else if (PyType_Check(object) || PyFunction_Check(object) || PyCFunction_Check(object) || PyMethod_Check(object)) {
    qualified_name(object);
  } else if (!user_defined(object) && !abstract(object)) {
    representation(object);
  }
}

template <class Sink>
void Walker<Sink>::named_tuple(PyObject* object, PyObject* names) {
  if (!enter(object)) return;
  sink_.begin_object();
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object) && !exhausted(); ++i) {
    key(PyTuple_GET_ITEM(names, i));
    value(PyTuple_GET_ITEM(object, i));
  }
  sink_.end_object();
  leave();
}

template <class Sink>
void Walker<Sink>::set(PyObject* object) {
  if (!enter(object)) return;
  // Elements are sorted by their canonical bytes, because the iteration order of a set differs from run to run.
  std::vector<std::pair<std::string, std::vector<Warning>>> elements;
  const Ref copy(PySequence_List(object));
  if (!copy) {
    leave();
    unrepresentable(object);
    return;
  }
  const int depth = sink_.depth() + 1;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(copy.get()) && !exhausted(); ++i) {
    JsonSink json(depth);
    const Ref element = Ref::borrow(PyList_GET_ITEM(copy.get(), i));
    apart(json, element.get());
    elements.emplace_back(json.text(), json.warnings());
  }
  std::sort(elements.begin(), elements.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  sink_.begin_array();
  for (const auto& [text, warnings] : elements) {
    for (const Warning& warning : warnings) sink_.warning(warning.code, warning.detail);
    sink_.json(text);
  }
  sink_.end_array();
  leave();
}

template <class Sink>
void Walker<Sink>::exception(PyObject* object) {
  if (!enter(object)) return;
  sink_.begin_object();
  sink_.key("type");
  qualified_name(reinterpret_cast<PyObject*>(Py_TYPE(object)));
  sink_.key("message");
  as_text(object);
  Ref cause = find(object, g.cause);
  if (!cause || cause.get() == Py_None) {
    const Ref suppressed = find(object, g.suppress_context);
    cause = suppressed && suppressed.get() == Py_True ? Ref() : find(object, g.context);
  }
  if (cause && PyExceptionInstance_Check(cause.get())) {
    sink_.key("cause");
    value(cause.get());
  }
  // An exception group.
  const Ref group = find(object, g.exceptions);
  if (group && PyTuple_Check(group.get())) {
    sink_.key("exceptions");
    value(group.get());
  }
  sink_.end_object();
  leave();
}

template <class Sink>
void Walker<Sink>::qualified_name(PyObject* object) {
  Ref name = find(object, g.qualname);
  if (!name || !PyUnicode_Check(name.get())) {
    representation(object);
    return;
  }
  const Ref module = find(object, g.module);
  if (module && PyUnicode_Check(module.get()) && PyUnicode_CompareWithASCIIString(module.get(), "builtins") != 0) {
    name = Ref(PyUnicode_FromFormat("%U.%U", module.get(), name.get()));
  }
  if (name) {
    text(name.get());
  } else {
    unrepresentable(object);
  }
}

template <class Sink>
void Walker<Sink>::representation(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type->tp_repr == PyBaseObject_Type.tp_repr) {
    literal(std::string("<") + type->tp_name + " object>");
    return;
  }
  Ref repr(PyObject_Repr(object));
  if (!repr) {
    unrepresentable(object);
    return;
  }
  const Py_ssize_t size = PyUnicode_GET_LENGTH(repr.get());
  if (size > kMaxRepresentation) {
    repr = Ref(PyUnicode_Substring(repr.get(), 0, kMaxRepresentation));
    if (!repr) {
      unrepresentable(object);
      return;
    }
    sink_.warning("repr_cut",
                  "the repr() of " + std::string(type->tp_name) + " has " + std::to_string(size) + " characters");
  }
  bool repaired = false;
  std::string text(utf8_of(repr.get(), scratch_, &repaired));
  if (repaired) sink_.warning("lone_surrogate", "replaced by U+FFFD");
  strip_addresses(text);
  if (size > kMaxRepresentation) text += "\xE2\x80\xA6";
  budget_.bytes += text.size();
  sink_.string(text);
}

// Writes objects of classes that declare their fields. False: it is not one of these, and nothing was written.
template <class Sink>
bool Walker<Sink>::user_defined(PyObject* object) {
  if (!enter(object)) return true;
  const bool written = attributes(object);
  leave();
  return written || numpy(object);
}

template <class Sink>
void Walker<Sink>::attribute(PyObject* object, PyObject* name) {
  const Ref found(PyObject_GetAttr(object, name));
  if (!found && PyErr_ExceptionMatches(PyExc_AttributeError)) {
    PyErr_Clear();  // declared but never set
    return;
  }
  std::string error;
  if (!found) error = swallow();
  key(name);
  if (found) {
    value(found.get());
  } else {
    unread(object, error);
  }
}

template <class Sink>
bool Walker<Sink>::attributes(PyObject* object) {
  const auto type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  if (const Ref fields = find(type, g.dataclass_fields); fields && PyDict_Check(fields.get())) {
    sink_.begin_object();
    FrameScope scope(*this, fields.get());
    while (next_member(scope.frame) && !exhausted()) {
      before_user_code();
      // Class variables and InitVars are listed too. The kind of a real field is named "_FIELD".
      const Ref kind = find(scope.frame.value, g.field_type);
      const Ref name(kind ? PyObject_GetAttrString(kind.get(), "name") : nullptr);
      if (!name) PyErr_Clear();
      const bool field =
          name && PyUnicode_Check(name.get()) && PyUnicode_CompareWithASCIIString(name.get(), "_FIELD") == 0;
      if (field && PyUnicode_Check(scope.frame.key)) attribute(object, scope.frame.key);
    }
    sink_.end_object();
    return true;
  }
  if (pydantic(object)) return true;
  Ref names = find(type, g.attrs);
  if (names && PyTuple_Check(names.get())) {
    sink_.begin_object();
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names.get()) && !exhausted(); ++i) {
      const Ref name = find(PyTuple_GET_ITEM(names.get(), i), g.name_attribute);
      if (name && PyUnicode_Check(name.get())) attribute(object, name.get());
    }
    sink_.end_object();
    return true;
  }
  names = find(type, g.struct_fields);
  if (names && PyTuple_Check(names.get())) {
    sink_.begin_object();
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names.get()) && !exhausted(); ++i) {
      if (PyUnicode_Check(PyTuple_GET_ITEM(names.get(), i))) attribute(object, PyTuple_GET_ITEM(names.get(), i));
    }
    sink_.end_object();
    return true;
  }
  return false;
}

// Reads the fields from where pydantic stores them. Serialisers are not run: they are user code and may change fields
// or raise.
template <class Sink>
bool Walker<Sink>::pydantic(PyObject* object) {
  const auto type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  const Ref fields = find(type, g.pydantic_fields);
  const bool second = fields && PyDict_Check(fields.get());
  Ref declared;
  if (!second) {
    if (!find(type, g.old_fields_marker)) return false;
    declared = find(type, g.old_fields);
    if (!declared || !PyDict_Check(declared.get())) return false;
  }
  PyObject* infos = second ? fields.get() : declared.get();
  const Ref values = find(object, g.dict);
  if (!values || !PyDict_Check(values.get())) return false;

  const Ref is_root = second ? find(type, g.pydantic_root) : Ref();
  if (is_root && is_root.get() == Py_True) {
    const Ref root(PyObject_GetAttr(object, g.root));
    result(root, object);
    return true;
  }
  sink_.begin_object();
  {
    FrameScope scope(*this, values.get());
    while (next_member(scope.frame) && !exhausted()) {
      before_user_code();
      PyObject* info = PyDict_GetItemWithError(infos, scope.frame.key);
      if (info == nullptr) swallow();
      if (second && info == nullptr) continue;  // a cached property
      Ref own = Ref(info != nullptr ? Py_NewRef(info) : nullptr);
      if (own && !second) own = find(own.get(), g.field_info);
      const Ref exclude = own ? find(own.get(), g.exclude) : Ref();
      if (exclude && exclude.get() == Py_True) continue;
      key(scope.frame.key);
      value(scope.frame.value);
    }
  }
  const Ref extra = second ? find(object, g.pydantic_extra) : Ref();
  if (extra && PyDict_Check(extra.get())) {
    FrameScope scope(*this, extra.get());
    while (next_member(scope.frame) && !exhausted()) {
      key(scope.frame.key);
      value(scope.frame.value);
    }
  }
  const Ref decorators = second ? find(type, g.pydantic_decorators) : Ref();
  const Ref computed = decorators ? find(decorators.get(), g.computed_fields) : Ref();
  if (computed && PyDict_Check(computed.get())) {
    FrameScope scope(*this, computed.get());
    while (next_member(scope.frame) && !exhausted()) {
      before_user_code();
      if (PyUnicode_Check(scope.frame.key)) attribute(object, scope.frame.key);
    }
  }
  sink_.end_object();
  return true;
}

// False: it is not a numpy object, or it could not be read; nothing was written.
template <class Sink>
bool Walker<Sink>::numpy(PyObject* object) {
  // This module never imports numpy: without it there are no such values.
  PyObject* modules = PyImport_GetModuleDict();
  PyObject* module = modules != nullptr ? PyDict_GetItemString(modules, "numpy") : nullptr;
  if (module == nullptr) return false;
  const Ref keep = Ref::borrow(module);
  const Ref generic(PyObject_GetAttrString(module, "generic"));
  const Ref array(PyObject_GetAttrString(module, "ndarray"));
  if (!generic || !array || !PyType_Check(generic.get()) || !PyType_Check(array.get())) {
    swallow();
    return false;
  }
  if (PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(array.get()))) {
    numpy_array(object);
    return true;
  }
  if (!PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(generic.get()))) return false;
  const Ref dtype = find(object, g.dtype);
  const Ref kind = dtype ? find(dtype.get(), g.kind) : Ref();
  const bool time = kind && PyUnicode_Check(kind.get()) &&
                    (PyUnicode_CompareWithASCIIString(kind.get(), "M") == 0 ||
                     PyUnicode_CompareWithASCIIString(kind.get(), "m") == 0);
  if (time) {
    as_text(object);
    return true;
  }
  const Ref item(PyObject_CallMethodNoArgs(object, g.item));
  if (item && PyObject_TypeCheck(item.get(), reinterpret_cast<PyTypeObject*>(generic.get()))) {
    as_text(object);  // a long double has no Python counterpart
  } else {
    result(item, object);
  }
  return true;
}

template <class Sink>
void Walker<Sink>::numpy_array(PyObject* object) {
  const Ref size = find(object, g.size);
  const Py_ssize_t count = size && PyLong_Check(size.get()) ? PyLong_AsSsize_t(size.get()) : -1;
  const Ref dtype = find(object, g.dtype);
  if (count < 0 || !dtype) {
    PyErr_Clear();
    representation(object);
    return;
  }
  if (count > kMaxArrayElements) {
    const Ref shape = find(object, g.shape);
    const Ref name(PyObject_Str(dtype.get()));
    if (!name) swallow();
    sink_.warning("size", "an array of " + std::to_string(count) + " elements was left out");
    sink_.begin_object();
    sink_.key("dtype");
    name ? text(name.get()) : sink_.null();
    sink_.key("reason");
    literal("size");
    sink_.key("shape");
    shape ? value(shape.get()) : sink_.null();
    sink_.key("truncated");
    sink_.boolean(true);
    sink_.end_object();
    return;
  }
  const Ref kind = find(dtype.get(), g.kind);
  const bool time = kind && PyUnicode_Check(kind.get()) &&
                    (PyUnicode_CompareWithASCIIString(kind.get(), "M") == 0 ||
                     PyUnicode_CompareWithASCIIString(kind.get(), "m") == 0);
  Ref texts;
  if (time) {
    texts = Ref(PyObject_CallMethod(object, "astype", "s", "str"));
    if (!texts) {
      unrepresentable(object);
      return;
    }
  }
  const Ref list(PyObject_CallMethodNoArgs(time ? texts.get() : object, g.tolist));
  if (!enter(object)) return;
  result(list, object);
  leave();
}

// Writes containers that are recognised by their abstract base class.
template <class Sink>
bool Walker<Sink>::abstract(PyObject* object) {
  if (interrupted()) return false;
  if (is_a(object, g.mapping)) return mapping(object);
  if (is_a(object, g.set)) {
    const Py_ssize_t size = PyObject_Size(object);
    if (size < 0 || size > kMaxForeignElements) {
      swallow();
      return false;
    }
    set(object);
    return true;
  }
  if (is_a(object, g.user_string)) {
    as_text(object);
    return true;
  }
  if (!is_a(object, g.sequence)) return false;
  const Py_ssize_t size = PyObject_Size(object);
  if (size < 0 || size > kMaxForeignElements) {
    swallow();
    return false;
  }
  sequence(object);
  return true;
}

template <class Sink>
bool Walker<Sink>::mapping(PyObject* object) {
  const Py_ssize_t size = PyObject_Size(object);
  const Ref keys(size >= 0 && size <= kMaxForeignElements ? PyObject_CallMethodNoArgs(object, g.keys) : nullptr);
  const Ref iterator(keys ? PyObject_GetIter(keys.get()) : nullptr);
  if (!iterator) {
    if (PyErr_Occurred() != nullptr) swallow();
    return false;
  }
  if (!enter(object)) return true;
  sink_.begin_object();
  for (Py_ssize_t i = 0; i < size && !exhausted(); ++i) {  // no more than its len(): it may be endless
    const Ref name(PyIter_Next(iterator.get()));
    if (!name) break;
    const Ref found(PyObject_GetItem(object, name.get()));
    std::string error;
    if (!found) error = swallow();
    key(name.get());
    if (found) {
      value(found.get());
    } else {
      unread(object, error);
    }
  }
  if (PyErr_Occurred() != nullptr) {
    const std::string error = swallow();
    sink_.warning("unrepresentable", error + " while reading " + Py_TYPE(object)->tp_name);
  }
  sink_.end_object();
  leave();
  return true;
}

template <class Sink>
void Walker<Sink>::sequence(PyObject* object) {
  if (!enter(object)) return;
  sink_.begin_array();
  const Py_ssize_t size = std::max<Py_ssize_t>(PyObject_Size(object), 0);
  for (Py_ssize_t i = 0; i < size && !exhausted(); ++i) {
    const Ref item(PySequence_GetItem(object, i));
    if (!item && PyErr_ExceptionMatches(PyExc_IndexError)) {
      PyErr_Clear();
      break;
    }
    result(item, object);
    if (!item) break;  // one marker for the failure is enough
  }
  if (PyErr_Occurred() != nullptr) swallow();
  sink_.end_array();
  leave();
}

}  // namespace plog::python
