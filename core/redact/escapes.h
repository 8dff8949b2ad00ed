// Text inside text: what a string literal or a JSON document in a string holds once its escapes are gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plog::redact {

// A text without the backslash escapes of JSON and its kin, at every level of nesting up to four.
class Unescaped {
 public:
  // `text` is valid UTF-8, and so is the result. Linear time.
  explicit Unescaped(std::string_view text);

  // Whether there was any escape.
  bool changed() const noexcept { return changed_; }
  std::string_view text() const noexcept { return text_; }
  // The place in the escaped text of the character that stands at `at`, 0 to text().size(); never inside an escape.
  std::size_t origin(std::size_t at) const noexcept;

 private:
  struct Step {  // from `at` on, the origin is `by` further
    std::uint32_t at;
    std::uint32_t by;
  };
  bool unescape();

  std::string text_;
  std::vector<Step> steps_;
  bool changed_ = false;
};

}  // namespace plog::redact
