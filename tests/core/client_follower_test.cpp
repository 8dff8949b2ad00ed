// A follower learns of each commit once: those of its own process through a signal, those of other processes through a
// watch of the ledger's files.
#include "client/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "client/client.h"
#include "store/driver.h"

namespace plog::client {
namespace {

namespace fs = std::filesystem;

class FollowerTest : public testing::Test {
 protected:
  FollowerTest() {
    std::string pattern = fs::temp_directory_path() / "plog-follower-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    setenv("HOME", directory_.c_str(), 1);
  }
  ~FollowerTest() override { fs::remove_all(directory_); }

  ClientOptions options() const {
    ClientOptions options;
    options.db_path = directory_ / "events.db";
    options.agent_id = "a";
    return options;
  }
  // Runs `work` in a child of fork() and waits for its end.
  static void in_child(const std::function<void()>& work) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      work();
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  void log_in_child(int count) const {
    in_child([&] {
      Client client(options());
      for (int i = 0; i < count; ++i) client.log("{}");
      client.flush(10000);
    });
  }

  fs::path directory_;
};

TEST_F(FollowerTest, CommitsOfThisProcessArriveThroughTheSignal) {
  Client client(options());
  Follower follower(client.fresh_store(), client.recorder()->signal(), 0);
  const auto first = follower.wait(0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->first, 0u);
  EXPECT_FALSE(follower.wait(50));
  std::atomic<int> waiting{0};
  std::thread writer([&] {
    while (waiting == 0) std::this_thread::yield();
    client.log("{}");
    client.flush(5000);
  });
  ++waiting;
  const auto range = follower.wait(10000);
  writer.join();
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, first->last + 1);
  EXPECT_EQ(range->last, range->first);
  EXPECT_EQ(follower.next(), range->last + 1);
}

TEST_F(FollowerTest, CommitsOfOtherProcessesArriveThroughTheWatch) {
  log_in_child(1);
  const auto store = store::open(store::LedgerAddress::at(directory_ / "events.db"), store::OpenMode::kReadOnly);
  const auto watch = store->watch();
  ASSERT_NE(watch, nullptr);
  Follower follower(*store, nullptr, store->size());
  EXPECT_FALSE(follower.wait(0));
  EXPECT_FALSE(watch->clear());
  const std::uint64_t before = store->size();
  log_in_child(3);
  pollfd poll_fd{watch->descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&poll_fd, 1, 0), 1);
  EXPECT_TRUE(watch->clear());
  std::uint64_t next = before;
  while (next < before + 3) {
    const auto range = follower.wait(10000);
    ASSERT_TRUE(range);
    EXPECT_EQ(range->first, next);
    next = range->last + 1;
  }
}

TEST_F(FollowerTest, OtherFilesBesideTheLedgerAreNotChanges) {
  log_in_child(1);
  const auto store = store::open(store::LedgerAddress::at(directory_ / "events.db"), store::OpenMode::kReadOnly);
  const auto watch = store->watch();
  ASSERT_NE(watch, nullptr);
  watch->clear();
  fs::copy_file(directory_ / "events.db", directory_ / "another.db");
  EXPECT_FALSE(watch->clear());
}

TEST_F(FollowerTest, ALedgerThatWasReplacedIsFollowedFromItsBeginning) {
  log_in_child(20);
  const auto store = store::open(store::LedgerAddress::at(directory_ / "events.db"), store::OpenMode::kReadOnly);
  Follower follower(*store, nullptr, store->size());
  for (const auto& entry : fs::directory_iterator(directory_)) {
    if (entry.is_regular_file()) fs::remove(entry.path());
  }
  log_in_child(1);
  const auto range = follower.wait(10000);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 0u);
  EXPECT_LT(range->last, 19u);
}

TEST_F(FollowerTest, ALedgerThatIsMissingForAMomentIsReadAgain) {
  log_in_child(2);
  const fs::path db = directory_ / "events.db";
  const auto store = store::open(store::LedgerAddress::at(db), store::OpenMode::kReadOnly);
  Follower follower(*store, nullptr, 0);
  fs::rename(db, directory_ / "aside");
  for (int i = 0; i < 2; ++i) {
    try {
      follower.wait(0);
      ADD_FAILURE() << "a missing ledger was read";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::kNotFound) << error.what();
    }
  }
  fs::rename(directory_ / "aside", db);
  const auto range = follower.wait(0);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 0u);
}

TEST_F(FollowerTest, AWaitEndsWhenTheReaderOfTheOutputIsGone) {
  Client client(options());
  Follower follower(client.fresh_store(), client.recorder()->signal(), client.fresh_store().size());
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_FALSE(follower.wait(60000, ends[1]));
  ::close(ends[1]);
}

TEST_F(FollowerTest, ManyWritersAndFollowersLoseAndRepeatNothing) {
  Client client(options());
  constexpr int kWriters = 3, kFollowers = 3, kEach = 400;
  const std::uint64_t start = client.fresh_store().size();
  const std::uint64_t end = start + (kWriters + 1) * kEach;
  // Before the threads begin: the child of a process with threads is limited in what it may do.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    {
      Client own(options());
      for (int i = 0; i < kEach; ++i) own.log("{}");
      own.flush(30000);
    }
    ::_exit(0);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kFollowers; ++i) {
    threads.emplace_back([&] {
      Follower follower(client.recorder()->store(), client.recorder()->signal(), start);
      std::uint64_t next = start;
      while (next < end) {
        const auto range = follower.wait(20000);
        ASSERT_TRUE(range);
        ASSERT_EQ(range->first, next);
        ASSERT_LE(range->first, range->last);
        next = range->last + 1;
      }
      EXPECT_EQ(next, end);
    });
  }
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&] {
      for (int event = 0; event < kEach; ++event) {
        client.log("{}");
        if (event % 20 == 0) client.flush(30000);
      }
      client.flush(30000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace plog::client
