// Writing: transactions, chains, journals' positions, formats, and what happens to the files.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "store_fixture.h"

namespace plog::store {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreWriteTest : public StoreTest {
 protected:
  void sql(const std::string& text) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    sqlite3_close(db);
  }
  static Status status_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.status();
    }
    return Status::kOk;
  }
  mode_t mode_of(const std::string& file) const {
    struct stat info {};
    EXPECT_EQ(stat(file.c_str(), &info), 0) << file;
    return info.st_mode & 07777;
  }
};

TEST_F(StoreWriteTest, NewLedgerIsEmptyUntilTheFirstEvent) {
  auto store = open();
  EXPECT_TRUE(all(*store).empty());
  EXPECT_EQ(store->meta(kMetaLedgerId), "");
  store->begin();
  EXPECT_TRUE((store->size() == 0));
  store->set_meta(kMetaLedgerId, "an-id");
  Recorder(*store).add(Draft("agent"));
  EXPECT_FALSE((store->size() == 0));
  store->commit(false);
  EXPECT_EQ(store->meta(kMetaLedgerId), "an-id");
  EXPECT_EQ(all(*store).size(), 1u);
}

TEST_F(StoreWriteTest, EventsComeBackAsTheyWereStored) {
  auto store = open();
  Recorder recorder(*store);
  store->begin();
  ASSERT_TRUE(recorder.add(Draft("agent").with("action_name", "line\nbreak \xc3\xa9"), R"([{"code":"x"}])"));
  const std::string canonical = recorder.last_canonical();
  ASSERT_TRUE(recorder.add(Draft("agent")));
  store->commit(false);
  const std::vector<EventRow> rows = all(*store);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].canonical, canonical);
  EXPECT_EQ(rows[0].warnings, R"([{"code":"x"}])");
  EXPECT_EQ(rows[0].commit_index, 0u);
  EXPECT_EQ(rows[0].sequence, 1u);
  EXPECT_EQ(rows[0].prev_hash, ledger::kGenesis);
  EXPECT_EQ(rows[1].prev_hash, rows[0].hash);
  std::string text;
  append_json(rows[0], text);
  const json::Value value = json::parse(text);
  EXPECT_EQ(value.find("sequence")->text(), "1");
  EXPECT_EQ(value.find("prev_hash")->text(), std::string(64, '0'));
  EXPECT_EQ(value.find("validation_warnings")->array().size(), 1u);
  EXPECT_EQ(value.find("action_name")->text(), "line\nbreak \xc3\xa9");
  EXPECT_EQ(text.substr(0, canonical.size() - 1), canonical.substr(0, canonical.size() - 1));
}

TEST_F(StoreWriteTest, AnAgentsIdIsStoredOnce) {
  auto store = open();
  Recorder recorder(*store);
  const std::string id = format_uuid(uuid_v7());
  EXPECT_TRUE(recorder.record(Draft("agent").with("id", id).with("n", 1)));
  const std::string first = recorder.last_canonical();
  EXPECT_FALSE(recorder.record(Draft("agent").with("id", id).with("n", 2)));
  EXPECT_TRUE(recorder.record(Draft("other").with("id", id).with("n", 3)));
  store->begin();
  EXPECT_EQ(store->existing("agent", *parse_uuid(id)), first);
  EXPECT_EQ(store->existing("nobody", *parse_uuid(id)), std::nullopt);
  EXPECT_EQ(store->existing("agent", uuid_v7()), std::nullopt);
  store->rollback();
  const auto found = store->find(*parse_uuid(id), std::nullopt);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->canonical, first);
  EXPECT_EQ(store->find(*parse_uuid(id), "other")->commit_index, 1u);
  EXPECT_FALSE(store->find(*parse_uuid(id), "nobody"));
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_F(StoreWriteTest, ARefusedDuplicateLeavesNoTraceInTheCounts) {
  auto store = open();
  Recorder recorder(*store);
  const std::string id = format_uuid(uuid_v7());
  for (int i = 0; i < 3; ++i) recorder.record(Draft("agent").with("id", id).with("session_id", "s").label("k", "v"));
  EXPECT_EQ(store->summary().events, 1u);
  EXPECT_EQ(store->sessions(std::nullopt, 10).at(0).events, 1u);
  Filter filter;
  filter.labels = {{"k", "v"}};
  EXPECT_EQ(store->count(filter), 1u);
}

TEST_F(StoreWriteTest, TwoEventsAtOnePlaceOfAChainAreRefusedAsAFault) {
  auto store = open();
  Recorder recorder(*store);
  recorder.record(Draft("agent"));
  const std::string canonical =
      R"({"agent_id":"agent","id":"00000000-0000-7000-8000-000000000000","timestamp":"2026-02-17T00:00:00.000000Z"})";
  event::Prepared event;
  event.canonical = canonical;
  event.index = event::index_of(canonical);
  store->begin();
  EXPECT_THROW(store->append(event, "agent", 1, Digest{}, Digest{}), Error);
  store->rollback();
  EXPECT_EQ(store->count({}), 1u);
}

