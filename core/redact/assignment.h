// Names and the values that stand beside them, in any notation: JSON, YAML, code, environment files, headers, URLs,
// XML, command lines.
#pragma once

#include <cstddef>
#include <string_view>

namespace plog::redact {

struct Assignment {
  std::size_t name_begin = 0, name_end = 0;
  std::size_t begin = 0, end = 0;  // of the value, without quotes
  bool quoted = false;             // the value
  bool json = false;               // a member of an object literal: the name is quoted too
  bool line = false;               // ends with the line: a header's or YAML's
  bool called = false;             // what looks like the value is called, indexed or taken apart
};

// The assignment to the name that the octets at `at` are a part of. False if there is none. Looks at most at
// kMaxName octets beside it and kMaxValue of the value.
bool find_assignment(std::string_view text, std::size_t at, Assignment& found);

inline constexpr std::size_t kMaxAssignedName = 64;
inline constexpr std::size_t kMaxAssignedValue = 4096;

// A cheap look at what follows a part of a name, in text that may be escaped: false only if find_assignment is false
// for it, however often escaped. The name may end the text: it may be the key of a value elsewhere.
bool may_be_assigned(const char* begin, const char* at, const char* end) noexcept;

// The name that the octets at `at` are a part of, in text that may be escaped.
std::string_view assigned_name(const char* begin, const char* at, const char* end) noexcept;

}  // namespace plog::redact
