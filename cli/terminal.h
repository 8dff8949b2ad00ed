// Terminal properties, colours, the display width of text, and escaping of text for terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plog::cli {

enum class ColorMode { kAuto, kAlways, kNever };
enum class Color { kPlain, kBold, kDim, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };

// Properties of standard output.
struct Terminal {
  bool interactive = false;  // standard output is a terminal
  bool color = false;
  std::size_t width = 0;  // in columns; 0: not a terminal, no limit
};

// kAuto: colours on a terminal, unless NO_COLOR is set and not empty, or TERM is "dumb".
Terminal inspect_stdout(ColorMode mode);
bool stderr_is_terminal() noexcept;
std::size_t stderr_width() noexcept;

// Returns `text` in the colour, or unchanged if `enabled` is false or the colour is kPlain.
std::string paint(std::string_view text, Color color, bool enabled);

// Escapes text so that nothing in it can control a terminal or hide: control characters (C0, DEL, C1), direction
// overrides, line separators, invisible characters and tags become escapes such as "\n", "\x1b" and "\u202e". Invalid
// UTF-8 becomes U+FFFD.
std::string escape(std::string_view text);
// The same for JSON text, with JSON escapes, so that its value does not change. White space between tokens stays.
std::string escape_json(std::string_view json);

// The number of columns that escaped text takes on a terminal.
std::size_t display_width(std::string_view text);
// Cuts text to at most `width` columns; text that was cut ends in "…".
std::string fit(std::string_view text, std::size_t width);

}  // namespace plog::cli
