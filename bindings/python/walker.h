// Writes Python values to a sink: the event writer of plog.h, or JSON text. docs/native-values.md specifies the result.
// Nothing that a value does while it is read (an exception, a change of a container, a cycle) reaches the caller or
// prevents the event from being recorded.
#pragma once

#include <Python.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json_sink.h"
#include "provenlog/plog.h"
#include "ref.h"

namespace plog::python {

// The event writer as a sink.
class EventSink {
 public:
  explicit EventSink(plog_event* event) : event_(event) {}

  void key(std::string_view text) {
    bytes_ += text.size();
    plog_event_key(event_, text.data(), text.size());
  }
  void coerced_key(std::string_view text) { plog_event_coerced_key(event_, text.data(), text.size()); }
  void string(std::string_view text) {
    bytes_ += text.size();
    plog_event_string(event_, text.data(), text.size());
  }
  void integer(std::int64_t value) { plog_event_integer(event_, value); }
  void integer_text(std::string_view digits) {
    bytes_ += digits.size();
    plog_event_integer_text(event_, digits.data(), digits.size());
  }
  void number(double value) { plog_event_double(event_, value); }
  void boolean(bool value) { plog_event_bool(event_, value ? 1 : 0); }
  void null() { plog_event_null(event_); }
  void begin_object() { plog_event_begin_object(event_); }
  void end_object() { plog_event_end_object(event_); }
  void begin_array() { plog_event_begin_array(event_); }
  void end_array() { plog_event_end_array(event_); }
  void json(std::string_view text) {
    bytes_ += text.size();
    plog_event_json(event_, text.data(), text.size());
  }
  void truncated(std::string_view reason) { plog_event_truncated(event_, reason.data(), reason.size()); }
  void warning(std::string_view code, std::string_view detail) {
    plog_event_warning(event_, code.data(), code.size(), detail.data(), detail.size());
  }
  int depth() const { return plog_event_depth(event_); }
  std::size_t bytes() const { return bytes_; }

 private:
  plog_event* event_;
  std::size_t bytes_ = 0;
};

// The number of values and the bytes of text that one event has used so far.
struct Budget {
  std::size_t values = 0;
  std::size_t bytes = 0;
};

// One thread at a time, with the GIL. The caller must keep a value alive during the call.
template <class Sink>
class Walker {
 public:
  Walker(Sink& sink, Budget& budget) : sink_(sink), budget_(budget) {}
  Walker(const Walker&) = delete;
  Walker& operator=(const Walker&) = delete;

  void value(PyObject* object);
  // Writes a key; the member's value must follow.
  void key(PyObject* object);
  // Calls `member(key, value)` for each member of a dict, a mapping or a dataclass. False: `object` is not one of
  // these, or could not be read.
  using Member = std::function<void(PyObject* key, PyObject* value)>;
  bool members(PyObject* object, const Member& member);

  // Whether user code raised KeyboardInterrupt. The caller must finish the event and then raise it again.
  bool interrupted() const { return static_cast<bool>(interrupt_); }
  // That exception, or an empty reference.
  Ref take_interrupt() { return std::move(interrupt_); }

 private:
  // A container that is being read. Borrowed references into it are safe as long as no user code runs. Before user code
  // runs, before_user_code() takes owned references to everything that is still to be read.
  struct Frame {
    Frame* outer;
    PyObject* dict = nullptr;  // not NULL: read with PyDict_Next until `copied`
    Py_ssize_t position = 0;
    PyObject *key = nullptr, *value = nullptr;  // what is being written now
    bool pinned = false;
    bool copied = false;
    std::vector<std::pair<PyObject*, PyObject*>> rest;  // owned
    std::size_t next = 0;
  };
  class FrameScope {
   public:
    FrameScope(Walker& walker, PyObject* dict);
    ~FrameScope();
    Frame frame;

   private:
    Walker& walker_;
  };

  void before_user_code();
  static bool next_member(Frame& frame);
  static void advance(Frame& frame, PyObject* key, PyObject* value);

  // False: a marker was written instead. The depth limit also bounds the use of the C stack.
  bool enter(PyObject* container);
  void leave() { ancestors_.pop_back(); }
  bool exhausted() const;
  // Writes a value to a separate sink, within this walker's budget.
  void apart(JsonSink& json, PyObject* object);

  void text(PyObject* object);
  void literal(std::string_view text) { sink_.string(text); }
  void integer(PyObject* object);
  void huge_integer(PyObject* object);
  void dict(PyObject* object);
  void list(PyObject* object);
  void tuple(PyObject* object);
  void foreign(PyObject* object);
  bool user_defined(PyObject* object);
  bool abstract(PyObject* object);
  void bytes(PyObject* object);
  void set(PyObject* object);
  void named_tuple(PyObject* object, PyObject* names);
  void exception(PyObject* object);
  void as_text(PyObject* object);
  void qualified_name(PyObject* object);
  void representation(PyObject* object);
  bool numpy(PyObject* object);
  void numpy_array(PyObject* object);
  bool attributes(PyObject* object);
  void attribute(PyObject* object, PyObject* name);
  bool pydantic(PyObject* object);
  bool mapping(PyObject* object);
  void sequence(PyObject* object);
  void oversize();
  void unrepresentable(PyObject* object);
  void unread(PyObject* object, const std::string& error);
  // Writes a value that user code returned; NULL if it raised: then writes that `origin` is unrepresentable.
  void result(const Ref& value, PyObject* origin);
  bool is_a(PyObject* object, PyObject* cls);
  // An attribute, or NULL without an error.
  Ref find(PyObject* object, PyObject* name);
  // Clears the Python error and returns the name of its type. A KeyboardInterrupt is kept for take_interrupt().
  std::string swallow();

  Sink& sink_;
  Budget& budget_;
  std::vector<PyObject*> ancestors_;
  Frame* top_ = nullptr;
  Ref interrupt_;  // an exception instance
  std::string scratch_;
};

extern template class Walker<EventSink>;
extern template class Walker<JsonSink>;

// JSON text that is written unchanged: provenlog._native.Json.
struct JsonText {
  std::string text;
  std::vector<Warning> warnings;
};

// The content of a provenlog._native.Json; borrowed. Defined in module.cpp.
const JsonText* json_text_of(PyObject* object);

// Stores the canonical text of any value in `out`. Returns the KeyboardInterrupt that was raised while it was read, if
// any.
Ref to_json(PyObject* object, JsonText& out);

// Sets the exception as the current Python error.
void raise_interrupt(const Ref& interrupt);

}  // namespace plog::python
