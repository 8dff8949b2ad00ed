#include "store/sqlite/sqlite_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "base/file.h"
#include "store/sqlite/schema.h"

namespace plog::store {
namespace sqlite {
namespace {

// How long a fork waits for a transaction or a page of another thread.
constexpr std::int64_t kForkPatienceMillis = 5000;
constexpr useconds_t kPauseMicros = 200;

}  // namespace

SqliteStore::SqliteStore(const std::string& path, OpenMode mode)
    : path_(path), mode_(mode), locks_(path), pool_(path, mode), backups_(pool_), writer_(path), membership_(*this) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) throw errno_error("cannot open " + path, errno);
    if (mode == OpenMode::kReadOnly) throw Error(Status::kNotFound, "there is no ledger at " + path);
    create_ledger(path, false);
  }
  // Reports a broken file now, not at the first query.
  read([](Connection&, bool) {});
}

SqliteStore::~SqliteStore() = default;

void SqliteStore::check_usable() const {
  if (broken_by_fork_.load(std::memory_order_relaxed)) {
    throw Error(
        Status::kInternal,
        "cannot use the ledger in this child process: the parent forked while a call on the ledger was in progress");
  }
}

bool SqliteStore::begin() {
  check_usable();
  if (mode_ == OpenMode::kReadOnly) {
    throw Error(Status::kInvalid, "cannot write to " + path_ + ": the ledger was opened read-only");
  }
  // Waits for a pending fork: a writer that always begins again at once would keep it waiting.
  while (fork_waits_.load(std::memory_order_acquire)) usleep(kPauseMicros);
  const std::lock_guard lock(writer_mutex_);
  const bool changed = writer_.begin();
  transaction_owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  return changed;
}

void SqliteStore::commit(bool sync) {
  const std::lock_guard lock(writer_mutex_);
  writer_.commit(sync);
}

void SqliteStore::sync() {
  check_usable();
  const std::lock_guard lock(writer_mutex_);
  writer_.sync();
}

void SqliteStore::rollback() noexcept {
  const std::lock_guard lock(writer_mutex_);
  writer_.rollback();
}

void SqliteStore::checkpoint(std::uint64_t min_wal_bytes) {
  check_usable();
  if (mode_ == OpenMode::kReadOnly) {
    throw Error(Status::kInvalid, "cannot checkpoint " + path_ + ": the ledger was opened read-only");
  }
  const std::lock_guard lock(writer_mutex_);
  writer_.checkpoint(min_wal_bytes);
}

void SqliteStore::close_writer() noexcept {
  const std::lock_guard lock(writer_mutex_);
  writer_.close();
}

bool SqliteStore::read(const ReadPool::Work& work) {
  check_usable();
  return pool_.read(work);
}

void SqliteStore::backup(const std::string& path, const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
  check_usable();
  backups_.copy(path, progress);
}

void SqliteStore::prepare_fork() noexcept {
  const std::int64_t deadline = steady_millis() + kForkPatienceMillis;
  fork_has_writer_ = false;
  fork_waits_.store(true, std::memory_order_release);
  for (;;) {
    writer_mutex_.lock();
    if (!writer_.in_transaction()) {
      writer_.close();
      fork_has_writer_ = true;
      break;
    }
    writer_mutex_.unlock();
    const bool own = transaction_owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    if (own || steady_millis() >= deadline) break;
    usleep(kPauseMicros);
  }
  backups_.prepare_fork();
  fork_has_pool_ = pool_.prepare_fork(deadline);
}

void SqliteStore::after_fork(bool in_child) noexcept {
  if (in_child && !(fork_has_writer_ && fork_has_pool_)) {
    broken_by_fork_.store(true, std::memory_order_relaxed);
    writer_.abandon();
    pool_.abandon();
  }
  backups_.release_fork();
  if (fork_has_pool_) pool_.release_fork();
  fork_waits_.store(false, std::memory_order_release);
  if (fork_has_writer_) writer_mutex_.unlock();
}

}  // namespace sqlite

std::unique_ptr<Store> open_sqlite(const std::string& path, OpenMode mode) {
  install_fork_handlers();
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    throw Error(Status::kCorrupt, path + " is not a regular file");
  if (const auto name = network_file_system(path)) {
    throw Error(Status::kUnsupported, path + " is on a network file system (" + *name +
                                          "), where file locks are not reliable; put the ledger on a local disk");
  }
  return std::make_unique<sqlite::SqliteStore>(path, mode);
}

}  // namespace plog::store
