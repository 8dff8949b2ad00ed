#include "store/sqlite/sqlite_driver.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/network_file_system.h"
#include "base/uuid.h"
#include "store/ledger_paths.h"
#include "store/sqlite/orphaned_log.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/writer_lock.h"

namespace plog::store::sqlite {
namespace {

constexpr std::int64_t kCreateMillis = 5000;  // how long create() waits for the writer lock
constexpr const char* kSuffixes[] = {"", "-wal", "-shm"};

enum class Found { kNothing, kEmptyFile, kLedger };

Found look(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) {
    // A device must never be replaced by a ledger.
    if (!S_ISREG(info.st_mode)) throw Error(Status::kCorrupt, path + " is not a regular file");
    return info.st_size == 0 ? Found::kEmptyFile : Found::kLedger;
  }
  if (errno != ENOENT) throw errno_error("cannot open " + path, errno);
  return Found::kNothing;
}

constexpr std::string_view kWholeNames[] = {"-wal", "-shm", "-journal"};
// Drafts, and logs that were set aside.
constexpr std::string_view kNameBeginnings[] = {".new-", ".first-", "-wal.orphaned-"};

std::string random_name() {
  std::uint8_t random[8];
  random_octets(random, sizeof random);
  return hex_encode(random, sizeof random);
}

void remove_database(const std::string& path) {
  for (const char* suffix : kSuffixes) ::unlink((path + suffix).c_str());
}

// The caller holds the writer lock of `path`.
void create_with_events(const std::string& path, Found found, const std::function<void(Store&)>& fill) {
  const std::string draft = path + ".first-" + random_name();
  try {
    build_ledger(draft);
    {
      SqliteStore store(draft, OpenMode::kReadWrite);
      fill(store);
      store.consolidate();
    }
    // The file is moved without its log.
    if (has_log(draft)) {
      throw Error(Status::kBusy, "cannot create " + path + ": another program is reading the draft " + draft);
    }
    set_orphaned_log_aside(path);
    const int result =
        found == Found::kEmptyFile ? ::rename(draft.c_str(), path.c_str()) : ::link(draft.c_str(), path.c_str());
    if (result != 0) throw errno_error("cannot create " + path, errno);
  } catch (...) {
    remove_database(draft);
    throw;
  }
  remove_database(draft);
  sync_directory(directory_of(path));
}

// The writer lock of a ledger for which no store is open.
class OwnedLease final : public WriterLease {
 public:
  OwnedLease(std::string path, std::int64_t timeout_ms) : lock_(std::move(path)) { lock_.lock(timeout_ms); }
  ~OwnedLease() override { lock_.unlock(); }

 private:
  WriterLock lock_;
};

// Renames a database with its log, and takes that back unless it is kept.
class Displacement {
 public:
  Displacement() = default;
  ~Displacement() {
    for (auto move = moved_.rbegin(); move != moved_.rend(); ++move) {
      ::rename(move->second.c_str(), move->first.c_str());
    }
  }
  Displacement(const Displacement&) = delete;
  Displacement& operator=(const Displacement&) = delete;

  // Moves a file. Returns false if it does not exist. Throws kIo.
  bool move(const std::string& from, const std::string& to) {
    moved_.emplace_back(from, to);
    if (::rename(from.c_str(), to.c_str()) == 0) return true;
    const int failure = errno;
    moved_.pop_back();
    if (failure != ENOENT) throw errno_error("cannot rename " + from, failure);
    return false;
  }
  // Moves the files that exist.
  void move_database(const std::string& from, const std::string& to) {
    for (const char* suffix : kSuffixes) move(from + suffix, to + suffix);
  }
  void keep() noexcept { moved_.clear(); }

 private:
  std::vector<std::pair<std::string, std::string>> moved_;  // from, to
};

class SqliteDriver final : public Driver {
 public:
  std::unique_ptr<Store> open(const LedgerAddress& address, OpenMode mode, const StoreOptions& options) override {
    const std::string& path = address.path();
    install_fork_handlers();
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) {
      if (S_ISDIR(info.st_mode)) throw Error(Status::kCorrupt, path + " is a directory, not a ledger");
      if (!S_ISREG(info.st_mode)) throw Error(Status::kCorrupt, path + " is not a regular file");
    }
    if (const auto name = network_file_system(path)) {
      throw Error(Status::kUnsupported, path + " is on a network file system (" + *name +
                                            "), where file locks are not reliable; put the ledger on a local disk");
    }
    if (mode == OpenMode::kReadWrite) make_room(address);
    return std::make_unique<SqliteStore>(path, mode, options);
  }

