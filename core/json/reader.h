// A JSON reader that calls a handler for each value. It works on simdjson's structural index. Events, filters and
// configuration are all read with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"

namespace plog::json {

// Receives the values of one JSON text in order. The texts are valid only during the call.
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
  // The next value or key was repaired; `code` is "invalid_utf8" or "lone_surrogate".
  virtual void repaired(std::string_view code) = 0;
  // Called after each begin_ call. Return false to skip the content of the container; its end_ call still follows.
  // Skipped content is checked only for balanced brackets.
  virtual bool enter() { return true; }

 protected:
  ~Handler() = default;
};

// Reads texts of up to 64 MiB and reuses its buffers from one text to the next. Use it from one thread at a time.
//
// Malformed text (RFC 8259; this includes trailing content and unescaped control characters) throws Error(kInvalid,
// "malformed JSON at byte N: ..."), possibly after calls to the handler. Invalid UTF-8 is repaired as by repair_utf8. A
// leading byte order mark is skipped. Nesting is limited only by memory, since the reader does not recurse.
class Reader {
 public:
  Reader();
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void read(std::string_view text, Handler& handler);
  // The same for a handler of a known type, which need not derive from Handler: the compiler can inline its calls.
  // Defined in json/walk.h.
  template <class KnownHandler>
  void read_into(std::string_view text, KnownHandler& handler);

 private:
  struct Parser;  // simdjson's
  struct Special {
    std::string_view text;
    bool invalid_utf8 = false, lone_surrogate = false;  // what was repaired
  };

  const std::uint32_t* begin(std::string_view text);  // returns the positions of the tokens
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
  std::vector<char> buffer_;  // a copy of the text, padded with NULs as simdjson requires
  std::size_t size_ = 0;
  std::string open_;              // '{' and '[' of the containers that are open
  std::size_t escape_ = 0;        // the first backslash at or after the start of the last string, or size_
  std::size_t special_ = 0;       // the first backslash or repair at or after the start of the last string, or size_
  std::string scratch_;           // an unescaped string
  std::size_t skipped_mark_ = 0;  // 3 if a byte order mark was removed
  std::vector<Utf8Repair> repairs_;
  std::size_t next_repair_ = 0;
};

}  // namespace plog::json
