// The Audit of a ledger in one SQLite database.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/audit.h"
#include "store/sqlite/read_pool.h"

namespace plog::store::sqlite {

class SqliteAudit final : public Audit {
 public:
  using Read = std::function<bool(const ReadPool::Work&)>;
  explicit SqliteAudit(Read read) : read_(std::move(read)) {}

  Extent extent() override;
  std::unique_ptr<RowReader> row_reader(RowOptions options) override;
  std::vector<std::string> schema_faults(std::vector<std::string>& notes) override;
  std::vector<std::string> structure_faults(const GoOn& go_on) override;
  std::vector<std::string> filter_faults(const FilterRows& expected, std::int64_t last, ledger::Checks checks) override;
  std::vector<std::string> sum_faults(ledger::Checks checks, const GoOn& go_on) override;
  void contexts(std::int64_t last, ContextVisitor& visitor) override;

 private:
  const Read read_;
};

// A read transaction: all reads in it see one snapshot.
class ReadTransaction {
 public:
  explicit ReadTransaction(Connection& connection) : connection_(connection) { connection.execute("BEGIN"); }
  ~ReadTransaction() { sqlite3_exec(connection_.handle(), "COMMIT", nullptr, nullptr, nullptr); }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  Connection& connection_;
};

}  // namespace plog::store::sqlite
