// The reading calls of SqliteStore.
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>

#include "store/sqlite/schema.h"
#include "store/sqlite/select.h"
#include "store/sqlite/sqlite_store.h"

namespace plog::store::sqlite {
namespace {

constexpr char kColumns[] = "e.commit_index, e.sequence, e.hash, e.prev_hash, e.canonical, e.warnings";
constexpr std::int64_t kMaxInteger = std::numeric_limits<std::int64_t>::max();

std::int64_t clamped(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, kMaxInteger));
}

Digest digest_at(Statement& row, int column) {
  const std::string_view octets = row.bytes(column);
  Digest digest;
  if (octets.size() != digest.size()) {
    throw Error(Status::kCorrupt, "the event at commit index " + std::to_string(row.integer(0)) +
                                      " is damaged: one of its hashes is not 32 bytes long");
  }
  std::memcpy(digest.data(), octets.data(), digest.size());
  return digest;
}

std::uint64_t unsigned_at(Statement& row, int column) { return static_cast<std::uint64_t>(row.integer(column)); }

// What is left of an erased event; nullopt if the row was emptied without a record of it.
std::optional<ErasedEvent> erased_event(Connection& connection, std::int64_t commit_index) {
  if (!has_table(connection, "erased")) return std::nullopt;
  Statement& statement = connection.cached(
      "SELECT t.text, e.id, e.time, x.recorded_by, x.warnings FROM erased x JOIN event e USING (commit_index) "
      "JOIN term t ON t.id = e.agent WHERE x.commit_index = ?1");
  const Run run(statement);
  statement.bind(1, commit_index);
  if (!statement.step()) return std::nullopt;
  ErasedEvent erased;
  erased.agent = statement.bytes(0);
  const std::string_view id = statement.bytes(1);
  if (id.size() != erased.id.size()) return std::nullopt;
  std::copy(id.begin(), id.end(), erased.id.begin());
  erased.time = statement.integer(2);
  erased.recorded_by = unsigned_at(statement, 3);
  if (statement.type(4) != SQLITE_NULL) {
    const std::string_view digest = statement.bytes(4);
    erased.warnings.emplace();
    if (digest.size() != erased.warnings->size()) return std::nullopt;
    std::memcpy(erased.warnings->data(), digest.data(), digest.size());
  }
  return erased;
}

EventRow row_of(Connection& connection, Statement& statement) {
  EventRow row;
  row.commit_index = static_cast<std::uint64_t>(statement.integer(0));
  row.sequence = static_cast<std::uint64_t>(statement.integer(1));
  row.hash = digest_at(statement, 2);
  row.prev_hash = digest_at(statement, 3);
  row.canonical = statement.bytes(4);
  row.warnings = statement.bytes(5);
  if (row.canonical.empty()) row.erased = erased_event(connection, statement.integer(0));
  return row;
}

std::uint64_t size_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::string meta_text(Connection& connection, std::string_view key) {
  Statement& statement = connection.cached("SELECT value FROM meta WHERE key = ?1");
  const Run run(statement);
  statement.bind_text(1, key);
  return statement.step() ? std::string(statement.bytes(0)) : std::string();
}

// The number of events for each text of a column, without those of the reserved agent, the most frequent first.
std::vector<std::pair<std::string, std::uint64_t>> counts_by(Connection& connection, const char* column,
                                                             std::int64_t system) {
  std::map<std::int64_t, std::int64_t> counts;
  const std::string name = column;
  Statement& all = connection.cached("SELECT " + name + ", count(*) FROM event INDEXED BY event_" + name + " WHERE " +
                                     name + " IS NOT NULL GROUP BY " + name);
  {
    const Run run(all);
    while (all.step()) counts[all.integer(0)] += all.integer(1);
  }
  Statement& of_system = connection.cached("SELECT " + name + ", count(*) FROM event INDEXED BY event_chain WHERE " +
                                           "agent = ?1 AND " + name + " IS NOT NULL GROUP BY +" + name);
  {
    const Run run(of_system);
    of_system.bind(1, system);
    while (of_system.step()) counts[of_system.integer(0)] -= of_system.integer(1);
  }
  std::vector<std::pair<std::string, std::uint64_t>> result;
  Statement& term = connection.cached("SELECT text FROM term WHERE id = ?1");
  for (const auto& [id, count] : counts) {
    if (count <= 0) continue;
    const Run run(term);
    term.bind(1, id);
    if (term.step()) result.emplace_back(term.bytes(0), static_cast<std::uint64_t>(count));
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return result;
}

// Bounds the memory of a page: a single row may be a megabyte or more.
constexpr std::size_t kPageBytes = 4u << 20;

}  // namespace

