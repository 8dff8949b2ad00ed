#include "store/memory/memory_audit.h"

#include <algorithm>

namespace plog::store::memory {
namespace {

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

void report(const Row& row, bool texts, RowVisitor& visitor) {
  ledger::StoredEvent event;
  event.commit_index = row.commit_index;
  event.agent = row.agent;
  event.sequence = row.sequence;
  event.id = row.index.id;
  event.hash = bytes_of(row.hash);
  event.prev_hash = bytes_of(row.prev_hash);
  event.canonical = row.canonical;
  event.warnings = row.warnings;
  event.has_warnings = !row.warnings.empty();
  if (texts) {
    for (std::size_t i = 0; i < ledger::kColumns; ++i) {
      if (row.texts[i]) event.texts[i] = *row.texts[i];
    }
    event.time = row.index.time;
    event.index = &row.index;
  }
  visitor.row(event);
}

class MemoryRowReader final : public RowReader {
 public:
  MemoryRowReader(const MemoryAudit::Committed& committed, RowOptions options)
      : committed_(committed), options_(options) {}

  std::optional<std::uint64_t> read(std::uint64_t first, std::uint64_t end, RowVisitor& visitor) override {
    const StatePointer state = committed_();
    visitor.start();
    const std::uint64_t size = state->rows.size();
    for (std::uint64_t i = first; i < std::min(end, size); ++i) report(*state->rows[i], options_.texts, visitor);
    if (options_.tiles) {
      for (const auto& [place, hashes] : state->tiles) {
        const auto [level, index] = place;
        if (level == 0 && index >= first / ledger::kTileWidth && index * ledger::kTileWidth < end) {
          visitor.tile(index, hashes);
        }
      }
    }
    // Commit indexes have no gaps here, so no row follows an empty range.
    return std::nullopt;
  }

  FilterRows filter_rows() const override { return {}; }

  bool read_one(std::string_view agent, std::uint64_t sequence, RowVisitor& visitor) override {
    const StatePointer state = committed_();
    visitor.start();
    const RowPointer row = state->find(agent, sequence);
    if (row) report(*row, false, visitor);
    return row != nullptr;
  }

  void read_system(const std::vector<std::string_view>& names, std::uint64_t end, RowVisitor& visitor) override {
    const StatePointer state = committed_();
    visitor.start();
    for (const RowPointer& row : state->rows) {
      const std::optional<std::string>& name = row->text(ledger::Column::kName);
      if (row->commit_index < end && row->agent == event::kSystemAgent && name &&
          std::find(names.begin(), names.end(), *name) != names.end()) {
        report(*row, false, visitor);
      }
    }
  }

 private:
  const MemoryAudit::Committed& committed_;
  const RowOptions options_;
};

}  // namespace

Extent MemoryAudit::extent() {
  const StatePointer state = committed_();
  Extent extent;
  extent.any = !state->rows.empty();
  if (extent.any) extent.last = static_cast<std::int64_t>(state->rows.size()) - 1;
  extent.has_tree = true;
  for (const auto& [place, hashes] : state->tiles) {
    const auto [level, index] = place;
    if (level < ledger::kTileLevels) {
      extent.edges[level] = {true, index, hashes.size()};
    } else {
      extent.foreign_tiles = true;
    }
  }
  extent.meta.insert(state->meta.begin(), state->meta.end());
  return extent;
}

std::unique_ptr<RowReader> MemoryAudit::row_reader(RowOptions options) {
  return std::make_unique<MemoryRowReader>(committed_, options);
}

std::vector<std::string> MemoryAudit::schema_faults(std::vector<std::string>& /*notes*/) { return {}; }

std::vector<std::string> MemoryAudit::structure_faults(const GoOn& /*go_on*/) { return {}; }

std::vector<std::string> MemoryAudit::filter_faults(const FilterRows& /*expected*/, std::int64_t /*last*/,
                                                    ledger::Checks /*checks*/) {
  return {};
}

std::vector<std::string> MemoryAudit::sum_faults(ledger::Checks /*checks*/, const GoOn& /*go_on*/) { return {}; }

void MemoryAudit::contexts(std::int64_t last, ContextVisitor& visitor) {
  const StatePointer state = committed_();
  visitor.start();
  for (const RowPointer& row : state->rows) {
    if (static_cast<std::int64_t>(row->commit_index) > last && row->agent == event::kSystemAgent) {
      visitor.newer(row->canonical);
    }
  }
  for (const auto& [label, context] : state->contexts) visitor.row(label.first, label.second, context);
}

}  // namespace plog::store::memory