TEST_F(StoreWriteTest, RollbackLeavesNothingBehind) {
  auto store = open();
  Recorder recorder(*store);
  recorder.record(Draft("agent").with("session_id", "kept").label("k", "kept"));
  store->begin();
  recorder.add(Draft("new agent").with("session_id", "lost").label("k", "lost"));
  store->put_context("k", "lost", "{}");
  store->set_journal_position(uuid_v7(), {1, 2});
  store->rollback();
  EXPECT_EQ(store->count({}), 1u);
  EXPECT_EQ(store->agents(true).size(), 1u);
  EXPECT_FALSE(store->context("k", "lost"));
  // Numbers given to texts in the lost transaction are given again.
  recorder.record(Draft("third agent").with("session_id", "third").label("k", "third"));
  recorder.record(Draft("new agent").with("session_id", "lost").label("k", "lost"));
  Filter filter;
  filter.labels = {{"k", "lost"}};
  ASSERT_EQ(all(*store, filter).size(), 1u);
  EXPECT_THAT(all(*store, filter)[0].canonical, HasSubstr("new agent"));
  filter = {};
  filter.session = "third";
  EXPECT_EQ(all(*store, filter).size(), 1u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_F(StoreWriteTest, ChainHeadsAreTheNewestEventsOfTheTransactionToo) {
  auto store = open();
  Recorder recorder(*store);
  store->begin();
  EXPECT_EQ(store->chain_head("agent").sequence, 0u);
  recorder.add(Draft("agent"));
  EXPECT_EQ(store->chain_head("agent").sequence, 1u);
  recorder.add(Draft("agent"));
  EXPECT_EQ(store->chain_head("agent").sequence, 2u);
  EXPECT_EQ(store->chain_head("other").sequence, 0u);
  store->commit(true);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_F(StoreWriteTest, JournalPositionsAreKeptWithTheEvents) {
  auto store = open();
  const Uuid journal = uuid_v7();
  store->begin();
  EXPECT_FALSE(store->journal_position(journal));
  store->set_journal_position(journal, {3, 4096});
  store->commit(false);
  store->begin();
  ASSERT_TRUE(store->journal_position(journal));
  EXPECT_EQ(store->journal_position(journal)->segment, 3u);
  EXPECT_EQ(store->journal_position(journal)->offset, 4096u);
  store->set_journal_position(journal, {4, 0});
  EXPECT_EQ(store->journal_position(journal)->segment, 4u);
  store->forget_journal(journal);
  EXPECT_FALSE(store->journal_position(journal));
  store->commit(false);
}

TEST_F(StoreWriteTest, ContextOfALabelIsReplaced) {
  auto store = open();
  store->begin();
  store->put_context("team", "a", R"({"n":1})");
  store->put_context("team", "a", R"({"n":2})");
  store->commit(false);
  EXPECT_EQ(store->context("team", "a"), R"({"n":2})");
  EXPECT_EQ(store->context("team", "b"), std::nullopt);
}

TEST_F(StoreWriteTest, FilesAreForTheOwnerOnly) {
  const mode_t before = umask(0);
  auto store = open();
  Recorder(*store).record(Draft("agent"));
  EXPECT_EQ(mode_of(path()), 0600u);
  EXPECT_EQ(mode_of(path() + "-wal"), 0600u);
  EXPECT_EQ(mode_of(path() + "-shm"), 0600u);
  store->backup(path("copy.db"), nullptr);
  EXPECT_EQ(mode_of(path("copy.db")), 0600u);
  umask(before);
}

TEST_F(StoreWriteTest, CreatingLeavesNoOtherFiles) {
  open();
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_.path())) ++files;
  EXPECT_LE(files, 3);
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(StoreWriteTest, AnEmptyFileBecomesALedgerAtTheFirstTransaction) {
  std::ofstream(path()).close();
  auto store = open();
  EXPECT_TRUE(all(*store).empty());
  EXPECT_TRUE(Recorder(*store).record(Draft("agent")));
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_EQ(mode_of(path()), 0600u);
}

TEST_F(StoreWriteTest, OtherFilesAreNoLedgers) {
  std::ofstream(path()) << std::string(8192, 'x');
  EXPECT_EQ(status_of([&] { open(); }), Status::kCorrupt);
  std::filesystem::remove(path());
  sql("CREATE TABLE event(x)");
  EXPECT_EQ(status_of([&] { open(); }), Status::kCorrupt);
  EXPECT_EQ(status_of([&] { open(OpenMode::kReadOnly); }), Status::kCorrupt);
  EXPECT_EQ(status_of([&] { open_sqlite(directory_.path(), OpenMode::kReadWrite); }), Status::kCorrupt);
  EXPECT_EQ(status_of([&] { open_sqlite(path("no/such/directory.db"), OpenMode::kReadWrite); }), Status::kIo);
  EXPECT_EQ(status_of([&] { open_sqlite(path("none.db"), OpenMode::kReadOnly); }), Status::kNotFound);
}

TEST_F(StoreWriteTest, ANewerFormatForWritersIsReadAndNeverWritten) {
  Recorder(*open()).record(Draft("agent"));
  sql("UPDATE meta SET value = 99 WHERE key = 'format_writer'; PRAGMA user_version = 7");
  auto store = open();
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kUnsupported);
  sql("UPDATE meta SET value = 2 WHERE key = 'format_reader'");
  EXPECT_EQ(status_of([&] { open(); }), Status::kUnsupported);
}

TEST_F(StoreWriteTest, ANewerSchemaOfTheSameFormatIsWritten) {
  Recorder(*open()).record(Draft("agent"));
  sql("CREATE TABLE of_a_later_version(x); PRAGMA user_version = 7");
  auto store = open();
  EXPECT_TRUE(Recorder(*store).record(Draft("agent")));
  EXPECT_EQ(all(*store).size(), 2u);
}

TEST_F(StoreWriteTest, ATriggerInTheSchemaStopsWriting) {
  Recorder(*open()).record(Draft("agent"));
  sql("CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END");
  auto store = open();
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kCorrupt);
  EXPECT_EQ(all(*store).size(), 1u);
}

