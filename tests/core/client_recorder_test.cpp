// Recording through clients of one process: when events are committed, what callers see when the ledger cannot be
// written, and what is counted and reported.
#include "client/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <thread>

#include "base/clock.h"
#include "client/client.h"
#include "client/cursor.h"
#include "client/verification.h"
#include "held_read.h"
#include "json/value.h"
#include "recorder_support.h"

namespace plog::client {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// Another program's connection to the ledger, which does not know the library's locks.
class Foreign {
 public:
  explicit Foreign(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK);
    sqlite3_busy_timeout(db_, 5000);
  }
  ~Foreign() { sqlite3_close(db_); }
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;
  void run(const char* sql) { ASSERT_EQ(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql; }

 private:
  sqlite3* db_ = nullptr;
};

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    std::string pattern = fs::temp_directory_path() / "plog-recorder-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    db_ = directory_ / "events.db";
    setenv("HOME", directory_.c_str(), 1);
  }
  ~RecorderTest() override { fs::remove_all(directory_); }

  // With these options nothing is committed before a flush.
  ClientOptions options() const {
    ClientOptions options;
    options.db_path = db_.string();
    options.agent_id = "a";
    options.batch_size = 4096;
    options.flush_interval_ms = 3600000;
    return options;
  }
  ClientOptions small(const std::string& on_full, std::uint32_t block_timeout_ms = 100) const {
    ClientOptions result = options();
    result.journal_limit_bytes = 1u << 20;
    result.on_full = on_full;
    result.block_timeout_ms = block_timeout_ms;
    return result;
  }

  static std::string named(const std::string& name) { return R"({"action_name":")" + name + R"("})"; }
  // About 100 KiB, so that ten of them fill the smallest journal.
  static std::string large() { return R"({"action_input":")" + std::string(100u << 10, 'x') + R"("})"; }
  // Logs large events until one is rejected, and returns how many were accepted.
  static std::uint64_t fill(Client& client) {
    for (std::uint64_t taken = 0; taken < 100; ++taken) {
      if (status_of([&] { client.log(large()); }) == Status::kFull) return taken;
    }
    ADD_FAILURE() << "the journal never became full";
    return 0;
  }

  static std::vector<json::Value> events(Client& client, std::string_view filter = "{}") {
    std::vector<json::Value> result;
    Cursor cursor(client, filter);
    while (const std::string* event = cursor.next()) result.push_back(json::parse(*event));
    return result;
  }
  static std::vector<std::string> names(Client& client) {
    std::vector<std::string> result;
    for (const json::Value& event : events(client)) result.push_back(event.find("action_name")->text());
    return result;
  }

  fs::path directory_, db_;
};

// ---- When events are committed

TEST_F(RecorderTest, AFullBatchIsCommittedAtOnceAndLessThanOneWaits) {
  ClientOptions wishes = options();
  wishes.batch_size = 5;
  Client client(wishes);
  for (int i = 0; i < 4; ++i) client.log("{}");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(client.stats().queued_events, 4u);
  EXPECT_EQ(client.stats().stored, 0u);
  client.log("{}");
  EXPECT_TRUE(eventually([&] { return client.stats().stored == 5; }));
  EXPECT_EQ(client.stats().queued_events, 0u);
  EXPECT_EQ(client.stats().queued_bytes, 0u);
}

TEST_F(RecorderTest, TheFlushIntervalCommitsASingleEvent) {
  ClientOptions wishes = options();
  wishes.flush_interval_ms = 150;
  Client client(wishes);
  const std::int64_t start = steady_millis();
  client.log("{}");
  EXPECT_TRUE(eventually([&] { return client.stats().stored == 1; }));
  EXPECT_GE(steady_millis() - start, 150);
}

TEST_F(RecorderTest, AFlushCommitsEverythingLoggedBefore) {
  Client client(options());
  client.flush(5000);
  for (int i = 0; i < 10000; ++i) client.log("{}");
  client.flush(30000);
  const RecorderStats stats = client.stats();
  EXPECT_EQ(stats.accepted, 10000u);
  EXPECT_EQ(stats.stored, 10000u);
  EXPECT_EQ(stats.queued_events, 0u);
}

