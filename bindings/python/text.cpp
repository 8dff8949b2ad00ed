#include "text.h"

#include <datetime.h>

#include <cstdio>

#include "ref.h"

namespace plog::python {

namespace {

// A longer non-ASCII string is encoded into a temporary buffer, because CPython would cache its UTF-8 form for as long
// as the string lives.
constexpr Py_ssize_t kCacheLimit = 4096;

void append_code_point(std::string& out, Py_UCS4 c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// Encodes a string that may contain surrogates. A high surrogate followed by a low one is one character, as in UTF-16.
std::string_view encode(PyObject* text, std::string& scratch, bool* repaired) {
  scratch.clear();
  const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
  const int kind = PyUnicode_KIND(text);
  const void* data = PyUnicode_DATA(text);
  for (Py_ssize_t i = 0; i < size; ++i) {
    Py_UCS4 c = PyUnicode_READ(kind, data, i);
    if (c >= 0xD800 && c <= 0xDFFF) {
      const Py_UCS4 next = i + 1 < size ? PyUnicode_READ(kind, data, i + 1) : 0;
      if (c < 0xDC00 && next >= 0xDC00 && next <= 0xDFFF) {
        c = 0x10000 + ((c - 0xD800) << 10) + (next - 0xDC00);
        ++i;
      } else {
        c = 0xFFFD;
        *repaired = true;
      }
    }
    append_code_point(scratch, c);
  }
  return scratch;
}

void append_time(std::string& out, int hour, int minute, int second, int micro) {
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%06d", hour, minute, second, micro);
  out += text;
}

void append_date(std::string& out, int year, int month, int day) {
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
  out += text;
}

void append_zone(std::string& out, PyObject* offset) {
  const std::int64_t seconds =
      std::int64_t{PyDateTime_DELTA_GET_DAYS(offset)} * 86400 + PyDateTime_DELTA_GET_SECONDS(offset);
  const std::int64_t minutes = std::abs(seconds) / 60;
  char text[32];
  std::snprintf(text, sizeof text, "%c%02d:%02d", seconds < 0 ? '-' : '+', static_cast<int>(minutes / 60),
                static_cast<int>(minutes % 60));
  out += text;
}

// The UTC offset: a timedelta, or None. NULL with an error set.
Ref offset_of(PyObject* object) {
  Ref offset(PyObject_CallMethod(object, "utcoffset", nullptr));
  if (offset && offset.get() != Py_None && !PyDelta_Check(offset.get())) {
    PyErr_SetString(PyExc_TypeError, "utcoffset() did not return a timedelta");
    return Ref();
  }
  return offset;
}

bool append_datetime(PyObject* object, std::string& out) {
  bool aware = false;
#if PY_VERSION_HEX >= 0x030A0000
  aware = PyDateTime_DATE_GET_TZINFO(object) != Py_None;
#else
  aware = reinterpret_cast<PyDateTime_DateTime*>(object)->hastzinfo != 0;
#endif
  Ref shifted;
  bool utc = false;
  if (aware) {
    const Ref offset = offset_of(object);
    if (!offset) return false;
    if (offset.get() != Py_None) {
      shifted = Ref(PyNumber_Subtract(object, offset.get()));
      if (!shifted || !PyDateTime_Check(shifted.get())) {
        // In UTC it would be before year 1 or after 9999, so it is written with its own offset.
        PyErr_Clear();
        append_date(out, PyDateTime_GET_YEAR(object), PyDateTime_GET_MONTH(object), PyDateTime_GET_DAY(object));
        out += 'T';
        append_time(out, PyDateTime_DATE_GET_HOUR(object), PyDateTime_DATE_GET_MINUTE(object),
                    PyDateTime_DATE_GET_SECOND(object), PyDateTime_DATE_GET_MICROSECOND(object));
        append_zone(out, offset.get());
        return true;
      }
      object = shifted.get();
      utc = true;
    }
  }
  append_date(out, PyDateTime_GET_YEAR(object), PyDateTime_GET_MONTH(object), PyDateTime_GET_DAY(object));
  out += 'T';
  append_time(out, PyDateTime_DATE_GET_HOUR(object), PyDateTime_DATE_GET_MINUTE(object),
              PyDateTime_DATE_GET_SECOND(object), PyDateTime_DATE_GET_MICROSECOND(object));
  if (utc) out += 'Z';
  return true;
}

// ISO 8601: "P1DT2H3M4.5S", "-PT0.25S", "PT0S".
void append_delta(PyObject* object, std::string& out) {
  std::int64_t days = PyDateTime_DELTA_GET_DAYS(object);
  std::int64_t micros =
      std::int64_t{PyDateTime_DELTA_GET_SECONDS(object)} * 1000000 + PyDateTime_DELTA_GET_MICROSECONDS(object);
  if (days < 0) {
    out += '-';
    days = -days;
    if (micros > 0) {
      --days;
      micros = std::int64_t{86400} * 1000000 - micros;
    }
  }
  out += 'P';
  if (days != 0) out += std::to_string(days) + 'D';
  if (micros != 0 || days == 0) out += 'T';
  const std::int64_t seconds = micros / 1000000;
  const auto fraction = static_cast<int>(micros % 1000000);
  if (seconds / 3600 != 0) out += std::to_string(seconds / 3600) + 'H';
  if (seconds / 60 % 60 != 0) out += std::to_string(seconds / 60 % 60) + 'M';
  if (fraction != 0) {
    char text[32];
    std::snprintf(text, sizeof text, "%d.%06d", static_cast<int>(seconds % 60), fraction);
    std::string trimmed = text;
    trimmed.erase(trimmed.find_last_not_of('0') + 1);
    out += trimmed + 'S';
  } else if (seconds % 60 != 0 || (days == 0 && micros == 0)) {
    out += std::to_string(seconds % 60) + 'S';
  }
}

}  // namespace

std::string_view utf8_of(PyObject* text, std::string& scratch, bool* repaired) {
  if (PyUnicode_IS_COMPACT_ASCII(text)) {
    return {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
  }
#if PY_VERSION_HEX < 0x030C0000
  if (PyUnicode_READY(text) != 0) {
    PyErr_Clear();
    *repaired = true;
    return {};
  }
#endif
  if (PyUnicode_GET_LENGTH(text) <= kCacheLimit) {
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(text, &size);
    if (data != nullptr) return {data, static_cast<std::size_t>(size)};
    PyErr_Clear();
  }
  return encode(text, scratch, repaired);
}

std::string base64(std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  const auto at = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[i])); };
  char* to = out.data();
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const unsigned v = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    *to++ = kAlphabet[v >> 18];
    *to++ = kAlphabet[v >> 12 & 63];
    *to++ = kAlphabet[v >> 6 & 63];
    *to++ = kAlphabet[v & 63];
  }
  if (i < bytes.size()) {
    const bool two = i + 1 < bytes.size();
    const unsigned v = at(i) << 16 | (two ? at(i + 1) << 8 : 0);
    *to++ = kAlphabet[v >> 18];
    *to++ = kAlphabet[v >> 12 & 63];
    if (two) *to = kAlphabet[v >> 6 & 63];
  }
  return out;
}

