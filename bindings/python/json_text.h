// provenlog._native.Json: a value that was read once and is used later.
#pragma once

#include <Python.h>

#include <memory>

#include "ref.h"
#include "writer.h"

namespace plog::python {

// The arguments that the C API takes as JSON text (defaults, context, filters), and the arguments of a call, which are
// read before the call because it may change them. Use it with the GIL.
class JsonText {
 public:
  explicit JsonText(plog_event* value) : writer_(value) {}

  // Reads any value. *interrupt receives the KeyboardInterrupt that was raised meanwhile, if any. NULL with a Python
  // error set if there is no memory.
  static std::unique_ptr<JsonText> of(PyObject* object, Ref* interrupt);

  // The value's canonical form, not redacted, as a str. NULL with a Python error set.
  PyObject* text();
  const Writer& writer() const { return writer_; }

 private:
  Writer writer_;
};

// The content of a provenlog._native.Json; borrowed. Defined in module.cpp.
const JsonText* json_text_of(PyObject* object);

}  // namespace plog::python