TEST_F(RecorderTest, EventsKeepTheOrderInWhichAThreadLoggedThem) {
  Client client(options());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&client, t] {
      for (int i = 0; i < 200; ++i) {
        client.log(R"({"session_id":"t)" + std::to_string(t) + R"(","action_name":")" + std::to_string(i) + R"("})");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, int> next;
  int sequence = 0;
  for (const json::Value& event : events(client)) {
    EXPECT_EQ(event.find("action_name")->text(), std::to_string(next[event.find("session_id")->text()]++));
    EXPECT_EQ(event.find("sequence")->text(), std::to_string(++sequence));
  }
  EXPECT_THAT(next,
              ElementsAre(std::pair("t0", 200), std::pair("t1", 200), std::pair("t2", 200), std::pair("t3", 200)));
}

TEST_F(RecorderTest, TwoClientsOfOneLedgerShareARecorderAndItsOrder) {
  fs::create_directory_symlink(directory_, directory_ / "link");
  Client first(options());
  ClientOptions other = options();
  other.db_path = (directory_ / "link" / "events.db").string();
  Client second(other);
  EXPECT_EQ(first.recorder(), second.recorder());
  first.log(named("1"));
  second.log(named("2"));
  first.log(named("3"));
  EXPECT_EQ(second.stats().accepted, 3u);
  second.flush(5000);
  EXPECT_EQ(first.stats().stored, 3u);
  second.close(5000);
  first.log(named("4"));
  EXPECT_THAT(names(first), ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(status_of([&] { second.log("{}"); }), Status::kClosed);
}

// ---- A ledger that cannot be written

TEST_F(RecorderTest, TheLargestNumberOfReadConnectionsAppliesToAllClients) {
  ClientOptions one = options(), two = options();
  one.read_connections = 1;
  two.read_connections = 2;
  Client first(one);
  first.log(named("first"));
  first.flush(5000);
  RecorderOptions shared;
  shared.store.read_connections = 1;
  const auto recorder = Recorder::open(store::LedgerAddress::at(db_), shared);
  store::HeldRead a(recorder->store());
  EXPECT_TRUE(a.runs(std::chrono::seconds(20)));
  store::HeldRead b(recorder->store());
  EXPECT_FALSE(b.runs(std::chrono::milliseconds(100)));
  const Client second(two);
  EXPECT_TRUE(b.runs(std::chrono::seconds(20)));
}

TEST_F(RecorderTest, AFlushGivesUpAtItsDeadlineAndTheEventsAreStoredLater) {
  Client client(options());
  client.log(named("before"));
  Foreign foreign(db_);
  foreign.run("BEGIN IMMEDIATE");
  const std::int64_t start = steady_millis();
  const Status status = status_of([&] { client.flush(400); });
  EXPECT_TRUE(status == Status::kTimeout || status == Status::kBusy);
  EXPECT_GE(steady_millis() - start, 400);
  EXPECT_LT(steady_millis() - start, 4000);
  EXPECT_EQ(client.stats().queued_events, 1u);
  client.log(named("during"));
  foreign.run("ROLLBACK");
  client.flush(5000);
  EXPECT_THAT(names(client), ElementsAre("before", "during"));
}

TEST_F(RecorderTest, DroppedEventsAreCountedReportedAndRecordedAsAGap) {
  Client client(small("drop"));
  Foreign foreign(db_);
  foreign.run("BEGIN IMMEDIATE");
  const Micros before = now_micros();
  const std::uint64_t taken = fill(client);
  EXPECT_GE(taken, 9u);
  EXPECT_EQ(status_of([&] { client.log(large()); }), Status::kFull);
  EXPECT_EQ(status_of([&] { client.log(R"({"agent_id":"b","action_input":")" + std::string(200000, 'y') + R"("})"); }),
            Status::kFull);
  const Micros after = now_micros();
  RecorderStats stats = client.stats();
  EXPECT_EQ(stats.accepted, taken);
  EXPECT_EQ(stats.dropped, 3u);
  EXPECT_EQ(stats.gaps, 0u);
  EXPECT_LE(stats.queued_bytes, 1u << 20);
  auto error = client.next_error(1000);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->status(), Status::kFull);

  foreign.run("ROLLBACK");
  client.flush(10000);
  stats = client.stats();
  EXPECT_EQ(stats.stored, taken);
  EXPECT_EQ(stats.dropped, 3u);
  // A commit that the thread tried meanwhile may have closed the first account.
  const auto gaps = events(client, R"({"agent_id":"provenlog","include_system":true,"action_name":"gap"})");
  EXPECT_EQ(stats.gaps, gaps.size());
  EXPECT_THAT(gaps.size(), testing::AllOf(testing::Ge(1u), testing::Le(2u)));
  std::map<std::string, std::uint64_t> dropped;
  for (const json::Value& gap : gaps) {
    EXPECT_EQ(gap.find("action_type")->text(), "SYSTEM");
    const json::Value& input = *gap.find("action_input");
    EXPECT_EQ(input.find("reason")->text(), "journal_full");
    for (const json::Value& entry : input.find("dropped")->array()) {
      dropped[entry.find("agent_id")->text()] += std::stoull(entry.find("count")->text());
      const auto first = parse_timestamp(entry.find("first")->text());
      const auto last = parse_timestamp(entry.find("last")->text());
      ASSERT_TRUE(first && last);
      EXPECT_LE(before, *first);
      EXPECT_LE(*first, *last);
      EXPECT_LE(*last, after);
    }
  }
  EXPECT_THAT(dropped, ElementsAre(testing::Pair("a", 2u), testing::Pair("b", 1u)));
  EXPECT_EQ(verify_client(client, {}).verdict, ledger::Verdict::kOk);
}

TEST_F(RecorderTest, RaisingLeavesTheEventToTheCallerAndNoGap) {
  Client client(small("raise", 60000));
  Foreign foreign(db_);
  foreign.run("BEGIN IMMEDIATE");
  const std::int64_t start = steady_millis();
  const std::uint64_t taken = fill(client);
  EXPECT_LT(steady_millis() - start, 30000);
  foreign.run("ROLLBACK");
  client.flush(10000);
  EXPECT_EQ(status_of([&] { client.log(large()); }), Status::kOk) << "there is room again";
  client.flush(10000);
  const RecorderStats stats = client.stats();
  EXPECT_EQ(stats.stored, taken + 1);
  EXPECT_EQ(stats.dropped, 0u);
  EXPECT_EQ(stats.gaps, 0u);
}

TEST_F(RecorderTest, BlockingWaitsForItsTimeThenDrops) {
  Client client(small("block", 300));
  Foreign foreign(db_);
  foreign.run("BEGIN IMMEDIATE");
  const std::uint64_t taken = fill(client);
  const std::int64_t start = steady_millis();
  EXPECT_EQ(status_of([&] { client.log(large()); }), Status::kFull);
  EXPECT_GE(steady_millis() - start, 300);
  foreign.run("ROLLBACK");
  client.flush(10000);
  const RecorderStats stats = client.stats();
  EXPECT_EQ(stats.stored, taken);
  EXPECT_EQ(stats.dropped, 2u);
  EXPECT_EQ(stats.gaps, 1u);
}

TEST_F(RecorderTest, ABlockedCallerGoesOnAsSoonAsThereIsRoom) {
  Client client(small("block", 60000));
  Foreign foreign(db_);
  foreign.run("BEGIN IMMEDIATE");
  std::thread release([&] {
    // By then the caller below has filled the journal. If it has not, the test shows nothing, but does not fail either.
    eventually([&] { return client.stats().queued_bytes > 900u << 10; });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    foreign.run("ROLLBACK");
  });
  for (int i = 0; i < 30; ++i) EXPECT_EQ(status_of([&] { client.log(large()); }), Status::kOk) << i;
  release.join();
  client.flush(10000);
  EXPECT_EQ(client.stats().stored, 30u);
  EXPECT_EQ(client.stats().dropped, 0u);
}

TEST_F(RecorderTest, AnEventsOwnPolicyOverridesTheClients) {
  Client client(small("drop"));
  Foreign foreign(db_);
  foreign.run("BEGIN IMMEDIATE");
  fill(client);
  const auto scratch = take_scratch();
  scratch->builder.key("action_input");
  scratch->builder.string(std::string(200000, 'x'));
  EXPECT_EQ(status_of([&] { client.commit(*scratch, OnFull::kRaise); }), Status::kFull);
  EXPECT_EQ(client.stats().dropped, 1u) << "only the one event that fill() could not log";
  foreign.run("ROLLBACK");
  client.flush(10000);
}

TEST_F(RecorderTest, AWriterFormatOfTheFutureIsReadOnlyAndTheEventsWaitForIt) {
  Client client(options());
  client.log(named("old"));
  client.flush(5000);
  Foreign foreign(db_);
  foreign.run("UPDATE meta SET value = 99 WHERE key = 'format_writer'; PRAGMA user_version = 99");
  client.log(named("new"));
  EXPECT_EQ(status_of([&] { client.flush(5000); }), Status::kUnsupported);
  EXPECT_THAT(names(client), ElementsAre("old"));
  EXPECT_EQ(client.stats().queued_events, 1u);
  foreign.run("UPDATE meta SET value = 3 WHERE key = 'format_writer'");
  client.flush(5000);
  EXPECT_THAT(names(client), ElementsAre("old", "new"));
}

// ---- Reporting

TEST_F(RecorderTest, TheSameEventAgainIsADuplicateAndWithOtherContentAConflict) {
  Client client(options());
  const std::string id = R"("id":"01890a5d-ac96-774b-bcce-b302099a8057")";
  client.log("{" + id + R"(,"action_name":"first"})");
  client.log("{" + id + R"(,"action_name":"first"})");
  client.flush(5000);
  RecorderStats stats = client.stats();
  EXPECT_EQ(stats.stored, 1u);
  EXPECT_EQ(stats.duplicates, 1u);
  EXPECT_EQ(stats.conflicts, 0u);
  EXPECT_FALSE(client.next_error(0).has_value());

  client.log("{" + id + R"(,"action_name":"other"})");
  client.flush(5000);
  stats = client.stats();
  EXPECT_EQ(stats.accepted, 3u);
  EXPECT_EQ(stats.stored, 1u);
  EXPECT_EQ(stats.duplicates, 2u);
  EXPECT_EQ(stats.conflicts, 1u);
  EXPECT_EQ(stats.errors, 1u);
  const auto error = client.next_error(0);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->status(), Status::kInvalid);
  EXPECT_THAT(error->what(), HasSubstr("01890a5d-ac96-774b-bcce-b302099a8057"));
  EXPECT_THAT(error->what(), testing::Not(HasSubstr("other\"")));
  EXPECT_FALSE(client.next_error(0).has_value()) << "each error is reported once";
  EXPECT_THAT(names(client), ElementsAre("first"));
}

