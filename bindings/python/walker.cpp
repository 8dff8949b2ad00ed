#include "walker.h"

#include <algorithm>

#include "text.h"
#include "types.h"
#include "walker_foreign.h"  // IWYU pragma: keep

namespace plog::python {

namespace {

// Limits of one event. They are needed because a list that contains the same list twice, 40 levels deep, has 2^40
// values.
constexpr std::size_t kMaxValues = std::size_t{1} << 22;
constexpr std::size_t kMaxBytes = std::size_t{256} << 20;
constexpr int kMaxDepth = 128;

constexpr std::string_view kRepaired = "lone_surrogate";
constexpr std::string_view kRepairDetail = "replaced by U+FFFD";

}  // namespace

template <class Sink>
Walker<Sink>::FrameScope::FrameScope(Walker& walker, PyObject* dict) : walker_(walker) {
  frame.outer = walker.top_;
  frame.dict = dict;
  walker.top_ = &frame;
}

template <class Sink>
Walker<Sink>::FrameScope::~FrameScope() {
  walker_.top_ = frame.outer;
  advance(frame, nullptr, nullptr);
  for (std::size_t i = frame.next; i < frame.rest.size(); ++i) {
    Py_DECREF(frame.rest[i].first);
    Py_DECREF(frame.rest[i].second);
  }
}

template <class Sink>
void Walker<Sink>::before_user_code() {
  for (Frame* frame = top_; frame != nullptr && !frame->pinned; frame = frame->outer) {
    Py_XINCREF(frame->key);
    Py_XINCREF(frame->value);
    frame->pinned = true;
    if (frame->dict == nullptr || frame->copied) continue;
    PyObject *key = nullptr, *value = nullptr;
    while (PyDict_Next(frame->dict, &frame->position, &key, &value)) {
      frame->rest.emplace_back(Py_NewRef(key), Py_NewRef(value));
    }
    frame->copied = true;
  }
}

template <class Sink>
void Walker<Sink>::advance(Frame& frame, PyObject* key, PyObject* value) {
  if (!frame.pinned) {
    frame.key = key;
    frame.value = value;
    return;
  }
  // Releasing the old objects may run a __del__, which is user code, so the new ones are pinned first.
  PyObject* old_key = std::exchange(frame.key, key);
  PyObject* old_value = std::exchange(frame.value, value);
  frame.pinned = key != nullptr || value != nullptr;
  Py_XINCREF(key);
  Py_XINCREF(value);
  Py_XDECREF(old_key);
  Py_XDECREF(old_value);
}

template <class Sink>
bool Walker<Sink>::next_member(Frame& frame) {
  if (frame.copied) {
    if (frame.next == frame.rest.size()) return false;
    const auto [key, value] = frame.rest[frame.next++];
    const Ref own_key(key), own_value(value);
    frame.pinned = true;
    advance(frame, key, value);
    return true;
  }
  PyObject *key = nullptr, *value = nullptr;
  if (!PyDict_Next(frame.dict, &frame.position, &key, &value)) return false;
  advance(frame, key, value);
  return true;
}

template <class Sink>
void Walker<Sink>::value(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  ++budget_.values;
  if (exhausted()) {
    oversize();
  } else if (type == &PyUnicode_Type) {
    text(object);
  } else if (object == Py_None) {
    sink_.null();
  } else if (type == &PyLong_Type) {
    integer(object);
  } else if (type == &PyDict_Type) {
    dict(object);
  } else if (type == &PyBool_Type) {
    sink_.boolean(object == Py_True);
  } else if (type == &PyFloat_Type) {
    sink_.number(PyFloat_AS_DOUBLE(object));
  } else if (type == &PyList_Type) {
    list(object);
  } else if (type == &PyTuple_Type) {
    tuple(object);
  } else {
    foreign(object);
  }
}

template <class Sink>
bool Walker<Sink>::exhausted() const {
  return budget_.values > kMaxValues || budget_.bytes > kMaxBytes;
}

template <class Sink>
void Walker<Sink>::apart(JsonSink& json, PyObject* object) {
  Walker<JsonSink> walker(json, budget_);
  walker.value(object);
  if (walker.interrupted() && !interrupt_) interrupt_ = walker.take_interrupt();
}

template <class Sink>
void Walker<Sink>::oversize() {
  sink_.warning("size", "the event has too many values; the rest was left out");
  sink_.begin_object();
  sink_.key("reason");
  sink_.string("size");
  sink_.key("truncated");
  sink_.boolean(true);
  sink_.end_object();
}

template <class Sink>
void Walker<Sink>::text(PyObject* object) {
  bool repaired = false;
  const std::string_view utf8 = utf8_of(object, scratch_, &repaired);
  budget_.bytes += utf8.size();
  if (exhausted()) {
    oversize();
    return;
  }
  if (repaired) sink_.warning(kRepaired, kRepairDetail);
  sink_.string(utf8);
}

template <class Sink>
void Walker<Sink>::key(PyObject* object) {
  if (PyUnicode_Check(object)) {
    bool repaired = false;
    const std::string_view utf8 = utf8_of(object, scratch_, &repaired);
    budget_.bytes += utf8.size();
    // Below the top level, the warning about a repaired key refers to its object, as it does for JSON text.
    const bool inner = sink_.depth() > 1;
    if (repaired && inner) sink_.warning(kRepaired, kRepairDetail);
    sink_.key(utf8);
    if (repaired && !inner) sink_.warning(kRepaired, kRepairDetail);
    return;
  }
  before_user_code();
  JsonSink json(sink_.depth());
  apart(json, object);
  const std::string name = json.key_text();
  budget_.bytes += name.size();
  sink_.coerced_key(name);
}

template <class Sink>
void Walker<Sink>::integer(PyObject* object) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow == 0) {
    sink_.integer(value);
  } else {
    huge_integer(object);
  }
}