bool SqliteStore::page(Filter& filter, std::size_t page, std::vector<EventRow>& out) {
  const std::uint64_t wanted = std::min<std::uint64_t>(page, filter.limit.value_or(page));
  if (wanted == 0) return false;
  const std::size_t start = out.size();
  bool more = false;
  read([&](Connection& connection, bool) {
    out.resize(start);
    more = false;
    auto select = select_rows(connection, filter, kColumns);
    if (!select) return;
    select->sql += " LIMIT ? OFFSET ?";
    // One row more than wanted shows whether a next page exists.
    select->parameters.emplace_back(clamped(wanted + 1));
    select->parameters.emplace_back(clamped(filter.offset));
    Statement& statement = connection.cached(select->sql);
    const Run run(statement);
    select->bind(statement);
    std::size_t bytes = 0;
    while (statement.step()) {
      if (out.size() - start == wanted || bytes > kPageBytes) {
        more = true;
        break;
      }
      out.push_back(row_of(connection, statement));
      bytes += out.back().canonical.size();
    }
  });
  const std::uint64_t got = out.size() - start;
  if (got > 0) {
    filter.offset = 0;
    filter.after = out.back().commit_index;
  }
  if (filter.limit) {
    *filter.limit -= got;
    if (*filter.limit == 0) more = false;
  }
  return more;
}