TEST_F(RecorderTest, EachClientIsToldEveryErrorAndAClosedOneThatThereAreNoMore) {
  Client first(options()), second(options());
  const std::string id = R"("id":"01890a5d-ac96-774b-bcce-b302099a8057")";
  first.log("{" + id + R"(,"action_name":"first"})");
  first.log("{" + id + R"(,"action_name":"other"})");
  first.flush(5000);
  EXPECT_TRUE(first.next_error(0).has_value());
  second.close(5000);
  EXPECT_TRUE(second.next_error(0).has_value()) << "the error happened before it was closed";
  EXPECT_EQ(status_of([&] { second.next_error(-1); }), Status::kClosed);
  EXPECT_FALSE(first.next_error(0).has_value());
}

TEST_F(RecorderTest, ClosingWakesWhoeverWaitsForAnError) {
  Client client(options());
  client.log("{}");
  Status status = Status::kOk;
  std::thread waiting([&] { status = status_of([&] { client.next_error(-1); }); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  client.close(5000);
  waiting.join();
  EXPECT_EQ(status, Status::kClosed);
}

// ---- Forks

TEST_F(RecorderTest, ParentAndChildOfAForkBothRecord) {
  Client client(options());
  client.log(named("before"));
  const pid_t child = ::fork();
  if (child == 0) {
    const Status status = status_of([&] {
      client.log(named("child"));
      client.flush(20000);
    });
    ::_exit(static_cast<int>(status));
  }
  ASSERT_GT(child, 0);
  client.log(named("parent"));
  int result = 0;
  ASSERT_EQ(::waitpid(child, &result, 0), child);
  ASSERT_TRUE(WIFEXITED(result));
  EXPECT_EQ(WEXITSTATUS(result), 0);
  EXPECT_THAT(names(client), testing::UnorderedElementsAre("before", "child", "parent"));
  EXPECT_EQ(client.stats().accepted, 2u) << "the child has its own counters";
  EXPECT_EQ(verify_client(client, {}).verdict, ledger::Verdict::kOk);
}

TEST_F(RecorderTest, WhatAChildOnlyJournalledItsParentAdopts) {
  Client client(options());
  const pid_t child = ::fork();
  if (child == 0) {
    const Status status = status_of([&] { client.log(named("child")); });
    ::_exit(static_cast<int>(status));
  }
  ASSERT_GT(child, 0);
  int result = 0;
  ASSERT_EQ(::waitpid(child, &result, 0), child);
  ASSERT_TRUE(WIFEXITED(result));
  ASSERT_EQ(WEXITSTATUS(result), 0);
  EXPECT_THAT(names(client), ElementsAre("child"));
  EXPECT_TRUE(eventually([&] { return client.stats().recovered == 1; }));
}

}  // namespace
}  // namespace plog::client
