// Finds assignments (a name with its value) in text of any notation: JSON, YAML, code, environment files, headers,
// URLs, XML, command lines.
#pragma once

#include <cstddef>
#include <string_view>

namespace plog::redact {

// Positions are byte offsets into the searched text.
struct Assignment {
  std::size_t name_begin = 0, name_end = 0;
  std::size_t begin = 0, end = 0;  // the value, without its quotes
  bool quoted = false;             // the value is quoted
  bool json = false;               // a member of an object literal: the name is quoted
  bool line = false;               // the value may extend to the end of the line, as in a header or YAML
  bool called = false;             // the apparent value is code: it is called, indexed or expanded
};

// Finds the assignment to the name that contains the position `at`. Returns false if there is none. Reads at most
// kMaxAssignedName bytes on each side of `at` for the name, and at most kMaxAssignedValue bytes of the value.
bool find_assignment(std::string_view text, std::size_t at, Assignment& found);

inline constexpr std::size_t kMaxAssignedName = 64;
inline constexpr std::size_t kMaxAssignedValue = 4096;

// A cheap prefilter for find_assignment in text that may be escaped. Returns false only if find_assignment finds
// nothing at `at` at any level of escaping. Returns true for a name that ends the text, because it may be the key of a
// value that is stored elsewhere.
bool may_be_assigned(const char* begin, const char* at, const char* end) noexcept;

// The name that contains the position `at`, in text that may be escaped.
std::string_view assigned_name(const char* begin, const char* at, const char* end) noexcept;

}  // namespace plog::redact
