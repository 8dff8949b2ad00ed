// Checks the tables that are computed from the events, and the structure of the database.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_audit.h"

namespace plog::store::sqlite {
namespace {

constexpr int kMaxFaults = 20;
constexpr std::uint64_t kRowsBetweenCalls = 65536;
constexpr int kStepsBetweenCalls = 1'000'000;  // of SQLite's virtual machine: about 10 ms
// The number of sums kept in memory. If there are more, the events are read several times, once for each part.
constexpr std::int64_t kMaxSums = 500'000;

[[noreturn]] void stopped() { throw Error(Status::kCancelled, "the verification was stopped"); }

struct Key {
  std::int64_t agent, session;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    return (static_cast<std::size_t>(key.agent) * 0x9e3779b97f4a7c15u ^ static_cast<std::size_t>(key.session)) *
               0xff51afd7ed558ccdu >>
           17;
  }
};
struct Sum {
  std::int64_t events = 0, errors = 0, first = 0, last = 0, last_commit = 0;
  bool operator==(const Sum&) const = default;
};

class SumCheck {
 public:
  SumCheck(Connection& connection, ledger::Checks checks, const GoOn& go_on)
      : connection_(connection), checks_(checks), go_on_(go_on) {}

  std::vector<std::string> run() {
    const ReadTransaction transaction(connection_);
    parts_ = static_cast<std::size_t>(connection_.query_integer("SELECT count(*) FROM activity") / kMaxSums + 1);
    for (part_ = 0; part_ < parts_; ++part_) {
      sums_.clear();
      read_events();
      if (checks_.has(ledger::Check::kActivity)) compare_sums();
    }
    return std::move(faults_);
  }

 private:
  bool mine(const Key& key) const { return parts_ == 1 || KeyHash()(key) % parts_ == part_; }

  void fault(std::string what) {
    if (faults_.size() < kMaxFaults) faults_.push_back(std::move(what));
  }

  void read_events() {
    const std::int64_t error = connection_.query_integer("SELECT id FROM term WHERE text = 'error'");
    Statement& rows = connection_.cached(
        "SELECT commit_index, agent, ifnull(session, 0), time, ifnull(status, -1) FROM event ORDER BY commit_index");
    const Run run(rows);
    std::uint64_t count = 0;
    std::int64_t block = -1, min = 0, max = 0;
    Key last{};
    Sum* sum = nullptr;
    while (rows.step()) {
      if (++count % kRowsBetweenCalls == 0 && go_on_ && !go_on_()) stopped();
      const std::int64_t index = rows.integer(0), time = rows.integer(3);
      if (part_ == 0 && index >= 0) {
        if (index >> kTimeBlockShift != block) {
          close_block(block, min, max);
          block = index >> kTimeBlockShift;
          min = max = time;
        }
        min = std::min(min, time);
        max = std::max(max, time);
      }
      const Key key{rows.integer(1), rows.integer(2)};
      if (sum == nullptr || !(key == last)) {
        if (!mine(key)) continue;
        sum = &sums_[key];
        last = key;
      }
      if (sum->events == 0) sum->first = sum->last = time;
      ++sum->events;
      sum->errors += error != 0 && rows.integer(4) == error ? 1 : 0;
      sum->first = std::min(sum->first, time);
      sum->last = std::max(sum->last, time);
      sum->last_commit = index;
    }
    if (part_ != 0) return;
    close_block(block, min, max);
    if (!checks_.has(ledger::Check::kTimeBlock)) return;
    if (connection_.query_integer("SELECT count(*) FROM time_block") != blocks_) {
      fault("table time_block has rows for events that do not exist");
    }
  }

  void close_block(std::int64_t block, std::int64_t min, std::int64_t max) {
    if (block < 0 || !checks_.has(ledger::Check::kTimeBlock)) return;
    Statement& row = connection_.cached("SELECT min_time, max_time FROM time_block WHERE block = ?1");
    const Run run(row);
    row.bind(1, block);
    const bool found = row.step();
    blocks_ += found ? 1 : 0;
    if (!found || row.integer(0) != min || row.integer(1) != max) {
      fault("table time_block differs from the events from " + std::to_string(block << kTimeBlockShift) + " on");
    }
  }

  void compare_sums() {
    Statement& rows =
        connection_.cached("SELECT agent, session, events, errors, first_time, last_time, last_commit FROM activity");
    const Run run(rows);
    while (rows.step()) {
      const Key key{rows.integer(0), rows.integer(1)};
      if (!mine(key)) continue;
      const Sum stored{rows.integer(2), rows.integer(3), rows.integer(4), rows.integer(5), rows.integer(6)};
      const auto found = sums_.find(key);
      if (found == sums_.end()) {
        fault("table activity has a row for " + name_of(key) + ", which has no events");
        continue;
      }
      if (!(found->second == stored)) fault("table activity differs from the events of " + name_of(key));
      sums_.erase(found);
    }
    for (const auto& [key, sum] : sums_) fault("table activity lacks a row for " + name_of(key));
  }

