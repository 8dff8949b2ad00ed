#include "event/octets.h"

#include <cstring>

#include "base/error.h"
#include "json/text.h"

namespace plog::event {
namespace {
[[noreturn]] void corrupt(const char* what) {
  throw Error(Status::kCorrupt, std::string("the stored bytes are not a canonical event: ") + what);
}
}  // namespace

std::size_t skip_string(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '"') corrupt("a string is missing");
  std::size_t i = at + 1;
  while (true) {
    const void* found = i < text.size() ? std::memchr(text.data() + i, '"', text.size() - i) : nullptr;
    if (found == nullptr) corrupt("an unterminated string");
    const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    std::size_t slashes = 0;
    while (quote - slashes > i && text[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote + 1;
    i = quote + 1;
  }
}

std::size_t skip_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) corrupt("a value is missing");
  const char c = text[at];
  if (c == '"') return skip_string(text, at);
  if (c == '{' || c == '[') {
    std::size_t depth = 0;
    std::size_t i = at;
    while (i < text.size()) {
      switch (text[i]) {
        case '"': i = skip_string(text, i); continue;
        case '{':
        case '[': ++depth; break;
        case '}':
        case ']':
          if (--depth == 0) return i + 1;
          break;
        default: break;
      }
      ++i;
    }
    corrupt("an unterminated container");
  }
  std::size_t i = at;
  while (i < text.size() && text[i] != ',' && text[i] != '}' && text[i] != ']') ++i;
  if (i == at) corrupt("a value is missing");
  return i;
}

MemberReader::MemberReader(std::string_view object) : object_(object) {
  if (object.empty() || object[0] != '{') corrupt("not an object");
}

bool MemberReader::next(std::string_view& key, std::string_view& value) {
  if (at_ >= object_.size()) corrupt("an unterminated object");
  if (object_[at_] == '}') {
    if (at_ + 1 != object_.size()) corrupt("bytes after the closing brace");
    return false;
  }
  if (!first_) {
    if (object_[at_] != ',') corrupt("a comma is missing");
    ++at_;
  }
  first_ = false;
  const std::size_t key_end = skip_string(object_, at_);
  key = object_.substr(at_ + 1, key_end - at_ - 2);
  if (key_end >= object_.size() || object_[key_end] != ':') corrupt("a colon is missing");
  const std::size_t value_end = skip_value(object_, key_end + 1);
  value = object_.substr(key_end + 1, value_end - key_end - 1);
  at_ = value_end;
  return true;
}

std::string salt_of(std::string_view canonical) {
  std::string salt;
  MemberReader members(canonical);
  for (std::string_view name, value; members.next(name, value);) {
    if (name != "salt" || value.size() < 2 || value.front() != '"') continue;
    if (!json::append_unescaped(salt, value.substr(1, value.size() - 2), nullptr)) {
      throw Error(Status::kCorrupt, "the stored bytes are not a canonical event: an invalid escape in a string");
    }
    break;
  }
  return salt;
}

}  // namespace plog::event
