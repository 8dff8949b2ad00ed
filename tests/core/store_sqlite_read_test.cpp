// SQLite ledgers: what readers do to files and permissions, and backups.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "sqlite_fixture.h"
#include "store/sqlite/sqlite_store.h"

namespace plog::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreSqliteReadTest : public SqliteTest {
 protected:
  std::vector<std::string> names_in_directory() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  // Leaves a ledger as after the death of its last writer: the events are in the WAL, not in the database file.
  void record_and_crash(int events) const {
    auto store = open();
    ChainWriter writer(*store);
    for (int i = 0; i < events; ++i) writer.record(Draft("agent"));
  }
};

TEST_F(StoreSqliteReadTest, AReadOnlyLedgerIsNeverWrittenTo) {
  record_and_crash(3);
  sqlite::SqliteStore store(path(), OpenMode::kReadOnly);
  EXPECT_EQ(all(store).size(), 3u);
  EXPECT_EQ(status_of([&] { store.begin(); }), Status::kInvalid);
  EXPECT_EQ(status_of([&] { store.checkpoint(0); }), Status::kInvalid);
}

TEST_F(StoreSqliteReadTest, NothingIsCreatedBesideAReadOnlyLedger) {
  {
    auto store = open();
    ChainWriter(*store).record(Draft("agent"));
    store->consolidate();
  }
  std::filesystem::remove(path() + "-shm");
  std::filesystem::remove(path() + "-wal");
  auto store = open(OpenMode::kReadOnly);
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_THAT(findings(*store), IsEmpty());
  EXPECT_THAT(names_in_directory(), ElementsAre("events.db"));
  // The reader notices a writer that arrives later.
  auto writer = open();
  ChainWriter(*writer).record(Draft("agent"));
  EXPECT_EQ(all(*store).size(), 2u);
}

TEST_F(StoreSqliteReadTest, ALogWithoutItsIndexIsReadAndLeftAsItIs) {
  record_and_crash(5);
  std::filesystem::remove(path() + "-shm");
  auto store = open(OpenMode::kReadOnly);
  EXPECT_EQ(all(*store).size(), 5u);
  EXPECT_THAT(findings(*store), IsEmpty());
  EXPECT_THAT(names_in_directory(), ElementsAre("events.db", "events.db-wal"));
  auto writer = open();
  ChainWriter(*writer).record(Draft("agent"));
  EXPECT_EQ(all(*store).size(), 6u);
}

TEST_F(StoreSqliteReadTest, AReadOnlyDirectoryCanBeRead) {
  record_and_crash(5);
  // Permissions do not apply to root, so run as another user for a while.
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
  // Writing to a read-only file is an error.
  EXPECT_EQ(chmod(path().c_str(), 0400), 0);
  try {
    open()->begin();
    ADD_FAILURE() << "a transaction began in a read-only file";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kIo) << error.what();
  }
  EXPECT_EQ(chmod(directory_.path().c_str(), 0700), 0);
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
}

TEST_F(StoreSqliteReadTest, AnErasedEventShowsWhatIsLeftOfIt) {
  auto store = open();
  ChainWriter writer(*store);
  writer.record(Draft("agent").at(77));
  const Uuid id = writer.last_id();
  writer.record(Draft("agent"));
  sql("UPDATE event SET canonical = x'' WHERE commit_index = 0; INSERT INTO erased VALUES (0, NULL, 1)");
  const std::vector<EventRow> rows = all(*store);
  ASSERT_EQ(rows.size(), 2u);
  ASSERT_TRUE(rows[0].erased);
  EXPECT_FALSE(rows[1].erased);
  EXPECT_EQ(rows[0].canonical, "");
  EXPECT_EQ(rows[0].erased->agent, "agent");
  EXPECT_EQ(rows[0].erased->id, id);
  EXPECT_EQ(rows[0].erased->time, 77);
  EXPECT_EQ(rows[0].erased->recorded_by, 1u);
  std::string text;
  append_json(rows[0], text);
  const json::Value value = json::parse(text);
  EXPECT_TRUE(value.find("erased")->as_bool());
  EXPECT_EQ(value.find("id")->text(), format_uuid(id));
  EXPECT_EQ(value.find("sequence")->text(), "1");
  ASSERT_TRUE(store->find(id, "agent"));
  EXPECT_TRUE(store->find(id, "agent")->erased);
  // Its key stays taken.
  const auto transaction = store->begin();
  const EventKey key{"agent", id};
  EXPECT_EQ(transaction->existing({&key, 1}).at(0).value().canonical, "");
  EXPECT_FALSE(writer.add(*transaction, Draft("agent").with("id", format_uuid(id))));
}

TEST_F(StoreSqliteReadTest, ARowThatWasEmptiedWithoutARecordIsDamaged) {
  auto store = open();
  ChainWriter(*store).record(Draft("agent"));
  sql("UPDATE event SET canonical = x'' WHERE commit_index = 0");
  const std::vector<EventRow> rows = all(*store);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_FALSE(rows[0].erased);
  std::string text;
  EXPECT_EQ(status_of([&] { append_json(rows[0], text); }), Status::kCorrupt);
}

TEST_F(StoreSqliteReadTest, ABackupIsALedgerOfItsOwn) {
  auto store = open();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  for (int i = 0; i < 500; ++i) writer.add(*transaction, Draft("agent").with("action_input", std::string(20000, 'x')));
  transaction->commit(false);
  int calls = 0;
  store->backup(path("copy.db"), [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_LE(done, total);
    if (calls++ == 0) writer.record(Draft("agent"));  // after the snapshot, so not in the copy
    return true;
  });
  EXPECT_GT(calls, 1);
  auto copy = open(path("copy.db"), OpenMode::kReadOnly);
  EXPECT_EQ(copy->count({}), 500u);
  EXPECT_THAT(findings(*copy), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path("copy.db-wal")));
  EXPECT_EQ(store->count({}), 501u);
  EXPECT_THROW(store->backup(path("copy.db"), nullptr), Error);
}

TEST_F(StoreSqliteReadTest, AStoppedBackupLeavesNoFile) {
  auto store = open();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  for (int i = 0; i < 500; ++i) writer.add(*transaction, Draft("agent").with("action_input", std::string(20000, 'x')));
  transaction->commit(false);
  try {
    store->backup(path("copy.db"), [](std::uint64_t, std::uint64_t) { return false; });
    ADD_FAILURE() << "the backup was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kCancelled);
  }
  EXPECT_FALSE(std::filesystem::exists(path("copy.db")));
}

}  // namespace
}  // namespace plog::store
