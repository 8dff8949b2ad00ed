// The Audit of a ledger in memory. It has no schema, and no tables that repeat its events and could differ from them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/audit.h"
#include "store/memory/ledger.h"

namespace plog::store::memory {

class MemoryAudit final : public Audit {
 public:
  using Committed = std::function<StatePointer()>;
  explicit MemoryAudit(Committed committed) : committed_(std::move(committed)) {}

  Extent extent() override;
  std::unique_ptr<RowReader> row_reader(RowOptions options) override;
  std::vector<std::string> schema_faults(std::vector<std::string>& notes) override;
  std::vector<std::string> structure_faults(const GoOn& go_on) override;
  std::vector<std::string> filter_faults(const FilterRows& expected, std::int64_t last, ledger::Checks checks) override;
  std::vector<std::string> sum_faults(ledger::Checks checks, const GoOn& go_on) override;
  void contexts(std::int64_t last, ContextVisitor& visitor) override;

 private:
  const Committed committed_;
};

}  // namespace plog::store::memory
