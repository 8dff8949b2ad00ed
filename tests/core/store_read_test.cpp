// Reading: filters and pages, summaries, read-only ledgers, backups.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "store_fixture.h"

namespace plog::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreReadTest : public StoreTest {
 protected:
  static std::vector<std::uint64_t> indexes(const std::vector<EventRow>& rows) {
    std::vector<std::uint64_t> result;
    for (const EventRow& row : rows) result.push_back(row.commit_index);
    return result;
  }
  std::vector<std::string> names_in_directory() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  // A ledger whose last writer died: its log is not in the file.
  void record_and_crash(int events) const {
    auto store = open();
    Recorder recorder(*store);
    for (int i = 0; i < events; ++i) recorder.record(Draft("agent"));
  }
};

TEST_F(StoreReadTest, PagesGoOnWhereTheLastOneEnded) {
  auto store = open();
  Recorder recorder(*store);
  store->begin();
  for (int i = 0; i < 10; ++i) recorder.add(Draft("agent"));
  store->commit(false);
  Filter filter;
  std::vector<EventRow> rows;
  EXPECT_TRUE(store->page(filter, 4, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(filter.after, 3u);
  recorder.record(Draft("agent"));
  EXPECT_TRUE(store->page(filter, 4, rows));
  EXPECT_FALSE(store->page(filter, 4, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  // The position stays good for what comes later.
  recorder.record(Draft("agent"));
  rows.clear();
  EXPECT_FALSE(store->page(filter, 4, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(11));
}

TEST_F(StoreReadTest, AFullLastPageSaysThatItIsTheLast) {
  auto store = open();
  Recorder recorder(*store);
  for (int i = 0; i < 4; ++i) recorder.record(Draft("agent"));
  Filter filter;
  std::vector<EventRow> rows;
  EXPECT_FALSE(store->page(filter, 4, rows));
  EXPECT_EQ(rows.size(), 4u);
}

TEST_F(StoreReadTest, LimitAndOffsetAreUsedUp) {
  auto store = open();
  Recorder recorder(*store);
  for (int i = 0; i < 10; ++i) recorder.record(Draft("agent"));
  Filter filter;
  filter.limit = 5;
  filter.offset = 2;
  filter.descending = true;
  std::vector<EventRow> rows;
  EXPECT_TRUE(store->page(filter, 3, rows));
  EXPECT_EQ(filter.limit, 2u);
  EXPECT_EQ(filter.offset, 0u);
  EXPECT_FALSE(store->page(filter, 3, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(7, 6, 5, 4, 3));
  filter.limit = 0;
  EXPECT_FALSE(store->page(filter, 3, rows));
  EXPECT_EQ(rows.size(), 5u);
}

TEST_F(StoreReadTest, OrderIsThatOfCommitWhateverTheTimestampsSay) {
  auto store = open();
  Recorder recorder(*store);
  for (const Micros time : {30, 10, 20}) recorder.record(Draft("agent").at(time));
  Filter filter;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0, 1, 2));
  filter.since = 10;
  filter.until = 30;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(1, 2));
  filter.descending = true;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(2, 1));
}

TEST_F(StoreReadTest, TimeRangesAreFoundAcrossManyBlocks) {
  auto store = open();
  Recorder recorder(*store);
  store->begin();
  for (int i = 0; i < 5000; ++i) recorder.add(Draft("agent").at(Micros{1000000} * (i == 4500 ? 7 : i)));
  store->commit(false);
  Filter filter;
  filter.since = 7 * 1000000;
  filter.until = 8 * 1000000;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(7, 4500));
  EXPECT_EQ(store->count(filter), 2u);
  filter.since = Micros{1020} * 1000000;
  filter.until = Micros{1030} * 1000000;
  EXPECT_EQ(all(*store, filter, 3).size(), 10u);
  filter.after = 1025;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(1026, 1027, 1028, 1029));
  filter.descending = true;
  EXPECT_THAT(indexes(all(*store, filter, 2)), ElementsAre(1024, 1023, 1022, 1021, 1020));
}

TEST_F(StoreReadTest, AParentIsFoundHoweverItWasNamed) {
  auto store = open();
  Recorder recorder(*store);
  const std::string id = "01890a5d-ac96-774b-bcce-b302099a8057";
  recorder.record(Draft("agent").with("parent_event_id", id));
  recorder.record(Draft("agent").with("parents", json::parse("[\"other\",\"" + id + "\"]")));
  recorder.record(Draft("agent").with("parent_event_id", "call-7"));
  recorder.record(Draft("agent").with("parents", json::parse("[\"" + id + "\",\"" + id + "\"]")));
  const auto by_parent = [&](const std::string& parent) {
    Filter filter;
    filter.references[static_cast<std::size_t>(event::Reference::kParentEventId)] = parent;
    return indexes(all(*store, filter));
  };
  EXPECT_THAT(by_parent(id), ElementsAre(0, 1, 3));
  EXPECT_THAT(by_parent("01890A5D-AC96-774B-BCCE-B302099A8057"), ElementsAre(0, 1, 3));
  EXPECT_THAT(by_parent("other"), ElementsAre(1));
  EXPECT_THAT(by_parent("call-7"), ElementsAre(2));
  // A foreign id is the id of an event too.
  EXPECT_THAT(by_parent(format_uuid(uuid_v5(foreign_id_namespace(), "call-7"))), ElementsAre(2));
  EXPECT_THAT(by_parent("nothing"), IsEmpty());
}

