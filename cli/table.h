// Tables with aligned columns that fit the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace plog::cli {

struct Column {
  std::string title;
  std::size_t min = 4;         // not made narrower than this to fit the terminal
  std::size_t drop_below = 0;  // omitted on terminals narrower than this
  bool right = false;          // aligned to the right
};

// A cell's text (escaped by the constructor) and colour.
struct Cell {
  explicit Cell(std::string_view raw, Color cell_color = Color::kPlain) : text(escape(raw)), color(cell_color) {}
  std::string text;
  Color color;
};
using Row = std::vector<Cell>;

class Table {
 public:
  Table(std::vector<Column> columns, const Terminal& terminal);

  // Chooses the column widths for these rows. Later rows are cut to them on a terminal; elsewhere nothing is cut.
  void fit_to(const std::vector<Row>& rows);
  std::string header() const;
  std::string line(const Row& row) const;
  // Calls fit_to and returns the header and all rows.
  std::string render(const std::vector<Row>& rows);

 private:
  bool dropped(std::size_t column) const;
  std::string join(const Row& row, bool header) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;
  Terminal terminal_;
};

}  // namespace plog::cli
