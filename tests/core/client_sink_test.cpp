// Delivery from the spool to a sink that is slow, that fails, that answers out of order, that refuses events and that
// hangs; and submission to the writer of a ledger without a journal.
#include "spool/sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "base/clock.h"
#include "client/client.h"
#include "client/cursor.h"
#include "client/recorder.h"
#include "event/builder.h"
#include "json/value.h"
#include "recorder_support.h"
#include "store/ledger_paths.h"

namespace plog::client {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAreArray;

std::string name_of(const event::Prepared& event) {
  std::string buffer;
  return std::string(event::text_of(event, event.index.name, buffer));
}

// What a server would have: the names of the events in the order in which it stored them.
class Ledger {
 public:
  spool::Answer take(const spool::Batch& batch) {
    const std::lock_guard lock(mutex_);
    spool::Answer answer;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::string name = name_of(batch[i]);
      spool::Receipt receipt;
      if (refuses && refuses(name)) {
        receipt.outcome = spool::Outcome::kRefused;
        receipt.refusal = "the name is not allowed";
      } else if (!ids_.insert(batch[i].index.id).second) {
        receipt.outcome = spool::Outcome::kDuplicate;
      } else {
        names_.push_back(name);
      }
      answer.receipts.push_back(receipt);
    }
    return answer;
  }
  std::vector<std::string> names() {
    const std::lock_guard lock(mutex_);
    return names_;
  }
  std::function<bool(const std::string&)> refuses;  // set before use

 private:
  std::mutex mutex_;
  std::set<Uuid> ids_;
  std::vector<std::string> names_;
};

// A sink whose thread decides when and how a batch is answered, as one that speaks to a server does.
class ThreadSink final : public spool::Sink {
 public:
  struct Open {
    std::shared_ptr<const spool::Batch> batch;
    spool::Completion done;
  };
  // `step` gets the open batches, removes those that it answers, and returns whether it did something.
  using Step = std::function<bool(std::deque<Open>& open)>;

  ThreadSink(std::size_t window, Step step) : window_(window), step_(std::move(step)), thread_([this] { run(); }) {}
  ~ThreadSink() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
    spool::Answer closed;
    closed.failure.emplace(Status::kClosed, "the sink was closed");
    for (Open& each : open_) each.done(closed);
  }
  void submit(std::shared_ptr<const spool::Batch> batch, spool::Completion done) override {
    const std::lock_guard lock(mutex_);
    open_.push_back({std::move(batch), std::move(done)});
    changed_.notify_all();
  }
  std::size_t window() const noexcept override { return window_; }
  void abandon() noexcept override { abandoned = true; }

  bool abandoned = false;

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stop_) {
      std::deque<Open> mine;
      mine.swap(open_);
      lock.unlock();
      const bool did = !mine.empty() && step_(mine);
      lock.lock();
      open_.insert(open_.begin(), std::make_move_iterator(mine.begin()), std::make_move_iterator(mine.end()));
      if (!did && !stop_) changed_.wait_for(lock, std::chrono::milliseconds(1));
    }
  }

  const std::size_t window_;
  const Step step_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Open> open_;
  bool stop_ = false;
  std::thread thread_;
};

class SinkTest : public testing::Test {
 protected:
  SinkTest() {
    std::string pattern = fs::temp_directory_path() / "plog-sink-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    setenv("HOME", directory_.c_str(), 1);
    address_ = store::LedgerAddress::at(directory_ / "events.db");
  }
  ~SinkTest() override { fs::remove_all(directory_); }

  RecorderOptions options(std::size_t window, ThreadSink::Step step) const {
    RecorderOptions options;
    options.batch_size = 1;  // each event is delivered at once, with whatever has arrived meanwhile
    options.flush_interval_ms = 10;
    options.sink = [window, step = std::move(step)] { return std::make_unique<ThreadSink>(window, step); };
    return options;
  }

