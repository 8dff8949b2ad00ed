#include "json/reader.h"

#include <simdjson.h>

#include <cstring>
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
  void skip();
  void open(char kind);
  void close(char kind, Handler& handler);
  void key(Handler& handler);
  void scalar(std::size_t at, Handler& handler);
  // The token that starts at `at`, which is the last one taken.
  std::string_view token(std::size_t at) const;
  // The text of the string token at `at`, told about to the handler where it had to be repaired.
  std::string_view string(std::size_t at, Handler& handler);
  bool was_repaired(std::size_t begin, std::size_t end);

  // Takes the next token and returns where it starts; the size of the text when there is none.
  std::size_t take() {
    const std::size_t at = tokens_[next_];
    if (next_ < count_) [[likely]]
      ++next_;
    return at;
  }
  std::size_t peek() const { return tokens_[next_]; }

  [[noreturn]] void fail(std::size_t at, const char* what) const;
  [[noreturn]] void fail_expected(std::size_t at, const char* what) const;
  [[noreturn]] void fail_stage1(simdjson::error_code code) const;

  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
  std::vector<char> buffer_;  // a copy of the text, padded as simdjson wants it
  std::size_t size_ = 0;
  const std::uint32_t* tokens_ = nullptr;  // count_ starts, then size_
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  std::size_t escape_ = 0;  // the first backslash that is not before what was taken, or size_
  std::string open_;        // '{' and '[' of the containers that are open
  std::string scratch_;
  std::size_t skipped_mark_ = 0;  // 3 when a byte order mark was taken off
  std::vector<Utf8Repair> repairs_;
  std::size_t next_repair_ = 0;
};

void Reader::Impl::fail(std::size_t at, const char* what) const {
  // Positions are told in the text as it was given.
  std::size_t original = at;
  for (const Utf8Repair& repair : repairs_) {
    if (repair.position > at) break;
    const std::size_t behind = at - repair.position;
    original = behind < 3 ? repair.original : repair.original + repair.size + behind - 3;
  }
  throw Error(Status::kInvalid,
              "malformed JSON at byte " + std::to_string(original + skipped_mark_) + ": " + std::string(what));
}

void Reader::Impl::fail_expected(std::size_t at, const char* what) const {
  fail(at,
       (std::string(at == size_ ? "the text ends where " : "expected ") + what + (at == size_ ? " was expected" : ""))
           .c_str());
}

