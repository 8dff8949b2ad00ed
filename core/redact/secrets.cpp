#include "redact/secrets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "redact/checks.h"

namespace plog::redact {
namespace {

constexpr std::size_t kMaxLower = 64;

// The first kMaxLower bytes of a text, in lower case.
class Lower {
 public:
  explicit Lower(std::string_view text) noexcept : size_(std::min(text.size(), kMaxLower)) {
    for (std::size_t i = 0; i < size_; ++i) text_[i] = is_upper(text[i]) ? static_cast<char>(text[i] + 32) : text[i];
  }
  std::string_view view() const noexcept { return {text_, size_}; }

 private:
  char text_[kMaxLower];
  std::size_t size_;
};

bool contains(std::string_view text, std::string_view part) noexcept { return text.find(part) != text.npos; }

struct Classes {
  std::size_t lower = 0, upper = 0, digit = 0, other = 0;
  std::size_t kinds() const noexcept { return (lower > 0) + (upper > 0) + (digit > 0) + (other > 0); }
};

Classes classes(std::string_view text) noexcept {
  Classes counts;
  for (char c : text) {
    if (is_digit(c)) {
      ++counts.digit;
    } else if (is_upper(c)) {
      ++counts.upper;
    } else if (is_letter(c)) {
      ++counts.lower;
    } else {
      ++counts.other;
    }
  }
  return counts;
}

// How often the text changes between letters and digits and between lower and upper case. Random text changes often,
// words and identifiers seldom.
std::size_t changes(std::string_view text) noexcept {
  std::size_t count = 0;
  int last = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int now = is_digit(text[i]) ? 1 : is_upper(text[i]) ? 2 : is_letter(text[i]) ? 3 : 4;
    // A lower-case letter after a capital letter continues a word and is not a change.
    if (i > 0 && now != last && !(last == 2 && now == 3)) ++count;
    last = now;
  }
  return count;
}

bool is_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

// "the-name_of.something", "SomeClassName2": only words of letters, each followed by at most one number.
bool is_identifier(std::string_view text) noexcept {
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = begin;
    while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]))) ++end;
    std::string_view word = text.substr(begin, end - begin);
    std::size_t digits = 0;
    while (!word.empty() && is_digit(word.back())) {
      word.remove_suffix(1);
      ++digits;
    }
    if (digits > 4) return false;
    if (classes(word).digit > 0) return false;
    const Classes counts = classes(word);
    const bool one_case = counts.lower == 0 || counts.upper == 0 || (counts.upper == 1 && is_upper(word[0]));
    // In camel case, each capital letter begins a word of several letters.
    if (!one_case && word.size() < counts.upper * 3) return false;
    if (one_case && word.size() > 20) return false;
    begin = end;
    while (begin < text.size() && !is_letter(text[begin]) && !is_digit(text[begin])) {
      if (std::string_view("-_./: ,").find(text[begin]) == std::string_view::npos) return false;
      ++begin;
    }
  }
  return true;
}

// Whether the text is an expression that a program evaluates: "os.environ[...]", "config.get(", "$HOME", "%s".
bool is_code(std::string_view text) noexcept {
  if (text.empty()) return false;
  const char first = text.front(), last = text.back();
  if (first == '$' && (text.size() == 1 || text[1] == '{' || text[1] == '(' || is_identifier(text.substr(1)))) {
    return true;
  }
  if (contains(text, "${") || contains(text, "{{") || contains(text, "$(") || contains(text, "<%")) return true;
  if (first == '<' && last == '>') return true;
  if (first == '[' && last == ']') return true;
  if (first == '{' && last == '}') return true;
  if (first == '%' && (last == '%' || text.size() <= 3)) return true;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == '(' || text[i] == '[') && (is_word(text[i - 1]) || text[i - 1] == '.') &&
        is_identifier(text.substr(0, i))) {
      return true;
    }
  }
  return false;
}

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text.substr(i, 1))) return false;
  }
  return true;
}

}  // namespace

