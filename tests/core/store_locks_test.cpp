// A second copy of SQLite in the process, and further connections of our own, while the store writes.
#include <dlfcn.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "sqlite_fixture.h"

namespace plog::store {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // sanitizers reject RTLD_DEEPBIND
#else
constexpr bool kSanitized = false;
#endif

// A second SQLite with its own state in this process: a copy of the library under another name, loaded so that it uses
// its own symbols.
class SecondSqlite {
 public:
  explicit SecondSqlite(const std::string& directory) {
    if (kSanitized) return;
    Dl_info info{};
    if (dladdr(reinterpret_cast<void*>(&sqlite3_libversion), &info) == 0 ||
        std::string(info.dli_fname).find("libsqlite3") == std::string::npos) {
      return;
    }
    const std::string copy = directory + "/second-sqlite.so";
    std::filesystem::copy_file(std::filesystem::canonical(info.dli_fname), copy);
    handle_ = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  }
  ~SecondSqlite() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  // Whether it was loaded and is not the first SQLite.
  explicit operator bool() const {
    return handle_ != nullptr && dlsym(handle_, "sqlite3_open") != reinterpret_cast<void*>(&sqlite3_open);
  }

  // Opens the ledger, reads it and closes it. Returns the number of events that it sees, or -1 after an error.
  int look(const std::string& path) const {
    const auto open = reinterpret_cast<decltype(&sqlite3_open)>(dlsym(handle_, "sqlite3_open"));
    const auto prepare = reinterpret_cast<decltype(&sqlite3_prepare_v2)>(dlsym(handle_, "sqlite3_prepare_v2"));
    const auto step = reinterpret_cast<decltype(&sqlite3_step)>(dlsym(handle_, "sqlite3_step"));
    const auto column = reinterpret_cast<decltype(&sqlite3_column_int)>(dlsym(handle_, "sqlite3_column_int"));
    const auto finalize = reinterpret_cast<decltype(&sqlite3_finalize)>(dlsym(handle_, "sqlite3_finalize"));
    const auto close = reinterpret_cast<decltype(&sqlite3_close)>(dlsym(handle_, "sqlite3_close"));
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    int count = -1;
    if (open(path.c_str(), &db) == SQLITE_OK &&
        prepare(db, "SELECT count(*) FROM event", -1, &statement, nullptr) == SQLITE_OK &&
        step(statement) == SQLITE_ROW) {
      count = column(statement, 0);
    }
    finalize(statement);
    close(db);
    return count;
  }

