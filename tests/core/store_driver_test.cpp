// What each driver does with a ledger as a whole: open, create, lock, back up, restore.
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/clock.h"
#include "store_suite.h"

namespace plog::store {
namespace {

using ::testing::IsEmpty;

class StoreDriverTest : public EachDriver {
 protected:
  static void record(Store& store, const std::string& agent, int events = 1) {
    const auto transaction = store.begin();
    Batch batch(*transaction);
    for (int i = 0; i < events; ++i) batch.add(Draft(agent), i == 0 ? R"([{"code":"x"}])" : "");
    batch.append();
    transaction->commit(false);
  }
  // A ledger with one entry of each kind.
  void record_all_kinds(Store& store, int events) const {
    record(store, "agent", events);
    const auto transaction = store.begin();
    transaction->set_meta(kMetaLedgerId, "an-id");
    transaction->put_context("k", "v", R"({"n":1})");
    transaction->put_tile(0, 0, std::string(64, '\xff'));
    transaction->put_tile(1, 7, std::string(32, '\0'));
    transaction->set_journal_position(journal_, {3, 4096});
    transaction->commit(true);
  }
  void expect_all_kinds(Store& store, std::size_t events) const {
    EXPECT_THAT(findings(store), IsEmpty());
    const std::vector<EventRow> rows = all(store);
    ASSERT_EQ(rows.size(), events);
    EXPECT_EQ(rows.front().warnings, R"([{"code":"x"}])");
    EXPECT_EQ(store.meta(kMetaLedgerId), "an-id");
    EXPECT_EQ(store.context("k", "v"), R"({"n":1})");
    EXPECT_EQ(store.tile(0, 0), std::string(64, '\xff'));
    EXPECT_EQ(store.tile(1, 7), std::string(32, '\0'));
    ASSERT_EQ(store.journals().size(), 1u);
    EXPECT_EQ(store.journals()[0].first, journal_);
    EXPECT_EQ(store.journals()[0].second.segment, 3u);
    EXPECT_EQ(store.journals()[0].second.offset, 4096u);
  }

