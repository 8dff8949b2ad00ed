// Converts Python values to the text forms that the core expects: UTF-8, base64, and times.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace plog::python {

// The UTF-8 of a str: borrowed from the object, or in `scratch`. A lone surrogate becomes U+FFFD and sets *repaired.
std::string_view utf8_of(PyObject* text, std::string& scratch, bool* repaired);

std::string base64(std::string_view bytes);

// Loads the C API of datetime. Must be called before the functions below. False with a Python error set.
bool init_datetime();
bool is_datetime_kind(PyObject* object);  // date, datetime, time, timedelta or a subclass
// The text of docs/native-values.md (RFC 3339 or ISO 8601). False with a Python error set if a tzinfo raised.
bool datetime_text(PyObject* object, std::string& out);
// Whole milliseconds, rounded down. False if `object` is not a timedelta.
bool timedelta_milliseconds(PyObject* object, std::int64_t* out);

// Removes " at 0x7f…", so that the same object gives the same text in every run.
void strip_addresses(std::string& text);

}  // namespace plog::python
