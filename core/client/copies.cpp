#include "client/copies.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "client/recorder.h"
#include "client/verification.h"
#include "heads/file_head_store.h"
#include "store/ledger_paths.h"

namespace plog::client {
namespace {

constexpr std::int64_t kLockMillis = 10000;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// Renames `draft` to `path`, which must not exist. Not every file system has RENAME_NOREPLACE or hard links; the
// fallback checks first and then renames.
void place_new(const std::string& draft, const std::string& path) {
  if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno != EINVAL && errno != ENOSYS) throw errno_error("cannot write the backup " + path, errno);
    if (exists(path)) throw errno_error("cannot write the backup " + path, EEXIST);
    if (::rename(draft.c_str(), path.c_str()) != 0) throw errno_error("cannot write the backup " + path, errno);
  }
  sync_directory(directory_of(path));
}

}  // namespace

void backup_ledger(store::Store& store, const store::LedgerAddress& address, const std::string& target,
                   const CopyProgress& progress) {
  const std::string target_head = store::LedgerPaths(store::LedgerAddress::at(target)).head();
  for (const std::string& path : {target_head, target}) {
    if (!exists(path)) continue;
    throw Error(Status::kInvalid, "cannot write the backup " + path + ": the file already exists; choose another path");
  }
  // Read before the copy is made, which then contains everything that the head covers.
  const auto head = heads::read_head(store::LedgerPaths(address).head());
  // Copied under a temporary name: `target` never shows an incomplete copy, or one without its head.
  const std::string draft = target + ".new-" + format_uuid(uuid_v7());
  store.backup(draft, progress);
  bool with_head = false;
  try {
    if (head) heads::write_head(target_head, *head);
    with_head = head.has_value();
    place_new(draft, target);
  } catch (...) {
    ::unlink(draft.c_str());
    if (with_head) ::unlink(target_head.c_str());
    throw;
  }
}

namespace {

// Swaps the files under the writer lock. Returns the new path of the ledger that was there; empty if none was.
std::string put_in_place(const store::LedgerAddress& backup, const store::LedgerAddress& address, bool replace,
                         const CopyProgress& progress) {
  store::Driver& driver = store::driver_of(address);
  make_directories(directory_of(address.path()));
  const auto lease = driver.lock_writer(address, kLockMillis);
  const std::string head = store::LedgerPaths(address).head();
  std::optional<store::LedgerAddress> displaced;
  std::optional<std::string> old_head;
  if (replace) {
    displaced = store::LedgerAddress::at(address.path() + ".replaced-" + format_uuid(uuid_v7()));
    // The head stays in place, to be compared with the restored ledger, and is copied along with the old ledger.
    if (driver.exists(address)) old_head = heads::read_head(head);
    if (old_head) heads::write_head(store::LedgerPaths(*displaced).head(), *old_head);
  }
  bool replaced = false;
  try {
    replaced = driver.restore(address, backup, displaced, progress);
  } catch (...) {
    if (old_head) ::unlink(store::LedgerPaths(*displaced).head().c_str());
    throw;
  }
  if (!exists(head)) {
    if (const auto copy = heads::read_head(store::LedgerPaths(backup).head())) heads::write_head(head, *copy);
  }
  return replaced ? displaced->path() : std::string();
}

}  // namespace

Restored restore_ledger(const store::LedgerAddress& backup, const store::LedgerAddress& address,
                        const heads::HeadOptions& heads, bool replace, const CopyProgress& progress) {
  if (!store::driver_of(backup).exists(backup)) {
    throw Error(Status::kNotFound, "cannot restore " + backup.path() + ": no such file");
  }
  verify::Request request;
  request.read_only = true;
  const verify::Report report = verify_ledger(backup, request);
  if (!ledger::verdict_valid(report.verdict) && report.verdict != ledger::Verdict::kRolledBack) {
    throw Error(Status::kCorrupt, "the backup does not verify (" + std::string(ledger::verdict_name(report.verdict)) +
                                      "): " + report.error);
  }
  Restored restored;
  restored.events = report.events;
  restored.replaced = put_in_place(backup, address, replace, progress);

  RecorderOptions options;
  options.heads = heads;
  try {
    Recorder::open(address, options)->mark_restored(kLockMillis);
  } catch (const Error& error) {
    // The ledger has recorded that it was restored. Only the head over it is missing, because there is no usable key.
    if (error.status() != Status::kNotFound && error.status() != Status::kInvalid) throw;
    restored.unsigned_because = error.what();
  }
  return restored;
}

}  // namespace plog::client
