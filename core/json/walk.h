// Reader's walk over the tokens of a JSON text, as templates for handlers of a known type.
#pragma once

#include "json/number.h"
#include "json/reader.h"

namespace plog::json {

inline bool is_white_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

template <class KnownHandler>
void Reader::scalar(std::size_t at, std::size_t next, KnownHandler& handler) const {
  while (next > at && is_white_space(buffer_[next - 1])) --next;
  const std::string_view text(buffer_.data() + at, next - at);
  const char first = buffer_[at];
  if (first == '-' || (first >= '0' && first <= '9')) {
    if (!is_number_literal(text)) fail(at, "invalid number");
    handler.number(text);
  } else if (text == "true") {
    handler.boolean(true);
  } else if (text == "false") {
    handler.boolean(false);
  } else if (text == "null") {
    handler.null();
  } else {
    fail_expected(at, "a value");
  }
}

// `next` is the first token that is not yet consumed.
template <class KnownHandler>
void Reader::walk(const std::uint32_t* next, KnownHandler& handler) {
  const char* const text = buffer_.data();
  bool object = false;  // whether the innermost open container is an object

  // Reads the string token at `at`; `next` is the token after it. Between them, only white space can follow the quote.
  const auto string = [&](std::size_t at) {
    std::size_t end = *next;
    while (text[end - 1] != '"' && is_white_space(text[end - 1])) --end;
    if (end - at < 2 || text[end - 1] != '"') fail(at, "unterminated string");
    if (end <= special_) [[likely]]
      return std::string_view(text + at + 1, end - at - 2);
    const Special special = special_string(at, end);
    if (special.invalid_utf8) handler.repaired("invalid_utf8");
    if (special.lone_surrogate) handler.repaired("lone_surrogate");
    return special.text;
  };
  const auto key = [&] {
    const std::size_t at = *next++;
    if (text[at] != '"') fail_expected(at, "a key");
    handler.key(string(at));
    const std::size_t colon = *next++;
    if (text[colon] != ':') fail_expected(colon, "':'");
  };

  for (;;) {
    // A value starts here.
    const std::size_t at = *next++;
    const char first = text[at];
    if (first == '"') {
      handler.string(string(at));
    } else if (first == '{' || first == '[') {
      object = first == '{';
      if (object) {
        handler.begin_object();
      } else {
        handler.begin_array();
      }
      open_.push_back(first);
      if (!handler.enter()) {
        next = skip(next);
      } else if (text[*next] != (object ? '}' : ']')) {
        if (object) key();
        continue;
      }
    } else {
      scalar(at, *next, handler);
    }
    // A value has ended here.
    for (;;) {
      const std::size_t after = *next++;
      if (open_.empty()) {
        if (after != size_) fail(after, "unexpected content after the value");
        return;
      }
      if (text[after] == ',') {
        if (object) key();
        break;
      }
      if (text[after] != (object ? '}' : ']')) fail_expected(after, object ? "',' or '}'" : "',' or ']'");
      if (object) {
        handler.end_object();
      } else {
        handler.end_array();
      }
      open_.pop_back();
      object = !open_.empty() && open_.back() == '{';
    }
  }
}

template <class KnownHandler>
void Reader::read_into(std::string_view text, KnownHandler& handler) {
  walk(begin(text), handler);
  end();
}

}  // namespace plog::json
