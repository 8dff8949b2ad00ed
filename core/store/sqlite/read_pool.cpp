#include "store/sqlite/read_pool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/clock.h"
#include "store/sqlite/fork.h"
#include "store/sqlite/schema.h"

namespace plog::store::sqlite {
namespace {

constexpr std::int64_t kBusyDeadlineMillis = 2000;
constexpr useconds_t kPauseMicros = 200;

std::uint64_t state_of(const struct stat& info) {
  return static_cast<std::uint64_t>(info.st_size) * 0x9e3779b97f4a7c15u ^
         (static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1000000007u +
          static_cast<std::uint64_t>(info.st_mtim.tv_nsec));
}

Files look(const std::string& path, OpenMode mode) {
  Files files;
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) throw Error(Status::kNotFound, "there is no ledger at " + path);
    throw errno_error("cannot open " + path, errno);
  }
  files.device = info.st_dev;
  files.inode = info.st_ino;
  files.empty = info.st_size == 0;
  files.database_state = state_of(info);
  if (stat((path + "-shm").c_str(), &info) == 0) files.shared_memory = info.st_ino;
  // Only readers without locks depend on the state of the log. With kReadWrite, there are none beside a shared memory.
  const bool locked = mode == OpenMode::kReadWrite && files.shared_memory != 0;
  if (!locked && stat((path + "-wal").c_str(), &info) == 0) {
    files.wal = info.st_size > 0;
    files.wal_state = state_of(info);
  }
  return files;
}

// The access that creates no file beside a ledger that is opened read-only.
Access access_for(OpenMode mode, const Files& files) {
  if (mode == OpenMode::kReadWrite || files.shared_memory != 0) return Access::kReadOnly;
  return files.wal ? Access::kPrivate : Access::kImmutable;
}

bool unlocked(Access access) { return access == Access::kImmutable || access == Access::kPrivate; }

}  // namespace

// A turn of one reader, and its connection once connect() was called. A fork waits until it is destroyed.
class ReadPool::Lease {
 public:
  explicit Lease(ReadPool& pool) : pool_(pool) {
    MutexLock lock(pool_.mutex_);
    // A thread that holds a lease must not wait for itself, nor for a fork, which waits for that lease.
    while ((pool_.forking_ || pool_.leases_.size() >= pool_.limit_) && !pool_.holds_lease()) {
      const std::uint32_t turn = pool_.turn_.load(std::memory_order_relaxed);
      lock.unlock();
      pool_.turn_.wait(turn, std::memory_order_relaxed);
      lock.lock();
    }
    pool_.leases_.push_back(this);
  }

