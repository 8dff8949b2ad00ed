// The event writer of plog.h, for one event or one value. Cancels what was not committed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "provenlog/plog.h"

namespace plog::python {

class Writer {
 public:
  explicit Writer(plog_event* handle) : handle_(handle) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { plog_event_cancel(handle_); }

  plog_event* get() const { return handle_; }
  plog_event* release() { return std::exchange(handle_, nullptr); }

  void key(std::string_view text) {
    bytes_ += text.size();
    plog_event_key(handle_, text.data(), text.size());
  }
  void begin_key() { plog_event_begin_key(handle_); }
  void end_key() { plog_event_end_key(handle_); }
  void string(std::string_view text) {
    bytes_ += text.size();
    plog_event_string(handle_, text.data(), text.size());
  }
  void integer(std::int64_t value) { plog_event_integer(handle_, value); }
  void integer_text(std::string_view digits) {
    bytes_ += digits.size();
    plog_event_integer_text(handle_, digits.data(), digits.size());
  }
  void number(double value) { plog_event_double(handle_, value); }
  void boolean(bool value) { plog_event_bool(handle_, value ? 1 : 0); }
  void null() { plog_event_null(handle_); }
  void begin_object() { plog_event_begin_object(handle_); }
  void end_object() { plog_event_end_object(handle_); }
  void begin_array() { plog_event_begin_array(handle_); }
  void end_array() { plog_event_end_array(handle_); }
  void begin_set() { plog_event_begin_set(handle_); }
  void end_set() { plog_event_end_set(handle_); }
  // Writes a copy of a value that was written before.
  void value(const Writer& other) {
    bytes_ += other.bytes_;
    plog_event_value(handle_, other.handle_);
  }
  void truncated(std::string_view reason) { plog_event_truncated(handle_, reason.data(), reason.size()); }
  void warning(std::string_view code, std::string_view detail) {
    plog_event_warning(handle_, code.data(), code.size(), detail.data(), detail.size());
  }
  int depth() const { return plog_event_depth(handle_); }
  // The bytes of text that were written.
  std::size_t bytes() const { return bytes_; }

 private:
  plog_event* handle_;
  std::size_t bytes_ = 0;
};

}  // namespace plog::python
