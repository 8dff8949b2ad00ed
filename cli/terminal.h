// What a terminal shows: colours, its width, the width of text, and text made harmless.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plog::cli {

enum class ColorMode { kAuto, kAlways, kNever };
enum class Color { kPlain, kBold, kDim, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };

// What standard output is.
struct Terminal {
  bool interactive = false;  // a terminal
  bool color = false;
  std::size_t width = 0;  // columns; 0: no limit (not a terminal)
};

// kAuto: colours on a terminal, unless NO_COLOR is set and not empty, or TERM is "dumb".
Terminal inspect_stdout(ColorMode mode);
bool stderr_is_terminal() noexcept;
std::size_t stderr_width() noexcept;

// `text` in a colour; itself when `enabled` is false or the colour is plain.
std::string paint(std::string_view text, Color color, bool enabled);

// Text in which nothing can steer a terminal or hide: control characters (C0, DEL, C1), direction overrides, line
// separators, invisible characters and tags become "\n", "\x1b", "\u202e"; invalid UTF-8 becomes U+FFFD.
std::string escape(std::string_view text);
// The same for a JSON text, with escapes of JSON, so that its value stays what it is. Only within strings can there be
// anything to escape, except white space, which stays.
std::string escape_json(std::string_view json);

// Columns that escaped text takes on a terminal.
std::size_t display_width(std::string_view text);
// At most `width` columns, the end cut and marked by "…".
std::string fit(std::string_view text, std::size_t width);

}  // namespace plog::cli
