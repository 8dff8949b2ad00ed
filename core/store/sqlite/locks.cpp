#include "store/sqlite/locks.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"

namespace plog::store::sqlite {
namespace {

using Fcntl = int (*)(int, int, ...);
using Open = int (*)(const char*, int, int);

struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Identity&) const = default;
};

constexpr std::size_t kMaxKnown = 16;

struct Ledger {
  std::string path, shared_memory;
  int users = 0;
  // Inodes seen at these paths. A connection may still use one that has been deleted since.
  std::array<Identity, kMaxKnown> known{};
  std::size_t seen = 0;
};

constinit Mutex table_mutex;
std::vector<Ledger>* table PLOG_GUARDED_BY(table_mutex) =
    nullptr;  // never freed: connections may outlive static destructors
std::atomic<int> ledgers{0};
std::atomic<bool> unsupported{false};
Fcntl next_fcntl = nullptr;
Open next_open = nullptr;

// Descriptors that were recognised as a ledger's, which saves an fstat for each lock. SQLite locks only files that it
// has opened, so forgetting a number when SQLite opens a file under it keeps this right. Descriptors beyond the array
// are recognised anew each time. Relaxed access suffices: SQLite itself hands a descriptor from thread to thread.
constinit std::array<std::atomic<bool>, 4096> recognised{};

bool is_recognised(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  return index < recognised.size() && recognised[index].load(std::memory_order_relaxed);
}

void set_recognised(int fd, bool value) {
  const auto index = static_cast<std::size_t>(fd);
  if (index < recognised.size()) recognised[index].store(value, std::memory_order_relaxed);
}

bool stands_at(const std::string& path, const Identity& file) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && Identity{info.st_dev, info.st_ino} == file;
}

bool recognise(int fd) {
  if (ledgers.load(std::memory_order_acquire) == 0) return false;
  struct stat info {};
  if (fstat(fd, &info) != 0) return false;
  const Identity file{info.st_dev, info.st_ino};
  const MutexLock lock(table_mutex);
  for (const Ledger& ledger : *table) {
    if (std::find(ledger.known.begin(), ledger.known.end(), file) != ledger.known.end()) return true;
  }
  for (Ledger& ledger : *table) {
    if (!stands_at(ledger.path, file) && !stands_at(ledger.shared_memory, file)) continue;
    ledger.known[ledger.seen++ % kMaxKnown] = file;
    return true;
  }
  return false;
}

bool is_of_ledger(int fd) {
  if (is_recognised(fd)) return true;
  if (!recognise(fd)) return false;
  set_recognised(fd, true);
  return true;
}

#if defined(F_OFD_SETLK)

int ofd_command(int command) {
  switch (command) {
    case F_SETLK: return F_OFD_SETLK;
    case F_SETLKW: return F_OFD_SETLKW;
    case F_GETLK: return F_OFD_GETLK;
    default: return -1;
  }
}

int ledger_fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  const int ofd = ofd_command(command);
  if (ofd < 0 || unsupported.load(std::memory_order_relaxed) || !is_of_ledger(fd)) {
    return next_fcntl(fd, command, argument);
  }
  static_cast<struct flock*>(argument)->l_pid = 0;  // the kernel rejects any other value
  const int result = next_fcntl(fd, ofd, argument);
  if (result != 0 && errno == EINVAL) {
    // The kernel or a sandbox does not support open-file-description locks.
    unsupported.store(true, std::memory_order_relaxed);
    return next_fcntl(fd, command, argument);
  }
  return result;
}

int ledger_open(const char* path, int flags, int mode) {
  const int fd = next_open(path, flags, mode);
  set_recognised(fd, false);
  return fd;
}

void install() {
  sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  if (vfs == nullptr || vfs->iVersion < 3 || vfs->xSetSystemCall == nullptr) {
    throw Error(Status::kUnsupported, "cannot lock ledgers: this build of SQLite has no VFS named unix");
  }
  next_fcntl = reinterpret_cast<Fcntl>(vfs->xGetSystemCall(vfs, "fcntl"));
  next_open = reinterpret_cast<Open>(vfs->xGetSystemCall(vfs, "open"));
  // Both calls exist if they can be read, and a call that exists can be replaced. Without ledger_open, a descriptor
  // would stay recognised after its number has passed to another file.
  if (next_fcntl == nullptr || next_open == nullptr ||
      vfs->xSetSystemCall(vfs, "open", reinterpret_cast<sqlite3_syscall_ptr>(&ledger_open)) != SQLITE_OK ||
      vfs->xSetSystemCall(vfs, "fcntl", reinterpret_cast<sqlite3_syscall_ptr>(&ledger_fcntl)) != SQLITE_OK) {
    throw Error(Status::kUnsupported,
                "cannot lock ledgers: this build of SQLite does not let its open and fcntl calls be replaced");
  }
}

#else

void install() {}

#endif

}  // namespace

LockScope::LockScope(const std::string& path) : path_(path) {
  if (const int code = sqlite3_initialize(); code != SQLITE_OK) {
    throw Error(Status::kInternal, std::string("cannot initialise SQLite: ") + sqlite3_errstr(code));
  }
  const MutexLock lock(table_mutex);
  if (table == nullptr) {
    install();
    table = new std::vector<Ledger>();
  }
  for (Ledger& ledger : *table) {
    if (ledger.path == path) {
      ++ledger.users;
      return;
    }
  }
  Ledger ledger;
  ledger.path = path;
  ledger.shared_memory = path + "-shm";
  ledger.users = 1;
  table->push_back(std::move(ledger));
  ledgers.fetch_add(1, std::memory_order_release);
}

LockScope::~LockScope() {
  const MutexLock lock(table_mutex);
  const auto found = std::find_if(table->begin(), table->end(), [&](const Ledger& l) { return l.path == path_; });
  if (found == table->end() || --found->users > 0) return;
  table->erase(found);
  ledgers.fetch_sub(1, std::memory_order_release);
}

void lock_lock_table() noexcept { table_mutex.lock(); }
void unlock_lock_table() noexcept { table_mutex.unlock(); }

}  // namespace plog::store::sqlite