  const Uuid journal_ = uuid_v7();
};

INSTANTIATE_TEST_SUITE_P(Driver, StoreDriverTest, drivers(), driver_name);

TEST_P(StoreDriverTest, AMissingLedgerIsCreatedForWritersOnly) {
  EXPECT_FALSE(driver().exists(address()));
  EXPECT_FALSE(driver().is_writable(address()));
  EXPECT_FALSE(driver().claims_to_be_ledger(address()));
  EXPECT_EQ(status_of([&] { open(OpenMode::kReadOnly); }), Status::kNotFound);
  EXPECT_FALSE(driver().exists(address()));
  open();
  EXPECT_TRUE(driver().exists(address()));
  EXPECT_TRUE(driver().is_writable(address()));
  EXPECT_TRUE(driver().claims_to_be_ledger(address()));
  EXPECT_THAT(all(*open(OpenMode::kReadOnly)), IsEmpty());
}

TEST_P(StoreDriverTest, ALedgerIsFoundAgainByItsAddress) {
  record(*open_to_write(), "agent");
  record(*store::open(address("other.db"), OpenMode::kReadWrite), "another agent");
  EXPECT_EQ(open()->agents(true, "", store::kNoLimit).at(0).agent, "agent");
  EXPECT_EQ(store::open(address("other.db"), OpenMode::kReadOnly)->agents(true, "", store::kNoLimit).at(0).agent,
            "another agent");
  EXPECT_EQ(driver_of(address()).open(address(), OpenMode::kReadOnly, {})->count({}), 1u);
}

TEST_P(StoreDriverTest, ACreatedLedgerAppearsWithItsFirstEvents) {
  bool seen_outside = true;
  EXPECT_TRUE(driver().create(address(), [&](Store& store) {
    EXPECT_EQ(store.begin()->size(), 0u);
    record(store, "agent", 3);
    seen_outside = driver().exists(address());
    EXPECT_EQ(store.count({}), 3u);
  }));
  EXPECT_FALSE(seen_outside);
  auto store = open();
  EXPECT_EQ(store->count({}), 3u);
  EXPECT_THAT(findings(*store), IsEmpty());
  // The lock is free again.
  EXPECT_NE(driver().lock_writer(address(), 0), nullptr);
}

TEST_P(StoreDriverTest, AnExistingLedgerIsNotCreated) {
  EXPECT_TRUE(driver().create(address(), [](Store& store) { record(store, "agent"); }));
  int calls = 0;
  EXPECT_FALSE(driver().create(address(), [&](Store&) { ++calls; }));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(open()->count({}), 1u);
}

TEST_P(StoreDriverTest, AFailedCreationLeavesNothing) {
  EXPECT_EQ(status_of([&] {
              driver().create(address(), [](Store& store) {
                record(store, "agent");
                throw Error(Status::kConfig, "the test gives up");
              });
            }),
            Status::kConfig);
  EXPECT_FALSE(driver().exists(address()));
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    EXPECT_EQ(entry.path().filename(), "events.db.lock");
  }
  EXPECT_TRUE(driver().create(address(), [](Store& store) { record(store, "agent"); }));
  EXPECT_EQ(open()->count({}), 1u);
}

TEST_P(StoreDriverTest, OneOfManyThreadsCreatesTheLedger) {
  std::atomic<int> created{0}, calls{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      created += driver().create(address(),
                                 [&](Store& store) {
                                   ++calls;
                                   record(store, "agent");
                                 })
                     ? 1
                     : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(open()->count({}), 1u);
}

TEST_P(StoreDriverTest, OneLeaseExistsAtATime) {
  auto store = open(), other = open();
  auto lease = store->lock_writer(0);
  EXPECT_EQ(status_of([&] { store->lock_writer(0); }), Status::kBusy);
  EXPECT_EQ(status_of([&] { other->lock_writer(0); }), Status::kBusy);
  const std::int64_t start = steady_millis();
  EXPECT_EQ(status_of([&] { driver().lock_writer(address(), 50); }), Status::kBusy);
  EXPECT_GE(steady_millis() - start, 50);
  // Failed attempts leave the lock as it was.
  EXPECT_EQ(status_of([&] { other->lock_writer(0); }), Status::kBusy);
  lease.reset();
  lease = other->lock_writer(0);
  EXPECT_EQ(status_of([&] { store->lock_writer(0); }), Status::kBusy);
  lease.reset();
  lease = driver().lock_writer(address(), 0);
  EXPECT_EQ(status_of([&] { store->lock_writer(0); }), Status::kBusy);
  // Another ledger has its own lock.
  EXPECT_NE(driver().lock_writer(address("other.db"), 0), nullptr);
}

TEST_P(StoreDriverTest, AThreadWaitsForTheLease) {
  auto store = open();
  for (Store* each : {store.get(), static_cast<Store*>(nullptr)}) {
    auto lease = store->lock_writer(0);
    std::atomic<bool> waits{false}, locked{false};
    std::thread thread([&] {
      waits = true;
      const auto own = each != nullptr ? each->lock_writer(10000) : driver().lock_writer(address(), 10000);
      locked = true;
    });
    while (!waits) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_FALSE(locked);
    lease.reset();
    thread.join();
    EXPECT_TRUE(locked);
  }
}

TEST_P(StoreDriverTest, TheLockNeedsNoLedger) {
  const auto lease = driver().lock_writer(address(), 0);
  EXPECT_FALSE(driver().exists(address()));
  EXPECT_EQ(status_of([&] { driver().lock_writer(address(), 0); }), Status::kBusy);
}

TEST_P(StoreDriverTest, WritersOfManyThreadsTakeTurns) {
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      try {
        auto store = open();
        for (int k = 0; k < 20; ++k) {
          const auto lease = store->lock_writer(60000);
          record(*store, "agent-" + std::to_string(i % 2));
        }
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
        ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(failures, 0);
  auto store = open();
  EXPECT_EQ(store->count({}), 80u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_P(StoreDriverTest, ABackupIsRestoredWithEverythingInIt) {
  auto store = open_to_write();
  record_all_kinds(*store, 500);
  int calls = 0;
  store->backup(path("backup"), [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_LE(done, total);
    if (calls++ == 0) record(*store, "agent");  // after the snapshot, so not in the copy
    return true;
  });
  EXPECT_GT(calls, 0);
  EXPECT_EQ(store->count({}), 501u);
  const LedgerAddress restored = address("restored.db");
  const auto lease = driver().lock_writer(restored, 0);
  EXPECT_FALSE(driver().restore(restored, address("backup"), std::nullopt, nullptr));
  auto copy = store::open(restored, OpenMode::kReadWrite);
  ASSERT_NO_FATAL_FAILURE(expect_all_kinds(*copy, 500));
  record(*copy, "agent");
  EXPECT_EQ(copy->count({}), 501u);
  EXPECT_THAT(findings(*copy), IsEmpty());
}

TEST_P(StoreDriverTest, ALedgerIsDisplacedByARestoredOneOnRequest) {
  auto store = open_to_write();
  record_all_kinds(*store, 3);
  store->backup(path("backup"), nullptr);
  record(*store, "agent");
  store.reset();
  EXPECT_EQ(status_of([&] { driver().restore(address(), address("backup"), std::nullopt, nullptr); }),
            Status::kInvalid);
  EXPECT_EQ(open()->count({}), 4u);
  EXPECT_TRUE(driver().restore(address(), address("backup"), address("displaced.db"), nullptr));
  ASSERT_NO_FATAL_FAILURE(expect_all_kinds(*open(), 3));
  ASSERT_NO_FATAL_FAILURE(expect_all_kinds(*store::open(address("displaced.db"), OpenMode::kReadOnly), 4));
}

TEST_P(StoreDriverTest, ABackupNeverReplacesAFile) {
  auto store = open_to_write();
  record(*store, "agent");
  std::ofstream(path("backup")) << "mine";
  EXPECT_EQ(status_of([&] { store->backup(path("backup"), nullptr); }), Status::kInvalid);
  EXPECT_EQ(std::filesystem::file_size(path("backup")), 4u);
}

TEST_P(StoreDriverTest, AStoppedBackupLeavesNoFile) {
  auto store = open_to_write();
  {
    const auto transaction = store->begin();
    Batch batch(*transaction);
    for (int i = 0; i < 500; ++i) batch.add(Draft("agent").with("action_input", std::string(20000, 'x')));
    batch.append();
    transaction->commit(false);
  }
  EXPECT_EQ(status_of([&] { store->backup(path("backup"), [](std::uint64_t, std::uint64_t) { return false; }); }),
            Status::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(path("backup")));
}

TEST_P(StoreDriverTest, ARestorationWithoutABackupChangesNothing) {
  record(*open_to_write(), "agent");
  EXPECT_EQ(status_of([&] { driver().restore(address(), address("none"), address("displaced.db"), nullptr); }),
            Status::kNotFound);
  std::ofstream(path("junk")) << std::string(8192, 'x');
  EXPECT_EQ(status_of([&] { driver().restore(address(), address("junk"), address("displaced.db"), nullptr); }),
            Status::kCorrupt);
  EXPECT_EQ(open()->count({}), 1u);
  EXPECT_FALSE(driver().exists(address("displaced.db")));
}

}  // namespace
}  // namespace plog::store
