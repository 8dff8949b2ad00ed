#include "store/sqlite/read_pool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "store/sqlite/fork.h"
#include "store/sqlite/schema.h"

namespace plog::store::sqlite {
namespace {

constexpr std::size_t kMaxIdle = 4;
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

ReadPool::ReadPool(const std::string& path, OpenMode mode) : path_(path), mode_(mode) {
  idle_.reserve(kMaxIdle);  // give_back must not allocate
}
ReadPool::~ReadPool() {
  const NoFork no_fork;
  idle_.clear();
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

std::unique_ptr<ReadPool::Reader> ReadPool::lease(const Files& files) {
  while (forking_.load(std::memory_order_acquire)) usleep(kPauseMicros);
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(idle_, [&](const auto& reader) { return !usable(*reader, files); });
    if (!idle_.empty()) {
      auto reader = std::move(idle_.back());
      idle_.pop_back();
      leased_.push_back(reader.get());
      return reader;
    }
    leased_.push_back(nullptr);  // so that a fork waits while the connection is being opened
  }
  std::unique_ptr<Reader> reader;
  try {
    reader = open(files);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    leased_.erase(std::find(leased_.begin(), leased_.end(), nullptr));
    throw;
  }
  const std::lock_guard lock(mutex_);
  *std::find(leased_.begin(), leased_.end(), nullptr) = reader.get();
  return reader;
}

void ReadPool::give_back(std::unique_ptr<Reader> reader, bool keep) noexcept {
  if (keep) reader->connection->trim();
  const std::lock_guard lock(mutex_);
  const auto found = std::find(leased_.begin(), leased_.end(), reader.get());
  if (keep && idle_.size() < kMaxIdle) {
    idle_.push_back(std::move(reader));
  } else {
    reader.reset();  // before it is removed from the list, so that a fork waits for it
  }
  leased_.erase(found);
}

ReadPool::Outcome ReadPool::try_read(const Work& work, bool torn) {
  const Files files = look(path_, mode_);
  if (files.empty) return Outcome::kNoTables;
  // The lease must end in every case, because a fork waits for it.
  struct Lease {
    ~Lease() { pool->give_back(std::move(reader), keep); }
    ReadPool* pool;
    std::unique_ptr<Reader> reader;
    bool keep;
  } leased{this, lease(files), false};
  const std::unique_ptr<Reader>& reader = leased.reader;
  std::uint64_t interruptions = 0;
  {
    const std::lock_guard lock(mutex_);
    interruptions = interruptions_;
  }
  try {
    work(*reader->connection, torn);
  } catch (const Error& error) {
    if (unlocked(reader->access) && !usable(*reader, look(path_, mode_))) return Outcome::kTorn;
    if (error.status() == Status::kCancelled) {
      const std::lock_guard lock(mutex_);
      if (interruptions != interruptions_) return Outcome::kInterrupted;
    }
    throw;
  }
  // Without locks, a writer may have changed the file during the read.
  if (unlocked(reader->access) && !usable(*reader, look(path_, mode_))) return Outcome::kTorn;
  leased.keep = true;
  return Outcome::kDone;
}

bool ReadPool::read(const Work& work) {
  bool torn = false;
  const std::int64_t deadline = steady_millis() + kBusyDeadlineMillis;
  for (;;) {
    try {
      switch (try_read(work, torn)) {
        case Outcome::kDone: return true;
        case Outcome::kNoTables: return false;
        case Outcome::kInterrupted: break;
        case Outcome::kTorn: torn = true; break;
      }
    } catch (const Error& error) {
      if (error.status() != Status::kBusy || steady_millis() >= deadline) throw;
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
  forking_.store(true, std::memory_order_release);
  for (;;) {
    mutex_.lock();
    if (leased_.empty()) {
      idle_.clear();
      return true;
    }
    ++interruptions_;
    for (Reader* reader : leased_) {
      if (reader != nullptr) sqlite3_interrupt(reader->connection->handle());
    }
    mutex_.unlock();
    if (steady_millis() >= deadline) {
      forking_.store(false, std::memory_order_release);
      return false;
    }
    usleep(kPauseMicros);
  }
}

void ReadPool::release_fork() noexcept {
  forking_.store(false, std::memory_order_release);
  mutex_.unlock();
}

void ReadPool::abandon() noexcept {
  // No locking: the mutex may be held by a thread that does not exist in the child, where the store is never used
  // again.
  for (auto& reader : idle_) static_cast<void>(reader.release());
}

}  // namespace plog::store::sqlite
