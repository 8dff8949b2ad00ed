// fork() while stores are in use.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "sqlite_fixture.h"

namespace plog::store {
namespace {

class StoreForkTest : public SqliteTest {
 protected:
  // Runs `work` in a child process and returns its exit code: 0 if `work` returned true, 1 if false, 2 if it threw.
  static int in_child(const std::function<bool()>& work) {
    const pid_t child = fork();
    if (child == 0) {
      int code = 2;
      try {
        code = work() ? 0 : 1;
      } catch (const std::exception& error) {
        fprintf(stderr, "child: %s\n", error.what());
      }
      _exit(code);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }
};

TEST_F(StoreForkTest, ParentAndChildGoOnWithTheSameStore) {
  auto store = open();
  ChainWriter writer(*store);
  for (int i = 0; i < 5; ++i) {
    writer.record(Draft("parent"));
    EXPECT_EQ(store->count({}), static_cast<std::uint64_t>(2 * i + 1));
    EXPECT_EQ(in_child([&] { return writer.record(Draft("child")) && store->count({}) == 2u * i + 2; }), 0);
  }
  EXPECT_EQ(store->count({}), 10u);
  EXPECT_TRUE(findings(*store).empty());
}

TEST_F(StoreForkTest, TheChildsEndDoesNotDropTheParentsLocks) {
  auto store = open();
  ChainWriter writer(*store);
  writer.record(Draft("parent"));
  EXPECT_EQ(in_child([&] {
              store->count({});
              store.reset();
              return true;
            }),
            0);
  const auto transaction = store->begin();
  writer.add(*transaction, Draft("parent"));
  // No other process may write now.
  EXPECT_EQ(in_child([&] {
              try {
                open()->begin();
              } catch (const Error& error) {
                return error.status() == Status::kBusy;
              }
              return false;
            }),
            0);
  transaction->commit(false);
  EXPECT_EQ(store->count({}), 2u);
}

TEST_F(StoreForkTest, ReadersOfOtherThreadsGoOnAcrossManyForks) {
  auto store = open();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  for (int i = 0; i < 3000; ++i) writer.add(*transaction, Draft("agent").with("action_type", i % 2 ? "A" : "B"));
  transaction->commit(false);
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0}, reads{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        try {
          Filter filter;
          filter.type = "A";
          if (all(*store, filter, 500).size() < 1500) ++failures;
          if (!findings(*store).empty()) ++failures;
          ++reads;
        } catch (const std::exception& error) {
          fprintf(stderr, "reader: %s\n", error.what());
          ++failures;
        }
      }
    });
  }
  int forks = 0;
  for (; forks < 20 || reads < 10; ++forks) {
    EXPECT_EQ(in_child([&] { return store->count({}) >= 3000 && writer.record(Draft("child")); }), 0);
    // A fork interrupts the reads, which begin again. Under a sanitizer they take longer than the time between forks.
    if (forks >= 20) std::this_thread::sleep_for(std::chrono::milliseconds(20 * (forks - 19)));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(store->count({}), 3000u + static_cast<std::uint64_t>(forks));
}

TEST_F(StoreForkTest, AWriterOfAnotherThreadFinishesItsTransactionFirst) {
  auto store = open();
  std::atomic<bool> stop{false};
  std::atomic<int> recorded{0};
  std::thread thread([&] {
    ChainWriter writer(*store);
    while (!stop) {
      try {
        const auto transaction = store->begin();
        writer.add(*transaction, Draft("writer"));
        usleep(500);
        transaction->commit(false);
        ++recorded;
      } catch (const Error& error) {
        // The transaction was rolled back.
      }
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(in_child([&] { return findings(*store).empty(); }), 0);
    usleep(1000);
  }
  stop = true;
  thread.join();
  EXPECT_EQ(store->count({}), static_cast<std::uint64_t>(recorded.load()));
}

TEST_F(StoreForkTest, AForkInTheMiddleOfItsOwnTransactionLeavesTheParentsWhole) {
  auto store = open();
  ChainWriter writer(*store);
  writer.record(Draft("agent"));
  auto transaction = store->begin();
  writer.add(*transaction, Draft("agent"));
  EXPECT_EQ(in_child([&] {
              transaction.reset();
              try {
                store->count({});
              } catch (const Error& error) {
                return error.status() == Status::kInternal;
              }
              return false;
            }),
            0);
  writer.add(*transaction, Draft("agent"));
  transaction->commit(false);
  EXPECT_EQ(store->count({}), 3u);
  EXPECT_TRUE(findings(*store).empty());
}

TEST_F(StoreForkTest, CallbacksMayFork) {
  auto store = open();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  for (int i = 0; i < 1500; ++i) writer.add(*transaction, Draft("agent").with("action_input", std::string(10000, 'x')));
  transaction->commit(false);
  ledger::Findings findings;
  verify::ScanOptions options;
  options.tree = false;
  options.progress = [&](std::uint64_t, std::uint64_t) { return in_child([] { return true; }) == 0; };
  verify::Scan scan(*store, store->audit().extent(), options, findings);
  scan.run();
  EXPECT_EQ(scan.chain().events(), 1500u);
  EXPECT_EQ(findings.count(), 0u);
  int forks = 0;
  store->backup(path("copy.db"),
                [&](std::uint64_t, std::uint64_t) { return ++forks > 2 || in_child([] { return true; }) == 0; });
  EXPECT_GT(forks, 2);
  EXPECT_EQ(open(path("copy.db"), OpenMode::kReadOnly)->count({}), 1500u);
}

TEST_F(StoreForkTest, AChildDoesNotFinishTheParentsBackup) {
  auto store = open();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  for (int i = 0; i < 1500; ++i) writer.add(*transaction, Draft("agent").with("action_input", std::string(10000, 'x')));
  transaction->commit(false);
  pid_t child = -1;
  const pid_t parent = getpid();
  try {
    store->backup(path("copy.db"), [&](std::uint64_t, std::uint64_t) {
      if (child == -1) child = fork();
      return true;
    });
  } catch (const Error& error) {
    if (getpid() != parent) _exit(error.status() == Status::kInvalid ? 0 : 1);
    throw;
  }
  if (getpid() != parent) _exit(3);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(open(path("copy.db"), OpenMode::kReadOnly)->count({}), 1500u);
}

}  // namespace
}  // namespace plog::store
