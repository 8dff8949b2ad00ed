#include "client/copies.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "client/recorder.h"
#include "client/verification.h"
#include "client/writer_lock.h"

namespace plog::client {
namespace {

constexpr std::int64_t kLockMillis = 10000;
constexpr std::array<const char*, 3> kSuffixes = {"", "-wal", "-shm"};

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

void move_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) throw errno_error("cannot rename " + from, errno);
}

// Gives a file its name, which must be free. Not every file system that holds backups has links.
void place_new(const std::string& draft, const std::string& path) {
  if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno != EINVAL && errno != ENOSYS) throw errno_error("cannot write the backup " + path, errno);
    if (exists(path)) throw errno_error("cannot write the backup " + path, EEXIST);
    if (::rename(draft.c_str(), path.c_str()) != 0) throw errno_error("cannot write the backup " + path, errno);
  }
  const std::size_t slash = path.rfind('/');
  sync_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace

void backup_ledger(store::Store& store, const std::string& db_path, const std::string& target,
                   const CopyProgress& progress) {
  if (exists(head_path(target))) {
    throw Error(Status::kInvalid, "cannot write the backup: " + head_path(target) + " exists already");
  }
  if (exists(target)) throw Error(Status::kInvalid, "cannot write the backup: " + target + " exists already");
  // Before the copy, which then has all that the head covers.
  const auto head = read_head(head_path(db_path));
  // Nobody finds a copy that is not whole, or without its head.
  const std::string draft = target + ".new-" + format_uuid(uuid_v7());
  store.backup(draft, progress);
  bool with_head = false;
  try {
    if (head) write_head(head_path(target), *head);
    with_head = head.has_value();
    place_new(draft, target);
  } catch (...) {
    ::unlink(draft.c_str());
    if (with_head) ::unlink(head_path(target).c_str());
    throw;
  }
}

Restored restore_ledger(const std::string& backup, const std::string& db_path, const HeadOptions& heads, bool replace,
                        const CopyProgress& progress) {
  if (!exists(backup)) throw Error(Status::kNotFound, "no such file: " + backup);
  VerifyRequest request;
  request.read_only = true;
  const VerifyReport report = verify_path(backup, request);
  if (!ledger::verdict_valid(report.verdict) && report.verdict != ledger::Verdict::kRolledBack) {
    throw Error(Status::kCorrupt, "the backup does not verify (" + std::string(ledger::verdict_name(report.verdict)) +
                                      "): " + report.error);
  }
  Restored restored;
  restored.events = report.events;
  make_directories(db_path.substr(0, db_path.rfind('/') + 1));
  WriterLock lock(db_path);
  lock.lock(kLockMillis);
  try {
    const std::string draft = db_path + ".restored-" + format_uuid(uuid_v7());
    store::open_sqlite(backup, store::OpenMode::kReadOnly)->backup(draft, progress);
    try {
      if (exists(db_path)) {
        if (!replace) throw Error(Status::kInvalid, "there is a ledger at " + db_path + " already");
        restored.replaced = db_path + ".replaced-" + format_uuid(uuid_v7());
        for (const char* suffix : kSuffixes) move_file(db_path + suffix, restored.replaced + suffix);
        // Its head stays for the restored ledger to be held against, and goes with it too.
        if (const auto head = read_head(head_path(db_path))) write_head(head_path(restored.replaced), *head);
      }
      move_file(draft, db_path);
    } catch (...) {
      for (const char* suffix : kSuffixes) ::unlink((draft + suffix).c_str());
      throw;
    }
    if (!exists(head_path(db_path))) {
      if (const auto head = read_head(head_path(backup))) write_head(head_path(db_path), *head);
    }
  } catch (...) {
    lock.unlock();
    throw;
  }
  lock.unlock();

  RecorderOptions options;
  options.heads = heads;
  try {
    Recorder::open(db_path, options)->mark_restored(kLockMillis);
  } catch (const Error& error) {
    // The ledger says that it was restored; without its key it cannot sign that.
    if (error.status() != Status::kNotFound && error.status() != Status::kInvalid) throw;
    restored.unsigned_because = error.what();
  }
  return restored;
}

}  // namespace plog::client
