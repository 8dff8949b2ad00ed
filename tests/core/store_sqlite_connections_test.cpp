// SQLite ledgers: the limit on connections for reading.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <thread>

#include "held_read.h"
#include "sqlite_fixture.h"

namespace plog::store {
namespace {

using std::chrono_literals::operator""ms;

constexpr auto kLong = 20000ms;  // ends early, unless a reader is stuck
constexpr auto kShort = 100ms;

class StoreSqliteConnectionsTest : public SqliteTest {
 protected:
  StoreSqliteConnectionsTest() { ChainWriter(*open()).record(Draft("agent")); }

  std::unique_ptr<Store> limited(std::uint32_t read_connections) const {
    return store::open(LedgerAddress::at(path()), OpenMode::kReadWrite, {read_connections});
  }
  // The number of descriptors of the database file that this process has open.
  std::size_t descriptors() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code ignored;
      if (std::filesystem::read_symlink(entry.path(), ignored) == path()) ++count;
    }
    return count;
  }
};

TEST_F(StoreSqliteConnectionsTest, AReaderBeyondTheLimitWaitsUntilOneEnds) {
  for (const std::uint32_t limit : {1u, 3u}) {
    const auto store = limited(limit);
    std::deque<HeldRead> reads;
    for (std::uint32_t i = 0; i < limit; ++i) {
      reads.emplace_back(*store);
      EXPECT_TRUE(reads.back().runs(kLong)) << i;
    }
    HeldRead next(*store);
    EXPECT_FALSE(next.runs(kShort));
    EXPECT_EQ(descriptors(), limit);
    reads.front().end();
    EXPECT_TRUE(next.runs(kLong));
    EXPECT_EQ(descriptors(), limit);
  }
}

TEST_F(StoreSqliteConnectionsTest, RaisingTheLimitLetsAWaitingReaderRun) {
  const auto store = limited(1);
  HeldRead first(*store), second(*store);
  const bool began = first.runs(kShort);
  HeldRead& waiting = began ? second : first;
  EXPECT_TRUE((began ? first : second).runs(kLong));
  EXPECT_FALSE(waiting.runs(kShort));
  store->raise_read_connections(1);
  EXPECT_FALSE(waiting.runs(kShort));
  store->raise_read_connections(2);
  EXPECT_TRUE(waiting.runs(kLong));
  store->raise_read_connections(1);  // does not lower the limit
  first.end();
  second.end();
  HeldRead third(*store), fourth(*store);
  EXPECT_TRUE(third.runs(kLong));
  EXPECT_TRUE(fourth.runs(kLong));
}

TEST_F(StoreSqliteConnectionsTest, AReaderDoesNotWaitForItself) {
  const auto store = limited(1);
  struct Nested final : RowVisitor {
    explicit Nested(Store& store) : store(store) {}
    void row(const ledger::StoredEvent&) override { count = store.count({}); }
    Store& store;
    std::uint64_t count = 0;
  } nested(*store);
  store->audit().row_reader({})->read(0, 1, nested);
  EXPECT_EQ(nested.count, 1u);
  HeldRead first(*store);
  EXPECT_TRUE(first.runs(kLong));
  HeldRead second(*store);
  EXPECT_FALSE(second.runs(kShort));  // the nested read left no second connection behind
  first.end();
}

TEST_F(StoreSqliteConnectionsTest, AReadThatFailsEndsItsTurn) {
  const auto store = limited(1);
  const std::string aside = path("aside.db");
  std::filesystem::rename(path(), aside);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of([&] { store->size(); }), Status::kNotFound);
  std::filesystem::rename(aside, path());
  struct Failing final : RowVisitor {
    void row(const ledger::StoredEvent&) override { throw Error(Status::kCancelled, "enough"); }
  } failing;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(status_of([&] { store->audit().row_reader({})->read(0, 1, failing); }), Status::kCancelled);
  }
  EXPECT_EQ(store->size(), 1u);
}

TEST_F(StoreSqliteConnectionsTest, ForksWhileReadersWaitForTheirTurn) {
  const auto store = limited(1);
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        EXPECT_EQ(store->count({}), 1u);
        ++reads;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const int before = reads;
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);  // the threads that waited in the parent do not exist here
      std::uint64_t seen = 0;
#if defined(__SANITIZE_THREAD__)  // cannot start a thread in the child of a process that has threads
      seen += store->count({});
#else
      std::thread other([&] { seen += store->count({}); });
      other.join();
#endif
      _exit(seen + store->count({}) == 2 ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    const std::int64_t deadline = steady_millis() + kLong.count();
    while (reads < before + 8 && steady_millis() < deadline) std::this_thread::yield();
    EXPECT_GE(reads, before + 8) << "the readers of the parent are stuck";
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

TEST_F(StoreSqliteConnectionsTest, AForkInterruptsReadersAndWaitersGoOnAfterIt) {
  const auto store = limited(1);
  HeldRead first(*store);
  ASSERT_TRUE(first.runs(kLong));
  HeldRead second(*store);
  EXPECT_FALSE(second.runs(kShort));
  std::thread later([&] {
    std::this_thread::sleep_for(200ms);
    first.end();
  });
  const std::int64_t began = steady_millis();
  const pid_t child = fork();  // waits for the first read, and not for the second, which has no connection
  if (child == 0) _exit(store->count({}) == 1 ? 0 : 1);
  EXPECT_LT(steady_millis() - began, 4000);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(second.runs(kLong));
  second.end();  // the first read may have been interrupted, and then waits for its turn
  later.join();
}

}  // namespace
}  // namespace plog::store
