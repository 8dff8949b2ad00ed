// Walks canonical octets (RFC 8785 output, trusted to be well formed but never to be in bounds).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plog::event {

// Reads the members of a canonical object one by one. Texts are views into the object.
class MemberReader {
 public:
  // Throws Error(kCorrupt) when `object` does not start with '{'.
  explicit MemberReader(std::string_view object);
  // The next member: its key between the quotes (still escaped) and its value. False at the end. Throws
  // Error(kCorrupt) on anything that is no canonical member.
  bool next(std::string_view& key, std::string_view& value);

 private:
  std::string_view object_;
  std::size_t at_ = 1;
  bool first_ = true;
};

// The end of the string whose opening quote is at `at`: the index behind its closing quote. Throws Error(kCorrupt).
std::size_t skip_string(std::string_view text, std::size_t at);
// The index behind the value that starts at `at`. Throws Error(kCorrupt).
std::size_t skip_value(std::string_view text, std::size_t at);

// The decoded text of a canonical event's `salt`; empty when it has none. Throws Error(kCorrupt).
std::string salt_of(std::string_view canonical);

}  // namespace plog::event
