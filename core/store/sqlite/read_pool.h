// Connections that read: leased for one page, shared by all threads, closed around a fork.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/store.h"

namespace plog::store::sqlite {

// What stands at the ledger's path and beside it, as far as a connection depends on it.
struct Files {
  std::uint64_t device = 0, inode = 0;
  bool empty = true;                // no octet in the database file
  std::uint64_t shared_memory = 0;  // inode of the -shm, 0 without: somebody uses the ledger, or did until a crash
  bool wal = false;                 // a -wal with content exists
  // Compared only where no lock protects the reader: sizes and change times.
  std::uint64_t database_state = 0, wal_state = 0;
};

class ReadPool {
 public:
  struct Reader {
    std::unique_ptr<Connection> connection;
    Files files;
    Access access = Access::kReadOnly;
  };

  ReadPool(const std::string& path, OpenMode mode);
  ~ReadPool();

  // Calls `work` with a connection, outside a transaction, and again when a fork or a lock interrupted it; with `torn`
  // when what the call before has read may be wrong, since a writer came while nothing was locked. False, without a
  // call, while the ledger has no tables. Throws kNotFound when there is no file, kBusy after 2 s of locks, and what
  // `work` throws.
  using Work = std::function<void(Connection& connection, bool torn)>;
  bool read(const Work& work);

  // A connection that is not pooled, and whether what it has read so far is right (always, where locks protect it).
  std::unique_ptr<Reader> connect();
  bool still_valid(const Reader& reader) const;

  // Called in prepare_fork; waits for leases to end, at most to `deadline` (steady_millis). False if one has not: then
  // nothing is locked. On true every connection is closed and the pool is locked until release_fork.
  bool prepare_fork(std::int64_t deadline) noexcept;
  void release_fork() noexcept;
  // In a forked child that a lease was carried into: forgets all connections without touching the files.
  void abandon() noexcept;

 private:
  bool usable(const Reader& reader, const Files& now) const noexcept;
  std::unique_ptr<Reader> open(const Files& files);
  std::unique_ptr<Reader> lease(const Files& files);
  // Keeps it for the next lease if `keep`.
  void give_back(std::unique_ptr<Reader> reader, bool keep) noexcept;
  enum class Outcome { kDone, kNoTables, kInterrupted, kTorn };
  Outcome try_read(const Work& work, bool torn);

  const std::string path_;
  const OpenMode mode_;
  std::mutex mutex_;
  std::atomic<bool> forking_{false};
  std::uint64_t interruptions_ = 0;
  std::vector<std::unique_ptr<Reader>> idle_;
  std::vector<Reader*> leased_;  // null while it is being opened
};

}  // namespace plog::store::sqlite