bool init_datetime() {
  PyDateTime_IMPORT;
  return PyDateTimeAPI != nullptr;
}

bool is_datetime_kind(PyObject* object) {
  return PyDate_Check(object) || PyTime_Check(object) || PyDelta_Check(object);
}

bool datetime_text(PyObject* object, std::string& out) {
  if (PyDateTime_Check(object)) {
    // pandas.NaT claims to be a datetime.
    if (std::string_view(Py_TYPE(object)->tp_name).ends_with("NaTType")) {
      out = "NaT";
      return true;
    }
    return append_datetime(object, out);
  }
  if (PyDate_Check(object)) {
    append_date(out, PyDateTime_GET_YEAR(object), PyDateTime_GET_MONTH(object), PyDateTime_GET_DAY(object));
    return true;
  }
  if (PyDelta_Check(object)) {
    append_delta(object, out);
    return true;
  }
  append_time(out, PyDateTime_TIME_GET_HOUR(object), PyDateTime_TIME_GET_MINUTE(object),
              PyDateTime_TIME_GET_SECOND(object), PyDateTime_TIME_GET_MICROSECOND(object));
  const Ref offset = offset_of(object);
  if (!offset) return false;
  if (offset.get() != Py_None) append_zone(out, offset.get());
  return true;
}

bool timedelta_milliseconds(PyObject* object, std::int64_t* out) {
  if (!PyDelta_Check(object)) return false;
  const std::int64_t days = PyDateTime_DELTA_GET_DAYS(object);
  *out =
      (days * 86400 + PyDateTime_DELTA_GET_SECONDS(object)) * 1000 + PyDateTime_DELTA_GET_MICROSECONDS(object) / 1000;
  return true;
}

void strip_addresses(std::string& text) {
  static constexpr std::string_view kMark = " at 0x";
  std::size_t from = 0;
  for (;;) {
    const std::size_t start = text.find(kMark, from);
    if (start == std::string::npos) return;
    std::size_t end = start + kMark.size();
    while (end < text.size() && std::isxdigit(static_cast<unsigned char>(text[end]))) ++end;
    if (end - start >= kMark.size() + 6) {
      text.erase(start, end - start);
      from = start;
    } else {
      from = end;
    }
  }
}

}  // namespace plog::python
