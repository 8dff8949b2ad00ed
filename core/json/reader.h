// JSON text in (on the structural index of simdjson), as calls on a handler. Shared by events, filters, journals and
// stored octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"

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
  // The same for a handler whose type is known, which need not be a Handler: its calls can be inlined. Defined in
  // json/walk.h.
  template <class KnownHandler>
  void read_into(std::string_view text, KnownHandler& handler);

 private:
  struct Parser;  // simdjson's
  struct Special {
    std::string_view text;
    bool invalid_utf8 = false, lone_surrogate = false;  // was repaired
  };

  const std::uint32_t* begin(std::string_view text);  // where the tokens start
  void end();
  void prepare(std::size_t size);
  void index(std::string_view text);
  template <class KnownHandler>
  void walk(const std::uint32_t* next, KnownHandler& handler);
  template <class KnownHandler>
  void scalar(std::size_t at, std::size_t next, KnownHandler& handler) const;
  const std::uint32_t* skip(const std::uint32_t* next);
  Special special_string(std::size_t at, std::size_t end);
  void find_special(std::size_t from);

  [[noreturn]] void fail(std::size_t at, const std::string& what) const;
  [[noreturn]] void fail_expected(std::size_t at, const char* what) const;
  [[noreturn]] void fail_stage1(int code) const;

  std::unique_ptr<Parser> parser_;
  std::vector<char> buffer_;  // a copy of the text, padded with NULs as simdjson wants it
  std::size_t size_ = 0;
  std::string open_;              // '{' and '[' of the containers that are open
  std::size_t escape_ = 0;        // the first backslash that is not before the string that was read last, or size_
  std::size_t special_ = 0;       // the first backslash or repair that is not before the string that was read last
  std::string scratch_;           // an unescaped string
  std::size_t skipped_mark_ = 0;  // 3 when a byte order mark was taken off
  std::vector<Utf8Repair> repairs_;
  std::size_t next_repair_ = 0;
};

}  // namespace plog::json
