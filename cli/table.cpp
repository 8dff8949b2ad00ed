#include "cli/table.h"

#include <algorithm>
#include <utility>

namespace plog::cli {
namespace {

constexpr std::size_t kGap = 2;

}  // namespace

Table::Table(std::vector<Column> columns, const Terminal& terminal)
    : columns_(std::move(columns)), terminal_(terminal) {
  fit_to({});
}

bool Table::dropped(std::size_t column) const {
  return terminal_.width != 0 && terminal_.width < columns_[column].drop_below;
}

void Table::fit_to(const std::vector<Row>& rows) {
  widths_.assign(columns_.size(), 0);
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (dropped(i)) continue;
    widths_[i] = display_width(columns_[i].title);
    for (const Row& row : rows) {
      // Limits each width to that of the terminal, which keeps the loop below short.
      const std::size_t width =
          terminal_.width == 0 ? display_width(row[i].text) : display_width(fit(row[i].text, terminal_.width));
      widths_[i] = std::max(widths_[i], width);
    }
    total += widths_[i] + (total == 0 ? 0 : kGap);
  }
  if (terminal_.width == 0) return;
  while (total > terminal_.width) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (dropped(i) || widths_[i] <= columns_[i].min) continue;
      if (widest == columns_.size() || widths_[i] >= widths_[widest]) widest = i;
    }
    if (widest == columns_.size()) break;
    --widths_[widest];
    --total;
  }
}

std::string Table::join(const Row& row, bool header) const {
  std::string line;
  std::size_t used = 0;
  std::size_t owed = 0;  // blanks to print before the next cell; none follow the last cell
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (dropped(i)) continue;
    std::string text = terminal_.width == 0 ? row[i].text : fit(row[i].text, widths_[i]);
    const std::size_t width = display_width(text);
    const std::size_t blanks = widths_[i] > width ? widths_[i] - width : 0;
    if (columns_[i].right) owed += blanks;
    if (terminal_.width != 0 && used + owed + width > terminal_.width) {
      if (used + owed >= terminal_.width) break;
      text = fit(text, terminal_.width - used - owed);
    }
    if (!text.empty()) {
      line.append(owed, ' ');
      line += paint(text, header ? Color::kBold : row[i].color, terminal_.color);
      used += owed + display_width(text);
      owed = 0;
    }
    owed += kGap + (columns_[i].right ? 0 : blanks);
  }
  return line;
}

std::string Table::header() const {
  Row titles;
  for (const Column& column : columns_) titles.emplace_back(column.title);
  return join(titles, true);
}

std::string Table::line(const Row& row) const { return join(row, false); }

std::string Table::render(const std::vector<Row>& rows) {
  fit_to(rows);
  std::string text = header() + "\n";
  for (const Row& row : rows) text += line(row) + "\n";
  return text;
}

}  // namespace plog::cli
