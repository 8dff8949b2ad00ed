// SqliteStore::verify: every row of `event`, in order, to the verifier.
#include <cstring>
#include <limits>
#include <unordered_map>

#include "store/sqlite/sqlite_store.h"

namespace plog::store::sqlite {
namespace {

constexpr int kPageRows = 1000;
constexpr std::size_t kMaxNames = 65536;

enum Column { kCommitIndex, kAgent, kSequence, kId, kHash, kPrevHash, kCanonical, kWarnings, kColumns };

struct Expected {
  Column column;
  int type;
  bool optional;
  const char* name;
};

constexpr Expected kExpected[] = {
    {kAgent, SQLITE_INTEGER, false, "agent"},
    {kSequence, SQLITE_INTEGER, false, "sequence"},
    {kId, SQLITE_BLOB, false, "id"},
    {kHash, SQLITE_BLOB, false, "hash"},
    {kPrevHash, SQLITE_BLOB, false, "prev_hash"},
    {kCanonical, SQLITE_BLOB, false, "canonical"},
    {kWarnings, SQLITE_BLOB, true, "warnings"},
};

std::string_view bytes(sqlite3_value* value) noexcept {
  const void* data = sqlite3_value_blob(value);
  return data == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

class Scan {
 public:
  explicit Scan(ledger::ChainVerifier& verifier) : verifier_(verifier) {}

  // The rows up to `last` that come after those before, at most kPageRows. False when there were none.
  bool page(Connection& connection, std::int64_t last) {
    Statement& rows = connection.cached(
        "SELECT commit_index, agent, sequence, id, hash, prev_hash, canonical, warnings FROM event "
        "WHERE commit_index >= ?1 AND commit_index <= ?2 ORDER BY commit_index LIMIT ?3");
    const Run run(rows);
    rows.bind(1, next_);
    rows.bind(2, last);
    rows.bind(3, kPageRows);
    bool any = false;
    while (rows.step()) {
      any = true;
      add(connection, rows);
      if (next_ == std::numeric_limits<std::int64_t>::max()) return false;
      ++next_;
    }
    return any;
  }

  void restart() {
    next_ = std::numeric_limits<std::int64_t>::min();
    names_.clear();
  }

 private:
  void add(Connection& connection, Statement& row) {
    sqlite3_value* values[kColumns];
    for (int i = 0; i < kColumns; ++i) values[i] = row.value(i);
    // Types before values: reading a value may convert it.
    std::string what;
    for (const Expected& expected : kExpected) {
      const int type = sqlite3_value_type(values[expected.column]);
      if (type == expected.type || (type == SQLITE_NULL && expected.optional)) continue;
      if (!what.empty()) what += ", ";
      what += std::string("column ") + expected.name + " has a wrong type";
    }
    ledger::StoredEvent event;
    const std::int64_t index = sqlite3_value_int64(values[kCommitIndex]);
    event.commit_index = static_cast<std::uint64_t>(index);
    event.sequence = static_cast<std::uint64_t>(sqlite3_value_int64(values[kSequence]));
    const std::string* name = name_of(connection, sqlite3_value_int64(values[kAgent]));
    if (name == nullptr) {
      what += std::string(what.empty() ? "" : ", ") + "column agent names no term";
    } else {
      event.agent = *name;
    }
    const std::string_view id = bytes(values[kId]);
    if (id.size() == event.id.size()) std::memcpy(event.id.data(), id.data(), id.size());
    event.hash = bytes(values[kHash]);
    event.prev_hash = bytes(values[kPrevHash]);
    event.canonical = bytes(values[kCanonical]);
    event.warnings = bytes(values[kWarnings]);
    if (!what.empty()) {
      ledger::Finding finding;
      finding.agent = event.agent;
      finding.sequence = event.sequence;
      finding.commit_index = event.commit_index;
      finding.what = what + " at sequence " + std::to_string(event.sequence);
      verifier_.add_finding(std::move(finding));
    }
    verifier_.add(event);
    next_ = index;
  }

  const std::string* name_of(Connection& connection, std::int64_t term) {
    if (last_name_ != nullptr && last_term_ == term) return last_name_;
    auto found = names_.find(term);
    if (found == names_.end()) {
      if (names_.size() >= kMaxNames) names_.clear();
      last_name_ = nullptr;
      Statement& statement = connection.cached("SELECT text FROM term WHERE id = ?1");
      const Run run(statement);
      statement.bind(1, term);
      if (!statement.step() || statement.type(0) != SQLITE_TEXT) return nullptr;
      found = names_.emplace(term, statement.bytes(0)).first;
    }
    last_term_ = term;
    last_name_ = &found->second;
    return last_name_;
  }

  ledger::ChainVerifier& verifier_;
  std::int64_t next_ = std::numeric_limits<std::int64_t>::min();
  std::unordered_map<std::int64_t, std::string> names_;
  std::int64_t last_term_ = 0;
  const std::string* last_name_ = nullptr;
};

}  // namespace

void SqliteStore::verify(ledger::ChainVerifier& verifier,
                         const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
  const ledger::ChainVerifier fresh = verifier;
  std::int64_t last = -1;
  bool any = false;
  read([&](Connection& connection, bool) {
    Statement& statement = connection.cached("SELECT max(commit_index) FROM event");
    const Run run(statement);
    statement.step();
    any = statement.type(0) != SQLITE_NULL;
    last = statement.integer(0);
  });
  if (!any) return;
  const std::uint64_t total = last < 0 ? 0 : static_cast<std::uint64_t>(last) + 1;
  Scan scan(verifier);
  bool more = true;
  while (more) {
    read([&](Connection& connection, bool torn) {
      // After an interruption it goes on behind the last row that was added.
      if (torn) {
        verifier = fresh;
        scan.restart();
      }
      more = scan.page(connection, last);
    });
    if (progress && !progress(std::min(verifier.rows(), total), total)) {
      throw Error(Status::kCancelled, "the verification was stopped");
    }
  }
}

}  // namespace plog::store::sqlite