  static void append(Recorder& recorder, const std::string& name, AppendOptions how = {}) {
    std::string record(spool::kRecordHeader, '\0');
    record += encoded_event(name);
    recorder.append(record, "a", now_micros(), how);
  }
  static std::vector<std::string> numbered(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back("event " + std::to_string(i));
    return names;
  }
  // The names of the events in the local ledger, which adopts what processes left behind.
  std::vector<std::string> adopted() const {
    ClientOptions options;
    options.db_path = address_.path();
    Client client(options);
    client.fresh_store();
    std::vector<std::string> names;
    Cursor cursor(client, "{}");
    while (const std::string* event = cursor.next()) names.push_back(json::parse(*event).find("action_name")->text());
    return names;
  }
  bool has_journals() const {
    const fs::path journals = store::LedgerPaths(address_).journals();
    return fs::exists(journals) && !fs::is_empty(journals);
  }

  fs::path directory_;
  store::LedgerAddress address_ = store::LedgerAddress::at("/none");
};

TEST_F(SinkTest, ASlowSinkDelaysNoCaller) {
  Ledger ledger;
  std::atomic<bool> open{false};
  const auto recorder = Recorder::open(address_, options(1, [&](std::deque<ThreadSink::Open>& batches) {
                                         if (!open) return false;
                                         batches.front().done(ledger.take(*batches.front().batch));
                                         batches.pop_front();
                                         return true;
                                       }));
  const std::vector<std::string> names = numbered(300);
  for (const std::string& name : names) append(*recorder, name);
  EXPECT_TRUE(ledger.names().empty());
  EXPECT_EQ(recorder->stats().queued_events, 300u);
  open = true;
  recorder->flush(20000);
  EXPECT_THAT(ledger.names(), ElementsAreArray(names));
  EXPECT_EQ(recorder->stats().stored, 300u);
  EXPECT_EQ(recorder->stats().queued_events, 0u);
  EXPECT_EQ(recorder->stats().queued_bytes, 0u);
}

TEST_F(SinkTest, AFailedBatchIsSubmittedAgainInItsOrder) {
  Ledger ledger;
  std::atomic<int> attempts{0};
  const auto recorder = Recorder::open(address_, options(1, [&](std::deque<ThreadSink::Open>& batches) {
                                         spool::Answer answer;
                                         // The second failure of each three comes after the events were stored.
                                         const int attempt = attempts++ % 3;
                                         if (attempt != 0) answer = ledger.take(*batches.front().batch);
                                         if (attempt != 2) answer = {{}, Error(Status::kIo, "the connection was lost")};
                                         batches.front().done(answer);
                                         batches.pop_front();
                                         return true;
                                       }));
  const std::vector<std::string> names = numbered(100);
  for (const std::string& name : names) append(*recorder, name);
  recorder->flush(30000);
  EXPECT_THAT(ledger.names(), ElementsAreArray(names));
  EXPECT_EQ(recorder->stats().stored + recorder->stats().duplicates, 100u);
  EXPECT_GE(attempts, 3);
}

TEST_F(SinkTest, WhatASinkNeverTakesStaysInTheJournalForTheNextProcess) {
  const std::vector<std::string> names = numbered(20);
  {
    const auto recorder = Recorder::open(address_, options(1, [&](std::deque<ThreadSink::Open>& batches) {
                                           batches.front().done({{}, Error(Status::kIo, "no route to the server")});
                                           batches.pop_front();
                                           return true;
                                         }));
    for (const std::string& name : names) append(*recorder, name);
    try {
      recorder->flush(200);
      ADD_FAILURE() << "flush() must say why the events are not delivered";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::kIo);
      EXPECT_STREQ(error.what(), "no route to the server");
    }
    std::atomic<std::uint64_t> next{0};
    const std::atomic<bool> closed{false};
    EXPECT_TRUE(recorder->next_error(next, steady_millis() + 5000, closed));
  }
  EXPECT_TRUE(has_journals());
  EXPECT_THAT(adopted(), ElementsAreArray(names));
  EXPECT_FALSE(has_journals());
}

