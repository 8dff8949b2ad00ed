#include "store/sqlite/select.h"

#include <algorithm>
#include <limits>

#include "store/sqlite/intern.h"
#include "store/sqlite/schema.h"

namespace plog::store::sqlite {
namespace {

using Parameter = std::variant<std::int64_t, std::string, Uuid>;

// Counting the matches of a condition stops here: it is then considered unselective.
constexpr std::int64_t kProbeLimit = 1000;

// A condition of a filter for which there is an index.
struct Condition {
  enum class Kind { kReference, kLabel, kSession, kName, kStatus, kType, kAgent };  // usually the most selective first
  Kind kind;
  std::vector<Parameter> values;
};

const char* column_of(Condition::Kind kind) {
  switch (kind) {
    case Condition::Kind::kSession: return "session";
    case Condition::Kind::kName: return "name";
    case Condition::Kind::kStatus: return "status";
    case Condition::Kind::kType: return "type";
    case Condition::Kind::kAgent: return "agent";
    default: return nullptr;
  }
}

const char* index_of(Condition::Kind kind) {
  switch (kind) {
    case Condition::Kind::kSession: return "event_session";
    case Condition::Kind::kName: return "event_name";
    case Condition::Kind::kStatus: return "event_status";
    case Condition::Kind::kType: return "event_type";
    default: return "event_chain";
  }
}

// The table that has a row (value, commit_index) for each match of the condition.
const char* table_of(Condition::Kind kind) {
  return kind == Condition::Kind::kLabel ? "event_label" : "event_reference";
}
const char* key_of(Condition::Kind kind, const char* alias) {
  if (kind == Condition::Kind::kLabel) return alias[0] == 'd' ? "d.label=?" : "x.label=?";
  return alias[0] == 'd' ? "d.kind=? AND d.value=?" : "x.kind=? AND x.value=?";
}

class Builder {
 public:
  Builder(Connection& connection, const Filter& filter) : connection_(connection), filter_(filter) {}

  // Looks up the ids of the filter's texts. False if no row can match.
  bool resolve() {
    const auto term = [&](Condition::Kind kind, const std::optional<std::string>& text) {
      if (!text) return true;
      const auto id = find_term(connection_, *text);
      if (id) conditions_.push_back({kind, {*id}});
      return id.has_value();
    };
    if (!term(Condition::Kind::kAgent, filter_.agent) || !term(Condition::Kind::kSession, filter_.session) ||
        !term(Condition::Kind::kType, filter_.type) || !term(Condition::Kind::kName, filter_.name) ||
        !term(Condition::Kind::kStatus, filter_.status)) {
      return false;
    }
    if (filter_.source) {
      source_ = find_term(connection_, *filter_.source);
      if (!source_) return false;
    }
    if (!filter_.agent) system_ = find_term(connection_, event::kSystemAgent);
    for (std::size_t kind = 0; kind < filter_.references.size(); ++kind) {
      const auto& value = filter_.references[kind];
      if (!value) continue;
      Parameter wanted = *value;
      if (kind == static_cast<std::size_t>(event::Reference::kParentEventId)) wanted = resolved_id(*value);
      conditions_.push_back({Condition::Kind::kReference, {static_cast<std::int64_t>(kind), std::move(wanted)}});
    }
    for (const auto& [key, value] : filter_.labels) {
      const auto id = find_label(key, value);
      if (!id) return false;
      conditions_.push_back({Condition::Kind::kLabel, {*id}});
    }
    return true;
  }