  bool exists(const LedgerAddress& address) override {
    if (::access(address.path().c_str(), F_OK) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw errno_error("cannot open " + address.path(), errno);
  }

  bool is_writable(const LedgerAddress& address) noexcept override {
    return ::access(address.path().c_str(), W_OK) == 0;
  }

  bool claims_to_be_ledger(const LedgerAddress& address) noexcept override {
    constexpr char kApplication[] = {'P', 'L', 'O', 'G'};
    constexpr off_t kApplicationAt = 68;  // application_id in the header of an SQLite file
    try {
      char bytes[sizeof kApplication] = {};
      const Fd fd = open_existing(address.path(), O_RDONLY);
      return fd && pread_some(fd.get(), bytes, sizeof bytes, kApplicationAt) == sizeof bytes &&
             std::memcmp(bytes, kApplication, sizeof kApplication) == 0;
    } catch (const std::exception&) {
      return false;
    }
  }

  bool create(const LedgerAddress& address, const std::function<void(Store&)>& fill) override {
    const std::string& path = address.path();
    if (look(path) == Found::kLedger || network_file_system(path)) return false;
    install_fork_handlers();
    std::unique_ptr<WriterLease> lease;
    try {
      lease = lock_writer(address, kCreateMillis);
    } catch (const Error& error) {
      if (error.status() != Status::kBusy) throw;
      return false;
    }
    const Found found = look(path);
    if (found == Found::kLedger) return false;
    create_with_events(path, found, fill);
    return true;
  }

  bool restore(const LedgerAddress& address, const LedgerAddress& backup, const std::optional<LedgerAddress>& displaced,
               const CopyProgress& progress) override {
    const std::string& path = address.path();
    const std::string draft = path + ".restored-" + format_uuid(uuid_v7());
    open(backup, OpenMode::kReadOnly, {})->backup(draft, progress);
    try {
      const bool displace = exists(address);
      if (displace && !displaced) {
        throw Error(Status::kInvalid, "cannot restore to " + path +
                                          ": a ledger already exists there; choose another path, or ask to replace it");
      }
      Displacement files;
      if (displace) files.move_database(path, displaced->path());
      set_orphaned_log_aside(path);
      if (!files.move(draft, path)) throw errno_error("cannot rename " + draft, ENOENT);
      sync_directory(directory_of(path));
      files.keep();
      return displace;
    } catch (...) {
      remove_database(draft);
      throw;
    }
  }

  FileNames file_names() const noexcept override { return {kWholeNames, kNameBeginnings}; }

  void check_vacant(const LedgerAddress& address) override {
    // SQLite would apply these to the database as soon as somebody opens it.
    for (const char* suffix : {"-wal", "-journal"}) {
      const std::string log = address.path() + suffix;
      struct stat info {};
      if (stat(log.c_str(), &info) != 0 || info.st_size == 0) continue;
      throw Error(Status::kInvalid, "cannot create " + address.path() + ": " + log +
                                        " exists and would be applied to it; choose another path, or move that file");
    }
  }

  std::unique_ptr<WriterLease> lock_writer(const LedgerAddress& address, std::int64_t timeout_ms) override {
    return std::make_unique<OwnedLease>(LedgerPaths(address).lock(), timeout_ms);
  }

 private:
  // The store creates a missing ledger without a lease. Under one, the log of a deleted ledger is set aside before
  // that; otherwise it could be the log of a ledger that another process has just created.
  void make_room(const LedgerAddress& address) {
    const std::string& path = address.path();
    if (look(path) != Found::kNothing || !has_log(path)) return;
    const auto lease = lock_writer(address, kCreateMillis);
    if (look(path) == Found::kNothing) set_orphaned_log_aside(path);
  }
};

}  // namespace

Driver& driver() {
  static auto* const instance = new SqliteDriver;
  return *instance;
}

}  // namespace plog::store::sqlite