double entropy(std::string_view text) noexcept {
  std::array<std::uint32_t, 256> counts{};
  for (char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  const double size = static_cast<double>(text.size());
  for (std::uint32_t count : counts) {
    if (count == 0) continue;
    const double share = count / size;
    bits -= share * std::log2(share);
  }
  return bits;
}

bool mixes_letters_and_digits(std::string_view text) noexcept {
  const Classes counts = classes(text);
  return counts.digit > 0 && counts.lower + counts.upper > 0;
}

bool is_placeholder(std::string_view text) noexcept {
  static constexpr std::string_view kWhole[] = {
      "null",   "none",     "nil",      "true",      "false",     "undefined", "empty",    "string",    "str",
      "number", "integer",  "boolean",  "object",    "array",     "any",       "optional", "required",  "password",
      "passwd", "pass",     "pwd",      "secret",    "token",     "key",       "apikey",   "api_key",   "api-key",
      "user",   "username", "changeme", "change-me", "change_me", "redacted",  "hidden",   "masked",    "removed",
      "test",   "testing",  "dummy",    "fake",      "example",   "sample",    "default",  "todo",      "tbd",
      "n/a",    "na",       "unknown",  "value",     "bearer",    "basic",     "auth",     "yes",       "no",
      "on",     "off",      "enabled",  "disabled",  "mysecret",  "my_secret", "mytoken",  "mypassword"};
  static constexpr std::string_view kParts[] = {
      "your-",      "your_",       "your ",      "yourkey",    "yourtoken", "yourapi",     "yoursecret", "yourpass",
      "<your",      "my-api-",     "my_api_",    "insert",     "replace",   "placeholder", "changeme",   "change_me",
      "change-me",  "redacted",    "example",    "dummy",      "xxxx",      "****",        "....",       "____",
      "-here",      "_here",       "todo",       "sample",     "fake_",     "fake-",       "fakekey",    "not-a-real",
      "notreal",    "not_real",    "00000000",   "1234567890", "test_key",  "test-key",    "testkey",    "test_token",
      "test-token", "process.env", "os.environ", "getenv",     "env.",      "secrets."};
  const Lower lower(text);
  const std::string_view view = lower.view();
  if (view.empty()) return true;
  for (std::string_view word : kWhole) {
    if (view == word) return true;
  }
  for (std::string_view part : kParts) {
    if (contains(view, part)) return true;
  }
  // Only a few different characters, repeated.
  std::array<bool, 256> seen{};
  std::size_t different = 0;
  for (char c : text) {
    bool& known = seen[static_cast<unsigned char>(c)];
    if (!known) ++different;
    known = true;
  }
  return different < 3 || (text.size() >= 16 && different < 5) || is_code(text);
}

bool looks_secret(std::string_view text) noexcept {
  constexpr std::size_t kShortest = 12, kLongest = 1024;
  if (text.size() < kShortest || text.size() > kLongest || is_placeholder(text)) return false;
  if (is_uuid(text)) return true;
  const Classes counts = classes(text);
  if (contains(text, "://") || text[0] == '/' || text.substr(0, 2) == "./" || text.substr(0, 2) == "~/") return false;
  if (counts.lower + counts.upper == 0) return false;
  const double bits = entropy(text);
  if (is_hex(text)) return text.size() >= 16 && counts.digit > 0 && bits >= 2.7;
  if (is_identifier(text)) return false;
  if (counts.digit == 0 && !(counts.lower > 3 && counts.upper > 3 && text.size() >= 20)) return false;
  // Words between separators, with or without numbers ("eu-west-1-prod-v2"), change seldom.
  if (changes(text) * 7 < text.size()) return false;
  return bits >= (text.size() >= 32 ? 3.0 : 2.6);
}

bool looks_like_password(std::string_view text) noexcept {
  constexpr std::size_t kShortest = 6, kLongest = 256;
  if (text.size() < kShortest || text.size() > kLongest || is_placeholder(text)) return false;
  const Classes counts = classes(text);
  if (contains(text, "://") || contains(text, "->") || contains(text, "::") || text[0] == '/') return false;
  if (counts.lower + counts.upper == 0 && counts.other == 0) return false;
  // A qualified name, or a truncated call.
  if (counts.digit == 0 && is_identifier(text)) return false;
  return counts.kinds() >= 3 || (counts.digit > 0 && counts.kinds() >= 2);
}

}  // namespace plog::redact
