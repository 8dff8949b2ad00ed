#include "redact/assignment.h"

#include <algorithm>

#include "redact/checks.h"
#include "redact/redactor.h"

namespace plog::redact {
namespace {

constexpr std::ptrdiff_t kFarKey = 128;
constexpr std::size_t kMaxGap = 12;  // of blanks and quotes

bool is_name(char c) noexcept { return is_word(c) || c == '-' || c == '.' || (c < 0 && c != kSeparator); }
bool is_quote(char c) noexcept { return c == '"' || c == '\'' || c == '`'; }
bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
// Whether the character ends an unquoted value.
bool ends_value(char c) noexcept {
  return is_blank(c) || c == '\n' || c == '\r' || is_quote(c) ||
         std::string_view(",;|<>(){}[]").find(c) != std::string_view::npos;
}

// Words of code and prose that are not part of the name after them.
bool is_filler(std::string_view word) noexcept {
  static constexpr std::string_view kFillers[] = {
      "const",  "let", "var",  "val", "export", "set",  "string",   "String", "final", "static",
      "public", "the", "The",  "my",  "My",     "your", "Your",     "a",      "an",    "our",
      "this",   "ENV", "ARG",  "env", "char",   "str",  "auto",     "def",    "local", "setx",
      "and",    "or",  "with", "use", "using",  "new",  "readonly", "is",     "if",    "in"};
  return std::find(std::begin(kFillers), std::end(kFillers), word) != std::end(kFillers);
}

// Whether only a blank may separate the name from its value: after a dash, or after a command such as "ENV ".
bool takes_name_and_value(const char* begin, const char* name) noexcept {
  if (name > begin && name[-1] == '-') return true;
  for (std::string_view command : {"ENV ", "set ", "setx ", "setenv "}) {
    const auto size = static_cast<std::ptrdiff_t>(command.size());
    if (name - begin >= size && std::string_view(name - size, command.size()) == command &&
        (name - begin == size || !is_name(name[-size - 1]))) {
      return true;
    }
  }
  return false;
}

struct Name {
  std::ptrdiff_t begin, end;  // relative to `at`
};

// The name around `at`, with at most two words before it ("API key"). In `escaped` text the characters of an escape are
// not part of the name.
Name name_around(const char* begin, const char* at, const char* end, bool escaped) noexcept {
  constexpr std::ptrdiff_t kFar = static_cast<std::ptrdiff_t>(kMaxAssignedName);
  constexpr int kMoreWords = 2;
  const char* from = at;
  const char* to = at;
  while (from > begin && at - from < kFar && is_name(from[-1])) --from;
  while (to < end && to - at < kFar && is_name(*to)) ++to;
  const auto drop_escape = [&] {
    if (!escaped || from == begin || from >= at || from[-1] != '\\') return false;
    from += std::min<std::ptrdiff_t>(*from == 'u' ? 5 : 1, at - from);
    return true;
  };
  bool edge = drop_escape();
  while (from < at && (*from == '-' || *from == '.')) ++from;
  while (to > at && (to[-1] == '-' || to[-1] == '.')) --to;
  for (int i = 0; i < kMoreWords && !edge && from - begin > 1 && from[-1] == ' ' && is_letter(from[-2]); ++i) {
    const char* const word_end = from - 1;
    const char* word = word_end;
    while (word > begin && at - word < kFar && is_token(word[-1])) --word;
    if (at - word >= kFar) break;
    const char* const before = from;
    from = word;
    edge = drop_escape();
    if (from >= word_end || *from == '-' || is_filler({from, static_cast<std::size_t>(word_end - from)})) {
      from = before;
      break;
    }
  }
  return {from - at, to - at};
}

class Reader {
 public:
  Reader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  bool read(Assignment& found) {
    found = {};
    name(found);
    const bool option = takes_name_and_value(text_.data(), text_.data() + found.name_begin);
    const char before = found.name_begin > 0 ? text_[found.name_begin - 1] : '\0';
    at_ = found.name_end;
    bool name_quoted = false;
    if (peek() == '\\') return false;  // it is found when the text is searched without its escapes
    if (is_quote(peek()) && is_quote(before)) {
      name_quoted = true;
      ++at_;
    }
    for (int i = 0; i < 4 && (peek() == ']' || peek() == ')'); ++i) ++at_;
    const std::size_t gap = at_;
    blanks();
    if (!separator(found, name_quoted, option, before, at_ > gap)) return false;
    blanks();
    if (peek() == '\n' || peek() == '\0') return false;
    value(found, before);
    // In "password: str = ..." the value follows the type.
    if (colon_ && !found.quoted && annotation(found)) value(found, before);
    return found.end > found.begin;
  }

