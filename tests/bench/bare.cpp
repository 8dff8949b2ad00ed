// usage: plog_bench_bare insert SOURCE TARGET GROUP [--sync] [--limit ROWS]
//        plog_bench_bare hash|verify SOURCE
//
// The ceilings, which use only SQLite's C interface. `insert` copies the rows of the ledger SOURCE to the new database
// TARGET, which has the same tables and indexes. It uses prepared statements, one transaction per GROUP of events, and
// the settings and checkpoints of the ledger itself (WAL, synchronous=NORMAL; with --sync, an fsync at each commit).
// All rows are in memory before the clock starts. `hash` reads all events of SOURCE in commit order and computes the
// SHA-256 that the column `hash` must contain. `verify` reads the columns that a verification needs and computes the
// hashes of chain, leaves and tree.
#include <sqlite3.h>

#include <cstring>
#include <map>

#include "base/encoding.h"
#include "bench.h"
#include "crypto/sha256.h"
#include "ledger/chain.h"
#include "ledger/leaf.h"
#include "ledger/merkle.h"

namespace {

using plog::bench::die;

class Database {
 public:
  Database(const std::string& path, int flags) {
    if (sqlite3_open_v2(path.c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK) fail();
  }
  ~Database() { sqlite3_close_v2(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
  sqlite3_stmt* prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    const int size = static_cast<int>(sql.size());
    if (sqlite3_prepare_v3(db_, sql.c_str(), size, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) fail();
    return statement;
  }
  void step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail();
    sqlite3_reset(statement);
  }
  sqlite3* handle() const { return db_; }
  [[noreturn]] void fail() const { die(std::string("SQLite: ") + sqlite3_errmsg(db_)); }

 private:
  sqlite3* db_ = nullptr;
};

struct Cell {
  int type = SQLITE_NULL;
  std::int64_t integer = 0;
  std::string octets;
};
using Row = std::vector<Cell>;

struct Table {
  std::string name;
  std::vector<Row> rows;
  sqlite3_stmt* insert = nullptr;
  std::size_t next = 0;
};

Table read_table(Database& source, const std::string& name, const std::string& order, std::uint64_t limit) {
  Table table{name, {}, nullptr, 0};
  sqlite3_stmt* select =
      source.prepare("SELECT * FROM " + name + " ORDER BY " + order + " LIMIT " + std::to_string(limit));
  const int columns = sqlite3_column_count(select);
  while (sqlite3_step(select) == SQLITE_ROW) {
    Row& row = table.rows.emplace_back(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) {
      Cell& cell = row[static_cast<std::size_t>(i)];
      cell.type = sqlite3_column_type(select, i);
      if (cell.type == SQLITE_INTEGER) {
        cell.integer = sqlite3_column_int64(select, i);
      } else if (cell.type != SQLITE_NULL) {
        const void* data = sqlite3_column_blob(select, i);
        if (data != nullptr) {
          cell.octets.assign(static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(select, i)));
        }
      }
    }
  }
  sqlite3_finalize(select);
  return table;
}

void bind(sqlite3_stmt* statement, int index, const Cell& cell) {
  const int size = static_cast<int>(cell.octets.size());
  switch (cell.type) {
    case SQLITE_NULL: sqlite3_bind_null(statement, index); return;
    case SQLITE_INTEGER: sqlite3_bind_int64(statement, index, cell.integer); return;
    case SQLITE_TEXT: sqlite3_bind_text(statement, index, cell.octets.data(), size, SQLITE_STATIC); return;
    default: sqlite3_bind_blob(statement, index, cell.octets.data(), size, SQLITE_STATIC); return;
  }
}

void insert_row(Database& target, Table& table) {
  const Row& row = table.rows[table.next++];
  for (std::size_t i = 0; i < row.size(); ++i) bind(table.insert, static_cast<int>(i + 1), row[i]);
  target.step(table.insert);
}

// The sums over the events of one transaction for one agent and session.
struct Activity {
  std::int64_t events = 0, errors = 0, first = INT64_MAX, last = INT64_MIN, last_commit = 0;
};

class Copy {
 public:
  Copy(const std::string& from, const std::string& to, std::uint64_t limit)
      : source_(from, SQLITE_OPEN_READONLY), target_(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) {
    event_ = read_table(source_, "event", "commit_index", limit);
    const std::string last = std::to_string(event_.rows.size() - 1);
    term_ = read_table(source_, "term", "id", UINT32_MAX);
    label_ = read_table(source_, "label", "id", UINT32_MAX);
    event_label_ = read_table(source_, "event_label", "commit_index, label", UINT32_MAX);
    reference_ = read_table(source_, "event_reference", "commit_index", UINT32_MAX);
    target_.run("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0");
    target_.run("PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY");
    sqlite3_stmt* schema = source_.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid");
    while (sqlite3_step(schema) == SQLITE_ROW) {
      target_.run(reinterpret_cast<const char*>(sqlite3_column_text(schema, 0)));
    }
    sqlite3_finalize(schema);
    for (Table* table : {&event_, &term_, &label_, &event_label_, &reference_}) {
      if (table->rows.empty()) continue;
      std::string sql = "INSERT INTO " + table->name + " VALUES (?";
      for (std::size_t i = 1; i < table->rows[0].size(); ++i) sql += ", ?";
      table->insert = target_.prepare(sql + ")");
    }
    activity_ = target_.prepare(
        "INSERT INTO activity VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET "
        "events = events + excluded.events, errors = errors + excluded.errors, "
        "first_time = min(first_time, excluded.first_time), last_time = max(last_time, excluded.last_time), "
        "last_commit = excluded.last_commit");
    block_ = target_.prepare(
        "INSERT INTO time_block VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
        "min_time = min(min_time, excluded.min_time), max_time = max(max_time, excluded.max_time)");
  }
  ~Copy() {
    for (Table* table : {&event_, &term_, &label_, &event_label_, &reference_}) sqlite3_finalize(table->insert);
    sqlite3_finalize(activity_);
    sqlite3_finalize(block_);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  std::size_t events() const { return event_.rows.size(); }

  double insert(std::size_t group, bool sync) {
    if (sync) target_.run("PRAGMA synchronous=FULL");
    sqlite3_wal_hook(target_.handle(), remember_frames, &frames_);
    sqlite3_stmt* begin = target_.prepare("BEGIN IMMEDIATE");
    sqlite3_stmt* commit = target_.prepare("COMMIT");
    const std::int64_t start = plog::bench::now_nanos();
    while (event_.next < event_.rows.size()) {
      const std::size_t first = event_.next;
      const std::size_t end = std::min(first + group, event_.rows.size());
      target_.step(begin);
      while (event_.next < end) insert_event();
      finish_sums(first, end);
      target_.step(commit);
      constexpr int kCheckpointFrames = (32 << 20) / (4096 + 24);
      if (frames_ >= kCheckpointFrames) {
        frames_ = 0;
        sqlite3_wal_checkpoint_v2(target_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
      }
    }
    const double seconds = plog::bench::seconds_since(start);
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    return seconds;
  }

 private:
  static int remember_frames(void* frames, sqlite3*, const char*, int count) {
    *static_cast<int*>(frames) = count;
    return SQLITE_OK;
  }

  // Inserts an event and, before it, the shared texts that it is the first to use.
  void insert_event() {
    constexpr std::size_t kFirstTerm = 3, kLastTerm = 7, kAgent = 1;  // columns of `event`
    const Row& event = event_.rows[event_.next];
    std::int64_t newest = event[kAgent].integer;
    for (std::size_t i = kFirstTerm; i <= kLastTerm; ++i) newest = std::max(newest, event[i].integer);
    while (term_.next < term_.rows.size() && term_.rows[term_.next][0].integer <= newest) insert_row(target_, term_);
    const std::int64_t index = event[0].integer;
    insert_row(target_, event_);
    while (event_label_.next < event_label_.rows.size() && event_label_.rows[event_label_.next][1].integer == index) {
      const std::int64_t label = event_label_.rows[event_label_.next][0].integer;
      while (label_.next < label_.rows.size() && label_.rows[label_.next][0].integer <= label) {
        insert_row(target_, label_);
      }
      insert_row(target_, event_label_);
    }
    while (reference_.next < reference_.rows.size() && reference_.rows[reference_.next][2].integer == index) {
      insert_row(target_, reference_);
    }
  }

  void finish_sums(std::size_t first, std::size_t end) {
    constexpr std::size_t kAgent = 1, kSession = 3, kTime = 8;  // columns of `event`
    std::map<std::pair<std::int64_t, std::int64_t>, Activity> sums;
    std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> blocks;
    for (std::size_t i = first; i < end; ++i) {
      const Row& event = event_.rows[i];
      const std::int64_t time = event[kTime].integer;
      Activity& sum = sums[{event[kAgent].integer, event[kSession].integer}];
      ++sum.events;
      sum.first = std::min(sum.first, time);
      sum.last = std::max(sum.last, time);
      sum.last_commit = event[0].integer;
      auto& block = blocks.try_emplace(event[0].integer >> 10, time, time).first->second;
      block = {std::min(block.first, time), std::max(block.second, time)};
    }
    const auto run = [&](sqlite3_stmt* statement, std::initializer_list<std::int64_t> values) {
      int index = 0;
      for (const std::int64_t value : values) sqlite3_bind_int64(statement, ++index, value);
      target_.step(statement);
    };
    for (const auto& [key, sum] : sums) {
      run(activity_, {key.first, key.second, sum.events, sum.errors, sum.first, sum.last, sum.last_commit});
    }
    for (const auto& [number, times] : blocks) run(block_, {number, times.first, times.second});
  }

  Database source_, target_;
  Table event_, term_, label_, event_label_, reference_;
  sqlite3_stmt* activity_ = nullptr;
  sqlite3_stmt* block_ = nullptr;
  int frames_ = 0;
};

int hash(const std::string& path) {
  Database source(path, SQLITE_OPEN_READONLY);
  const std::int64_t start = plog::bench::now_nanos();
  sqlite3_stmt* select = source.prepare("SELECT canonical, prev_hash, hash FROM event ORDER BY commit_index");
  std::uint64_t events = 0, octets = 0, wrong = 0;
  while (sqlite3_step(select) == SQLITE_ROW) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(select, 0));
    char prev[64];
    plog::hex_encode(static_cast<const std::uint8_t*>(sqlite3_column_blob(select, 1)), 32, prev);
    const plog::Digest digest =
        plog::sha256({static_cast<const char*>(sqlite3_column_blob(select, 0)), size}, {prev, 64});
    wrong += std::memcmp(digest.data(), sqlite3_column_blob(select, 2), digest.size()) != 0 ? 1 : 0;
    ++events;
    octets += size;
  }
  sqlite3_finalize(select);
  const double seconds = plog::bench::seconds_since(start);
  if (wrong > 0) die("a stored hash differs from the computed one");
  std::printf("{\"events\":%llu,\"octets\":%llu,\"seconds\":%.6f}\n", static_cast<unsigned long long>(events),
              static_cast<unsigned long long>(octets), seconds);
  return 0;
}

std::string_view octets_at(sqlite3_stmt* row, int column) {
  return {static_cast<const char*>(sqlite3_column_blob(row, column)),
          static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

// Computes only the hashes. The events of the benchmark have no warnings.
int verify(const std::string& path) {
  Database source(path, SQLITE_OPEN_READONLY);
  const std::int64_t start = plog::bench::now_nanos();
  sqlite3_stmt* select = source.prepare(
      "SELECT commit_index, agent, sequence, id, hash, prev_hash, canonical, warnings FROM event ORDER BY "
      "commit_index");
  sqlite3_stmt* term = source.prepare("SELECT text FROM term WHERE id = ?1");
  std::map<std::int64_t, std::string> names;
  std::uint64_t wrong = 0;
  plog::ledger::CompactRange tree;
  plog::Buffer buffer;
  while (sqlite3_step(select) == SQLITE_ROW) {
    const std::int64_t agent = sqlite3_column_int64(select, 1);
    auto name = names.find(agent);
    if (name == names.end()) {
      sqlite3_bind_int64(term, 1, agent);
      sqlite3_step(term);
      name = names.emplace(agent, octets_at(term, 0)).first;
      sqlite3_reset(term);
    }
    plog::ledger::Leaf leaf;
    leaf.agent = name->second;
    leaf.sequence = static_cast<std::uint64_t>(sqlite3_column_int64(select, 2));
    std::memcpy(leaf.id.data(), sqlite3_column_blob(select, 3), leaf.id.size());
    std::memcpy(leaf.hash.data(), sqlite3_column_blob(select, 4), leaf.hash.size());
    std::memcpy(leaf.prev_hash.data(), sqlite3_column_blob(select, 5), leaf.prev_hash.size());
    wrong += plog::ledger::chain_hash(octets_at(select, 6), leaf.prev_hash) != leaf.hash ? 1 : 0;
    tree.append(plog::ledger::leaf_hash(leaf, buffer));
  }
  sqlite3_finalize(select);
  sqlite3_finalize(term);
  const plog::ledger::Hash root = tree.root();
  const double seconds = plog::bench::seconds_since(start);
  if (wrong > 0) die("a stored hash differs from the computed one");
  std::printf("{\"events\":%llu,\"root\":\"%s\",\"seconds\":%.6f}\n", static_cast<unsigned long long>(tree.size()),
              plog::hex_encode(root.data(), root.size()).c_str(), seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "hash") == 0) return hash(argv[2]);
  if (argc == 3 && std::strcmp(argv[1], "verify") == 0) return verify(argv[2]);
  bool sync = false;
  std::uint64_t limit = UINT32_MAX;
  for (int i = 5; i < argc; ++i) {
    if (std::strcmp(argv[i], "--sync") == 0) {
      sync = true;
    } else if (std::strcmp(argv[i], "--limit") == 0 && i + 1 < argc) {
      limit = std::strtoull(argv[++i], nullptr, 10);
    } else {
      argc = 0;
    }
  }
  if (argc < 5 || std::strcmp(argv[1], "insert") != 0) {
    die("usage: plog_bench_bare insert SOURCE TARGET GROUP [--sync] [--limit ROWS] | plog_bench_bare hash|verify "
        "SOURCE");
  }
  Copy copy(argv[2], argv[3], limit);
  const double cpu = plog::bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  const double seconds = copy.insert(std::strtoull(argv[4], nullptr, 10), sync);
  std::printf("{\"events\":%zu,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n", copy.events(), seconds,
              plog::bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu);
  return 0;
}
