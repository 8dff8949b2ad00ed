// Compares the schema of a ledger with the schema of its version.
#include <map>

#include "store/sqlite/fork.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_audit.h"

namespace plog::store::sqlite {
namespace {

struct Entry {
  std::string type, table, sql;
  bool operator==(const Entry&) const = default;
};
using Schema = std::map<std::string, Entry>;

Schema read_schema(Connection& connection) {
  Schema schema;
  Statement& rows = connection.cached("SELECT name, type, tbl_name, ifnull(sql, '') FROM sqlite_schema");
  const Run run(rows);
  while (rows.step()) {
    schema[std::string(rows.bytes(0))] = {std::string(rows.bytes(1)), std::string(rows.bytes(2)),
                                          std::string(rows.bytes(3))};
  }
  return schema;
}

Schema schema_of_version(std::int64_t version) {
  const NoFork no_fork;
  Connection model(":memory:", Access::kReadWrite);
  make_schema(model, version);
  return read_schema(model);
}

}  // namespace

std::vector<std::string> SqliteAudit::schema_faults(std::vector<std::string>& notes) {
  std::vector<std::string> faults;
  Schema found;
  std::int64_t version = 0;
  read_([&](Connection& connection, bool) {
    version = connection.query_integer("PRAGMA user_version");
    found = read_schema(connection);
  });
  const Schema expected = schema_of_version(std::min(version, kSchemaVersion));
  const Schema newest = schema_of_version(kSchemaVersion);
  for (const auto& [name, entry] : expected) {
    const auto there = found.find(name);
    if (there == found.end()) {
      faults.push_back("the schema lacks the " + entry.type + " " + name);
    } else if (!(there->second == entry)) {
      faults.push_back("the schema has a different " + entry.type + " " + name);
    }
  }
  for (const auto& [name, entry] : found) {
    if (expected.count(name) != 0) continue;
    // A newer library may have more tables. But views, triggers, and foreign objects on our tables could hide our rows,
    // change them or answer queries in their place.
    const bool own = newest.count(entry.table) != 0 && version <= kSchemaVersion;
    if (entry.type == "view" || entry.type == "trigger" || own) {
      faults.push_back("the schema has an additional " + entry.type + " " + name);
    } else if (version <= kSchemaVersion) {
      notes.push_back("the database also has the " + entry.type + " " + name + ", which is not provenlog's");
    }
  }
  return faults;
}

}  // namespace plog::store::sqlite