  Select rows(const char* columns) {
    const Condition* driver = choose();
    const bool by_time = driver == nullptr && (filter_.since || filter_.until);
    begin(columns, driver, by_time);
    const char* past = filter_.descending ? "<" : ">";
    const std::string order = filter_.descending ? " DESC" : "";
    std::string key = "e.commit_index";
    if (driver != nullptr && column_of(driver->kind) == nullptr) key = "d.commit_index";
    if (filter_.after) {
      const auto after =
          static_cast<std::int64_t>(std::min<std::uint64_t>(*filter_.after, std::numeric_limits<std::int64_t>::max()));
      if (driver != nullptr && driver->kind == Condition::Kind::kAgent) {
        add(std::string("e.sequence") + past + "?", sequence_at(std::get<std::int64_t>(driver->values[0]), after));
      }
      if (by_time) add(std::string("b.block") + past + "=?", after >> kTimeBlockShift);
      add(key + past + "?", after);
    }
    conditions(driver);
    if (system_ && !filter_.include_system) add("e.agent<>?", *system_);
    if (driver != nullptr && driver->kind == Condition::Kind::kAgent) key = "e.sequence";
    select_.sql += " ORDER BY ";
    if (by_time) select_.sql += "b.block" + order + ", ";
    select_.sql += key + order;
    return std::move(select_);
  }

  std::optional<Select> count(bool only_system) {
    Condition system{Condition::Kind::kAgent, {}};
    const Condition* driver = nullptr;
    if (only_system) {
      if (!system_) return std::nullopt;
      system.values.emplace_back(*system_);
      driver = &system;
    } else {
      driver = choose();
    }
    begin("count(*)", driver, driver == nullptr && (filter_.since || filter_.until));
    conditions(driver);
    return std::move(select_);
  }

 private:
  std::optional<std::int64_t> find_label(const std::string& key, const std::string& value) {
    std::string key_buffer, value_buffer;
    Statement& statement = connection_.cached("SELECT id FROM label WHERE key = ?1 AND value = ?2");
    const Run run(statement);
    statement.bind_text(1, folded(key, key_buffer));
    statement.bind_text(2, folded(value, value_buffer));
    if (!statement.step()) return std::nullopt;
    return statement.integer(0);
  }

  // The number of rows that match one condition, counted in its index up to kProbeLimit.
  std::int64_t probe(const Condition& condition) {
    Select count;
    const char* column = column_of(condition.kind);
    count.sql =
        column == nullptr
            ? std::string("SELECT 1 FROM ") + table_of(condition.kind) + " d WHERE " + key_of(condition.kind, "d")
            : std::string("SELECT 1 FROM event e INDEXED BY ") + index_of(condition.kind) + " WHERE e." + column + "=?";
    count.sql = "SELECT count(*) FROM (" + count.sql + " LIMIT " + std::to_string(kProbeLimit) + ")";
    count.parameters = condition.values;
    Statement& statement = connection_.cached(count.sql);
    const Run run(statement);
    count.bind(statement);
    return statement.step() ? statement.integer(0) : 0;
  }

  // The condition whose index drives the query; null to scan the ledger in commit order.
  const Condition* choose() {
    if (conditions_.empty()) return nullptr;
    const auto rank = [](const Condition& a, const Condition& b) { return a.kind < b.kind; };
    std::stable_sort(conditions_.begin(), conditions_.end(), rank);
    const Condition* best = &conditions_.front();
    if (conditions_.size() == 1) return best;
    std::int64_t fewest = kProbeLimit;
    for (const Condition& condition : conditions_) {
      const std::int64_t matches = probe(condition);
      if (matches < fewest) {
        best = &condition;
        fewest = matches;
      }
    }
    return best;
  }

  void begin(const char* columns, const Condition* driver, bool by_time) {
    select_.sql = std::string("SELECT ") + columns;
    if (by_time) {
      select_.sql +=
          " FROM time_block b CROSS JOIN event e ON e.commit_index BETWEEN (b.block << 10) AND (b.block << 10) + 1023";
      if (filter_.since) add("b.max_time>=?", *filter_.since);
      if (filter_.until) add("b.min_time<?", *filter_.until);
    } else if (driver == nullptr) {
      select_.sql += " FROM event e";
    } else if (const char* column = column_of(driver->kind)) {
      select_.sql += std::string(" FROM event e INDEXED BY ") + index_of(driver->kind);
      add(std::string("e.") + column + "=?", driver->values[0]);
    } else {
      select_.sql += std::string(" FROM ") + table_of(driver->kind) +
                     " d CROSS JOIN event e ON e.commit_index=" + "d.commit_index";
      add(key_of(driver->kind, "d"), driver->values[0]);
      select_.parameters.insert(select_.parameters.end(), driver->values.begin() + 1, driver->values.end());
    }
  }

