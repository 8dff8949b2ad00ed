// Connections for reading: leased for one page, shared by all threads, closed around a fork. Their number is limited; a
// reader that finds all of them leased waits until one is returned.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "store/sqlite/connection.h"
#include "store/store.h"

namespace plog::store::sqlite {

// The state of the ledger's files that a connection depends on.
struct Files {
  std::uint64_t device = 0, inode = 0;
  bool empty = true;                // the database file has no bytes
  std::uint64_t shared_memory = 0;  // inode of the -shm, 0 if there is none. It exists during use and after a crash
  bool wal = false;                 // the -wal exists and is not empty
  // Digests of size and modification time. Compared only for readers that take no locks.
  std::uint64_t database_state = 0, wal_state = 0;
};

// Thread-safe.
class ReadPool {
 public:
  struct Reader {
    std::unique_ptr<Connection> connection;
    Files files;
    Access access = Access::kReadOnly;
  };

  // At most `limit` (at least 1) connections are leased at once, except as read() says.
  ReadPool(const std::string& path, OpenMode mode, std::size_t limit);
  ~ReadPool();

  // Raises the limit to `limit` if it is lower.
  void raise_limit(std::size_t limit);

  // Calls `work` with a connection, outside a transaction, and calls it again if a fork or a lock interrupted it.
  // `torn` is true if an earlier call may have read wrong data, because a writer changed the file while the reader held
  // no lock. False, without a call, if the database file is empty. Throws kNotFound if there is no file, kBusy if it is
  // still locked after 2 s, and whatever `work` throws.
  // Waits as long as all connections are leased, unless `work` itself makes the call: then it may exceed the limit,
  // since a thread must not wait for itself.
  using Work = std::function<void(Connection& connection, bool torn)>;
  bool read(const Work& work);

  // Opens a connection outside the pool, which the caller owns. still_valid() is false if what it has read so far may
  // be wrong, which is possible only for a connection without locks.
  std::unique_ptr<Reader> connect();
  bool still_valid(const Reader& reader) const;

  // Waits until all leases have ended, at most until `deadline` (steady_millis). On true, all pooled connections are
  // closed and the pool is locked until release_fork(). False if a lease has not ended; then the pool is not locked.
  bool prepare_fork(std::int64_t deadline) noexcept PLOG_TRY_ACQUIRE(true, mutex_);
  void release_fork() noexcept PLOG_RELEASE(mutex_);
  // For a child that was forked during a lease: leaks all connections, without touching their files.
  void abandon() noexcept PLOG_NO_THREAD_ANALYSIS;

 private:
  class Lease;

  bool usable(const Reader& reader, const Files& now) const noexcept;
  std::unique_ptr<Reader> open(const Files& files);
  // Whether the calling thread has a lease.
  bool holds_lease() const noexcept PLOG_REQUIRES(mutex_);
  // Makes all waiting readers look again.
  void wake_all() noexcept PLOG_REQUIRES(mutex_);
  enum class Outcome { kDone, kNoTables, kInterrupted, kTorn };
  Outcome try_read(const Work& work, bool torn);

  const std::string path_;
  const OpenMode mode_;
  Mutex mutex_;  // held across a fork
  std::size_t limit_ PLOG_GUARDED_BY(mutex_);
  bool forking_ PLOG_GUARDED_BY(mutex_) = false;
  std::uint64_t interruptions_ PLOG_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Reader>> idle_ PLOG_GUARDED_BY(mutex_);
  std::vector<Lease*> leases_ PLOG_GUARDED_BY(mutex_);
  std::size_t open_ PLOG_GUARDED_BY(mutex_) = 0;  // connections that are idle, leased or being opened
  // Changes when a lease or a fork ends, and when the limit is raised; readers wait for that. Not a condition variable,
  // which a child would inherit with waiting threads that do not exist there.
  std::atomic<std::uint32_t> turn_{0};
};

}  // namespace plog::store::sqlite