 private:
  char peek(std::size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void blanks() noexcept {
    for (std::size_t i = 0; i < kMaxGap && is_blank(peek()); ++i) ++at_;
  }

  void name(Assignment& found) const noexcept {
    const char* const at = text_.data() + at_;
    const Name name = name_around(text_.data(), at, text_.data() + text_.size(), false);
    found.name_begin = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(at_) + name.begin);
    found.name_end = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(at_) + name.end);
  }

  // Skips the characters between name and value. Returns false if they do not form an assignment.
  bool separator(Assignment& found, bool name_quoted, bool option, char before, bool gap) {
    const char c = peek(), next = peek(1);
    if (c == '=' && (next == '>' || next == '=')) {
      at_ += next == '=' && peek(2) == '=' ? 3 : 2;
      found.json = next == '>' && name_quoted;
    } else if (c == '=' || (c == '>' && before == '<')) {
      ++at_;
    } else if (c == ':') {
      while (peek() == ':' || peek() == '=') ++at_;
      colon_ = text_[at_ - 1] == ':';
      if (colon_ && peek() == '/') return false;  // "token://"
      found.json = name_quoted && colon_;
      found.line = colon_ && !name_quoted;
    } else if ((c == '?' || c == '+' || c == '|') && (next == '=' || (next == '|' && peek(2) == '='))) {
      at_ += next == '=' ? 2 : 3;
    } else if ((c == '-' && next == '>') || (c == '!' && next == '=') ||
               (gap && c == 'i' && next == 's' && peek(2) == ' ')) {  // "the password is hunter2"
      at_ += 2;
    } else if (c == ',' && name_quoted) {
      ++at_;
      blanks();
      named_value();
      if (!is_quote(peek())) return false;
    } else if (name_quoted && before != 0 && xml_value()) {
      return true;
    } else {
      // "--password hunter2"
      return option && gap && peek() != '-';
    }
    return true;
  }

  // Skips the key of the value in {"name": "PASSWORD", "value": "..."}.
  void named_value() {
    std::size_t i = 0;
    if (!is_quote(peek())) return;
    for (std::string_view word : {"value", "Value", "val"}) {
      if (text_.substr(at_ + 1, word.size()) != word || !is_quote(peek(1 + word.size()))) continue;
      i = 2 + word.size();
    }
    if (i == 0) return;
    std::size_t next = at_ + i;
    while (next < text_.size() && is_blank(text_[next])) ++next;
    if (next >= text_.size() || text_[next] != ':') return;
    at_ = next + 1;
    blanks();
  }

  // Skips the name of the attribute in <add key="Password" value="..."/>.
  bool xml_value() {
    for (std::string_view word : {"value=", "Value=", "content="}) {
      if (text_.substr(at_, word.size()) != word || !is_quote(peek(word.size()))) continue;
      at_ += word.size();
      return true;
    }
    return false;
  }