  // Adds all conditions except the driver's. The unary plus keeps the planner from choosing another index.
  void conditions(const Condition* driver) {
    for (const Condition& condition : conditions_) {
      if (&condition == driver) continue;
      if (const char* column = column_of(condition.kind)) {
        add(std::string("+e.") + column + "=?", condition.values[0]);
      } else {
        add(std::string("EXISTS (SELECT 1 FROM ") + table_of(condition.kind) + " x WHERE " +
                key_of(condition.kind, "x") + " AND x.commit_index=e.commit_index)",
            condition.values[0]);
        select_.parameters.insert(select_.parameters.end(), condition.values.begin() + 1, condition.values.end());
      }
    }
    if (source_) add("e.source=?", *source_);
    if (filter_.since) add("e.time>=?", *filter_.since);
    if (filter_.until) add("e.time<?", *filter_.until);
  }

  void add(const std::string& condition, Parameter parameter) {
    select_.sql += (where_ ? " AND " : " WHERE ") + condition;
    where_ = true;
    select_.parameters.push_back(std::move(parameter));
  }

  // The bound on the agent's sequence that is equivalent to the bound `after` on the commit index. Both grow together,
  // so a binary search finds it.
  std::int64_t sequence_at(std::int64_t agent, std::int64_t after) {
    Statement& last = connection_.cached("SELECT max(sequence) FROM event WHERE agent = ?1");
    Statement& next = connection_.cached(
        "SELECT sequence, commit_index FROM event WHERE agent = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT 1");
    std::int64_t high = 0;
    {
      const Run run(last);
      last.bind(1, agent);
      high = last.step() ? last.integer(0) + 1 : 0;
    }
    // The lowest sequence whose commit index is after `after` (descending: not before it).
    std::int64_t low = 0;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      const Run run(next);
      next.bind(1, agent);
      next.bind(2, middle);
      const bool beyond = !next.step() || (filter_.descending ? next.integer(1) >= after : next.integer(1) > after);
      if (beyond) {
        high = middle;
      } else {
        low = next.integer(0) + 1;
      }
    }
    return filter_.descending ? low : low - 1;
  }

  Connection& connection_;
  const Filter& filter_;
  std::vector<Condition> conditions_;
  std::optional<std::int64_t> source_, system_;
  Select select_;
  bool where_ = false;
};

}  // namespace

void Select::bind(Statement& statement) const {
  int index = 0;
  for (const auto& parameter : parameters) {
    ++index;
    if (const auto* number = std::get_if<std::int64_t>(&parameter)) {
      statement.bind(index, *number);
    } else if (const auto* text = std::get_if<std::string>(&parameter)) {
      statement.bind_text(index, *text);
    } else {
      const auto& id = std::get<Uuid>(parameter);
      statement.bind_blob(index, id.data(), id.size());
    }
  }
}

std::optional<std::int64_t> find_term(Connection& connection, std::string_view text) {
  Statement& statement = connection.cached("SELECT id FROM term WHERE text = ?1");
  const Run run(statement);
  statement.bind_text(1, text);
  if (!statement.step()) return std::nullopt;
  return statement.integer(0);
}

std::optional<Select> select_rows(Connection& connection, const Filter& filter, const char* columns) {
  Builder builder(connection, filter);
  if (!builder.resolve()) return std::nullopt;
  return builder.rows(columns);
}

std::optional<Select> select_count(Connection& connection, const Filter& filter, bool only_system) {
  Builder builder(connection, filter);
  if (!builder.resolve()) return std::nullopt;
  return builder.count(only_system);
}

}  // namespace plog::store::sqlite
