// Writes Python values to the event writer of plog.h. docs/native-values.md specifies the result. Nothing that a value
// does while it is read (an exception, a change of a container, a cycle) reaches the caller or prevents the event from
// being recorded.
#pragma once

#include <Python.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ref.h"
#include "writer.h"

namespace plog::python {

// Reads one event or one value. One thread at a time, with the GIL. The caller must keep a value alive during the call.
class Walker {
 public:
  explicit Walker(Writer& writer) : writer_(writer) {}
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

  // ---- For the units that write values of other types: foreign.h, records.h, arrays.h, representation.h

  // A container that is being read. Borrowed references into it are safe as long as no user code runs.
  // Before user code runs, before_user_code() takes owned references to everything that is still to be read.
  class Frame {
   public:
    // `dict`: read with next(); NULL for a list or tuple, whose elements are passed to set().
    Frame(Walker& walker, PyObject* dict);
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
    ~Frame();

    bool next();
    void set(PyObject* key, PyObject* value);
    // What is being written now.
    PyObject* key() const { return key_; }
    PyObject* value() const { return value_; }

   private:
    friend class Walker;
    void pin();

    Walker& walker_;
    Frame* outer_;
    PyObject* dict_;  // not NULL: read with PyDict_Next until `copied_`
    Py_ssize_t position_ = 0;
    PyObject *key_ = nullptr, *value_ = nullptr;
    bool pinned_ = false;
    bool copied_ = false;
    std::vector<std::pair<PyObject*, PyObject*>> rest_;  // owned
    std::size_t next_ = 0;
  };

  Writer& writer() { return writer_; }
  void before_user_code();
  // Must be called before a container is written, and leave() after it. False: a marker was written instead. The depth
  // limit also bounds the use of the C stack.
  bool enter(PyObject* container);
  void leave() { ancestors_.pop_back(); }
  // Whether the event has used up its values or bytes. The rest of a container is then left out.
  bool exhausted() const;
  // Counts bytes of text that are about to be written. False: they do not fit, and a marker was written instead.
  bool spend(std::size_t bytes);

  // Write a str, int, dict, list or tuple, which may be of a subclass.
  void text(PyObject* object);
  void integer(PyObject* object);
  void dict(PyObject* object);
  void list(PyObject* object);
  void tuple(PyObject* object);
  // A value that user code returned. If it raised, `value` is empty, and a text says that `origin` was not read.
  void result(const Ref& value, PyObject* origin);
  // Writes that a value was not read. `unrepresentable` must be called with a Python error set, which it clears.
  void unrepresentable(PyObject* object);
  void unread(PyObject* object, const std::string& error);
  // An attribute, or NULL without an error.
  Ref find(PyObject* object, PyObject* name);
  bool is_a(PyObject* object, PyObject* cls);
  // Clears the Python error and returns the name of its type. A KeyboardInterrupt is kept for take_interrupt().
  std::string swallow();

 private:
  void huge_integer(PyObject* object);
  void oversize();

  Writer& writer_;
  std::size_t values_ = 0, bytes_ = 0;  // used so far
  std::vector<PyObject*> ancestors_;
  Frame* top_ = nullptr;
  Ref interrupt_;  // an exception instance
  std::string scratch_;
};

// Sets the exception as the current Python error.
void raise_interrupt(const Ref& interrupt);

}  // namespace plog::python
