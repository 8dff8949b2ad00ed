// The implementation of Store in one SQLite database.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "store/sqlite/backup.h"
#include "store/sqlite/fork.h"
#include "store/sqlite/locks.h"
#include "store/sqlite/read_pool.h"
#include "store/sqlite/sqlite_audit.h"
#include "store/sqlite/writer.h"
#include "store/sqlite/writer_lock.h"
#include "store/store.h"

namespace plog::store::sqlite {

class SqliteStore final : public Store, private ForkParticipant {
 public:
  SqliteStore(const std::string& path, OpenMode mode, const StoreOptions& options = {});
  ~SqliteStore() override;

  std::unique_ptr<WriterLease> lock_writer(std::int64_t timeout_ms) override;
  std::unique_ptr<Transaction> begin() override;
  void sync() override;
  void maintain() override;
  void consolidate() override { checkpoint(0); }
  void abandon() noexcept override { lock_.abandon(); }

  // Moves the WAL into the database if at least `min_wal_bytes` of it are in use; 0 means always. Never waits for
  // readers. As maintain().
  void checkpoint(std::uint64_t min_wal_bytes);
  // Closes the writing connection, which the next begin() opens again.
  void close_writer() noexcept;

  void raise_read_connections(std::uint32_t count) override { pool_.raise_limit(count); }
  bool page(Filter& filter, std::size_t page, std::vector<EventRow>& out) override;
  std::uint64_t count(const Filter& filter) override;
  std::optional<EventRow> find(const Uuid& id, const std::optional<std::string>& agent) override;
  std::optional<std::string> context(std::string_view key, std::string_view value) override;
  std::vector<AgentSummary> agents(bool include_system, std::string_view after, std::uint64_t limit) override;
  std::vector<SessionSummary> sessions(const std::optional<std::string>& agent, std::uint64_t offset,
                                       std::uint64_t limit) override;
  Summary summary() override;
  std::uint64_t size() override;
  std::string meta(std::string_view key) override;
  std::string tile(unsigned level, std::uint64_t index) override;
  std::vector<std::pair<Uuid, JournalPosition>> journals() override;

  std::unique_ptr<Watch> watch() override;
  Audit& audit() override { return audit_; }
  void backup(const std::string& path, const CopyProgress& progress) override;

 private:
  friend class SqliteTransaction;

  bool begin_transaction();
  void commit(bool sync);
  void rollback() noexcept;
  bool read(const ReadPool::Work& work);
  void check_usable() const;
  // The mutexes stay locked from one to the other.
  void prepare_fork() noexcept override PLOG_NO_THREAD_ANALYSIS;
  void after_fork(bool in_child) noexcept override PLOG_NO_THREAD_ANALYSIS;

  const std::string path_;
  const OpenMode mode_;
  LockScope locks_;
  ReadPool pool_;
  SqliteAudit audit_{[this](const ReadPool::Work& work) { return read(work); }};
  Backups backups_;
  WriterLock lock_;

  // Held during begin, commit, rollback, sync, checkpoint and close_writer, but not between begin and commit.
  Mutex writer_mutex_;
  Writer writer_;
  std::atomic<std::thread::id> transaction_owner_{};
  std::atomic<bool> fork_waits_{false};
  // Whether prepare_fork() could close the writer and the pool. If not both, the child's store is unusable.
  bool fork_has_writer_ = false, fork_has_pool_ = false;
  std::atomic<bool> broken_by_fork_{false};

  ForkMembership membership_;
};

}  // namespace plog::store::sqlite
