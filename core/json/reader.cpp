#include "json/reader.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "base/error.h"
#include "json/text.h"
#include "json/walk.h"

namespace plog::json {
namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;
constexpr std::size_t kFirstCapacity = std::size_t{16} << 10;
// Buffers larger than this are released after the text that needed them.
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

// simdjson's first stage finds the start of every token and checks that the text is UTF-8 and that strings are closed
// and contain no control characters. The walk over the tokens is our own, because it must be strict and iterative, and
// must repair what can be repaired.
struct Reader::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

void Reader::fail(std::size_t at, const std::string& what) const {
  // Report the position in the caller's text, before any repair.
  std::size_t original = at;
  for (const Utf8Repair& repair : repairs_) {
    if (repair.position > at) break;
    const std::size_t behind = at - repair.position;
    original = behind < 3 ? repair.original : repair.original + repair.size + behind - 3;
  }
  throw Error(Status::kInvalid, "malformed JSON at byte " + std::to_string(original + skipped_mark_) + ": " + what);
}

void Reader::fail_expected(std::size_t at, const char* what) const {
  if (at == size_) fail(at, std::string("the text ends where ") + what + " was expected");
  fail(at, std::string("expected ") + what);
}

void Reader::fail_stage1(int code) const {
  if (code == simdjson::EMPTY) fail_expected(size_, "a value");
  // The first stage does not report a position, so find the error again. This path is cold.
  std::size_t string = size_;  // the quote that opened the current string; size_ outside
  for (std::size_t i = 0; i < size_; ++i) {
    if (buffer_[i] == '\\') {
      // A backslash outside a string is an error that the CPU-specific implementations of the first stage report
      // differently.
      if (string == size_) fail_expected(i, "a value");
      if (++i == size_) break;
    } else if (buffer_[i] == '"') {
      string = string == size_ ? i : size_;
    }
    if (string != size_ && static_cast<unsigned char>(buffer_[i]) < 0x20) fail(i, "control character in a string");
  }
  if (string != size_) fail(string, "unterminated string");
  fail(0, simdjson::error_message(static_cast<simdjson::error_code>(code)));
}

void Reader::prepare(std::size_t size) {
  if (parser_->stages == nullptr || parser_->stages->capacity() < size) {
    std::size_t capacity = kFirstCapacity;
    while (capacity < size) capacity *= 2;
    simdjson::error_code error = simdjson::SUCCESS;
    if (parser_->stages == nullptr) {
      error = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, parser_->stages);
    } else {
      error = parser_->stages->allocate(capacity, 1);
    }
    if (error != simdjson::SUCCESS) {
      parser_->stages.reset();
      throw std::bad_alloc();
    }
  }
  if (buffer_.size() < size + simdjson::SIMDJSON_PADDING) {
    buffer_.resize(parser_->stages->capacity() + simdjson::SIMDJSON_PADDING);
  }
}

void Reader::index(std::string_view text) {
  prepare(text.size());
  size_ = text.size();
  std::copy(text.begin(), text.end(), buffer_.begin());
  std::memset(buffer_.data() + size_, 0, simdjson::SIMDJSON_PADDING);
  auto* octets = reinterpret_cast<const std::uint8_t*>(buffer_.data());
  simdjson::error_code error = simdjson::EMPTY;
  if (size_ > 0) error = parser_->stages->stage1(octets, size_, simdjson::stage1_mode::regular);
  if (error == simdjson::UTF8_ERROR && repairs_.empty()) {
    const std::string repaired = repair_utf8(text, &repairs_);
    if (!repairs_.empty()) {
      index(repaired);
      return;
    }
  }
  if (error != simdjson::SUCCESS) fail_stage1(error);
  // A last token stops the walk: the buffer has a NUL there, which the grammar never accepts.
  parser_->stages->structural_indexes[parser_->stages->n_structural_indexes] = static_cast<std::uint32_t>(size_);
}

const std::uint32_t* Reader::begin(std::string_view text) {
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
  escape_ = 0;  // the first string searches for the actual positions
  special_ = 0;
  return parser_->stages->structural_indexes.get();
}

// Releases the memory that a large text needed.
void Reader::end() {
  if (buffer_.size() > kKeptCapacity) {
    parser_->stages.reset();
    buffer_ = {};
    open_ = {};
    scratch_ = {};
    repairs_ = {};
  }
}

void Reader::find_special(std::size_t from) {
  // Each byte is searched only once: a backslash far ahead is remembered while repairs before it are passed.
  if (escape_ < from) {
    const void* found = std::memchr(buffer_.data() + from, '\\', size_ - from);
    escape_ = found == nullptr ? size_ : static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
  }
  while (next_repair_ < repairs_.size() && repairs_[next_repair_].position < from) ++next_repair_;
  special_ = escape_;
  if (next_repair_ < repairs_.size()) special_ = std::min(special_, repairs_[next_repair_].position);
}

// Reads the string token from `at` to `end`, which may contain a backslash or a repair.
Reader::Special Reader::special_string(std::size_t at, std::size_t end) {
  Special result;
  result.text = {buffer_.data() + at + 1, end - at - 2};
  if (special_ < at) find_special(at);
  if (special_ >= end) return result;
  result.invalid_utf8 = next_repair_ < repairs_.size() && repairs_[next_repair_].position < end;
  scratch_.clear();
  if (!append_unescaped(scratch_, result.text, &result.lone_surrogate)) fail(at, "invalid escape in a string");
  result.text = scratch_;
  return result;
}

// Moves from a token inside the innermost open container to the closing bracket of that container.
const std::uint32_t* Reader::skip(const std::uint32_t* next) {
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

Reader::Reader() : parser_(std::make_unique<Parser>()) {}
Reader::~Reader() = default;

void Reader::read(std::string_view text, Handler& handler) { read_into(text, handler); }

}  // namespace plog::json
