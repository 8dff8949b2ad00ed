#include "walker.h"

#include <algorithm>

#include "foreign.h"
#include "text.h"
#include "types.h"

namespace plog::python {

namespace {

// Limits of one event. They are needed because a list that contains the same list twice, 40 levels deep, has 2^40
// values.
constexpr std::size_t kMaxValues = std::size_t{1} << 22;
constexpr std::size_t kMaxBytes = std::size_t{256} << 20;
constexpr int kMaxDepth = 128;
constexpr std::size_t kMaxDecimalBits = 65'536;  // larger integers are written in hexadecimal

constexpr std::string_view kRepaired = "lone_surrogate";
constexpr std::string_view kRepairDetail = "replaced by U+FFFD";

}  // namespace

Walker::Frame::Frame(Walker& walker, PyObject* dict) : walker_(walker), outer_(walker.top_), dict_(dict) {
  walker.top_ = this;
}

Walker::Frame::~Frame() {
  walker_.top_ = outer_;
  set(nullptr, nullptr);
  for (std::size_t i = next_; i < rest_.size(); ++i) {
    Py_DECREF(rest_[i].first);
    Py_DECREF(rest_[i].second);
  }
}

void Walker::Frame::pin() {
  Py_XINCREF(key_);
  Py_XINCREF(value_);
  pinned_ = true;
  if (dict_ == nullptr || copied_) return;
  PyObject *key = nullptr, *value = nullptr;
  while (PyDict_Next(dict_, &position_, &key, &value)) rest_.emplace_back(Py_NewRef(key), Py_NewRef(value));
  copied_ = true;
}

void Walker::Frame::set(PyObject* key, PyObject* value) {
  if (!pinned_) {
    key_ = key;
    value_ = value;
    return;
  }
  // Releasing the old objects may run a __del__, which is user code, so the new ones are pinned first.
  PyObject* old_key = std::exchange(key_, key);
  PyObject* old_value = std::exchange(value_, value);
  pinned_ = key != nullptr || value != nullptr;
  Py_XINCREF(key);
  Py_XINCREF(value);
  Py_XDECREF(old_key);
  Py_XDECREF(old_value);
}

bool Walker::Frame::next() {
  if (copied_) {
    if (next_ == rest_.size()) return false;
    const auto [key, value] = rest_[next_++];
    const Ref own_key(key), own_value(value);
    pinned_ = true;
    set(key, value);
    return true;
  }
  PyObject *key = nullptr, *value = nullptr;
  if (!PyDict_Next(dict_, &position_, &key, &value)) return false;
  set(key, value);
  return true;
}

void Walker::before_user_code() {
  for (Frame* frame = top_; frame != nullptr && !frame->pinned_; frame = frame->outer_) frame->pin();
}

void Walker::value(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  ++values_;
  if (exhausted()) {
    oversize();
  } else if (type == &PyUnicode_Type) {
    text(object);
  } else if (object == Py_None) {
    writer_.null();
  } else if (type == &PyLong_Type) {
    integer(object);
  } else if (type == &PyDict_Type) {
    dict(object);
  } else if (type == &PyBool_Type) {
    writer_.boolean(object == Py_True);
  } else if (type == &PyFloat_Type) {
    writer_.number(PyFloat_AS_DOUBLE(object));
  } else if (type == &PyList_Type) {
    list(object);
  } else if (type == &PyTuple_Type) {
    tuple(object);
  } else {
    write_foreign(*this, object);
  }
}

bool Walker::exhausted() const { return values_ > kMaxValues || bytes_ > kMaxBytes; }

bool Walker::spend(std::size_t bytes) {
  bytes_ += bytes;
  if (!exhausted()) return true;
  oversize();
  return false;
}

void Walker::oversize() {
  writer_.warning("size", "the event has too many values; the rest was left out");
  writer_.begin_object();
  writer_.key("reason");
  writer_.string("size");
  writer_.key("truncated");
  writer_.boolean(true);
  writer_.end_object();
}

void Walker::text(PyObject* object) {
  bool repaired = false;
  const std::string_view utf8 = utf8_of(object, scratch_, &repaired);
  if (!spend(utf8.size())) return;
  if (repaired) writer_.warning(kRepaired, kRepairDetail);
  writer_.string(utf8);
}

void Walker::key(PyObject* object) {
  if (PyUnicode_Check(object)) {
    bool repaired = false;
    const std::string_view utf8 = utf8_of(object, scratch_, &repaired);
    bytes_ += utf8.size();
    // Below the top level, the warning about a repaired key refers to its object, as it does for JSON text.
    const bool inner = writer_.depth() > 1;
    if (repaired && inner) writer_.warning(kRepaired, kRepairDetail);
    writer_.key(utf8);
    if (repaired && !inner) writer_.warning(kRepaired, kRepairDetail);
    return;
  }
  before_user_code();
  writer_.begin_key();
  value(object);
  writer_.end_key();
}

void Walker::integer(PyObject* object) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow == 0) {
    writer_.integer(value);
  } else {
    huge_integer(object);
  }
}