  ~Lease() {
    if (keep_) reader_->connection->trim();
    const MutexLock lock(pool_.mutex_);
    if (keep_ && pool_.open_ <= pool_.limit_) {
      pool_.idle_.push_back(std::move(reader_));
    } else if (reader_) {
      reader_.reset();  // before it is removed from the list, so that a fork waits for it
      --pool_.open_;
    }
    pool_.leases_.erase(std::find(pool_.leases_.begin(), pool_.leases_.end(), this));
    pool_.turn_.fetch_add(1, std::memory_order_relaxed);
    pool_.turn_.notify_one();
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  Reader& connect(const Files& files) {
    {
      const MutexLock lock(pool_.mutex_);
      interruptions_ = pool_.interruptions_;
      pool_.open_ -= std::erase_if(pool_.idle_, [&](const auto& reader) { return !pool_.usable(*reader, files); });
      if (!pool_.idle_.empty()) {
        reader_ = std::move(pool_.idle_.back());
        pool_.idle_.pop_back();
        return *reader_;
      }
      ++pool_.open_;
    }
    std::unique_ptr<Reader> reader;
    try {
      reader = pool_.open(files);
    } catch (...) {
      const MutexLock lock(pool_.mutex_);
      --pool_.open_;
      throw;
    }
    const MutexLock lock(pool_.mutex_);
    reader_ = std::move(reader);
    return *reader_;
  }

  // The connection goes back to the pool at the end of the lease; otherwise it is closed.
  void keep() noexcept { keep_ = true; }

  bool was_interrupted() {
    const MutexLock lock(pool_.mutex_);
    return interruptions_ != pool_.interruptions_;
  }

  // The caller holds the pool's mutex.
  void interrupt() noexcept {
    if (reader_) sqlite3_interrupt(reader_->connection->handle());
  }
  std::thread::id thread() const noexcept { return thread_; }

 private:
  ReadPool& pool_;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::unique_ptr<Reader> reader_;
  std::uint64_t interruptions_ = 0;
  bool keep_ = false;
};

ReadPool::ReadPool(const std::string& path, OpenMode mode, std::size_t limit)
    : path_(path), mode_(mode), limit_(limit) {
  idle_.reserve(limit);  // the end of a lease must not allocate
}
ReadPool::~ReadPool() {
  const NoFork no_fork;
  idle_.clear();
}

void ReadPool::raise_limit(std::size_t limit) {
  const MutexLock lock(mutex_);
  if (limit <= limit_) return;
  idle_.reserve(limit);
  limit_ = limit;
  wake_all();
}

bool ReadPool::holds_lease() const noexcept {
  const std::thread::id self = std::this_thread::get_id();
  return std::any_of(leases_.begin(), leases_.end(), [&](const Lease* lease) { return lease->thread() == self; });
}

void ReadPool::wake_all() noexcept {
  turn_.fetch_add(1, std::memory_order_relaxed);
  turn_.notify_all();
}

bool ReadPool::usable(const Reader& reader, const Files& now) const noexcept {
  if (reader.files.device != now.device || reader.files.inode != now.inode) return false;
  if (reader.files.shared_memory != now.shared_memory) return false;
  if (!unlocked(reader.access)) return true;
  return reader.files.wal == now.wal && reader.files.database_state == now.database_state &&
         reader.files.wal_state == now.wal_state;
}

std::unique_ptr<ReadPool::Reader> ReadPool::open(const Files& files) {
  auto reader = std::make_unique<Reader>();
  reader->files = files;
  reader->access = access_for(mode_, files);
  try {
    reader->connection = std::make_unique<Connection>(path_, reader->access);
    check_readable(*reader->connection);
    if (reader->files.shared_memory == 0 && !unlocked(reader->access)) {
      reader->files.shared_memory = look(path_, mode_).shared_memory;  // created by this connection
    }
  } catch (const Error& error) {
    // The -shm cannot be used, so the WAL is read without it.
    if (mode_ != OpenMode::kReadOnly || unlocked(reader->access) || error.status() != Status::kIo) throw;
    reader->access = Access::kPrivate;
    reader->connection = std::make_unique<Connection>(path_, reader->access);
    check_readable(*reader->connection);
  }
  return reader;
}

ReadPool::Outcome ReadPool::try_read(const Work& work, bool torn) {
  Lease lease(*this);
  const Files files = look(path_, mode_);
  if (files.empty) return Outcome::kNoTables;
  const Reader& reader = lease.connect(files);
  try {
    work(*reader.connection, torn);
  } catch (const Error& error) {
    if (unlocked(reader.access) && !usable(reader, look(path_, mode_))) return Outcome::kTorn;
    if (error.status() == Status::kCancelled && lease.was_interrupted()) return Outcome::kInterrupted;
    throw;
  }
  // Without locks, a writer may have changed the file during the read.
  if (unlocked(reader.access) && !usable(reader, look(path_, mode_))) return Outcome::kTorn;
  lease.keep();
  return Outcome::kDone;
}

bool ReadPool::read(const Work& work) {
  bool torn = false;
  // Of a database that is locked at each attempt. A reader that had to wait for its turn, or that a fork interrupted,
  // has not waited for the database.
  std::optional<std::int64_t> deadline;
  for (;;) {
    try {
      switch (try_read(work, torn)) {
        case Outcome::kDone: return true;
        case Outcome::kNoTables: return false;
        case Outcome::kInterrupted: break;
        case Outcome::kTorn: torn = true; break;
      }
      deadline.reset();
    } catch (const Error& error) {
      if (error.status() != Status::kBusy) throw;
      if (!deadline) deadline = steady_millis() + kBusyDeadlineMillis;
      if (steady_millis() >= *deadline) throw;
      usleep(kPauseMicros);
    }
  }
}

std::unique_ptr<ReadPool::Reader> ReadPool::connect() {
  const Files files = look(path_, mode_);
  if (files.empty) throw Error(Status::kNotFound, "there is no ledger at " + path_ + ": the file is empty");
  return open(files);
}

bool ReadPool::still_valid(const Reader& reader) const {
  return !unlocked(reader.access) || usable(reader, look(path_, mode_));
}

bool ReadPool::prepare_fork(std::int64_t deadline) noexcept {
  for (;;) {
    mutex_.lock();
    forking_ = true;
    if (leases_.empty()) {
      open_ -= idle_.size();
      idle_.clear();
      return true;
    }
    if (steady_millis() >= deadline) {
      forking_ = false;
      wake_all();
      mutex_.unlock();
      return false;
    }
    ++interruptions_;
    for (Lease* lease : leases_) lease->interrupt();
    mutex_.unlock();
    usleep(kPauseMicros);
  }
}

void ReadPool::release_fork() noexcept {
  forking_ = false;
  wake_all();
  mutex_.unlock();
}

void ReadPool::abandon() noexcept {
  // No locking: the mutex may be held by a thread that does not exist in the child, where the store is never used
  // again.
  for (auto& reader : idle_) static_cast<void>(reader.release());
}

}  // namespace plog::store::sqlite
