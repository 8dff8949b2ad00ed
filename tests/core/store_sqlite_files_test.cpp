// SQLite ledgers: their files, formats, foreign writers and the write-ahead log.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "sqlite_fixture.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_store.h"

namespace plog::store {
namespace {

using ::testing::IsEmpty;

class StoreSqliteFilesTest : public SqliteTest {
 protected:
  mode_t mode_of(const std::string& file) const {
    struct stat info {};
    EXPECT_EQ(stat(file.c_str(), &info), 0) << file;
    return info.st_mode & 07777;
  }
  // The answer to a query for one value, as text.
  std::string value_of(const std::string& query) const {
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    std::string value;
    const auto keep = [](void* out, int, char** columns, char**) {
      *static_cast<std::string*>(out) = columns[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(db, query.c_str(), keep, &value, nullptr), SQLITE_OK) << query;
    sqlite3_close(db);
    return value;
  }
  // The number of files in the directory whose names begin so.
  int files_named(const std::string& start) const {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      files += entry.path().filename().string().starts_with(start) ? 1 : 0;
    }
    return files;
  }
};

TEST_F(StoreSqliteFilesTest, FilesAreForTheOwnerOnly) {
  const mode_t before = umask(0);
  auto store = open();
  ChainWriter(*store).record(Draft("agent"));
  EXPECT_EQ(mode_of(path()), 0600u);
  EXPECT_EQ(mode_of(path() + "-wal"), 0600u);
  EXPECT_EQ(mode_of(path() + "-shm"), 0600u);
  store->backup(path("copy.db"), nullptr);
  EXPECT_EQ(mode_of(path("copy.db")), 0600u);
  store->lock_writer(0);
  EXPECT_EQ(mode_of(path() + ".lock"), 0600u);
  umask(before);
}

TEST_F(StoreSqliteFilesTest, CreatingLeavesNoOtherFiles) {
  open();
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_.path())) ++files;
  EXPECT_LE(files, 3);
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(StoreSqliteFilesTest, AnEmptyFileBecomesALedgerAtTheFirstTransaction) {
  std::ofstream(path()).close();
  auto store = open();
  EXPECT_TRUE(all(*store).empty());
  EXPECT_TRUE(ChainWriter(*store).record(Draft("agent")));
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_EQ(mode_of(path()), 0600u);
}

TEST_F(StoreSqliteFilesTest, AnEmptyFileIsReplacedByACreatedLedger) {
  std::ofstream(path()).close();
  Driver& driver = driver_of(LedgerAddress::at(path()));
  EXPECT_TRUE(
      driver.create(LedgerAddress::at(path()), [](Store& store) { ChainWriter(store).record(Draft("agent")); }));
  EXPECT_EQ(all(*open()).size(), 1u);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    names.push_back(entry.path().filename());
  }
  EXPECT_THAT(names, ::testing::IsSubsetOf({"events.db", "events.db-wal", "events.db-shm", "events.db.lock"}));
}

TEST_F(StoreSqliteFilesTest, TheLogOfADeletedLedgerIsSetAside) {
  ChainWriter(*open()).record(Draft("agent"));
  ASSERT_GT(std::filesystem::file_size(path() + "-wal"), 0u);
  std::filesystem::remove(path());
  Driver& driver = driver_of(LedgerAddress::at(path()));
  EXPECT_TRUE(driver.create(LedgerAddress::at(path()),
                            [](Store& store) { ChainWriter(store).record(Draft("another agent")); }));
  EXPECT_EQ(open()->agents(true, "", store::kNoLimit).at(0).agent, "another agent");
  int orphans = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    orphans += entry.path().filename().string().rfind("events.db-wal.orphaned-", 0) == 0 ? 1 : 0;
  }
  EXPECT_EQ(orphans, 1);
}

TEST_F(StoreSqliteFilesTest, ARestoredLedgerDoesNotGetTheLogOfADeletedOne) {
  {
    auto store = open();
    ChainWriter writer(*store);
    for (int i = 0; i < 3; ++i) writer.record(Draft("agent"));
    store->backup(path("copy.db"), nullptr);
    for (int i = 0; i < 5; ++i) writer.record(Draft("agent"));
  }
  ASSERT_GT(std::filesystem::file_size(path() + "-wal"), 0u);
  std::filesystem::remove(path());
  const LedgerAddress address = LedgerAddress::at(path());
  {
    const auto lease = driver_of(address).lock_writer(address, 0);
    EXPECT_FALSE(driver_of(address).restore(address, LedgerAddress::at(path("copy.db")), std::nullopt, nullptr));
  }
  EXPECT_EQ(all(*open()).size(), 3u);
  EXPECT_THAT(findings(*open()), IsEmpty());
  EXPECT_EQ(files_named("events.db-wal.orphaned-"), 1);
}