TEST_F(SinkTest, AnswersInAnyOrderDeliverInTheOrderOfTheEvents) {
  Ledger ledger;
  std::atomic<bool> answer_first{false};
  std::atomic<std::size_t> answered{0}, received{0};
  const auto recorder = Recorder::open(address_, options(4, [&](std::deque<ThreadSink::Open>& batches) {
                                         received = answered + batches.size();
                                         // The newest first; the oldest only when it is the only one that is left and
                                         // may be answered.
                                         if (batches.size() == 1 && !answer_first) return false;
                                         batches.back().done(ledger.take(*batches.back().batch));
                                         batches.pop_back();
                                         ++answered;
                                         return true;
                                       }));
  for (std::size_t sent = 1; sent <= 4; ++sent) {
    append(*recorder, "event " + std::to_string(sent - 1));
    ASSERT_TRUE(eventually([&] { return received >= sent && answered + 1 >= sent; }));
  }
  // Three later batches are answered, but nothing counts as delivered before the first is.
  EXPECT_EQ(ledger.names().size(), 3u);
  EXPECT_EQ(recorder->stats().queued_events, 4u);
  EXPECT_EQ(status_of([&] { recorder->flush(100); }), Status::kTimeout);
  answer_first = true;
  recorder->flush(20000);
  EXPECT_EQ(recorder->stats().queued_events, 0u);
  EXPECT_EQ(recorder->stats().stored, 4u);
  EXPECT_THAT(ledger.names(), testing::UnorderedElementsAreArray(numbered(4)));
}

TEST_F(SinkTest, RandomDelaysFailuresAndOrdersLoseAndRepeatNothing) {
  const char* given = std::getenv("PLOG_TEST_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device()();
  SCOPED_TRACE("PLOG_TEST_SEED=" + std::to_string(seed));
  Ledger ledger;
  std::mt19937 random(seed);  // the sink's thread uses it
  const auto recorder = Recorder::open(address_, options(5, [&](std::deque<ThreadSink::Open>& batches) {
                                         if (random() % 4 == 0) return false;
                                         const std::size_t which = random() % batches.size();
                                         spool::Answer answer;
                                         if (random() % 4 != 0) answer = ledger.take(*batches[which].batch);
                                         if (random() % 4 == 0 || answer.receipts.empty())
                                           answer = {{}, Error(Status::kIo, "lost")};
                                         batches[which].done(answer);
                                         batches.erase(batches.begin() + static_cast<std::ptrdiff_t>(which));
                                         return true;
                                       }));
  const std::vector<std::string> names = numbered(2000);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (std::size_t i = static_cast<std::size_t>(caller); i < names.size(); i += 4) {
        append(*recorder, names[i]);
        if (i % 100 < 4) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  recorder->flush(60000);
  EXPECT_THAT(ledger.names(), testing::UnorderedElementsAreArray(names));
  const RecorderStats stats = recorder->stats();
  EXPECT_EQ(stats.stored + stats.duplicates, names.size());
  EXPECT_EQ(stats.queued_events, 0u);
}

TEST_F(SinkTest, RefusedEventsAreCountedReportedAndDeliveredAsAGap) {
  Ledger ledger;
  ledger.refuses = [](const std::string& name) { return name == "event 1" || name == "event 3"; };
  const auto recorder = Recorder::open(address_, options(1, [&](std::deque<ThreadSink::Open>& batches) {
                                         batches.front().done(ledger.take(*batches.front().batch));
                                         batches.pop_front();
                                         return true;
                                       }));
  for (const std::string& name : numbered(5)) append(*recorder, name);
  recorder->flush(20000);
  EXPECT_TRUE(eventually([&] { return recorder->stats().queued_events == 0; }));
  std::vector<std::string> stored = ledger.names();
  EXPECT_GE(std::count(stored.begin(), stored.end(), "gap"), 1);
  std::erase(stored, "gap");
  EXPECT_THAT(stored, testing::ElementsAre("event 0", "event 2", "event 4"));
  EXPECT_EQ(recorder->stats().dropped, 2u);
  std::atomic<std::uint64_t> next{0};
  const std::atomic<bool> closed{false};
  const auto error = recorder->next_error(next, steady_millis() + 5000, closed);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), testing::HasSubstr("was refused and is lost: the name is not allowed"));
}

