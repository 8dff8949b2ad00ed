#include "cli/terminal.h"

#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/encoding.h"

namespace plog::cli {
namespace {

// The code point that starts at `position` of valid UTF-8. Advances `position` past it.
char32_t next_code_point(std::string_view text, std::size_t& position) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = octet(position);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (position + size > text.size()) {
    position = text.size();
    return U'\uFFFD';
  }
  char32_t value = size == 1 ? lead : lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) value = (value << 6) | (octet(position + i) & 0x3Fu);
  position += size;
  return value;
}

// Zero-width joiner and non-joiner are not escaped: some scripts and emoji need them.
bool must_escape(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return true;
  if (c < 0xAD) return false;
  return c == 0xAD || c == 0x61C || c == 0x180E || c == 0x200B || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE0FFF) || (c & 0xFFFE) == 0xFFFE;
}

template <typename... Args>
void append_format(std::string& out, const char* format, Args... args) {
  char buffer[24];
  std::snprintf(buffer, sizeof buffer, format, args...);
  out += buffer;
}

void append_escaped(std::string& out, char32_t c, bool json) {
  const auto value = static_cast<unsigned>(c);
  if (json && c > 0xFFFF) {
    append_format(out, "\\u%04x\\u%04x", 0xD800 + ((value - 0x10000) >> 10), 0xDC00 + ((value - 0x10000) & 0x3FF));
  } else if (json || (c > 0xFF && c <= 0xFFFF)) {
    append_format(out, "\\u%04x", value);
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (c <= 0xFF) {
    append_format(out, "\\x%02x", value);
  } else {
    append_format(out, "\\U%08x", value);
  }
}

std::string escape_as(std::string_view text, bool json) {
  std::string repaired;
  if (!is_utf8(text)) {
    repaired = repair_utf8(text);
    text = repaired;
  }
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    const char32_t c = next_code_point(text, i);
    if (must_escape(c) && !(json && (c == '\n' || c == '\t' || c == '\r'))) {
      append_escaped(out, c, json);
    } else {
      out.append(text, start, i - start);
    }
  }
  return out;
}

std::size_t columns_of(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS")) {
    unsigned value = 0;
    const std::string_view text(columns);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && value > 0 && value < 10000) return value;
  }
  return 80;
}

// Character widths according to C.UTF-8, whatever the user's locale is.
class WidthTable {
 public:
  WidthTable() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}
  ~WidthTable() {
    if (locale_ != nullptr) ::freelocale(locale_);
  }
  WidthTable(const WidthTable&) = delete;
  WidthTable& operator=(const WidthTable&) = delete;

  std::size_t operator()(std::string_view text) const {
    const locale_t previous = locale_ != nullptr ? ::uselocale(locale_) : nullptr;
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size();) width += of(next_code_point(text, i));
    if (previous != nullptr) ::uselocale(previous);
    return width;
  }

 private:
  static std::size_t of(char32_t c) {
    if (c < 0x300) return 1;
    const int width = ::wcwidth(static_cast<wchar_t>(c));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
  }
  locale_t locale_;
};

}  // namespace

Terminal inspect_stdout(ColorMode mode) {
  Terminal terminal;
  terminal.interactive = ::isatty(STDOUT_FILENO) == 1;
  if (terminal.interactive) terminal.width = columns_of(STDOUT_FILENO);
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool unwanted =
      (no_color != nullptr && *no_color != '\0') || (term != nullptr && std::string_view(term) == "dumb");
  terminal.color = mode == ColorMode::kAlways || (mode == ColorMode::kAuto && terminal.interactive && !unwanted);
  return terminal;
}

bool stderr_is_terminal() noexcept { return ::isatty(STDERR_FILENO) == 1; }

std::size_t stderr_width() noexcept { return columns_of(STDERR_FILENO); }

std::string paint(std::string_view text, Color color, bool enabled) {
  if (!enabled || color == Color::kPlain || text.empty()) return std::string(text);
  const char* code = "";
  switch (color) {
    case Color::kPlain: break;
    case Color::kBold: code = "1"; break;
    case Color::kDim: code = "2"; break;
    case Color::kRed: code = "31"; break;
    case Color::kGreen: code = "32"; break;
    case Color::kYellow: code = "33"; break;
    case Color::kBlue: code = "34"; break;
    case Color::kMagenta: code = "35"; break;
    case Color::kCyan: code = "36"; break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string escape(std::string_view text) { return escape_as(text, false); }

std::string escape_json(std::string_view json) { return escape_as(json, true); }

std::size_t display_width(std::string_view text) {
  bool ascii = true;
  for (const char c : text) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  if (ascii) return text.size();
  return WidthTable()(text);
}

std::string fit(std::string_view text, std::size_t width) {
  // Text of n bytes is never wider than n columns.
  if (text.size() <= width || display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  const WidthTable width_of;
  std::size_t used = 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    next_code_point(text, i);
    used += width_of(text.substr(start, i - start));
    if (used > width - 1) break;
    end = i;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace plog::cli