TEST_F(StoreSqliteFilesTest, AFailedReplacementLeavesTheLedgerInItsPlace) {
  {
    auto store = open();
    ChainWriter writer(*store);
    for (int i = 0; i < 3; ++i) writer.record(Draft("agent"));
    store->backup(path("copy.db"), nullptr);
    writer.record(Draft("agent"));
  }
  const LedgerAddress address = LedgerAddress::at(path());
  // The database can be moved there, but its log cannot.
  std::filesystem::create_directory(path("old.db-wal"));
  {
    const auto lease = driver_of(address).lock_writer(address, 0);
    EXPECT_EQ(status_of([&] {
                driver_of(address).restore(address, LedgerAddress::at(path("copy.db")),
                                           LedgerAddress::at(path("old.db")), nullptr);
              }),
              Status::kIo);
  }
  EXPECT_EQ(all(*open()).size(), 4u);
  EXPECT_THAT(findings(*open()), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path("old.db")));
  EXPECT_EQ(files_named("events.db.restored-"), 0);
}

TEST_F(StoreSqliteFilesTest, ADeletedDatabaseIsBegunAnewWithoutItsOldLog) {
  auto store = open();
  ChainWriter writer(*store);
  for (int i = 0; i < 3; ++i) writer.record(Draft("agent"));
  EXPECT_EQ(all(*store).size(), 3u);
  ASSERT_GT(std::filesystem::file_size(path() + "-wal"), 0u);
  std::filesystem::remove(path());
  EXPECT_TRUE(writer.record(Draft("another agent")));
  const std::vector<EventRow> rows = all(*store);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(store->agents(true, "", store::kNoLimit).at(0).agent, "another agent");
  EXPECT_THAT(findings(*store), IsEmpty());
  EXPECT_EQ(files_named("events.db-wal.orphaned-"), 1);
}

TEST_F(StoreSqliteFilesTest, AnOpenedLedgerDoesNotGetTheLogOfADeletedOne) {
  ChainWriter(*open()).record(Draft("agent"));
  ASSERT_GT(std::filesystem::file_size(path() + "-wal"), 0u);
  std::filesystem::remove(path());
  auto store = open();
  EXPECT_THAT(all(*store), IsEmpty());
  EXPECT_TRUE(ChainWriter(*store).record(Draft("another agent")));
  EXPECT_THAT(findings(*store), IsEmpty());
  EXPECT_EQ(files_named("events.db-wal.orphaned-"), 1);
}

TEST_F(StoreSqliteFilesTest, OtherFilesAreNoLedgers) {
  Driver& driver = driver_of(LedgerAddress::at(path()));
  std::ofstream(path()) << std::string(8192, 'x');
  EXPECT_EQ(status_of([&] { open(); }), Status::kCorrupt);
  EXPECT_TRUE(driver.exists(LedgerAddress::at(path())));
  EXPECT_FALSE(driver.claims_to_be_ledger(LedgerAddress::at(path())));
  EXPECT_FALSE(driver.create(LedgerAddress::at(path()), [](Store&) { ADD_FAILURE() << "a file was replaced"; }));
  std::filesystem::remove(path());
  sql("CREATE TABLE event(x)");
  EXPECT_EQ(status_of([&] { open(); }), Status::kCorrupt);
  EXPECT_EQ(status_of([&] { open(OpenMode::kReadOnly); }), Status::kCorrupt);
  EXPECT_FALSE(driver.claims_to_be_ledger(LedgerAddress::at(path())));
  EXPECT_EQ(status_of([&] { open(directory_.path(), OpenMode::kReadWrite); }), Status::kCorrupt);
  EXPECT_EQ(status_of([&] { driver.create(LedgerAddress::at(directory_.path()), [](Store&) {}); }), Status::kCorrupt);
  EXPECT_EQ(status_of([&] { open(path("no/such/directory.db"), OpenMode::kReadWrite); }), Status::kIo);
  EXPECT_EQ(status_of([&] { open(path("none.db"), OpenMode::kReadOnly); }), Status::kNotFound);
}