std::uint64_t SqliteStore::count(const Filter& filter) {
  std::int64_t total = 0;
  read([&](Connection& connection, bool) {
    const auto count = [&](bool only_system) -> std::int64_t {
      const auto select = select_count(connection, filter, only_system);
      if (!select) return 0;
      Statement& statement = connection.cached(select->sql);
      const Run run(statement);
      select->bind(statement);
      return statement.step() ? statement.integer(0) : 0;
    };
    // One snapshot for both counts. Subtracting the system events keeps the first count covered by an index, which a
    // condition on the agent would not.
    connection.execute("BEGIN");
    try {
      total = count(false);
      if (!filter.include_system && !filter.agent) total -= count(true);
    } catch (...) {
      sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
    connection.execute("COMMIT");
  });
  return static_cast<std::uint64_t>(total);
}

std::optional<EventRow> SqliteStore::find(const Uuid& id, const std::optional<std::string>& agent) {
  std::optional<EventRow> found;
  read([&](Connection& connection, bool) {
    found.reset();
    std::optional<std::int64_t> term;
    if (agent) {
      term = find_term(connection, *agent);
      if (!term) return;
    }
    Statement& statement = connection.cached(std::string("SELECT ") + kColumns + " FROM event e WHERE e.id = ?1 " +
                                             (agent ? "AND e.agent = ?2 " : "") + "ORDER BY e.commit_index LIMIT 1");
    const Run run(statement);
    statement.bind_blob(1, id.data(), id.size());
    if (term) statement.bind(2, *term);
    if (statement.step()) found = row_of(connection, statement);
  });
  return found;
}

std::optional<std::string> SqliteStore::context(std::string_view key, std::string_view value) {
  std::optional<std::string> found;
  read([&](Connection& connection, bool) {
    found.reset();
    Statement& statement = connection.cached("SELECT context FROM label_context WHERE key = ?1 AND value = ?2");
    const Run run(statement);
    statement.bind_text(1, key);
    statement.bind_text(2, value);
    if (statement.step()) found = std::string(statement.bytes(0));
  });
  return found;
}

std::vector<AgentSummary> SqliteStore::agents(bool include_system, std::string_view after, std::uint64_t limit) {
  std::vector<AgentSummary> agents;
  read([&](Connection& connection, bool) {
    agents.clear();
    Statement& statement = connection.cached(
        "SELECT t.text, sum(a.events), min(a.first_time), max(a.last_time) FROM activity a JOIN term t ON t.id = "
        "a.agent "
        "WHERE (?1 OR t.text <> ?2) AND (?4 OR t.text > ?3) GROUP BY t.text ORDER BY t.text LIMIT ?5");
    const Run run(statement);
    statement.bind(1, include_system ? 1 : 0);
    statement.bind_text(2, event::kSystemAgent);
    statement.bind_text(3, after);
    statement.bind(4, after.empty() ? 1 : 0);
    statement.bind(5, clamped(limit));
    while (statement.step()) {
      agents.push_back(
          {std::string(statement.bytes(0)), unsigned_at(statement, 1), statement.integer(2), statement.integer(3)});
    }
  });
  return agents;
}

std::vector<SessionSummary> SqliteStore::sessions(const std::optional<std::string>& agent, std::uint64_t offset,
                                                  std::uint64_t limit) {
  std::vector<SessionSummary> sessions;
  read([&](Connection& connection, bool) {
    sessions.clear();
    const auto named = find_term(connection, agent ? std::string_view(*agent) : event::kSystemAgent);
    if (agent && !named) return;
    Statement& statement = connection.cached(
        std::string("SELECT t.text, s.text, a.events, a.errors, a.first_time, a.last_time FROM activity a ") +
        "INDEXED BY activity_recent CROSS JOIN term t ON t.id = a.agent CROSS JOIN term s ON s.id = a.session " +
        (agent ? "WHERE a.agent = ?1" : "WHERE a.agent <> ?1") + " ORDER BY a.last_commit DESC LIMIT ?2 OFFSET ?3");
    const Run run(statement);
    statement.bind(1, named.value_or(0));
    statement.bind(2, clamped(limit));
    statement.bind(3, clamped(offset));
    while (statement.step()) {
      sessions.push_back({std::string(statement.bytes(0)), std::string(statement.bytes(1)), unsigned_at(statement, 2),
                          unsigned_at(statement, 3), statement.integer(4), statement.integer(5)});
    }
  });
  return sessions;
}

Summary SqliteStore::summary() {
  Summary summary;
  read([&](Connection& connection, bool) {
    summary = Summary();
    const std::int64_t system = find_term(connection, event::kSystemAgent).value_or(0);
    {
      Statement& sums = connection.cached(
          "SELECT sum(events), sum(errors), min(first_time), max(last_time), count(DISTINCT agent), "
          "count(DISTINCT nullif(session, 0)) FROM activity WHERE agent <> ?1");
      const Run run(sums);
      sums.bind(1, system);
      sums.step();
      summary.events = unsigned_at(sums, 0);
      summary.errors = unsigned_at(sums, 1);
      summary.first = sums.integer(2);
      summary.last = sums.integer(3);
      summary.agents = unsigned_at(sums, 4);
      summary.sessions = unsigned_at(sums, 5);
    }
    {
      Statement& of_system = connection.cached("SELECT sum(events) FROM activity WHERE agent = ?1");
      const Run run(of_system);
      of_system.bind(1, system);
      of_system.step();
      summary.system_events = unsigned_at(of_system, 0);
    }
    summary.by_type = counts_by(connection, "type", system);
    summary.by_status = counts_by(connection, "status", system);
    summary.ledger_id = meta_text(connection, kMetaLedgerId);
  });
  summary.storage = {{"file_bytes", size_of(path_)}, {"wal_bytes", size_of(path_ + "-wal")}};
  return summary;
}

std::vector<std::pair<Uuid, JournalPosition>> SqliteStore::journals() {
  std::vector<std::pair<Uuid, JournalPosition>> result;
  read([&](Connection& connection, bool) {
    result.clear();
    Statement& statement = connection.cached("SELECT id, segment, offset FROM journal ORDER BY id");
    const Run run(statement);
    while (statement.step()) {
      const std::string_view id = statement.bytes(0);
      if (id.size() != sizeof(Uuid)) continue;
      auto& entry = result.emplace_back();
      std::copy(id.begin(), id.end(), entry.first.begin());
      entry.second = {static_cast<std::uint64_t>(statement.integer(1)),
                      static_cast<std::uint64_t>(statement.integer(2))};
    }
  });
  return result;
}

std::uint64_t SqliteStore::size() {
  std::uint64_t size = 0;
  read([&](Connection& connection, bool) {
    Statement& newest = connection.cached("SELECT max(commit_index) + 1 FROM event");
    const Run run(newest);
    newest.step();
    size = unsigned_at(newest, 0);  // 0 for NULL
  });
  return size;
}

std::string SqliteStore::meta(std::string_view key) {
  std::string value;
  read([&](Connection& connection, bool) { value = meta_text(connection, key); });
  return value;
}

std::string SqliteStore::tile(unsigned level, std::uint64_t index) {
  std::string hashes;
  read([&](Connection& connection, bool) {
    hashes.clear();
    if (!has_table(connection, "tile")) return;
    Statement& statement = connection.cached(kSelectTile);
    const Run run(statement);
    statement.bind(1, tile_place(level, index));
    if (statement.step()) hashes = statement.bytes(0);
  });
  return hashes;
}

}  // namespace plog::store::sqlite
