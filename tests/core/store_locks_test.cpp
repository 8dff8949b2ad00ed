// Other copies of SQLite in the process, and other connections of ours, while the store writes.
#include <dlfcn.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "store_fixture.h"

namespace plog::store {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // sanitizers refuse a library that is bound to itself
#else
constexpr bool kSanitized = false;
#endif

// A second SQLite in this process, with its own state: a copy of the library under another name, bound to itself.
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
  // Whether it is there, and really another one.
  explicit operator bool() const {
    return handle_ != nullptr && dlsym(handle_, "sqlite3_open") != reinterpret_cast<void*>(&sqlite3_open);
  }

  // Opens, reads, closes. The number of events that it sees, or -1.
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

class StoreLocksTest : public StoreTest {
 protected:
  // What another process sees: the ledger as it would be after our death.
  int count_elsewhere() const {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      int count = -1;
      try {
        count = static_cast<int>(open_sqlite(path(), OpenMode::kReadOnly)->count({}));
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
  if (!second) GTEST_SKIP() << "no second SQLite: it is linked statically here, or this is a sanitizer build";
  auto store = open();
  Recorder recorder(*store);
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(recorder.record(Draft("agent")));
    EXPECT_EQ(second.look(path()), i);
    EXPECT_TRUE(wal_exists());
    EXPECT_EQ(store->count({}), static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(count_elsewhere(), 20);
  EXPECT_TRUE(findings(*store).empty());
}

TEST_F(StoreLocksTest, SecondCopyThatReadsInAThreadWhileTheStoreWritesLosesNothing) {
  const SecondSqlite second(directory_.path());
  if (!second) GTEST_SKIP() << "no second SQLite: it is linked statically here, or this is a sanitizer build";
  auto store = open();
  Recorder recorder(*store);
  recorder.record(Draft("agent"));
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
      store->begin();
      recorder.add(Draft("agent"));
      store->commit(false);
      ++recorded;
      if (recorded % 50 == 0) store->checkpoint(0);
    } catch (const Error& error) {
      ASSERT_EQ(error.status(), Status::kBusy) << error.what();
      store->rollback();
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
  Recorder(*store).record(Draft("agent"));
  const std::string other = path("other.db");
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(other.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "CREATE TABLE t(x); BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  // POSIX locks are those of the process, so they don't stand in the way of the process itself.
  const int fd = ::open(other.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  EXPECT_EQ(fcntl(fd, F_SETLK, &lock), 0);
  ::close(fd);
  sqlite3_close(db);
  // Those of a ledger do.
  const int ledger = ::open(path().c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(fcntl(ledger, F_SETLK, &lock), -1);
  ::close(ledger);
  store->begin();
  store->commit(false);
}

// SQLite shares lock state between the connections of a process: one may take a lock that another gives up.
TEST_F(StoreLocksTest, LocksHoldInEveryOrderOfOpeningAndClosing) {
  std::uint64_t recorded = 0;
  for (int order = 0; order < 27; ++order) {
    std::vector<std::unique_ptr<Store>> stores;
    for (int i = 0; i < 3; ++i) {
      stores.push_back(open());
      Recorder recorder(*stores.back());
      ASSERT_TRUE(recorder.record(Draft("agent")));
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
      // Those that are left still hold their locks: nobody else can take the file for unused.
      const int fd = ::open(path().c_str(), O_RDWR | O_CLOEXEC);
      struct flock lock {};
      lock.l_type = F_WRLCK;
      lock.l_whence = SEEK_SET;
      EXPECT_EQ(fcntl(fd, F_OFD_SETLK, &lock), -1) << "order " << order;
      ::close(fd);
      Recorder recorder(*stores.front());
      ASSERT_TRUE(recorder.record(Draft("agent")));
      ++recorded;
      ASSERT_EQ(stores.front()->count({}), recorded);
    }
    // And when all are gone, so are the locks.
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
  Recorder a(*first), b(*second);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(a.record(Draft("agent")));
    ASSERT_TRUE(b.record(Draft("agent")));
  }
  first->begin();
  EXPECT_THROW(second->begin(), Error);
  first->rollback();
  EXPECT_NO_THROW(second->begin());
  second->rollback();
  std::uint64_t events = 0;
  EXPECT_TRUE(findings(*first, &events).empty());
  EXPECT_EQ(events, 100u);
}

}  // namespace
}  // namespace plog::store