TEST_F(StoreSqliteFilesTest, ADamagedLedgerStillClaimsToBeOne) {
  open().reset();
  std::filesystem::resize_file(path(), 100);
  const LedgerAddress address = LedgerAddress::at(path());
  EXPECT_TRUE(driver_of(address).claims_to_be_ledger(address));
  EXPECT_EQ(status_of([&] { open(); }), Status::kCorrupt);
}

TEST_F(StoreSqliteFilesTest, ANewLedgerHasTheNewestVersions) {
  open();
  EXPECT_EQ(value_of("PRAGMA user_version"), "3");
  EXPECT_EQ(value_of("SELECT value FROM meta WHERE key = 'format_writer'"), "3");
  EXPECT_EQ(value_of("SELECT value FROM meta WHERE key = 'format_reader'"), "1");
  EXPECT_EQ(sqlite::kSchemaVersion, 3);
  EXPECT_EQ(sqlite::kFormatWriter, 3);
  EXPECT_EQ(sqlite::kFormatReader, 2);
}

TEST_F(StoreSqliteFilesTest, OlderTablesAreMigratedByTheFirstTransaction) {
  ChainWriter(*open()).record(Draft("agent"));
  sql("DROP TABLE erased; DROP TABLE tile; UPDATE meta SET value = 1 WHERE key = 'format_writer'; "
      "PRAGMA user_version = 1");
  auto store = open();
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_EQ(store->tile(0, 0), "");
  EXPECT_FALSE(store->audit().extent().has_tree);
  EXPECT_EQ(value_of("PRAGMA user_version"), "1");
  EXPECT_TRUE(ChainWriter(*store).record(Draft("agent")));
  EXPECT_EQ(value_of("PRAGMA user_version"), "3");
  EXPECT_EQ(value_of("SELECT value FROM meta WHERE key = 'format_writer'"), "3");
  EXPECT_EQ(value_of("SELECT count(*) FROM sqlite_schema WHERE name IN ('tile', 'erased') AND type = 'table'"), "2");
  EXPECT_TRUE(store->audit().extent().has_tree);
  std::vector<std::string> notes;
  EXPECT_THAT(store->audit().schema_faults(notes), IsEmpty());
}

TEST_F(StoreSqliteFilesTest, ANewerFormatForWritersIsReadAndNeverWritten) {
  ChainWriter(*open()).record(Draft("agent"));
  sql("UPDATE meta SET value = 99 WHERE key = 'format_writer'; PRAGMA user_version = 7");
  auto store = open();
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kUnsupported);
  sql("UPDATE meta SET value = 2 WHERE key = 'format_reader'");
  EXPECT_EQ(all(*open()).size(), 1u);
  sql("UPDATE meta SET value = 3 WHERE key = 'format_reader'");
  EXPECT_EQ(status_of([&] { open(); }), Status::kUnsupported);
}

TEST_F(StoreSqliteFilesTest, ANewerSchemaOfTheSameFormatIsWritten) {
  ChainWriter(*open()).record(Draft("agent"));
  sql("CREATE TABLE of_a_later_version(x); PRAGMA user_version = 7");
  auto store = open();
  EXPECT_TRUE(ChainWriter(*store).record(Draft("agent")));
  EXPECT_EQ(all(*store).size(), 2u);
}

TEST_F(StoreSqliteFilesTest, ATriggerInTheSchemaStopsWriting) {
  ChainWriter(*open()).record(Draft("agent"));
  sql("CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END");
  auto store = open();
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kCorrupt);
  EXPECT_EQ(all(*store).size(), 1u);
}

TEST_F(StoreSqliteFilesTest, AForeignWriterMakesItBusyAndThenItGoesOn) {
  auto store = open();
  ChainWriter writer(*store);
  writer.record(Draft("agent"));
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kBusy);
  EXPECT_EQ(all(*store).size(), 1u);
  sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_TRUE(writer.record(Draft("agent")));
}