TEST_F(SinkTest, AJournalMayGoWhileALaterBatchIsOnItsWay) {
  Ledger ledger;
  std::atomic<std::size_t> open{0}, allowed{0}, answered{0};
  const auto recorder = Recorder::open(address_, options(2, [&](std::deque<ThreadSink::Open>& batches) {
                                         open = batches.size();
                                         if (answered >= allowed) return false;
                                         batches.front().done(ledger.take(*batches.front().batch));
                                         batches.pop_front();
                                         ++answered;
                                         return true;
                                       }));
  append(*recorder, "event 0");
  ASSERT_TRUE(eventually([&] { return open == 1; }));
  // The recorder notices within about a second, and goes on in a new journal.
  fs::remove_all(store::LedgerPaths(address_).journals());
  std::atomic<std::uint64_t> next{0};
  const std::atomic<bool> closed{false};
  ASSERT_TRUE(recorder->next_error(next, steady_millis() + 10000, closed));
  append(*recorder, "event 1");
  ASSERT_TRUE(eventually([&] { return open == 2; }));
  allowed = 1;
  ASSERT_TRUE(eventually([&] { return recorder->stats().stored == 1; }));
  append(*recorder, "event 2");
  allowed = 3;
  recorder->flush(20000);
  EXPECT_THAT(ledger.names(), ElementsAreArray(numbered(3)));
}

// ---- A sink that hangs, with its thread inside a request

class HangingSinkTest : public SinkTest {
 protected:
  // Until `released`, the sink's thread holds on to the first batch and answers nothing.
  RecorderOptions hanging() {
    return options(1, [this](std::deque<ThreadSink::Open>& batches) {
      if (!released_) return false;
      batches.front().done(ledger_.take(*batches.front().batch));
      batches.pop_front();
      return true;
    });
  }
  Ledger ledger_;
  std::atomic<bool> released_{false};
};

TEST_F(HangingSinkTest, DeadlinesHoldAndTheEndDoesNotWait) {
  {
    const auto recorder = Recorder::open(address_, hanging());
    for (const std::string& name : numbered(10)) append(*recorder, name);
    EXPECT_EQ(status_of([&] { recorder->flush(0); }), Status::kTimeout);
    EXPECT_EQ(status_of([&] { recorder->flush(150); }), Status::kTimeout);
    AppendOptions power;
    power.power = true;
    power.block_timeout_ms = 150;
    EXPECT_EQ(status_of([&] { append(*recorder, "waits for the sink", power); }), Status::kTimeout);
    EXPECT_EQ(status_of([&] { recorder->store(); }), Status::kUnsupported);
  }
  EXPECT_EQ(adopted().size(), 11u);
}

TEST_F(HangingSinkTest, AForkDoesNotWaitAndParentAndChildGoOn) {
  const auto recorder = Recorder::open(address_, hanging());
  append(*recorder, "of the parent");
  ASSERT_EQ(status_of([&] { recorder->flush(50); }), Status::kTimeout);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // The parent's recorder is not the child's, which opens its own.
    const auto own = Recorder::open(address_, hanging());
    if (own == recorder) ::_exit(1);
    append(*own, "of the child");
    released_ = true;
    const Status status = status_of([&] { own->flush(20000); });
    ::_exit(status == Status::kOk && ledger_.names() == std::vector<std::string>{"of the child"} ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  released_ = true;
  recorder->flush(20000);
  EXPECT_THAT(ledger_.names(), testing::ElementsAre("of the parent"));
}

TEST_F(HangingSinkTest, TheExitOfAProcessDoesNotWaitForLongAndLosesNothing) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto recorder = Recorder::open(address_, hanging());
    for (const std::string& name : numbered(10)) append(*recorder, name);
    std::exit(7);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_THAT(adopted(), ElementsAreArray(numbered(10)));
}