  void value(Assignment& found, char before) {
    // A prefix of a string literal, such as b"..." or @"...".
    if (std::string_view("bBrRuUfF@$").find(peek()) != std::string_view::npos && is_quote(peek(1))) ++at_;
    found.quoted = is_quote(peek());
    if (found.quoted) {
      const char quote = peek();
      std::size_t count = 1;
      if (peek(1) == quote && peek(2) == quote) count = 3;
      at_ += count;
      found.begin = at_;
      while (at_ < text_.size() && at_ - found.begin < kMaxAssignedValue && text_[at_] != quote &&
             (text_[at_] != '\n' || count == 3)) {
        at_ += text_[at_] == '\\' && at_ + 1 < text_.size() ? 2 : 1;
      }
      at_ = std::min(at_, text_.size());
    } else {
      found.begin = at_;
      const bool query = before == '?' || before == '&';
      while (at_ < text_.size() && at_ - found.begin < kMaxAssignedValue && !ends_value(text_[at_]) &&
             text_[at_] != '\\' && !(query && (text_[at_] == '#' || text_[at_] == '&'))) {
        ++at_;
      }
      found.called = peek() == '(' || peek() == '[' || (peek() == '{' && at_ > found.begin && text_[at_ - 1] == '$');
      while (at_ > found.begin && (text_[at_ - 1] == '.' || text_[at_ - 1] == ':')) --at_;
    }
    // A value never ends in the middle of a UTF-8 character.
    while (at_ < text_.size() && at_ > found.begin && (static_cast<unsigned char>(text_[at_]) & 0xC0U) == 0x80) --at_;
    found.end = at_;
  }

  bool annotation(const Assignment& found) {
    if (found.end == found.begin || found.end - found.begin > 24) return false;
    const std::size_t here = at_;
    while (peek() == ']' || peek() == '[' || is_word(peek()) || peek() == '|') ++at_;
    blanks();
    if (peek() == '=' && peek(1) != '=') {
      ++at_;
      blanks();
      return true;
    }
    at_ = here;
    return false;
  }

  std::string_view text_;
  std::size_t at_;
  bool colon_ = false;
};

}  // namespace

bool find_assignment(std::string_view text, std::size_t at, Assignment& found) { return Reader(text, at).read(found); }

bool may_be_assigned(const char* begin, const char* at, const char* end) noexcept {
  constexpr std::ptrdiff_t kFar = static_cast<std::ptrdiff_t>(kMaxAssignedName);
  constexpr std::ptrdiff_t kMaxBetween = 48;
  const char* p = at;
  while (p < end && p - at < kFar && is_name(*p)) ++p;
  const char* const name_end = p;
  while (p < end && p - name_end < kMaxBetween &&
         (is_blank(*p) || is_quote(*p) || *p == ']' || *p == ')' || *p == '\\')) {
    if (*p == '\\' && p + 1 < end && (p[1] == 'u' || p[1] == 't')) return true;
    ++p;
  }
  if (p == end || *p == kSeparator) return p == name_end;
  switch (*p) {
    case '=':
    case ':':
    case '?':
    case '+':
    case '|':
    case '!':
    case '>': return true;
    case ',': return p > name_end;
    case 'i':
      if (p > name_end && end - p > 2 && p[1] == 's' && p[2] == ' ') return true;
      break;
    case '-':
      if (p + 1 < end && p[1] == '>') return true;
      break;
    case 'v':
    case 'V':
    case 'c':
      if (p - name_end > 1 && (is_quote(*name_end) || *name_end == '\\')) return true;
      break;
    default: break;
  }
  if (p == name_end) return false;
  const char* q = at;
  while (q > begin && at - q < kFar && is_name(q[-1])) --q;
  if (q > begin && q[-1] == '\\') return true;
  while (q < at && (*q == '-' || *q == '.')) ++q;
  return takes_name_and_value(begin, q);
}

std::string_view assigned_name(const char* begin, const char* at, const char* end) noexcept {
  const Name name = name_around(begin, at, end, true);
  if (at + name.end < end && at[name.end] != kSeparator) {
    return {at + name.begin, static_cast<std::size_t>(name.end - name.begin)};
  }
  // The name ends its string, so the whole string may be a key.
  const char* from = at + name.begin;
  while (from > begin && from[-1] != kSeparator && at - from < kFarKey) --from;
  return {from, static_cast<std::size_t>(at + name.end - from)};
}

}  // namespace plog::redact
