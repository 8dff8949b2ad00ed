// Strings and key order of RFC 8785, appended to a std::string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plog::json {

// Appends valid UTF-8 as a quoted JSON string, escaped as RFC 8785 section 3.2.2.2 requires.
void append_quoted(std::string& out, std::string_view text);

// Decodes the text between the quotes of a JSON string literal and appends it to `out`. Accepts every escape of RFC
// 8259. A lone surrogate becomes U+FFFD and sets *repaired, unless `repaired` is null. Returns false for an invalid
// escape; `out` may then end with a part of the text.
bool append_unescaped(std::string& out, std::string_view raw, bool* repaired);

// Compares two keys in the order of RFC 8785 section 3.2.3, by UTF-16 code units. Both must be valid UTF-8. Returns a
// negative number, 0 or a positive number.
int compare_keys(std::string_view left, std::string_view right) noexcept;

// Appends a reference token of a JSON pointer (RFC 6901), with "~" and "/" escaped.
void append_pointer_token(std::string& out, std::string_view token);
// Returns the decoded tokens of a JSON pointer, which must be empty or start with "/". A "~" that escapes nothing stays
// as it is.
std::vector<std::string> pointer_tokens(std::string_view pointer);

}  // namespace plog::json