template <class Sink>
bool Walker<Sink>::enter(PyObject* container) {
  if (std::find(ancestors_.begin(), ancestors_.end(), container) != ancestors_.end()) {
    sink_.truncated("cycle");
    return false;
  }
  if (sink_.depth() >= kMaxDepth) {
    sink_.truncated("depth");
    return false;
  }
  ancestors_.push_back(container);
  return true;
}

template <class Sink>
void Walker<Sink>::dict(PyObject* object) {
  if (!enter(object)) return;
  sink_.begin_object();
  {
    FrameScope scope(*this, object);
    while (!exhausted() && next_member(scope.frame)) {
      PyObject* member = scope.frame.value;
      key(scope.frame.key);
      value(member);
    }
  }
  sink_.end_object();
  leave();
}

template <class Sink>
void Walker<Sink>::list(PyObject* object) {
  if (!enter(object)) return;
  sink_.begin_array();
  {
    FrameScope scope(*this, nullptr);
    const Py_ssize_t size = PyList_GET_SIZE(object);  // elements appended by user code are not read
    for (Py_ssize_t i = 0; i < size && i < PyList_GET_SIZE(object) && !exhausted(); ++i) {
      advance(scope.frame, nullptr, PyList_GET_ITEM(object, i));
      value(scope.frame.value);
    }
  }
  sink_.end_array();
  leave();
}

template <class Sink>
void Walker<Sink>::tuple(PyObject* object) {
  if (!enter(object)) return;
  sink_.begin_array();
  {
    FrameScope scope(*this, nullptr);
    const Py_ssize_t size = PyTuple_GET_SIZE(object);
    for (Py_ssize_t i = 0; i < size && !exhausted(); ++i) {
      advance(scope.frame, nullptr, PyTuple_GET_ITEM(object, i));
      value(scope.frame.value);
    }
  }
  sink_.end_array();
  leave();
}

template <class Sink>
bool Walker<Sink>::members(PyObject* object, const Member& member) {
  if (PyDict_Check(object)) {
    FrameScope scope(*this, object);
    while (next_member(scope.frame)) member(scope.frame.key, scope.frame.value);
    return true;
  }
  before_user_code();
  const auto type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  const Ref fields = find(type, g.dataclass_fields);
  if (fields && PyDict_Check(fields.get())) {
    FrameScope scope(*this, fields.get());
    while (next_member(scope.frame)) {
      before_user_code();
      const Ref value = find(object, scope.frame.key);
      if (value) member(scope.frame.key, value.get());
    }
    return true;
  }
  if (!is_a(object, g.mapping)) return false;
  const Ref copy(PyDict_New());
  if (!copy || PyDict_Update(copy.get(), object) != 0) {
    swallow();
    return false;
  }
  FrameScope scope(*this, copy.get());
  while (next_member(scope.frame)) member(scope.frame.key, scope.frame.value);
  return true;
}

template <class Sink>
std::string Walker<Sink>::swallow() {
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

template class Walker<EventSink>;
template class Walker<JsonSink>;

void raise_interrupt(const Ref& interrupt) {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(interrupt.get())), interrupt.get());
}

Ref to_json(PyObject* object, JsonText& out) {
  JsonSink sink;
  Budget budget;
  Walker<JsonSink> walker(sink, budget);
  walker.value(object);
  out.text = sink.text();
  out.warnings = sink.warnings();
  return walker.take_interrupt();
}

}  // namespace plog::python
