// Strings and key order of RFC 8785, appended to a std::string.
#pragma once

#include <string>
#include <string_view>

namespace plog::json {

// Appends valid UTF-8 as a quoted JSON string, escaped as RFC 8785 section 3.2.2.2 says.
void append_quoted(std::string& out, std::string_view text);

// Decodes the inside of a JSON string literal (between the quotes) that simdjson's first stage accepted: every escape
// of RFC 8259; a lone surrogate becomes U+FFFD and sets *repaired (may be null). False for a bad escape.
bool append_unescaped(std::string& out, std::string_view raw, bool* repaired);

// Order of RFC 8785 section 3.2.3: by UTF-16 code units, for valid UTF-8 on both sides. <0, 0, >0.
int compare_keys(std::string_view left, std::string_view right) noexcept;

// An RFC 6901 reference token: "~" and "/" escaped.
void append_pointer_token(std::string& out, std::string_view token);

}  // namespace plog::json
