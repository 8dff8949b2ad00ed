// Walks over canonical JSON (RFC 8785). The text may be damaged: every read is checked against its bounds, but the
// syntax is checked only as far as the walk needs it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plog::event {

// Reads the members of a canonical object one by one. The texts are views into the object.
class MemberReader {
 public:
  // Throws Error(kCorrupt) if `object` does not start with '{'.
  explicit MemberReader(std::string_view object);
  // Reads the next member: `key` is the text between its quotes (still escaped), `value` the text of its value. Returns
  // false at the end. Throws Error(kCorrupt) if the text is malformed.
  bool next(std::string_view& key, std::string_view& value);

 private:
  std::string_view object_;
  std::size_t at_ = 1;
  bool first_ = true;
};

// Returns the index after the closing quote of the string whose opening quote is at `at`. Throws Error(kCorrupt).
std::size_t skip_string(std::string_view text, std::size_t at);
// Returns the index after the value that starts at `at`. Throws Error(kCorrupt).
std::size_t skip_value(std::string_view text, std::size_t at);

// Returns the decoded text of a canonical event's `salt`, or "" if the event has no salt. Throws Error(kCorrupt).
std::string salt_of(std::string_view canonical);

}  // namespace plog::event
