#include "json/reader.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "json/number.h"
#include "json/text.h"

namespace plog::json {
namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;
constexpr std::size_t kFirstCapacity = std::size_t{16} << 10;
// Buffers above this are given back after the text that needed them.
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

// simdjson's first stage finds where every token starts, checks UTF-8, and that strings are closed and free of control
// characters; the walk over the tokens is here, because it must be strict, iterative, and repair what can be repaired.
struct Reader::Impl {
  void read(std::string_view text, Handler& handler);

 private:
  void prepare(std::size_t size);
  void index(std::string_view text);
  void walk(Handler& handler);
  const std::uint32_t* skip(const std::uint32_t* next);
  std::string_view special_string(std::size_t at, std::size_t end, Handler& handler);
  void find_special(std::size_t from);
  void scalar(std::size_t at, std::size_t next, Handler& handler) const;

  [[noreturn]] void fail(std::size_t at, const std::string& what) const;
  [[noreturn]] void fail_expected(std::size_t at, const char* what) const;
  [[noreturn]] void fail_stage1(simdjson::error_code code) const;

  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
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

void Reader::Impl::fail(std::size_t at, const std::string& what) const {
  // Positions are told in the text as it was given.
  std::size_t original = at;
  for (const Utf8Repair& repair : repairs_) {
    if (repair.position > at) break;
    const std::size_t behind = at - repair.position;
    original = behind < 3 ? repair.original : repair.original + repair.size + behind - 3;
  }
  throw Error(Status::kInvalid, "malformed JSON at byte " + std::to_string(original + skipped_mark_) + ": " + what);
}

void Reader::Impl::fail_expected(std::size_t at, const char* what) const {
  if (at == size_) fail(at, std::string("the text ends where ") + what + " was expected");
  fail(at, std::string("expected ") + what);
}

void Reader::Impl::fail_stage1(simdjson::error_code code) const {
  if (code == simdjson::EMPTY) fail_expected(size_, "a value");
  // Cold: find what the first stage saw.
  std::size_t string = size_;  // the quote that opened the current string; size_ outside
  for (std::size_t i = 0; i < size_; ++i) {
    if (buffer_[i] == '\\') {
      // Outside of strings it is an error, which the implementations of the first stage see in different ways.
      if (string == size_) fail_expected(i, "a value");
      if (++i == size_) break;
    } else if (buffer_[i] == '"') {
      string = string == size_ ? i : size_;
    }
    if (string != size_ && static_cast<unsigned char>(buffer_[i]) < 0x20) fail(i, "control character in a string");
  }
  if (string != size_) fail(string, "string without an end");
  fail(0, simdjson::error_message(code));
}

void Reader::Impl::prepare(std::size_t size) {
  if (parser_ == nullptr || parser_->capacity() < size) {
    std::size_t capacity = kFirstCapacity;
    while (capacity < size) capacity *= 2;
    simdjson::error_code error = simdjson::SUCCESS;
    if (parser_ == nullptr) {
      error = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, parser_);
    } else {
      error = parser_->allocate(capacity, 1);
    }
    if (error != simdjson::SUCCESS) {
      parser_.reset();
      throw std::bad_alloc();
    }
  }
  if (buffer_.size() < size + simdjson::SIMDJSON_PADDING) {
    buffer_.resize(parser_->capacity() + simdjson::SIMDJSON_PADDING);
  }
}

void Reader::Impl::index(std::string_view text) {
  prepare(text.size());
  size_ = text.size();
  std::copy(text.begin(), text.end(), buffer_.begin());
  std::memset(buffer_.data() + size_, 0, simdjson::SIMDJSON_PADDING);
  auto* octets = reinterpret_cast<const std::uint8_t*>(buffer_.data());
  simdjson::error_code error = simdjson::EMPTY;
  if (size_ > 0) error = parser_->stage1(octets, size_, simdjson::stage1_mode::regular);
  if (error == simdjson::UTF8_ERROR && repairs_.empty()) {
    const std::string repaired = repair_utf8(text, &repairs_);
    if (!repairs_.empty()) {
      index(repaired);
      return;
    }
  }
  if (error != simdjson::SUCCESS) fail_stage1(error);
  // An end for the walk: there the buffer has a NUL, which no rule of the grammar takes.
  parser_->structural_indexes[parser_->n_structural_indexes] = static_cast<std::uint32_t>(size_);
}

void Reader::Impl::read(std::string_view text, Handler& handler) {
  if (text.size() > kMaxText) {
    throw Error(Status::kInvalid, "JSON text of " + std::to_string(text.size()) + " bytes is over the limit of " +
                                      std::to_string(kMaxText) + " bytes; split it");
  }
  skipped_mark_ = 0;
  repairs_.clear();
  next_repair_ = 0;
  open_.clear();
  if (text.starts_with(kByteOrderMark)) {
    skipped_mark_ = kByteOrderMark.size();
    text.remove_prefix(skipped_mark_);
  }
  index(text);
  escape_ = 0;  // the first string looks further
  special_ = 0;
  walk(handler);
  if (buffer_.size() > kKeptCapacity) {
    parser_.reset();
    buffer_ = {};
    open_ = {};
    scratch_ = {};
    repairs_ = {};
  }
}

void Reader::Impl::find_special(std::size_t from) {
  // Each octet is looked at once in all: a backslash far ahead is kept while repairs before it are passed.
  if (escape_ < from) {
    const void* found = std::memchr(buffer_.data() + from, '\\', size_ - from);
    escape_ = found == nullptr ? size_ : static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
  }
  while (next_repair_ < repairs_.size() && repairs_[next_repair_].position < from) ++next_repair_;
  special_ = escape_;
  if (next_repair_ < repairs_.size()) special_ = std::min(special_, repairs_[next_repair_].position);
}

// The text of the string token from `at` to `end`, when there may be a backslash or a repair in it.
std::string_view Reader::Impl::special_string(std::size_t at, std::size_t end, Handler& handler) {
  const std::string_view raw(buffer_.data() + at + 1, end - at - 2);
  if (special_ < at) find_special(at);
  if (special_ >= end) return raw;
  if (next_repair_ < repairs_.size() && repairs_[next_repair_].position < end) handler.repaired("invalid_utf8");
  scratch_.clear();
  bool repaired = false;
  if (!append_unescaped(scratch_, raw, &repaired)) fail(at, "string with a bad escape");
  if (repaired) handler.repaired("lone_surrogate");
  return scratch_;
}

void Reader::Impl::scalar(std::size_t at, std::size_t next, Handler& handler) const {
  while (next > at && is_space(buffer_[next - 1])) --next;
  const std::string_view text(buffer_.data() + at, next - at);
  const char first = buffer_[at];
  if (first == '-' || (first >= '0' && first <= '9')) {
    if (!is_number_literal(text)) fail(at, "bad number");
    handler.number(text);
  } else if (text == "true") {
    handler.boolean(true);
  } else if (text == "false") {
    handler.boolean(false);
  } else if (text == "null") {
    handler.null();
  } else {
    fail_expected(at, "a value");
  }
}

// From a token inside of the innermost open container to its closing bracket.
const std::uint32_t* Reader::Impl::skip(const std::uint32_t* next) {
  const std::size_t depth = open_.size();
  for (;; ++next) {
    const char c = buffer_[*next];
    if (c == '{' || c == '[') {
      open_.push_back(c);
    } else if (c == '}' || c == ']' || *next == size_) {
      const bool object = open_.back() == '{';
      if (c != (object ? '}' : ']')) fail_expected(*next, object ? "'}'" : "']'");
      if (open_.size() == depth) return next;
      open_.pop_back();
    }
  }
}

void Reader::Impl::walk(Handler& handler) {
  const char* const text = buffer_.data();
  const std::uint32_t* next = parser_->structural_indexes.get();  // the first token not yet taken
  bool object = false;                                            // whether the innermost open container is one

  // The string token at `at`, whose successor is `next`. After the closing quote there is only white space.
  const auto string = [&](std::size_t at) {
    std::size_t end = *next;
    while (text[end - 1] != '"' && is_space(text[end - 1])) --end;
    if (end - at < 2 || text[end - 1] != '"') fail(at, "string without an end");
    if (end <= special_) [[likely]]
      return std::string_view(text + at + 1, end - at - 2);
    return special_string(at, end, handler);
  };
  const auto key = [&] {
    const std::size_t at = *next++;
    if (text[at] != '"') fail_expected(at, "a key");
    handler.key(string(at));
    const std::size_t colon = *next++;
    if (text[colon] != ':') fail_expected(colon, "':'");
  };

  for (;;) {
    // Here a value starts.
    const std::size_t at = *next++;
    const char first = text[at];
    if (first == '"') {
      handler.string(string(at));
    } else if (first == '{' || first == '[') {
      object = first == '{';
      if (object) {
        handler.begin_object();
      } else {
        handler.begin_array();
      }
      open_.push_back(first);
      if (!handler.enter()) {
        next = skip(next);
      } else if (text[*next] != (object ? '}' : ']')) {
        if (object) key();
        continue;
      }
    } else {
      scalar(at, *next, handler);
    }
    // Here one has ended.
    for (;;) {
      const std::size_t after = *next++;
      if (open_.empty()) {
        if (after != size_) fail(after, "content after the value");
        return;
      }
      if (text[after] == ',') {
        if (object) key();
        break;
      }
      if (text[after] != (object ? '}' : ']')) fail_expected(after, object ? "',' or '}'" : "',' or ']'");
      if (object) {
        handler.end_object();
      } else {
        handler.end_array();
      }
      open_.pop_back();
      object = !open_.empty() && open_.back() == '{';
    }
  }
}

Reader::Reader() : impl_(std::make_unique<Impl>()) {}
Reader::~Reader() = default;

void Reader::read(std::string_view text, Handler& handler) { impl_->read(text, handler); }

}  // namespace plog::json
