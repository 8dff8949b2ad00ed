#include "client/founding.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/uuid.h"
#include "client/committer.h"
#include "client/writer_lock.h"

namespace plog::client {
namespace {

constexpr std::int64_t kLockMillis = 5000;

enum class Found { kNothing, kEmptyFile, kLedger };

Found look(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) {
    // A device must never be replaced by a ledger.
    if (!S_ISREG(info.st_mode)) throw Error(Status::kCorrupt, path + " is no file");
    return info.st_size == 0 ? Found::kEmptyFile : Found::kLedger;
  }
  if (errno != ENOENT) throw errno_error("cannot open " + path, errno);
  return Found::kNothing;
}

std::string random_name() {
  std::uint8_t random[8];
  random_octets(random, sizeof random);
  return hex_encode(random, sizeof random);
}

bool is_empty_or_absent(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) != 0 || info.st_size == 0;
}

void remove(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((path + suffix).c_str());
}

// A log that outlived its ledger would be taken for that of the new one. It is kept under another name.
void put_orphaned_log_away(const std::string& db_path) {
  const std::string log = db_path + "-wal";
  if (!is_empty_or_absent(log) && ::rename(log.c_str(), (log + ".orphaned-" + random_name()).c_str()) != 0) {
    throw errno_error("cannot rename " + log, errno);
  }
  for (const char* suffix : {"-wal", "-shm"}) ::unlink((db_path + suffix).c_str());
}

// The writer lock of `db_path` is held.
void make_ledger(const std::string& db_path, const HeadOptions& heads, const std::optional<RedactionRules>& rules,
                 Found found) {
  const std::string draft = db_path + ".first-" + random_name();
  try {
    {
      const auto store = store::open_sqlite(draft, store::OpenMode::kReadWrite);
      Committer committer(*store, db_path, heads);
      committer.begin(rules ? std::vector{*rules} : std::vector<RedactionRules>());
      committer.commit(false);
      store->checkpoint(0);  // syncs
    }
    // The file goes without its log.
    if (!is_empty_or_absent(draft + "-wal")) throw Error(Status::kBusy, "the new ledger " + draft + " is being read");
    put_orphaned_log_away(db_path);
    const int result =
        found == Found::kEmptyFile ? ::rename(draft.c_str(), db_path.c_str()) : ::link(draft.c_str(), db_path.c_str());
    if (result != 0) throw errno_error("cannot create " + db_path, errno);
  } catch (...) {
    remove(draft);
    throw;
  }
  remove(draft);
  sync_directory(db_path.substr(0, db_path.rfind('/') + 1));
}

}  // namespace

bool found_ledger(const std::string& db_path, const HeadOptions& heads, const std::optional<RedactionRules>& rules) {
  if (look(db_path) == Found::kLedger || network_file_system(db_path)) return false;
  WriterLock lock(db_path);
  try {
    lock.lock(kLockMillis);
  } catch (const Error& error) {
    if (error.status() != Status::kBusy) throw;
    return false;
  }
  bool made = false;
  try {
    if (const Found found = look(db_path); found != Found::kLedger) {
      make_ledger(db_path, heads, rules, found);
      made = true;
    }
  } catch (...) {
    lock.unlock();
    throw;
  }
  lock.unlock();
  return made;
}

}  // namespace plog::client
