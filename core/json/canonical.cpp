#include "json/canonical.h"

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "json/number.h"
#include "json/text.h"

namespace plog::json {
namespace {

constexpr int kMaxDepth = 512;

class Checker {
 public:
  explicit Checker(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  bool whole() { return value(0) && (at_ == end_ || unexpected()); }
  // Why whole() has returned false.
  CanonicalFlaw flaw() const noexcept { return {static_cast<std::size_t>(flaw_at_ - begin_), why_}; }

 private:
  bool refuse(const char* at, const char* why) noexcept {
    flaw_at_ = at;
    why_ = why;
    return false;
  }

  // Refuses the text because of what is, or is missing, at `at_`.
  bool unexpected() noexcept {
    if (at_ == end_) return refuse(at_, "ends the text too early");
    return refuse(at_, std::memchr(" \n\r\t", *at_, 4) != nullptr ? "is white space" : "is not what JSON allows here");
  }

  bool take(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool literal(std::string_view text) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < text.size() || std::memcmp(at_, text.data(), text.size()) != 0) {
      return unexpected();
    }
    at_ += text.size();
    return true;
  }

  bool value(int depth) {
    if (at_ == end_) return unexpected();
    switch (*at_) {
      case '{':
      case '[':
        if (depth >= kMaxDepth) return refuse(at_, "begins a container that is nested too deeply");
        return *at_ == '{' ? object(depth + 1) : array(depth + 1);
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
    return take(']') || unexpected();
  }

  bool object(int depth) {
    ++at_;
    if (take('}')) return true;
    std::string_view before;
    bool first = true;
    do {
      if (at_ == end_ || *at_ != '"') return unexpected();
      const char* const start = at_;
      const auto key = string();
      if (!key) return false;
      if (!first && !ordered(before, *key)) {
        return refuse(start, before == *key ? "repeats a key" : "begins a key that must come earlier");
      }
      before = *key;
      first = false;
      if (!take(':')) return unexpected();
      if (!value(depth)) return false;
    } while (take(','));
    return take('}') || unexpected();
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
      if (c < 0x20) {
        refuse(at_, "is a control character without an escape");
        return std::nullopt;
      }
      if (c != '\\') continue;
      if (const char* const escaped = at_; !escape()) {
        refuse(escaped, "begins an escape that RFC 8785 spells otherwise");
        return std::nullopt;
      }
    }
    unexpected();
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
    if (!is_number_literal(text)) {
      at_ = start;
      return unexpected();
    }
    char buffer[kNumberSize];
    const Number canonical = canonical_number(text, buffer);
    if (!canonical.is_text && canonical.text == text) return true;
    return refuse(start, "begins a number that RFC 8785 spells otherwise");
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  const char* flaw_at_ = nullptr;
  const char* why_ = "";
};

}  // namespace

bool is_canonical(std::string_view text) { return is_utf8(text) && Checker(text).whole(); }

std::optional<CanonicalFlaw> find_canonical_flaw(std::string_view text) {
  if (!is_utf8(text)) {
    std::vector<Utf8Repair> repairs;
    repair_utf8(text, &repairs);
    return CanonicalFlaw{repairs.front().original, "is not valid UTF-8"};
  }
  Checker checker(text);
  if (checker.whole()) return std::nullopt;
  return checker.flaw();
}

}  // namespace plog::json
