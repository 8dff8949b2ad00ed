#include "redact/escapes.h"

#include <algorithm>
#include <cstring>

namespace plog::redact {
namespace {

constexpr int kMaxLevels = 4;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The UTF-16 code unit of the escape "\\uXXXX" at the start of `rest`, or -1 if there is no such escape.
int unit_at(std::string_view rest) noexcept {
  if (rest.size() < 6 || rest[0] != '\\' || rest[1] != 'u') return -1;
  int value = 0;
  for (std::size_t i = 2; i < 6; ++i) {
    const int digit = hex_value(rest[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Decodes the escape at the start of `rest` into `character`. Returns its size in bytes, or 0 if it is not valid.
std::size_t escape_at(std::string_view rest, char32_t* character) noexcept {
  if (rest.size() < 2) return 0;
  switch (rest[1]) {
    case 'n': *character = '\n'; return 2;
    case 'r': *character = '\r'; return 2;
    case 't': *character = '\t'; return 2;
    case 'b': *character = '\b'; return 2;
    case 'f': *character = '\f'; return 2;
    case '"':
    case '\'':
    case '\\':
    case '/': *character = static_cast<unsigned char>(rest[1]); return 2;
    case 'u': {
      const int unit = unit_at(rest);
      if (unit <= 0) return 0;
      *character = static_cast<char32_t>(unit);
      if (unit < 0xD800 || unit > 0xDFFF) return 6;
      const int low = unit_at(rest.substr(6));
      if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return 0;
      *character = static_cast<char32_t>(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
      return 12;
    }
    default: return 0;
  }
}

// Writes the character as UTF-8, which is shorter than its escape. Returns the number of bytes written.
std::size_t put_utf8(char32_t character, char* to) noexcept {
  if (character < 0x80) {
    to[0] = static_cast<char>(character);
    return 1;
  }
  const std::size_t more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  for (std::size_t i = more; i > 0; --i) {
    to[i] = static_cast<char>(0x80 | (character & 0x3F));
    character >>= 6;
  }
  constexpr unsigned kLead[] = {0, 0xC0, 0xE0, 0xF0};
  to[0] = static_cast<char>(kLead[more] | character);
  return more + 1;
}

}  // namespace

Unescaped::Unescaped(std::string_view text) {
  if (std::memchr(text.data(), '\\', text.size()) == nullptr) return;
  text_ = text;
  for (int level = 0; level < kMaxLevels && unescape(); ++level) changed_ = true;
}

bool Unescaped::unescape() {
  std::vector<Step> steps;
  std::size_t old_step = 0;
  std::uint32_t shift = 0, old_by = 0;
  std::size_t to = 0;
  const auto pass_steps = [&](std::size_t from) {
    // Copies the steps of the previous level up to and including `from`.
    while (old_step < steps_.size() && steps_[old_step].at <= from) {
      old_by = steps_[old_step++].by;
      steps.push_back({static_cast<std::uint32_t>(to), old_by + shift});
    }
  };
  bool any = false;
  for (std::size_t from = 0; from < text_.size();) {
    const void* found = std::memchr(text_.data() + from, '\\', text_.size() - from);
    const std::size_t stop =
        found == nullptr ? text_.size() : static_cast<std::size_t>(static_cast<const char*>(found) - text_.data());
    // The text up to the next backslash moves as a whole, and the steps in it move with it.
    while (old_step < steps_.size() && steps_[old_step].at < stop) {
      const std::size_t at = steps_[old_step].at;
      old_by = steps_[old_step++].by;
      steps.push_back({static_cast<std::uint32_t>(to + (at - from)), old_by + shift});
    }
    std::memmove(text_.data() + to, text_.data() + from, stop - from);
    to += stop - from;
    from = stop;
    if (from == text_.size()) break;
    pass_steps(from);
    char32_t character = 0;
    const std::size_t size = escape_at(std::string_view(text_).substr(from), &character);
    if (size == 0) {
      text_[to++] = text_[from++];
      continue;
    }
    any = true;
    const std::size_t put = put_utf8(character, text_.data() + to);
    to += put;
    from += size;
    shift += static_cast<std::uint32_t>(size - put);
    while (old_step < steps_.size() && steps_[old_step].at < from) old_by = steps_[old_step++].by;
    steps.push_back({static_cast<std::uint32_t>(to), old_by + shift});
  }
  pass_steps(text_.size());
  text_.resize(to);
  if (any) steps_ = std::move(steps);
  return any;
}

std::size_t Unescaped::origin(std::size_t at) const noexcept {
  const auto after = std::upper_bound(steps_.begin(), steps_.end(), at,
                                      [](std::size_t place, const Step& step) { return place < step.at; });
  return after == steps_.begin() ? at : at + (after - 1)->by;
}

}  // namespace plog::redact
