#include "json/canonical.h"

#include <cstring>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "json/number.h"
#include "json/text.h"

namespace plog::json {
namespace {

constexpr int kMaxDepth = 512;

class Checker {
 public:
  explicit Checker(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool whole() { return value(0) && at_ == end_; }

 private:
  bool take(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool literal(std::string_view text) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < text.size() || std::memcmp(at_, text.data(), text.size()) != 0)
      return false;
    at_ += text.size();
    return true;
  }

  bool value(int depth) {
    if (at_ == end_) return false;
    switch (*at_) {
      case '{': return depth < kMaxDepth && object(depth + 1);
      case '[': return depth < kMaxDepth && array(depth + 1);
      case '"': return string() != std::nullopt;
      case 't': return literal("true");
      case 'f': return literal("false");
      case 'n': return literal("null");
      default: return number();
    }
  }

  bool array(int depth) {
    ++at_;
    if (take(']')) return true;
    do {
      if (!value(depth)) return false;
    } while (take(','));
    return take(']');
  }

  bool object(int depth) {
    ++at_;
    if (take('}')) return true;
    std::string_view before;
    bool first = true;
    do {
      if (at_ == end_ || *at_ != '"') return false;
      const auto key = string();
      if (!key || (!first && !ordered(before, *key))) return false;
      before = *key;
      first = false;
      if (!take(':') || !value(depth)) return false;
    } while (take(','));
    return take('}');
  }

  // Whether `left` sorts before `right`; both are the text between a key's quotes, still escaped.
  static bool ordered(std::string_view left, std::string_view right) {
    if (left.find('\\') == left.npos && right.find('\\') == right.npos) return compare_keys(left, right) < 0;
    std::string first, second;
    return append_unescaped(first, left, nullptr) && append_unescaped(second, right, nullptr) &&
           compare_keys(first, second) < 0;
  }

  // Reads the string that starts at `at_`. Returns the text between its quotes, still escaped, or nullopt.
  std::optional<std::string_view> string() noexcept {
    const char* const start = ++at_;
    for (; at_ != end_; ++at_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') return std::string_view(start, static_cast<std::size_t>(at_++ - start));
      if (c < 0x20) return std::nullopt;
      if (c == '\\' && !escape()) return std::nullopt;
    }
    return std::nullopt;
  }

  // Checks that the escape at `at_` is the shortest spelling of its character. Leaves `at_` on its last character.
  bool escape() noexcept {
    if (++at_ == end_) return false;
    if (std::memchr("\"\\btnfr", *at_, 7) != nullptr) return true;
    if (*at_ != 'u' || end_ - at_ < 5 || at_[1] != '0' || at_[2] != '0') return false;
    const char high = at_[3], low = at_[4];
    if (high != '0' && high != '1') return false;
    if (!((low >= '0' && low <= '9') || (low >= 'a' && low <= 'f'))) return false;
    if (high == '0' && std::memchr("89acd", low, 5) != nullptr) return false;
    at_ += 4;
    return true;
  }

  bool number() noexcept {
    const char* const start = at_;
    while (at_ != end_ && *at_ != ',' && *at_ != ']' && *at_ != '}') ++at_;
    const std::string_view text(start, static_cast<std::size_t>(at_ - start));
    if (!is_number_literal(text)) return false;
    char buffer[kNumberSize];
    const Number canonical = canonical_number(text, buffer);
    return !canonical.is_text && canonical.text == text;
  }

  const char* at_;
  const char* const end_;
};

}  // namespace

bool is_canonical(std::string_view text) { return is_utf8(text) && Checker(text).whole(); }

}  // namespace plog::json