TEST_F(StoreReadTest, EmptyTextIsAValueAndAbsenceIsNone) {
  auto store = open();
  Recorder recorder(*store);
  recorder.record(Draft("agent").with("session_id", ""));
  recorder.record(Draft("agent"));
  Filter filter;
  filter.session = "";
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0));
}

TEST_F(StoreReadTest, LongLabelsAreTheSameOnlyWhenAllOfThemIs) {
  auto store = open();
  Recorder recorder(*store);
  const std::string head(5000, 'x');
  recorder.record(Draft("agent").label("k", head + "1").label(head, "v"));
  recorder.record(Draft("agent").label("k", head + "2"));
  Filter filter;
  filter.labels = {{"k", head + "2"}};
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(1));
  filter.labels = {{"k", head}};
  EXPECT_THAT(all(*store, filter), IsEmpty());
  filter.labels = {{"k", head + "1"}, {head, "v"}};
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0));
}

TEST_F(StoreReadTest, SystemEventsAreLeftOutUnlessAskedFor) {
  auto store = open();
  Recorder recorder(*store);
  recorder.record(Draft("provenlog").with("action_type", "SYSTEM").with("action_status", "success"));
  recorder.record(
      Draft("agent").with("action_type", "CUSTOM").with("action_status", "success").with("session_id", "s"));
  Filter filter;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(1));
  EXPECT_EQ(store->count(filter), 1u);
  filter.status = "success";
  EXPECT_EQ(store->count(filter), 1u);
  filter.include_system = true;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0, 1));
  EXPECT_EQ(store->count(filter), 2u);
  filter = {};
  filter.agent = "provenlog";
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0));
  EXPECT_EQ(store->agents(false).size(), 1u);
  EXPECT_EQ(store->agents(true).size(), 2u);
  const Summary summary = store->summary();
  EXPECT_EQ(summary.events, 1u);
  EXPECT_EQ(summary.system_events, 1u);
  EXPECT_EQ(summary.agents, 1u);
  EXPECT_EQ(summary.by_type, (std::vector<std::pair<std::string, std::uint64_t>>{{"CUSTOM", 1}}));
  std::uint64_t events = 0;
  EXPECT_THAT(findings(*store, &events), IsEmpty());
  EXPECT_EQ(events, 2u);
}

TEST_F(StoreReadTest, SummariesCountWhatIsThere) {
  auto store = open();
  EXPECT_EQ(store->summary().events, 0u);
  Recorder recorder(*store);
  recorder.record(Draft("b").with("session_id", "s1").with("action_status", "error").at(30));
  recorder.record(Draft("a").with("session_id", "s1").with("action_status", "success").at(10));
  recorder.record(Draft("a").with("session_id", "s2").with("action_type", "T").at(20));
  recorder.record(Draft("a").at(5));
  const std::vector<AgentSummary> agents = store->agents(true);
  ASSERT_EQ(agents.size(), 2u);
  EXPECT_EQ(agents[0].agent, "a");
  EXPECT_EQ(agents[0].events, 3u);
  EXPECT_EQ(agents[0].first, 5);
  EXPECT_EQ(agents[0].last, 20);
  const std::vector<SessionSummary> sessions = store->sessions(std::nullopt, 10);
  ASSERT_EQ(sessions.size(), 3u);
  EXPECT_EQ(sessions[0].session, "s2");
  EXPECT_EQ(sessions[1].session, "s1");
  EXPECT_EQ(sessions[1].agent, "a");
  EXPECT_EQ(sessions[2].agent, "b");
  EXPECT_EQ(sessions[2].errors, 1u);
  EXPECT_EQ(store->sessions("b", 10).size(), 1u);
  EXPECT_EQ(store->sessions("nobody", 10).size(), 0u);
  EXPECT_EQ(store->sessions(std::nullopt, 2).size(), 2u);
  const Summary summary = store->summary();
  EXPECT_EQ(summary.events, 4u);
  EXPECT_EQ(summary.agents, 2u);
  EXPECT_EQ(summary.sessions, 2u);
  EXPECT_EQ(summary.errors, 1u);
  EXPECT_EQ(summary.first, 5);
  EXPECT_EQ(summary.last, 30);
  EXPECT_EQ(summary.by_status, (std::vector<std::pair<std::string, std::uint64_t>>{{"error", 1}, {"success", 1}}));
  EXPECT_GT(summary.file_bytes + summary.wal_bytes, 0u);
}

