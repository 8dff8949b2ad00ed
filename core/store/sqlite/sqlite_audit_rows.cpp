// Reads blocks of rows and tiles for verification.
#include <cstring>
#include <limits>
#include <unordered_map>

#include "store/sqlite/filter_tables.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_audit.h"

namespace plog::store::sqlite {
namespace {

constexpr std::size_t kMaxTexts = 65536;

enum Place { kCommitIndex, kAgent, kSequence, kId, kHash, kPrevHash, kCanonical, kWarnings, kBare };
enum More { kTime = kBare, kFirstText, kAll = kFirstText + ledger::kColumns };

constexpr std::string_view kColumnsOfRow =
    "SELECT commit_index, agent, sequence, id, hash, prev_hash, canonical, warnings";
constexpr std::string_view kBareRows =
    "SELECT commit_index, agent, sequence, id, hash, prev_hash, canonical, warnings FROM event "
    "WHERE commit_index BETWEEN ?1 AND ?2 ORDER BY commit_index";
constexpr std::string_view kAllRows =
    "SELECT commit_index, agent, sequence, id, hash, prev_hash, canonical, warnings, time, session, source, type, "
    "name, "
    "status FROM event WHERE commit_index BETWEEN ?1 AND ?2 ORDER BY commit_index";

struct Expected {
  int type;
  bool optional;
  const char* name;
};

constexpr Expected kExpected[kAll] = {
    {SQLITE_INTEGER, false, "commit_index"},
    {SQLITE_INTEGER, false, "agent"},
    {SQLITE_INTEGER, false, "sequence"},
    {SQLITE_BLOB, false, "id"},
    {SQLITE_BLOB, false, "hash"},
    {SQLITE_BLOB, false, "prev_hash"},
    {SQLITE_BLOB, false, "canonical"},
    {SQLITE_BLOB, true, "warnings"},
    {SQLITE_INTEGER, false, "time"},
    {SQLITE_INTEGER, true, "session"},
    {SQLITE_INTEGER, true, "source"},
    {SQLITE_INTEGER, true, "type"},
    {SQLITE_INTEGER, true, "name"},
    {SQLITE_INTEGER, true, "status"},
};

std::int64_t clamped(std::uint64_t value) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(value, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
}

std::string_view bytes(sqlite3_value* value) noexcept {
  const void* data = sqlite3_value_blob(value);
  return data == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

class SqliteRowReader final : public RowReader {
 public:
  SqliteRowReader(const SqliteAudit::Read& read, RowOptions options)
      : read_(read), tiles_(options.tiles), texts_(options.texts), filters_(options.checks) {}

  std::optional<std::uint64_t> read(std::uint64_t first, std::uint64_t end, RowVisitor& visitor) override {
    std::optional<std::uint64_t> following;
    read_([&](Connection& connection, bool) {
      visitor.start();
      filters_.start();
      following.reset();
      const ReadTransaction transaction(connection);
      if (!rows(connection, first, end, visitor)) following = next_row(connection, end);
      if (tiles_) tiles(connection, first, end, visitor);
      if (texts_) filters_.compare(connection, first, end, visitor);
    });
    return following;
  }

  FilterRows filter_rows() const override { return filters_.rows(); }

  bool read_one(std::string_view agent, std::uint64_t sequence, RowVisitor& visitor) override {
    bool found = false;
    read_([&](Connection& connection, bool) {
      visitor.start();
      Statement& row =
          connection.cached(std::string(kColumnsOfRow) +
                            " FROM event WHERE agent = (SELECT id FROM term WHERE text = ?1) AND sequence = ?2");
      const Run run(row);
      row.bind_text(1, agent);
      row.bind(2, clamped(sequence));
      found = row.step();
      if (found) add(connection, row, visitor, false);
    });
    return found;
  }

  void read_system(const std::vector<std::string_view>& names, std::uint64_t end, RowVisitor& visitor) override {
    read_([&](Connection& connection, bool) {
      visitor.start();
      std::string sql =
          std::string(kColumnsOfRow) +
          " FROM event WHERE commit_index < ?1 AND agent = (SELECT id FROM term WHERE text = 'provenlog') "
          "AND name IN (SELECT id FROM term WHERE text IN (''";
      for (std::size_t i = 0; i < names.size(); ++i) sql += ", ?" + std::to_string(i + 2);
      Statement& rows = connection.cached(sql + ")) ORDER BY commit_index");
      const Run run(rows);
      rows.bind(1, clamped(end));
      for (std::size_t i = 0; i < names.size(); ++i) rows.bind_text(static_cast<int>(i) + 2, names[i]);
      while (rows.step()) add(connection, rows, visitor, false);
    });
  }

 private:
  bool rows(Connection& connection, std::uint64_t first, std::uint64_t end, RowVisitor& visitor) {
    Statement& rows = connection.cached(texts_ ? kAllRows : kBareRows);
    const Run run(rows);
    rows.bind(1, clamped(first));
    rows.bind(2, clamped(end - 1));
    bool any = false;
    while (rows.step()) {
      any = true;
      add(connection, rows, visitor, texts_);
    }
    return any;
  }

  static std::optional<std::uint64_t> next_row(Connection& connection, std::uint64_t from) {
    Statement& next = connection.cached("SELECT min(commit_index) FROM event WHERE commit_index >= ?1");
    const Run run(next);
    next.bind(1, clamped(from));
    if (!next.step() || next.type(0) == SQLITE_NULL) return std::nullopt;
    return static_cast<std::uint64_t>(next.integer(0));
  }

  static void tiles(Connection& connection, std::uint64_t first, std::uint64_t end, RowVisitor& visitor) {
    if (!has_table(connection, "tile")) return;
    Statement& tiles =
        connection.cached("SELECT place, hashes FROM tile WHERE place >= ?1 AND place < ?2 ORDER BY place");
    const Run run(tiles);
    tiles.bind(1, clamped(first / ledger::kTileWidth));
    tiles.bind(2, clamped(std::min((end + ledger::kTileWidth - 1) / ledger::kTileWidth, std::uint64_t{1} << 56)));
    while (tiles.step()) visitor.tile(static_cast<std::uint64_t>(tiles.integer(0)), tiles.bytes(1));
  }

  // Reads what is left of an erased event. False if the row was emptied without a record of it.
  bool find_erasure(Connection& connection, std::uint64_t commit_index) {
    if (!has_table(connection, "erased")) return false;
    Statement& row = connection.cached("SELECT warnings FROM erased WHERE commit_index = ?1");
    const Run run(row);
    row.bind(1, clamped(commit_index));
    if (!row.step()) return false;
    erasure_ = {};
    if (row.type(0) != SQLITE_NULL) erasure_.warnings = std::string(row.bytes(0));
    return true;
  }

  void add(Connection& connection, Statement& row, RowVisitor& visitor, bool texts) {
    const int columns = texts ? static_cast<int>(kAll) : static_cast<int>(kBare);
    sqlite3_value* values[kAll];
    for (int i = 0; i < columns; ++i) values[i] = row.value(i);
    // Check the types before reading the values: reading a value may convert it.
    fault_.clear();
    for (int i = 0; i < columns; ++i) {
      const int type = sqlite3_value_type(values[i]);
      if (type == kExpected[i].type || (type == SQLITE_NULL && kExpected[i].optional)) continue;
      add_fault(kExpected[i].name, " has the wrong type");
    }
    ledger::StoredEvent event;
    event.has_warnings = sqlite3_value_type(values[kWarnings]) != SQLITE_NULL;
    event.commit_index = static_cast<std::uint64_t>(sqlite3_value_int64(values[kCommitIndex]));
    event.sequence = static_cast<std::uint64_t>(sqlite3_value_int64(values[kSequence]));
    if (const std::string* name = text_of(connection, agent_, sqlite3_value_int64(values[kAgent]))) {
      event.agent = *name;
    } else {
      add_fault("agent", " refers to a missing term");
    }
    const std::string_view id = bytes(values[kId]);
    if (id.size() == event.id.size()) {
      std::memcpy(event.id.data(), id.data(), id.size());
    } else {
      add_fault("id", " has the wrong size");
    }
    event.hash = bytes(values[kHash]);
    event.prev_hash = bytes(values[kPrevHash]);
    event.canonical = bytes(values[kCanonical]);
    event.warnings = bytes(values[kWarnings]);
    if (event.canonical.empty() && find_erasure(connection, event.commit_index)) event.erasure = &erasure_;
    if (texts) {
      event.time = sqlite3_value_int64(values[kTime]);
      for (std::size_t i = 0; i < ledger::kColumns; ++i) {
        sqlite3_value* value = values[kFirstText + i];
        if (sqlite3_value_type(value) == SQLITE_NULL) continue;
        const std::string* text = text_of(connection, columns_[i], sqlite3_value_int64(value));
        if (text == nullptr) {
          add_fault(kExpected[kFirstText + i].name, " refers to a missing term");
          event.texts[i].emplace();
        } else {
          event.texts[i] = *text;
        }
      }
    }
    event.fault = fault_;
    event::Index index;
    if (texts && event.erasure == nullptr) {
      try {
        index = event::index_of(event.canonical);
        event.index = &index;
        filters_.add(connection, event);
      } catch (const Error& error) {
        // The visitor reports these bytes when it compares the columns with them.
        if (error.status() != Status::kCorrupt) throw;
      }
    }
    visitor.row(event);
  }

  void add_fault(const char* column, const char* what) {
    if (!fault_.empty()) fault_ += ", ";
    fault_ += std::string("column ") + column + what;
  }

  // The last text of a column, so that runs of one value need no lookup.
  struct Memo {
    std::int64_t term = 0;
    std::string text;
    bool known = false;
  };

  const std::string* text_of(Connection& connection, Memo& memo, std::int64_t term) {
    if (memo.known && memo.term == term) return &memo.text;
    auto found = cache_.find(term);
    if (found == cache_.end()) {
      Statement& statement = connection.cached("SELECT text FROM term WHERE id = ?1");
      const Run run(statement);
      statement.bind(1, term);
      if (!statement.step() || statement.type(0) != SQLITE_TEXT) return nullptr;
      if (cache_.size() >= kMaxTexts) cache_.clear();
      found = cache_.emplace(term, statement.bytes(0)).first;
    }
    memo = {term, found->second, true};
    return &memo.text;
  }

  const SqliteAudit::Read& read_;
  const bool tiles_, texts_;
  FilterTables filters_;
  std::string fault_;
  ledger::Erasure erasure_;
  Memo agent_;
  std::array<Memo, ledger::kColumns> columns_;
  std::unordered_map<std::int64_t, std::string> cache_;
};

void read_meta(Connection& connection, Extent& extent) {
  Statement& rows = connection.cached("SELECT key, value FROM meta");
  const Run run(rows);
  while (rows.step()) extent.meta.emplace(rows.bytes(0), rows.bytes(1));
}

void read_edges(Connection& connection, Extent& extent) {
  Statement& edge = connection.cached(
      "SELECT place, length(hashes) FROM tile WHERE place >= ?1 AND place < ?2 ORDER BY place DESC LIMIT 1");
  for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
    const Run run(edge);
    edge.bind(1, tile_place(level, 0));
    edge.bind(2, tile_place(level + 1, 0));
    if (!edge.step()) continue;
    extent.edges[level] = {true, static_cast<std::uint64_t>(edge.integer(0) - tile_place(level, 0)),
                           static_cast<std::uint64_t>(edge.integer(1))};
  }
  extent.foreign_tiles = connection.query_integer("SELECT EXISTS (SELECT 1 FROM tile WHERE place < 0)") != 0 ||
                         connection.query_integer("SELECT EXISTS (SELECT 1 FROM tile WHERE place >= 8 << 56)") != 0;
}

}  // namespace

Extent SqliteAudit::extent() {
  Extent extent;
  read_([&](Connection& connection, bool) {
    extent = Extent();
    const ReadTransaction transaction(connection);
    {
      Statement& ends = connection.cached(
          "SELECT (SELECT min(commit_index) FROM event), "
          "(SELECT max(commit_index) FROM event)");
      const Run run(ends);
      ends.step();
      extent.any = ends.type(1) != SQLITE_NULL;
      extent.first = ends.integer(0);
      extent.last = ends.integer(1);
    }
    extent.has_tree = has_table(connection, "tile");
    read_meta(connection, extent);
    if (extent.has_tree) read_edges(connection, extent);
  });
  return extent;
}

std::unique_ptr<RowReader> SqliteAudit::row_reader(RowOptions options) {
  return std::make_unique<SqliteRowReader>(read_, options);
}

}  // namespace plog::store::sqlite
