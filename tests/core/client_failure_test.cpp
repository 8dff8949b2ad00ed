// What goes on after a failure, and what does not wait for one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <thread>

#include "base/encoding.h"
#include "client/client.h"
#include "client/recorder.h"
#include "recorder_support.h"
#include "spool/spool.h"
#include "store/driver.h"

namespace plog::client {
namespace {

namespace fs = std::filesystem;

class FailureTest : public testing::Test {
 protected:
  FailureTest() {
    std::string pattern = fs::temp_directory_path() / "plog-failure-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    address_ = store::LedgerAddress::at(directory_ / "events.db");
  }
  ~FailureTest() override { fs::remove_all(directory_); }

  // With these options nothing is committed before a flush.
  static RecorderOptions options() {
    RecorderOptions options;
    options.batch_size = 4096;
    options.flush_interval_ms = 3600000;
    return options;
  }
  static void append(Recorder& recorder, const std::string& name, AppendOptions how = {}) {
    std::string record(spool::kRecordHeader, '\0');
    record += encoded_event(name);
    recorder.append(record, "a", now_micros(), how);
  }

  fs::path directory_;
  store::LedgerAddress address_;
};

TEST_F(FailureTest, ACommitWithoutEventsThatFailsLeavesTheWriterUsable) {
  Recorder recorder(address_, options());
  recorder.create(5000);
  append(recorder, "one");
  recorder.flush(5000);
  recorder.publish_head(5000);
  // The kernel refuses to let files grow, as a full disk does.
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  rlimit small = limit;
  small.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = status_of([&] { recorder.create(5000); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ::signal(SIGXFSZ, before);
  EXPECT_NE(status, Status::kOk);

  append(recorder, "two");
  recorder.flush(5000);
  recorder.create(5000);
  EXPECT_EQ(recorder.stats().stored, 2u);
}

// The stored content of an event, changed behind the library's back.
void set_canonical(const store::LedgerAddress& address, const char* text) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(address.path().c_str(), &db), SQLITE_OK);
  const std::string sql =
      std::string("UPDATE event SET canonical = CAST('") + text + "' AS BLOB) WHERE commit_index = 1";
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  EXPECT_EQ(sqlite3_changes(db), 1);
  sqlite3_close(db);
}

TEST_F(FailureTest, AnEventWhoseStoredTwinIsErasedOrUnreadableDoesNotBlockTheOthers) {
  const std::string event = R"({"id":"01890a5d-ac96-774b-bcce-b302099a8057","action_name":"x"})";
  ClientOptions options;
  options.db_path = address_.path();
  options.agent_id = "a";
  Client client(options);
  client.log(event);
  client.flush(5000);

  set_canonical(address_, "");
  client.log(event);
  client.flush(5000);
  EXPECT_EQ(client.stats().duplicates, 1u);
  EXPECT_EQ(client.stats().conflicts, 0u);

  set_canonical(address_, "{\"broken");
  client.log(event);
  client.log(R"({"action_name":"y"})");
  client.flush(5000);
  EXPECT_EQ(client.stats().duplicates, 2u);
  EXPECT_EQ(client.stats().conflicts, 1u);
  EXPECT_EQ(client.stats().stored, 2u);
}

TEST_F(FailureTest, NeitherAForkNorADeadlineWaitsForACallThatWaitsForAnotherProcess) {
  RecorderOptions power = options();
  power.power = true;
  const auto recorder = Recorder::open(address_, power);
  recorder->create(5000);
  AppendOptions how;
  how.power = true;
  how.block_timeout_ms = 100;
  append(*recorder, "one", how);

  auto lease = store::driver_of(address_).lock_writer(address_, 5000);  // as another process would
  std::thread publisher([&] { recorder->publish_head(-1); });
  std::thread late;  // keeps a failure of this test from hanging
  std::atomic<bool> gave_up = false, done = false;
  late = std::thread([&] {
    for (int i = 0; i < 3000 && !done; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (!done) {
      gave_up = true;
      lease.reset();
    }
  });
  for (int i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ASSERT_GT(child, 0);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    const Status status = status_of([&] { append(*recorder, "waits", how); });
    EXPECT_TRUE(status == Status::kTimeout || status == Status::kBusy) << static_cast<int>(status);
  }
  done = true;
  late.join();
  EXPECT_FALSE(gave_up);
  lease.reset();
  publisher.join();
  recorder->flush(20000);
  EXPECT_EQ(recorder->stats().stored, 4u);
}

// Answers in work() with what the test says.
class PlainSink final : public spool::Sink {
 public:
  using Respond = std::function<spool::Answer(const spool::Batch&)>;
  explicit PlainSink(Respond respond) : respond_(std::move(respond)) {}
  void submit(std::shared_ptr<const spool::Batch> batch, spool::Completion done) override {
    open_.emplace_back(std::move(batch), std::move(done));
  }
  void work(std::int64_t) override {
    while (!open_.empty()) {
      const auto [batch, done] = std::move(open_.front());
      open_.pop_front();
      done(respond_(*batch));
    }
  }
  bool has_work() const noexcept override { return !open_.empty(); }
  void abandon() noexcept override {}

 private:
  const Respond respond_;
  std::deque<std::pair<std::shared_ptr<const spool::Batch>, spool::Completion>> open_;
};

TEST_F(FailureTest, AFlushReportsThatTheGapOfDroppedEventsWasNotDelivered) {
  Recorder* recorder = nullptr;
  bool dropped = false, broken = false;
  RecorderOptions wishes = options();
  wishes.journal_limit_bytes = 1;  // room for one event
  wishes.sink = [&] {
    return std::make_unique<PlainSink>([&](const spool::Batch& batch) {
      spool::Answer answer;
      if (broken) {
        answer.failure.emplace(Status::kIo, "the disk is broken");
        return answer;
      }
      if (!std::exchange(dropped, true)) {
        AppendOptions how;
        how.on_full = OnFull::kDrop;
        EXPECT_EQ(status_of([&] { append(*recorder, "dropped", how); }), Status::kFull);
        broken = true;
      }
      answer.receipts.resize(batch.size());
      return answer;
    });
  };
  Recorder made(address_, wishes);
  recorder = &made;
  append(made, "first");
  made.stop(-1);
  made.flush(5000);  // the event was dropped only after the call had begun
  EXPECT_EQ(status_of([&] { made.flush(300); }), Status::kIo);
  EXPECT_EQ(made.stats().gaps, 0u);
  broken = false;
  made.flush(5000);
  EXPECT_EQ(made.stats().gaps, 1u);
}

TEST_F(FailureTest, AFlushWaitsOnlyForWhatWasSubmittedBefore) {
  Recorder recorder(address_, options());
  recorder.create(5000);
  std::atomic<bool> stop = false;
  std::atomic<int> number = 0;
  std::function<void()> next = [&] {
    auto batch = std::make_shared<spool::Batch>();
    batch->add(encoded_event("n" + std::to_string(++number)));
    recorder.submit(batch, [&](const spool::Answer&) {
      if (!stop) next();
    });
  };
  for (int i = 0; i < 3; ++i) next();  // some are always without an answer
  for (int i = 0; i < 10; ++i) recorder.flush(20000);
  stop = true;
  recorder.flush(20000);
  recorder.flush(20000);  // for what a callback submitted that did not see `stop` yet
  EXPECT_GE(number, 10);
}

TEST_F(FailureTest, AJournalMayGoWhileTheNextBatchIsTaken) {
  for (int round = 0; round < 30; ++round) {
    const fs::path folder = directory_ / std::to_string(round);
    spool::Spool spool(folder.string());
    const auto put = [&](const std::string& name) {
      std::string record(spool::kRecordHeader, '\0');
      record += encoded_event(name);
      const std::string_view payload = std::string_view(record).substr(spool::kRecordHeader);
      const MutexLock lock(spool.mutex);
      spool.append(record, crc32c(payload.data(), payload.size()));
    };
    put("first");
    const auto first = spool.take();
    for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry.path());
    {
      const MutexLock lock(spool.mutex);
      ASSERT_TRUE(spool.repair());
    }
    for (int i = 0; i < 500; ++i) put("later");
    std::thread taker([&] { EXPECT_NE(spool.take(), nullptr); });
    std::this_thread::sleep_for(std::chrono::microseconds(10 * round));
    spool::Spool::Leftovers leftovers;
    {
      const MutexLock lock(spool.mutex);
      spool.deliver(*first, leftovers);
    }
    taker.join();
  }
}

}  // namespace
}  // namespace plog::client
