// Text as the core wants it: UTF-8 of Python strings, base64, and times.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace plog::python {

// The UTF-8 of a str: borrowed from the object, or in `scratch`. A lone surrogate becomes U+FFFD and sets *repaired.
std::string_view utf8_of(PyObject* text, std::string& scratch, bool* repaired);

std::string base64(std::string_view bytes);

// What datetime's C API must have loaded before the calls below. False with a Python error set.
bool init_datetime();
bool is_datetime_kind(PyObject* object);  // date, datetime, time, timedelta or a subclass
// RFC 3339 (see docs/native-values.md). False with a Python error set when a tzinfo raised.
bool datetime_text(PyObject* object, std::string& out);
// Whole milliseconds, rounded down, when `object` is a timedelta.
bool timedelta_milliseconds(PyObject* object, std::int64_t* out);

// Removes " at 0x7f…": the same object is to give the same text in every run.
void strip_addresses(std::string& text);

// Canonical text (RFC 8785) of a finite double: keys, and the order of sets.
std::string number_text(double value);

}  // namespace plog::python