  std::string name_of(const Key& key) {
    Statement& names =
        connection_.cached("SELECT (SELECT text FROM term WHERE id = ?1), (SELECT text FROM term WHERE id = ?2)");
    const Run run(names);
    names.bind(1, key.agent);
    names.bind(2, key.session);
    names.step();
    std::string text = "agent " + std::string(names.bytes(0));
    if (key.session != 0) text += " in session " + std::string(names.bytes(1));
    return text;
  }

  Connection& connection_;
  const ledger::Checks checks_;
  const GoOn& go_on_;
  std::size_t parts_ = 1, part_ = 0;
  std::unordered_map<Key, Sum, KeyHash> sums_;
  std::int64_t blocks_ = 0;
  std::vector<std::string> faults_;
};

// Calls `go_on` during a long statement, and stops the statement if it returns false.
class Interruptible {
 public:
  Interruptible(Connection& connection, const GoOn& go_on) : connection_(connection) {
    if (go_on) sqlite3_progress_handler(connection.handle(), kStepsBetweenCalls, call, const_cast<GoOn*>(&go_on));
  }
  ~Interruptible() { sqlite3_progress_handler(connection_.handle(), 0, nullptr, nullptr); }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  static int call(void* go_on) noexcept { return (*static_cast<const GoOn*>(go_on))() ? 0 : 1; }
  Connection& connection_;
};

}  // namespace

std::vector<std::string> SqliteAudit::structure_faults(const GoOn& go_on) {
  std::vector<std::string> faults;
  read_([&](Connection& connection, bool) {
    faults.clear();
    const Interruptible interruptible(connection, go_on);
    Statement& check = connection.cached("PRAGMA integrity_check(" + std::to_string(kMaxFaults) + ")");
    const Run run(check);
    while (check.step()) {
      if (check.bytes(0) != "ok") faults.emplace_back(check.bytes(0));
    }
  });
  return faults;
}

std::vector<std::string> SqliteAudit::filter_faults(const FilterRows& expected, std::int64_t last,
                                                    ledger::Checks checks) {
  std::vector<std::string> faults;
  const auto compare = [&](Connection& connection, const char* table, std::uint64_t rows) {
    // The second sum counts the rows whose event does not exist. Rows of events committed after `last` are in neither.
    Statement& count = connection.cached(
        "SELECT ifnull(sum(commit_index BETWEEN 0 AND ?1), 0), ifnull(sum(commit_index < 0 OR commit_index > (SELECT "
        "max(commit_index) FROM event)), 0) FROM " +
        std::string(table));
    const Run run(count);
    count.bind(1, last);
    count.step();
    if (static_cast<std::uint64_t>(count.integer(0)) != rows) {
      faults.push_back("table " + std::string(table) + " has " + std::to_string(count.integer(0)) +
                       " rows, but the events need " + std::to_string(rows));
    }
    if (count.integer(1) != 0)
      faults.push_back("table " + std::string(table) + " has rows of events that do not exist");
  };
  read_([&](Connection& connection, bool) {
    faults.clear();
    if (checks.has(ledger::Check::kLabel)) compare(connection, "event_label", expected.labels);
    if (checks.has(ledger::Check::kReference)) compare(connection, "event_reference", expected.references);
    if (!has_table(connection, "erased")) return;
    Statement& count = connection.cached(
        "SELECT count(*) FROM erased x LEFT JOIN event e USING (commit_index) "
        "WHERE x.commit_index <= ?1 AND (e.commit_index IS NULL OR length(e.canonical) > 0)");
    const Run run(count);
    count.bind(1, last);
    count.step();
    if (count.integer(0) != 0) faults.emplace_back("table erased has rows of events that were not erased");
  });
  return faults;
}

std::vector<std::string> SqliteAudit::sum_faults(ledger::Checks checks, const GoOn& go_on) {
  std::vector<std::string> faults;
  read_([&](Connection& connection, bool) { faults = SumCheck(connection, checks, go_on).run(); });
  return faults;
}

void SqliteAudit::contexts(std::int64_t last, ContextVisitor& visitor) {
  read_([&](Connection& connection, bool) {
    visitor.start();
    const ReadTransaction transaction(connection);
    Statement& events = connection.cached(
        "SELECT canonical FROM event WHERE commit_index > ?1 AND agent = (SELECT id FROM term WHERE text = "
        "'provenlog') "
        "ORDER BY commit_index");
    {
      const Run run(events);
      events.bind(1, last);
      while (events.step()) visitor.newer(events.bytes(0));
    }
    Statement& rows = connection.cached("SELECT key, value, context FROM label_context");
    const Run run(rows);
    while (rows.step()) visitor.row(rows.bytes(0), rows.bytes(1), rows.bytes(2));
  });
}

}  // namespace plog::store::sqlite