// ---- Submission without a journal

class SubmitTest : public SinkTest {
 protected:
  static std::shared_ptr<spool::Batch> batch_of(const std::vector<std::string>& payloads) {
    auto batch = std::make_shared<spool::Batch>();
    for (const std::string& each : payloads) EXPECT_TRUE(batch->add(each));
    batch->sync = true;
    return batch;
  }
};

TEST_F(SubmitTest, AReceiptSaysWhereTheEventIsAndComesAfterTheCommit) {
  const auto recorder = Recorder::open(address_, {});
  const std::vector<std::string> payloads = {encoded_event("first"), encoded_event("second")};
  std::vector<spool::Receipt> receipts;
  std::atomic<bool> done{false};
  const auto submit = [&](const std::vector<std::string>& what) {
    done = false;
    recorder->submit(batch_of(what), [&](const spool::Answer& answer) {
      EXPECT_FALSE(answer.failure);
      receipts = answer.receipts;
      done = true;
    });
    ASSERT_TRUE(eventually([&] { return done.load(); }));
  };
  submit(payloads);
  ASSERT_EQ(receipts.size(), 2u);
  store::Filter filter;
  std::vector<store::EventRow> rows;
  recorder->store().page(filter, 10, rows);
  ASSERT_EQ(rows.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(receipts[i].outcome, spool::Outcome::kStored);
    EXPECT_EQ(receipts[i].commit_index, rows[i].commit_index);
    EXPECT_EQ(receipts[i].sequence, rows[i].sequence);
    EXPECT_EQ(receipts[i].hash, rows[i].hash);
  }
  // Again, and with other content under the same id: the receipts name the stored event.
  const std::vector<spool::Receipt> before = receipts;
  submit({payloads[1], encoded_event("third"), payloads[0]});
  EXPECT_EQ(receipts[0].outcome, spool::Outcome::kDuplicate);
  EXPECT_EQ(receipts[0].commit_index, before[1].commit_index);
  EXPECT_EQ(receipts[0].hash, before[1].hash);
  EXPECT_EQ(receipts[1].outcome, spool::Outcome::kStored);
  EXPECT_EQ(receipts[1].sequence, 3u);
  EXPECT_EQ(receipts[2].outcome, spool::Outcome::kDuplicate);
  EXPECT_EQ(receipts[2].sequence, before[0].sequence);
  EXPECT_FALSE(has_journals());
}

TEST_F(SubmitTest, OneCommitServesSubmissionsAndTheJournal) {
  ClientOptions options;
  options.db_path = address_.path();
  options.agent_id = "a";
  Client client(options);
  const auto recorder = client.recorder();
  constexpr int kThreads = 4, kEach = 200;
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        recorder->submit(batch_of({encoded_event("submitted")}), [&](const spool::Answer& answer) {
          if (!answer.failure && answer.receipts.at(0).outcome == spool::Outcome::kStored) ++answered;
        });
        client.log(R"({"action_name":"journalled"})");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  client.flush(30000);
  EXPECT_EQ(answered, kThreads * kEach);
  std::map<std::string, int> counts;
  Cursor cursor(client, "{}");
  while (const std::string* event = cursor.next()) ++counts[json::parse(*event).find("action_name")->text()];
  EXPECT_EQ(counts["submitted"], kThreads * kEach);
  EXPECT_EQ(counts["journalled"], kThreads * kEach);
}

TEST_F(SubmitTest, AnUnansweredSubmissionIsAnsweredAtTheEnd) {
  std::atomic<int> answers{0};
  {
    const auto recorder = Recorder::open(address_, {});
    recorder->stop(-1);  // nobody commits any more
    recorder->submit(batch_of({encoded_event("late")}), [&](const spool::Answer& answer) {
      EXPECT_TRUE(answer.failure && answer.failure->status() == Status::kClosed);
      ++answers;
    });
  }
  EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace plog::client