bool Walker::enter(PyObject* container) {
  if (std::find(ancestors_.begin(), ancestors_.end(), container) != ancestors_.end()) {
    writer_.truncated("cycle");
    return false;
  }
  if (writer_.depth() >= kMaxDepth) {
    writer_.truncated("depth");
    return false;
  }
  ancestors_.push_back(container);
  return true;
}

void Walker::dict(PyObject* object) {
  if (!enter(object)) return;
  writer_.begin_object();
  {
    Frame frame(*this, object);
    while (!exhausted() && frame.next()) {
      PyObject* member = frame.value();
      key(frame.key());
      value(member);
    }
  }
  writer_.end_object();
  leave();
}

void Walker::list(PyObject* object) {
  if (!enter(object)) return;
  writer_.begin_array();
  {
    Frame frame(*this, nullptr);
    const Py_ssize_t size = PyList_GET_SIZE(object);  // elements appended by user code are not read
    for (Py_ssize_t i = 0; i < size && i < PyList_GET_SIZE(object) && !exhausted(); ++i) {
      frame.set(nullptr, PyList_GET_ITEM(object, i));
      value(frame.value());
    }
  }
  writer_.end_array();
  leave();
}

void Walker::tuple(PyObject* object) {
  if (!enter(object)) return;
  writer_.begin_array();
  {
    Frame frame(*this, nullptr);
    const Py_ssize_t size = PyTuple_GET_SIZE(object);
    for (Py_ssize_t i = 0; i < size && !exhausted(); ++i) {
      frame.set(nullptr, PyTuple_GET_ITEM(object, i));
      value(frame.value());
    }
  }
  writer_.end_array();
  leave();
}

bool Walker::members(PyObject* object, const Member& member) {
  if (PyDict_Check(object)) {
    Frame frame(*this, object);
    while (frame.next()) member(frame.key(), frame.value());
    return true;
  }
  before_user_code();
  const auto type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  const Ref fields = find(type, g.dataclass_fields);
  if (fields && PyDict_Check(fields.get())) {
    Frame frame(*this, fields.get());
    while (frame.next()) {
      before_user_code();
      const Ref value = find(object, frame.key());
      if (value) member(frame.key(), value.get());
    }
    return true;
  }
  if (!is_a(object, g.mapping)) return false;
  const Ref copy(PyDict_New());
  if (!copy || PyDict_Update(copy.get(), object) != 0) {
    swallow();
    return false;
  }
  Frame frame(*this, copy.get());
  while (frame.next()) member(frame.key(), frame.value());
  return true;
}

std::string Walker::swallow() {
#if PY_VERSION_HEX >= 0x030C0000
  Ref error(PyErr_GetRaisedException());
#else
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr && value != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  Ref error(value);
#endif
  if (!error) return "unknown";
  std::string name = Py_TYPE(error.get())->tp_name;
  const bool interrupt = PyObject_TypeCheck(error.get(), reinterpret_cast<PyTypeObject*>(PyExc_KeyboardInterrupt));
  if (interrupt && !interrupt_) interrupt_ = std::move(error);
  return name;
}

Ref Walker::find(PyObject* object, PyObject* name) {
  Ref found(PyObject_GetAttr(object, name));
  if (!found) swallow();
  return found;
}

bool Walker::is_a(PyObject* object, PyObject* cls) {
  const int answer = PyObject_IsInstance(object, cls);
  if (answer < 0) swallow();
  return answer > 0;
}

void Walker::result(const Ref& value, PyObject* origin) {
  if (value) {
    this->value(value.get());
  } else {
    unrepresentable(origin);
  }
}

// Must be called with a Python error set, which it clears.
void Walker::unrepresentable(PyObject* object) { unread(object, swallow()); }

void Walker::unread(PyObject* object, const std::string& error) {
  const std::string type = Py_TYPE(object)->tp_name;
  writer_.warning("unrepresentable", error + " while reading " + type);
  writer_.string("<unrepresentable " + type + ": " + error + ">");
}

void Walker::huge_integer(PyObject* object) {
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
    bytes_ += text.size();
    writer_.warning("integer_as_hex", "too long for decimal digits");
    writer_.string(text);
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
  bytes_ += digits.size();
  writer_.integer_text(digits);
}

void raise_interrupt(const Ref& interrupt) {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(interrupt.get())), interrupt.get());
}

}  // namespace plog::python
