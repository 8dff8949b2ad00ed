// The implementation of Store in the memory of one process.
#pragma once

#include <memory>
#include <string>

#include "store/memory/ledger.h"
#include "store/memory/memory_audit.h"
#include "store/store.h"

namespace plog::store::memory {

// Looks its ledger up by path at each call, so it notices if the ledger is replaced or dropped. A forked child has a
// copy of the ledger as it was at the fork; no thread may be using a store during the fork.
class MemoryStore final : public Store {
 public:
  MemoryStore(std::string path, OpenMode mode);

  std::unique_ptr<WriterLease> lock_writer(std::int64_t timeout_ms) override;
  std::unique_ptr<Transaction> begin() override;
  void sync() override;
  void maintain() override;
  void consolidate() override { maintain(); }
  void abandon() noexcept override {}

  void raise_read_connections(std::uint32_t /*count*/) override {}  // there are no connections
  bool page(Filter& filter, std::size_t page, std::vector<EventRow>& out) override;
  std::uint64_t count(const Filter& filter) override;
  std::optional<EventRow> find(const Uuid& id, const std::optional<std::string>& agent) override;
  std::optional<std::string> context(std::string_view key, std::string_view value) override;
  std::vector<AgentSummary> agents(bool include_system, std::string_view after, std::uint64_t limit) override;
  std::vector<SessionSummary> sessions(const std::optional<std::string>& agent, std::uint64_t offset,
                                       std::uint64_t limit) override;
  Summary summary() override;
  std::uint64_t size() override { return committed()->rows.size(); }
  std::unique_ptr<Watch> watch() override { return nullptr; }
  std::string meta(std::string_view key) override;
  std::string tile(unsigned level, std::uint64_t index) override;
  std::vector<std::pair<Uuid, JournalPosition>> journals() override;

  Audit& audit() override { return audit_; }
  void backup(const std::string& path, const CopyProgress& progress) override;

 private:
  friend class MemoryTransaction;

  StatePointer committed() const;
  void check_writable() const;
  void check_no_transaction(const char* call) const;

  const std::string path_;
  const OpenMode mode_;
  StatePointer last_commit_;  // of this store; null if it has committed nothing
  MemoryAudit audit_{[this] { return committed(); }};
};

}  // namespace plog::store::memory
