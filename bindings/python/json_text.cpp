#include "json_text.h"

#include "types.h"
#include "walker.h"

namespace plog::python {

std::unique_ptr<JsonText> JsonText::of(PyObject* object, Ref* interrupt) {
  plog_event* value = nullptr;
  plog_error* error = nullptr;
  const plog_status status = plog_value_begin(&value, &error);
  if (status != PLOG_OK) {
    raise_status(status, error);
    return nullptr;
  }
  auto json = std::make_unique<JsonText>(value);
  Walker walker(json->writer_);
  walker.value(object);
  *interrupt = walker.take_interrupt();
  return json;
}

PyObject* JsonText::text() {
  plog_buffer* buffer = nullptr;
  plog_error* error = nullptr;
  const plog_status status = plog_value_to_json(writer_.get(), &buffer, &error);
  if (status != PLOG_OK) return raise_status(status, error);
  PyObject* text =
      PyUnicode_DecodeUTF8(plog_buffer_data(buffer), static_cast<Py_ssize_t>(plog_buffer_size(buffer)), nullptr);
  plog_buffer_destroy(buffer);
  return text;
}

}  // namespace plog::python