void Reader::Impl::fail_stage1(simdjson::error_code code) const {
  if (code == simdjson::EMPTY) fail_expected(size_, "a value");
  // Cold: find what the first stage saw, by its own rules (a backslash escapes outside of strings too).
  std::size_t string = size_;  // the quote that opened the current string; size_ outside
  for (std::size_t i = 0; i < size_; ++i) {
    const char c = buffer_[i];
    if (c == '\\') {
      if (++i < size_ && string != size_ && static_cast<unsigned char>(buffer_[i]) < 0x20) {
        fail(i, "control character in a string");
      }
    } else if (c == '"') {
      string = string == size_ ? i : size_;
    } else if (string != size_ && static_cast<unsigned char>(c) < 0x20) {
      fail(i, "control character in a string");
    }
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
  std::memcpy(buffer_.data(), text.data(), size_);
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
  count_ = parser_->n_structural_indexes;
  parser_->structural_indexes[count_] = static_cast<std::uint32_t>(size_);
  tokens_ = parser_->structural_indexes.get();
}

void Reader::Impl::read(std::string_view text, Handler& handler) {
  if (text.size() > kMaxText) {
    throw Error(Status::kInvalid, "JSON text of " + std::to_string(text.size()) + " bytes is over the limit of " +
                                      std::to_string(kMaxText) + " bytes; split it");
  }
  skipped_mark_ = 0;
  repairs_.clear();
  next_repair_ = 0;
  next_ = 0;
  open_.clear();
  if (text.starts_with(kByteOrderMark)) {
    skipped_mark_ = kByteOrderMark.size();
    text.remove_prefix(skipped_mark_);
  }
  index(text);
  const void* backslash = std::memchr(buffer_.data(), '\\', size_);
  escape_ =
      backslash == nullptr ? size_ : static_cast<std::size_t>(static_cast<const char*>(backslash) - buffer_.data());
  walk(handler);
  if (buffer_.size() > kKeptCapacity) {
    parser_.reset();
    buffer_ = {};
    open_ = {};
    scratch_ = {};
  }
}

std::string_view Reader::Impl::token(std::size_t at) const {
  std::size_t end = tokens_[next_];
  while (is_space(buffer_[end - 1])) --end;
  return std::string_view(buffer_.data() + at, end - at);
}

bool Reader::Impl::was_repaired(std::size_t begin, std::size_t end) {
  while (next_repair_ < repairs_.size() && repairs_[next_repair_].position < begin) ++next_repair_;
  return next_repair_ < repairs_.size() && repairs_[next_repair_].position < end;
}

std::string_view Reader::Impl::string(std::size_t at, Handler& handler) {
  const std::string_view quoted = token(at);
  if (quoted.size() < 2 || quoted.back() != '"') fail(at, "string without an end");
  const std::string_view raw = quoted.substr(1, quoted.size() - 2);
  const std::size_t end = at + quoted.size();
  if (!repairs_.empty() && was_repaired(at, end)) handler.repaired("invalid_utf8");
  if (escape_ < at) {
    const void* found = std::memchr(buffer_.data() + at, '\\', size_ - at);
    escape_ = found == nullptr ? size_ : static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
  }
  if (escape_ >= end) return raw;
  scratch_.clear();
  bool repaired = false;
  if (!append_unescaped(scratch_, raw, &repaired)) fail(at, "string with a bad escape");
  if (repaired) handler.repaired("lone_surrogate");
  return scratch_;
}

void Reader::Impl::key(Handler& handler) {
  const std::size_t at = take();
  if (buffer_[at] != '"') fail_expected(at, "a key");
  handler.key(string(at, handler));
  const std::size_t colon = take();
  if (buffer_[colon] != ':') fail_expected(colon, "':'");
}

void Reader::Impl::scalar(std::size_t at, Handler& handler) {
  if (at == size_) fail_expected(at, "a value");
  const char first = buffer_[at];
  if (first == '"') {
    handler.string(string(at, handler));
    return;
  }
  const std::string_view text = token(at);
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

void Reader::Impl::open(char kind) { open_.push_back(kind); }

void Reader::Impl::close(char kind, Handler& handler) {
  open_.pop_back();
  kind == '{' ? handler.end_object() : handler.end_array();
}

// To just before the bracket that closes the innermost open container.
void Reader::Impl::skip() {
  const std::size_t depth = open_.size();
  for (;; take()) {
    const std::size_t at = peek();
    const char c = buffer_[at];
    if (at == size_) fail_expected(at, open_.back() == '{' ? "'}'" : "']'");
    if (c == '{' || c == '[') {
      open_.push_back(c);
    } else if (c == '}' || c == ']') {
      if (open_.back() != (c == '}' ? '{' : '[')) fail_expected(at, open_.back() == '{' ? "'}'" : "']'");
      if (open_.size() == depth) return;
      open_.pop_back();
    }
  }
}

void Reader::Impl::walk(Handler& handler) {
  for (;;) {
    // Here a value starts.
    const std::size_t at = take();
    const char first = buffer_[at];
    if (first == '{' || first == '[') {
      const bool object = first == '{';
      object ? handler.begin_object() : handler.begin_array();
      open(first);
      if (!handler.enter()) {
        skip();
      } else if (buffer_[peek()] != (object ? '}' : ']')) {
        if (object) key(handler);
        continue;
      }
    } else {
      scalar(at, handler);
    }
    // Here one ended.
    for (;;) {
      const std::size_t after = take();
      const char c = buffer_[after];
      if (open_.empty()) {
        if (after != size_) fail(after, "content after the value");
        return;
      }
      const bool object = open_.back() == '{';
      if (c == ',') {
        if (object) key(handler);
        break;
      }
      if (c != (object ? '}' : ']')) fail_expected(after, object ? "',' or '}'" : "',' or ']'");
      close(open_.back(), handler);
    }
  }
}

Reader::Reader() : impl_(std::make_unique<Impl>()) {}
Reader::~Reader() = default;

void Reader::read(std::string_view text, Handler& handler) { impl_->read(text, handler); }

}  // namespace plog::json
