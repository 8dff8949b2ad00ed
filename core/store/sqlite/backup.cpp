#include "store/sqlite/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/file.h"
#include "store/sqlite/locks.h"

namespace plog::store::sqlite {
namespace {

constexpr int kStepPages = 1024;
constexpr std::int64_t kBusyDeadlineMillis = 5000;

}  // namespace

// One attempt at a copy. Registered in `runs_` while it lives. All calls need the mutex.
class Backups::Run {
 public:
  Run(Backups& owner, const std::string& path) : owner_(owner) {
    source_ = owner.pool_.connect();
    // One snapshot for all steps: otherwise each commit of another connection would restart the copy.
    source_->connection->execute("BEGIN; SELECT count(*) FROM meta");
    int code = sqlite3_open_v2(path.c_str(), &target_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, "unix");
    if (code == SQLITE_OK) {
      // The copy needs no durability before the fsync at the end.
      code = sqlite3_exec(target_, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", nullptr, nullptr, nullptr);
    }
    if (code == SQLITE_OK) {
      backup_ = sqlite3_backup_init(target_, "main", source_->connection->handle(), "main");
      if (backup_ == nullptr) code = sqlite3_errcode(target_);
    }
    if (code != SQLITE_OK) {
      const Error error = make_error(target_, code, "cannot write the backup " + path);
      close();
      throw error;
    }
    owner_.runs_.push_back(this);
  }
  ~Run() {
    owner_.runs_.erase(std::find(owner_.runs_.begin(), owner_.runs_.end(), this));
    close();
  }

  bool closed() const noexcept { return target_ == nullptr; }
  void close() noexcept {
    sqlite3_backup_finish(backup_);
    sqlite3_close(target_);
    backup_ = nullptr;
    target_ = nullptr;
    source_.reset();
  }

  // Copies some pages. True when all are copied.
  bool step(std::uint64_t* done, std::uint64_t* total) {
    const int code = sqlite3_backup_step(backup_, kStepPages);
    *total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup_));
    *done = *total - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup_));
    if (code == SQLITE_DONE) return true;
    if (code != SQLITE_OK) throw make_error(target_, code, "cannot write the backup");
    return false;
  }
  // False if the source changed during the copy, which is possible if its connection takes no locks.
  bool sound() const { return owner_.pool_.still_valid(*source_); }

 private:
  Backups& owner_;
  std::unique_ptr<ReadPool::Reader> source_;
  sqlite3* target_ = nullptr;
  sqlite3_backup* backup_ = nullptr;
};

void Backups::copy(const std::string& path, const CopyProgress& progress) {
  const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST)
    throw Error(Status::kInvalid, "cannot write the backup " + path + ": the file already exists; choose another path");
  if (fd < 0) throw errno_error("cannot write the backup " + path, errno);
  ::close(fd);
  const pid_t process = getpid();
  try {
    copy_into(path, progress);
  } catch (...) {
    if (getpid() == process) {
      for (const char* suffix : {"", "-wal", "-shm", "-journal"}) unlink((path + suffix).c_str());
    }
    throw;
  }
}

void Backups::copy_into(const std::string& path, const CopyProgress& progress) {
  const pid_t process = getpid();
  const std::int64_t deadline = steady_millis() + kBusyDeadlineMillis;
  const LockScope locks(path);  // the inode may still be in the lock table: see build() in schema.cpp
  for (bool finished = false; !finished;) {
    MutexLock lock(mutex_);
    if (truncate(path.c_str(), 0) != 0)
      throw errno_error("cannot write the backup " + path, errno);  // drops an earlier attempt
    std::unique_ptr<Run> run;
    try {
      run = std::make_unique<Run>(*this, path);
    } catch (const Error& error) {
      if (error.status() != Status::kBusy || steady_millis() >= deadline) throw;
      continue;
    }
    while (!finished && !run->closed()) {
      std::uint64_t done = 0, total = 0;
      finished = run->step(&done, &total);
      if (finished && !run->sound()) {
        finished = false;
        break;
      }
      if (finished) break;
      lock.unlock();
      const bool go_on = !progress || progress(done, total);
      lock.lock();
      if (getpid() != process) {
        throw Error(Status::kInvalid,
                    "cannot continue the backup in a forked child: only the process that started it can");
      }
      if (!go_on) throw Error(Status::kCancelled, "the backup was stopped");
    }
    // While the mutex is still held, since it closes connections.
    run.reset();
  }
  const Fd fd = open_file(path, O_RDWR);
  while (fsync(fd.get()) != 0) {
    if (errno != EINTR) throw errno_error("cannot sync the backup " + path, errno);
  }
  sync_directory(directory_of(path));
  if (progress) {
    const std::uint64_t pages = file_size(fd.get()) / 4096;
    progress(pages, pages);
  }
}

void Backups::prepare_fork() noexcept {
  mutex_.lock();
  for (Run* run : runs_) run->close();
}

void Backups::release_fork() noexcept { mutex_.unlock(); }

}  // namespace plog::store::sqlite