TEST_F(StoreReadTest, ReadersAndAWriterWorkAtTheSameTime) {
  auto store = open();
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0}, reads{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        try {
          Filter filter;
          filter.agent = "agent";
          std::vector<EventRow> rows;
          while (store->page(filter, 10, rows)) {
          }
          for (std::size_t k = 0; k < rows.size(); ++k) {
            if (rows[k].commit_index != k) ++failures;
          }
          ++reads;
        } catch (const std::exception&) {
          ++failures;
        }
      }
    });
  }
  Recorder recorder(*store);
  for (int i = 0; i < 300 || reads < 30; ++i) {
    recorder.record(Draft("agent"));
    if (i % 20 == 0) store->checkpoint(0);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(StoreReadTest, AReadOnlyLedgerIsNeverWrittenTo) {
  record_and_crash(3);
  auto store = open(OpenMode::kReadOnly);
  EXPECT_EQ(all(*store).size(), 3u);
  EXPECT_THROW(store->begin(), Error);
  EXPECT_THROW(store->checkpoint(0), Error);
}

TEST_F(StoreReadTest, NothingIsCreatedBesideAReadOnlyLedger) {
  {
    auto store = open();
    Recorder(*store).record(Draft("agent"));
    store->checkpoint(0);
  }
  std::filesystem::remove(path() + "-shm");
  std::filesystem::remove(path() + "-wal");
  auto store = open(OpenMode::kReadOnly);
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_THAT(findings(*store), IsEmpty());
  EXPECT_THAT(names_in_directory(), ElementsAre("events.db"));
  // A writer that comes is noticed.
  auto writer = open();
  Recorder(*writer).record(Draft("agent"));
  EXPECT_EQ(all(*store).size(), 2u);
}

TEST_F(StoreReadTest, ALogWithoutItsIndexIsReadAndLeftAsItIs) {
  record_and_crash(5);
  std::filesystem::remove(path() + "-shm");
  auto store = open(OpenMode::kReadOnly);
  EXPECT_EQ(all(*store).size(), 5u);
  EXPECT_THAT(findings(*store), IsEmpty());
  EXPECT_THAT(names_in_directory(), ElementsAre("events.db", "events.db-wal"));
  auto writer = open();
  Recorder(*writer).record(Draft("agent"));
  EXPECT_EQ(all(*store).size(), 6u);
}

TEST_F(StoreReadTest, AReadOnlyDirectoryCanBeRead) {
  record_and_crash(5);
  // Permissions don't bind root: be somebody else for a while.
  constexpr uid_t kNobody = 65534;
  const bool root = geteuid() == 0;
  if (root) {
    for (const char* suffix : {"", "-wal", "-shm"}) ASSERT_EQ(chown((path() + suffix).c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(chown(directory_.path().c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  EXPECT_EQ(chmod(directory_.path().c_str(), 0500), 0);
  EXPECT_EQ(all(*open(OpenMode::kReadOnly)).size(), 5u);
  EXPECT_EQ(chmod((path() + "-shm").c_str(), 0400), 0);
  EXPECT_EQ(all(*open(OpenMode::kReadOnly)).size(), 5u);
  // Asked to write, it says that it can't.
  EXPECT_EQ(chmod(path().c_str(), 0400), 0);
  try {
    open()->begin();
    ADD_FAILURE() << "began a transaction in a read-only file";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kIo) << error.what();
  }
  EXPECT_EQ(chmod(directory_.path().c_str(), 0700), 0);
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
}

TEST_F(StoreReadTest, ABackupIsALedgerOfItsOwn) {
  auto store = open();
  Recorder recorder(*store);
  store->begin();
  for (int i = 0; i < 500; ++i) recorder.add(Draft("agent").with("action_input", std::string(20000, 'x')));
  store->commit(false);
  int calls = 0;
  store->backup(path("copy.db"), [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_LE(done, total);
    if (calls++ == 0) recorder.record(Draft("agent"));  // comes too late for the copy
    return true;
  });
  EXPECT_GT(calls, 1);
  auto copy = open_sqlite(path("copy.db"), OpenMode::kReadOnly);
  EXPECT_EQ(copy->count({}), 500u);
  EXPECT_THAT(findings(*copy), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path("copy.db-wal")));
  EXPECT_EQ(store->count({}), 501u);
  EXPECT_THROW(store->backup(path("copy.db"), nullptr), Error);
}

TEST_F(StoreReadTest, AStoppedBackupLeavesNoFile) {
  auto store = open();
  Recorder recorder(*store);
  store->begin();
  for (int i = 0; i < 500; ++i) recorder.add(Draft("agent").with("action_input", std::string(20000, 'x')));
  store->commit(false);
  try {
    store->backup(path("copy.db"), [](std::uint64_t, std::uint64_t) { return false; });
    ADD_FAILURE() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kCancelled);
  }
  EXPECT_FALSE(std::filesystem::exists(path("copy.db")));
}

}  // namespace
}  // namespace plog::store
