// Text inside text: removes the escapes of string literals and of JSON documents that are stored in strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plog::redact {

// A text without the backslash escapes of JSON and similar notations, at up to four levels of nesting.
class Unescaped {
 public:
  // `text` must be valid UTF-8; the result is valid UTF-8 too. Takes linear time.
  explicit Unescaped(std::string_view text);

  // Whether the text contained any escape. Without one, text() is not meaningful.
  bool changed() const noexcept { return changed_; }
  std::string_view text() const noexcept { return text_; }
  // Maps the byte offset `at` (0 to text().size()) in text() to the offset in the original text. The result is never
  // inside an escape.
  std::size_t origin(std::size_t at) const noexcept;

 private:
  struct Step {  // from offset `at` on, the original offset is larger by `by`
    std::uint32_t at;
    std::uint32_t by;
  };
  bool unescape();

  std::string text_;
  std::vector<Step> steps_;
  bool changed_ = false;
};

}  // namespace plog::redact
