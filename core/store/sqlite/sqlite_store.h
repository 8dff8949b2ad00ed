// The implementation of Store in one SQLite database.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "store/sqlite/audit.h"
#include "store/sqlite/backup.h"
#include "store/sqlite/fork.h"
#include "store/sqlite/locks.h"
#include "store/sqlite/read_pool.h"
#include "store/sqlite/writer.h"
#include "store/store.h"

namespace plog::store::sqlite {

class SqliteStore final : public Store, private ForkParticipant {
 public:
  SqliteStore(const std::string& path, OpenMode mode);
  ~SqliteStore() override;

  bool begin() override;
  std::uint64_t size() override { return writer_.size(); }
  ChainHead chain_head(std::string_view agent) override { return writer_.chain_head(agent); }
  std::optional<std::string> existing(std::string_view agent, const Uuid& id) override {
    return writer_.existing(agent, id);
  }
  bool append(const event::Prepared& event, std::string_view agent, std::uint64_t sequence, const Digest& hash,
              const Digest& prev_hash) override {
    return writer_.append(event, agent, sequence, hash, prev_hash);
  }
  void put_context(std::string_view key, std::string_view value, std::string_view context) override {
    writer_.put_context(key, value, context);
  }
  void set_meta(std::string_view key, std::string_view value) override { writer_.set_meta(key, value); }
  std::uint64_t tree_size() override { return writer_.tree_size(); }
  std::string own_tile(unsigned level, std::uint64_t index) override { return writer_.tile(level, index); }
  void put_tile(unsigned level, std::uint64_t index, std::string_view hashes) override {
    writer_.put_tile(level, index, hashes);
  }
  void cut_tiles(unsigned level, std::uint64_t index) override { writer_.cut_tiles(level, index); }
  std::optional<JournalPosition> journal_position(const Uuid& journal) override {
    return writer_.journal_position(journal);
  }
  void set_journal_position(const Uuid& journal, const JournalPosition& position) override {
    writer_.set_journal_position(journal, position);
  }
  void forget_journal(const Uuid& journal) override { writer_.forget_journal(journal); }
  void commit(bool sync) override;
  void rollback() noexcept override;
  void sync() override;
  void checkpoint(std::uint64_t min_wal_bytes) override;
  void close_writer() noexcept override;

  bool page(Filter& filter, std::size_t page, std::vector<EventRow>& out) override;
  std::uint64_t count(const Filter& filter) override;
  std::optional<EventRow> find(const Uuid& id, const std::optional<std::string>& agent) override;
  std::optional<std::string> context(std::string_view key, std::string_view value) override;
  std::vector<AgentSummary> agents(bool include_system) override;
  std::vector<SessionSummary> sessions(const std::optional<std::string>& agent, std::uint64_t limit) override;
  Summary summary() override;
  std::string meta(std::string_view key) override;
  std::string tile(unsigned level, std::uint64_t index) override;
  std::vector<std::pair<Uuid, JournalPosition>> journals() override;

  Audit& audit() override { return audit_; }
  void backup(const std::string& path, const std::function<bool(std::uint64_t, std::uint64_t)>& progress) override;

 private:
  bool read(const ReadPool::Work& work);
  void check_usable() const;
  void prepare_fork() noexcept override;
  void after_fork(bool in_child) noexcept override;

  const std::string path_;
  const OpenMode mode_;
  LockScope locks_;
  ReadPool pool_;
  SqliteAudit audit_{[this](const ReadPool::Work& work) { return read(work); }};
  Backups backups_;

  // Held during begin, commit, rollback, sync, checkpoint and close_writer, but not between begin and commit.
  std::mutex writer_mutex_;
  Writer writer_;
  std::atomic<std::thread::id> transaction_owner_{};
  std::atomic<bool> fork_waits_{false};
  // Whether prepare_fork() could close the writer and the pool. If not both, the child's store is unusable.
  bool fork_has_writer_ = false, fork_has_pool_ = false;
  std::atomic<bool> broken_by_fork_{false};

  ForkMembership membership_;
};

}  // namespace plog::store::sqlite
