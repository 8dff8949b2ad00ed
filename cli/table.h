// Aligned columns that fit a width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace plog::cli {

struct Column {
  std::string title;
  std::size_t min = 4;         // never narrower, unless its texts are
  std::size_t drop_below = 0;  // left out on terminals narrower than this
  bool right = false;          // aligned to the right
};

// Any text; it is escaped here.
struct Cell {
  explicit Cell(std::string_view raw, Color cell_color = Color::kPlain) : text(escape(raw)), color(cell_color) {}
  std::string text;
  Color color;
};
using Row = std::vector<Cell>;

class Table {
 public:
  Table(std::vector<Column> columns, const Terminal& terminal);

  // Chooses the widths for these rows; rows printed later are cut to them (or, without a width, stick out).
  void fit_to(const std::vector<Row>& rows);
  std::string header() const;
  std::string line(const Row& row) const;
  // fit_to, then all lines.
  std::string render(const std::vector<Row>& rows);

 private:
  bool dropped(std::size_t column) const;
  std::string join(const Row& row, bool header) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;
  Terminal terminal_;
};

}  // namespace plog::cli
