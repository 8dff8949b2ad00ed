// JSON text in (on the structural index of simdjson), as calls on a handler. Shared by events, filters, journals and
// stored octets.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace plog::json {

// Receives the values of one JSON text in order. Texts are borrowed for the call.
class Handler {
 public:
  virtual void key(std::string_view text) = 0;
  virtual void string(std::string_view text) = 0;
  virtual void number(std::string_view literal) = 0;  // matches is_number_literal
  virtual void boolean(bool value) = 0;
  virtual void null() = 0;
  virtual void begin_object() = 0;
  virtual void end_object() = 0;
  virtual void begin_array() = 0;
  virtual void end_array() = 0;
  // A repair was made in the value or key that comes next: "invalid_utf8" or "lone_surrogate".
  virtual void repaired(std::string_view code) = 0;
  // Whether the handler wants the inside of a container that it was just told to begin; false skips to its end (its
  // end_ call still comes). Skipped content is only checked for balanced brackets.
  virtual bool enter() { return true; }

 protected:
  ~Handler() = default;
};

// Reads texts of up to 64 MiB. Keeps its buffers from text to text. One thread at a time.
//
// Malformed text (RFC 8259; also trailing content, and unescaped control characters) throws Error(kInvalid, "malformed
// JSON at byte N: ..."), possibly after calls on the handler. Invalid UTF-8 is repaired as repair_utf8 does. A leading
// byte order mark is skipped. Nesting is limited only by memory: no recursion.
class Reader {
 public:
  Reader();
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void read(std::string_view text, Handler& handler);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace plog::json