 private:
  void* handle_ = nullptr;
};

class StoreLocksTest : public SqliteTest {
 protected:
  // The number of events that another process sees, which is what would survive the death of this one.
  int count_elsewhere() const {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      int count = -1;
      try {
        count = static_cast<int>(open(OpenMode::kReadOnly)->count({}));
      } catch (const std::exception&) {
      }
      [[maybe_unused]] const ssize_t done = write(ends[1], &count, sizeof count);
      _exit(0);
    }
    int count = -1;
    EXPECT_EQ(::read(ends[0], &count, sizeof count), static_cast<ssize_t>(sizeof count));
    waitpid(child, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    return count;
  }
  bool wal_exists() const { return std::filesystem::exists(path() + "-wal"); }
};

TEST_F(StoreLocksTest, SecondCopyOfSqliteThatClosesTheLedgerLosesNothing) {
  const SecondSqlite second(directory_.path());
  if (!second) GTEST_SKIP() << "no second SQLite: this build links SQLite statically or uses a sanitizer";
  auto store = open();
  ChainWriter writer(*store);
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(writer.record(Draft("agent")));
    EXPECT_EQ(second.look(path()), i);
    EXPECT_TRUE(wal_exists());
    EXPECT_EQ(store->count({}), static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(count_elsewhere(), 20);
  EXPECT_TRUE(findings(*store).empty());
}

TEST_F(StoreLocksTest, SecondCopyThatReadsInAThreadWhileTheStoreWritesLosesNothing) {
  const SecondSqlite second(directory_.path());
  if (!second) GTEST_SKIP() << "no second SQLite: this build links SQLite statically or uses a sanitizer";
  auto store = open();
  ChainWriter writer(*store);
  writer.record(Draft("agent"));
  std::atomic<bool> stop{false};
  std::atomic<int> looks{0};
  std::thread reader([&] {
    while (!stop) {
      if (second.look(path()) > 0) ++looks;
    }
  });
  int recorded = 1;
  while (recorded < 400 || looks < 20) {
    try {
      writer.record(Draft("agent"));
      ++recorded;
      if (recorded % 50 == 0) store->consolidate();
    } catch (const Error& error) {
      ASSERT_EQ(error.status(), Status::kBusy) << error.what();
    }
    ASSERT_TRUE(wal_exists());
  }
  stop = true;
  reader.join();
  EXPECT_EQ(store->count({}), static_cast<std::uint64_t>(recorded));
  EXPECT_EQ(count_elsewhere(), recorded);
  EXPECT_TRUE(findings(*store).empty());
}

TEST_F(StoreLocksTest, OnlyFilesOfLedgersGetOtherLocks) {
  auto store = open();
  ChainWriter(*store).record(Draft("agent"));
  const std::string other = path("other.db");
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(other.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "CREATE TABLE t(x); BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  // POSIX locks belong to the process, so they do not exclude the process that holds them.
  const int fd = ::open(other.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  EXPECT_EQ(fcntl(fd, F_SETLK, &lock), 0);
  ::close(fd);
  sqlite3_close(db);
  // The locks on a ledger do.
  const int ledger = ::open(path().c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(fcntl(ledger, F_SETLK, &lock), -1);
  ::close(ledger);
  store->begin()->commit(false);
}

// A descriptor that was recognised as a ledger's is forgotten with the file: its number passes to other files.
TEST_F(StoreLocksTest, FilesThatTakeOverTheDescriptorsOfALedgerGetPosixLocks) {
  const auto kept = open(path("kept.db"), OpenMode::kReadWrite);
  const auto is_of = [](int fd, const std::string& file) {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored).string().rfind(file, 0) == 0;
  };
  std::set<int> numbers;  // of the ledger's descriptors
  {
    auto store = open();
    ChainWriter(*store).record(Draft("agent"));
    EXPECT_EQ(store->size(), 1u);
    for (int fd = 0; fd < 256; ++fd) {
      if (is_of(fd, path())) numbers.insert(fd);
    }
  }
  ASSERT_FALSE(numbers.empty());
  // The databases of a host program reuse those numbers, since a new descriptor gets the lowest free one.
  std::vector<sqlite3*> hosts;
  std::size_t taken = 0;
  for (int i = 0; i < 16 && taken < numbers.size(); ++i) {
    const std::string file = path("host" + std::to_string(i) + ".db");
    ASSERT_EQ(sqlite3_open(file.c_str(), &hosts.emplace_back()), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(hosts.back(), "CREATE TABLE t(x); BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
    for (const int fd : numbers) {
      if (is_of(fd, file)) ++taken;
    }
    const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    // An open-file-description lock would exclude this process's other descriptors.
    EXPECT_EQ(fcntl(fd, F_SETLK, &lock), 0) << file;
    ::close(fd);
  }
  EXPECT_GT(taken, 0u);
  for (sqlite3* host : hosts) sqlite3_close(host);
}

// SQLite shares lock state between the connections of a process: one connection may take a lock that another releases.
TEST_F(StoreLocksTest, LocksHoldInEveryOrderOfOpeningAndClosing) {
  std::uint64_t recorded = 0;
  for (int order = 0; order < 27; ++order) {
    std::vector<std::unique_ptr<Store>> stores;
    for (int i = 0; i < 3; ++i) {
      stores.push_back(open());
      ChainWriter writer(*stores.back());
      ASSERT_TRUE(writer.record(Draft("agent")));
      ++recorded;
      ASSERT_EQ(stores.back()->count({}), recorded);
    }
    int code = order;
    std::vector<std::size_t> sequence;
    for (int left = 3; left > 0; --left) {
      sequence.push_back(static_cast<std::size_t>(code % 3) % static_cast<std::size_t>(left));
      code /= 3;
    }
    for (const std::size_t victim : sequence) {
      stores.erase(stores.begin() + static_cast<std::ptrdiff_t>(victim));
      if (stores.empty()) break;
      // The remaining stores still hold their locks, so no other process takes the file for unused.
      const int fd = ::open(path().c_str(), O_RDWR | O_CLOEXEC);
      struct flock lock {};
      lock.l_type = F_WRLCK;
      lock.l_whence = SEEK_SET;
      EXPECT_EQ(fcntl(fd, F_OFD_SETLK, &lock), -1) << "order " << order;
      ::close(fd);
      ChainWriter writer(*stores.front());
      ASSERT_TRUE(writer.record(Draft("agent")));
      ++recorded;
      ASSERT_EQ(stores.front()->count({}), recorded);
    }
    // Once all stores are closed, no lock is left.
    const int fd = ::open(path().c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    EXPECT_EQ(fcntl(fd, F_OFD_SETLK, &lock), 0) << "order " << order;
    ::close(fd);
  }
  EXPECT_EQ(static_cast<std::uint64_t>(count_elsewhere()), recorded);
}

TEST_F(StoreLocksTest, TwoStoresOnOneFileWriteByTurns) {
  auto first = open(), second = open();
  ChainWriter a(*first), b(*second);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(a.record(Draft("agent")));
    ASSERT_TRUE(b.record(Draft("agent")));
  }
  {
    const auto transaction = first->begin();
    EXPECT_THROW(second->begin(), Error);
  }
  EXPECT_NO_THROW(second->begin());
  std::uint64_t events = 0;
  EXPECT_TRUE(findings(*first, &events).empty());
  EXPECT_EQ(events, 100u);
}

}  // namespace
}  // namespace plog::store