TEST_F(StoreSqliteFilesTest, AReplacedLedgerIsOpenedAnew) {
  auto store = open();
  ChainWriter writer(*store);
  for (int i = 0; i < 3; ++i) writer.record(Draft("agent"));
  store->backup(path("copy.db"), nullptr);
  writer.record(Draft("agent"));
  EXPECT_EQ(all(*store).size(), 4u);
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path() + suffix);
  std::filesystem::rename(path("copy.db"), path());
  EXPECT_EQ(all(*store).size(), 3u);
  EXPECT_TRUE(store->begin()->changed());
  EXPECT_TRUE(writer.record(Draft("agent")));
  EXPECT_EQ(all(*store).size(), 4u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_F(StoreSqliteFilesTest, ADeletedWriteAheadLogLosesNothing) {
  auto store = open();
  ChainWriter writer(*store);
  for (int i = 0; i < 3; ++i) writer.record(Draft("agent"));
  std::filesystem::remove(path() + "-wal");
  writer.record(Draft("agent"));
  store.reset();
  EXPECT_EQ(all(*open()).size(), 4u);
  EXPECT_THAT(findings(*open()), IsEmpty());
}

TEST_F(StoreSqliteFilesTest, ADeletedDirectoryIsAnErrorAndNoCrash) {
  auto store = open();
  ChainWriter(*store).record(Draft("agent"));
  std::filesystem::remove_all(directory_.path());
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kIo);
  EXPECT_EQ(status_of([&] { store->count({}); }), Status::kNotFound);
  std::filesystem::create_directory(directory_.path());
  EXPECT_TRUE(ChainWriter(*store).record(Draft("agent")));
}

TEST_F(StoreSqliteFilesTest, TheWriterLockCreatesADeletedDirectory) {
  auto store = open();
  std::filesystem::remove_all(directory_.path());
  EXPECT_NE(store->lock_writer(0), nullptr);
  EXPECT_EQ(mode_of(directory_.path()), 0700u);
  EXPECT_TRUE(ChainWriter(*store).record(Draft("agent")));
}

TEST_F(StoreSqliteFilesTest, ADeletedLockFileIsCreatedAnew) {
  auto store = open();
  store->lock_writer(0);
  std::filesystem::remove(path() + ".lock");
  // The store notices that its lock file has no name any more and locks the new one.
  const auto lease = store->lock_writer(0);
  EXPECT_EQ(status_of([&] { open()->lock_writer(0); }), Status::kBusy);
}

TEST_F(StoreSqliteFilesTest, CheckpointMovesTheLogIntoTheFileAndKeepsItSmall) {
  sqlite::SqliteStore store(path(), OpenMode::kReadWrite);
  ChainWriter writer(store);
  constexpr std::uint64_t kLimit = 256 * 1024;
  for (int i = 0; i < 60; ++i) {
    const auto transaction = store.begin();
    for (int k = 0; k < 50; ++k) {
      writer.add(*transaction, Draft("agent").with("action_input", std::string(500, 'x')));
    }
    transaction->commit(false);
    store.checkpoint(kLimit);
    EXPECT_LT(std::filesystem::file_size(path() + "-wal"), 5 * kLimit);
  }
  store.checkpoint(0);
  EXPECT_EQ(std::filesystem::file_size(path() + "-wal"), 0u);
  const Summary summary = store.summary();
  ASSERT_EQ(summary.storage.size(), 2u);
  EXPECT_EQ(summary.storage[0].first, "file_bytes");
  EXPECT_EQ(summary.storage[0].second, std::filesystem::file_size(path()));
  EXPECT_EQ(summary.storage[1], (std::pair<std::string, std::uint64_t>("wal_bytes", 0)));
  EXPECT_EQ(store.count({}), 3000u);
}

TEST_F(StoreSqliteFilesTest, ConsolidationEmptiesTheLog) {
  auto store = open();
  ChainWriter(*store).record(Draft("agent"));
  store->maintain();  // far too little is in the log
  EXPECT_GT(std::filesystem::file_size(path() + "-wal"), 0u);
  store->consolidate();
  EXPECT_EQ(std::filesystem::file_size(path() + "-wal"), 0u);
}

TEST_F(StoreSqliteFilesTest, ClosingTheStoreNeitherCheckpointsNorDeletesTheLog) {
  {
    sqlite::SqliteStore store(path(), OpenMode::kReadWrite);
    ChainWriter(store).record(Draft("agent"));
    store.close_writer();
    EXPECT_TRUE(ChainWriter(store).record(Draft("agent")));
  }
  EXPECT_GT(std::filesystem::file_size(path() + "-wal"), 0u);
  EXPECT_EQ(all(*open()).size(), 2u);
}

}  // namespace
}  // namespace plog::store