TEST_F(StoreWriteTest, AForeignWriterMakesItBusyAndThenItGoesOn) {
  auto store = open();
  Recorder recorder(*store);
  recorder.record(Draft("agent"));
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kBusy);
  EXPECT_EQ(all(*store).size(), 1u);
  sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_TRUE(recorder.record(Draft("agent")));
}

TEST_F(StoreWriteTest, ADeletedLedgerIsCreatedAnew) {
  auto store = open();
  Recorder recorder(*store);
  recorder.record(Draft("agent"));
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path() + suffix);
  EXPECT_EQ(status_of([&] { all(*store); }), Status::kNotFound);
  store->begin();
  EXPECT_TRUE((store->size() == 0));
  recorder.add(Draft("agent"));
  store->commit(false);
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_F(StoreWriteTest, AReplacedLedgerIsOpenedAnew) {
  auto store = open();
  Recorder recorder(*store);
  for (int i = 0; i < 3; ++i) recorder.record(Draft("agent"));
  store->backup(path("copy.db"), nullptr);
  recorder.record(Draft("agent"));
  EXPECT_EQ(all(*store).size(), 4u);
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path() + suffix);
  std::filesystem::rename(path("copy.db"), path());
  EXPECT_EQ(all(*store).size(), 3u);
  EXPECT_TRUE(recorder.record(Draft("agent")));
  EXPECT_EQ(all(*store).size(), 4u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_F(StoreWriteTest, ADeletedWriteAheadLogLosesNothing) {
  auto store = open();
  Recorder recorder(*store);
  for (int i = 0; i < 3; ++i) recorder.record(Draft("agent"));
  std::filesystem::remove(path() + "-wal");
  recorder.record(Draft("agent"));
  store.reset();
  EXPECT_EQ(all(*open()).size(), 4u);
  EXPECT_THAT(findings(*open()), IsEmpty());
}

TEST_F(StoreWriteTest, ADeletedDirectoryIsAnErrorAndNoCrash) {
  auto store = open();
  Recorder(*store).record(Draft("agent"));
  std::filesystem::remove_all(directory_.path());
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kIo);
  EXPECT_EQ(status_of([&] { store->count({}); }), Status::kNotFound);
  std::filesystem::create_directory(directory_.path());
  EXPECT_TRUE(Recorder(*store).record(Draft("agent")));
}

TEST_F(StoreWriteTest, CheckpointMovesTheLogIntoTheFileAndKeepsItSmall) {
  auto store = open();
  Recorder recorder(*store);
  constexpr std::uint64_t kLimit = 256 * 1024;
  for (int i = 0; i < 60; ++i) {
    store->begin();
    for (int k = 0; k < 50; ++k) recorder.add(Draft("agent").with("action_input", std::string(500, 'x')));
    store->commit(false);
    store->checkpoint(kLimit);
    EXPECT_LT(std::filesystem::file_size(path() + "-wal"), 5 * kLimit);
  }
  store->checkpoint(0);
  EXPECT_EQ(std::filesystem::file_size(path() + "-wal"), 0u);
  EXPECT_EQ(store->summary().wal_bytes, 0u);
  EXPECT_EQ(store->count({}), 3000u);
}

TEST_F(StoreWriteTest, ClosingTheStoreNeitherCheckpointsNorDeletesTheLog) {
  {
    auto store = open();
    Recorder(*store).record(Draft("agent"));
    store->close_writer();
    EXPECT_TRUE(Recorder(*store).record(Draft("agent")));
  }
  EXPECT_GT(std::filesystem::file_size(path() + "-wal"), 0u);
  EXPECT_EQ(all(*open()).size(), 2u);
}

TEST_F(StoreWriteTest, MisuseOfTransactionsIsAnError) {
  auto store = open();
  EXPECT_EQ(status_of([&] { store->commit(false); }), Status::kInternal);
  store->begin();
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kInternal);
  EXPECT_EQ(status_of([&] { store->checkpoint(0); }), Status::kInternal);
  store->rollback();
  store->rollback();
  EXPECT_TRUE(Recorder(*store).record(Draft("agent")));
}

}  // namespace
}  // namespace plog::store
