// Writes to a ledger: one connection, one transaction at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/sqlite/intern.h"
#include "store/sqlite/pairs.h"
#include "store/store.h"

namespace plog::store::sqlite {

// Device and inode of a file; both 0 if it does not exist.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};
FileId file_id(const std::string& path) noexcept;

// Does the work of Transaction, which states the contracts. One thread at a time. The connection is opened by the first
// begin().
class Writer {
 public:
  explicit Writer(const std::string& path);
  ~Writer();

  // False if the ledger is as this writer's last commit left it.
  bool begin();
  bool in_transaction() const noexcept { return in_transaction_; }
  std::uint64_t size() const noexcept { return static_cast<std::uint64_t>(next_index_); }
  ChainHead chain_head(std::string_view agent);
  std::optional<StoredEvent> existing(std::string_view agent, const Uuid& id);
  // False, and nothing is changed, if the ledger already has an event with this agent and id.
  bool append(const NewRow& row);
  void put_context(std::string_view key, std::string_view value, std::string_view context);
  std::string meta(std::string_view key);
  void set_meta(std::string_view key, std::string_view value);
  std::uint64_t tree_size();
  std::string tile(unsigned level, std::uint64_t index);
  void put_tile(unsigned level, std::uint64_t index, std::string_view hashes);
  void cut_tiles(unsigned level, std::uint64_t index);
  std::optional<JournalPosition> journal_position(const Uuid& journal);
  void set_journal_position(const Uuid& journal, const JournalPosition& position);
  void forget_journal(const Uuid& journal);
  void commit(bool sync);
  void rollback() noexcept;
  void sync();
  // Moves the WAL into the database if at least `min_wal_bytes` of it are in use; 0 means always. Never waits for
  // readers.
  void checkpoint(std::uint64_t min_wal_bytes);
  void close() noexcept;
  // For a forked child: leaks the connection, without touching its files, whose locks belong to the parent.
  void abandon() noexcept;

 private:
  struct Statements;
  struct Session {
    std::int64_t agent, session;
    bool operator==(const Session&) const = default;
  };
  struct SessionHash {
    std::size_t operator()(const Session& key) const noexcept {
      return static_cast<std::size_t>(key.agent) * 0x9e3779b97f4a7c15u ^ static_cast<std::size_t>(key.session);
    }
  };
  struct Activity {
    std::int64_t events = 0, errors = 0;
    Micros first = 0, last = 0;
    std::int64_t last_commit = 0;
  };
  struct TimeBlock {
    std::int64_t block = -1;
    Micros min = 0, max = 0;
  };
  // The last text of a column and its id, so that runs of one value need no lookup.
  struct Memo {
    std::string raw;
    std::int64_t id = 0;
  };

  void open();
  void forget() noexcept;
  void check_files();
  std::int64_t term(Memo& memo, std::string_view raw);
  void bind_term(int index, Memo& memo, const event::Prepared& event, const event::Span& span);
  void add_labels(std::string_view labels);
  void add_references(const event::Prepared& event);
  void add_reference(std::size_t kind, std::string_view raw);
  void note_activity(std::int64_t agent, std::int64_t session, bool error, Micros time);
  void note_time(Micros time);
  void flush_projections();
  void flush_time_block();
  void flush_labels();
  void sync_wal();

  std::string path_;
  std::vector<Pair> new_labels_;  // (label, commit index), not yet inserted
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Statements> statements_;
  std::unique_ptr<Interner> interner_;
  FileId file_, wal_;
  bool in_transaction_ = false;
  std::int64_t next_index_ = 0;
  // SQLite's number for the state of the database, which changes once another connection has committed.
  std::int64_t data_version_ = -1;       // of the current transaction
  std::int64_t committed_version_ = -1;  // of this writer's last commit
  std::uint64_t frame_size_ = 0;
  std::int64_t wal_frames_ = 0;  // frames in use after the last commit or checkpoint

  Memo agent_, session_, source_, type_, name_, status_;
  std::unordered_map<Session, Activity, SessionHash> activity_;
  Session last_session_{};
  Activity* last_activity_ = nullptr;
  TimeBlock time_block_;
  std::string text_;
};

}  // namespace plog::store::sqlite
