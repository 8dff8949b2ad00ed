// Verification of a ledger that somebody changed with a database tool.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "store_fixture.h"

namespace plog::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreVerifyTest : public StoreTest {
 protected:
  void SetUp() override {
    auto store = open();
    Recorder recorder(*store);
    store->begin();
    for (int i = 0; i < 2500; ++i) recorder.add(Draft("agent"), i == 7 ? "[]" : "");
    recorder.add(Draft("other"));
    store->commit(false);
    store->checkpoint(0);
  }
  void tamper(const std::string& sql) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    sqlite3_close(db);
  }
  // STRICT keeps wrong types out, but not from somebody who edits the schema first.
  void loosen() const {
    tamper(
        "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'event'; "
        "PRAGMA writable_schema=RESET");
  }
  std::vector<std::string> faults() const { return findings(*open(OpenMode::kReadOnly)); }
};

TEST_F(StoreVerifyTest, ASoundLedgerIsVerifiedWithProgress) {
  auto store = open(OpenMode::kReadOnly);
  ledger::ChainVerifier verifier;
  std::vector<std::uint64_t> calls;
  store->verify(verifier, [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 2501u);
    calls.push_back(done);
    return true;
  });
  EXPECT_EQ(verifier.events(), 2501u);
  EXPECT_EQ(verifier.agents(), 2u);
  EXPECT_EQ(verifier.finding_count(), 0u);
  ASSERT_GE(calls.size(), 3u);
  EXPECT_EQ(calls.front(), 1000u);
  EXPECT_EQ(calls.back(), 2501u);
}

TEST_F(StoreVerifyTest, ProgressMayStopIt) {
  auto store = open(OpenMode::kReadOnly);
  ledger::ChainVerifier verifier;
  try {
    store->verify(verifier, [](std::uint64_t, std::uint64_t) { return false; });
    ADD_FAILURE() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kCancelled);
  }
  EXPECT_EQ(verifier.events(), 1000u);
}

TEST_F(StoreVerifyTest, EventsCommittedMeanwhileAreLeftForTheNextTime) {
  auto store = open();
  Recorder recorder(*store);
  ledger::ChainVerifier verifier;
  store->verify(verifier, [&](std::uint64_t, std::uint64_t) { return recorder.record(Draft("agent")); });
  EXPECT_EQ(verifier.events(), 2501u);
  EXPECT_EQ(verifier.finding_count(), 0u);
}

TEST_F(StoreVerifyTest, ChangedColumnsAreFound) {
  tamper(
      "UPDATE event SET canonical = CAST(replace(CAST(canonical AS TEXT), 'agent_id', 'agent_ID') AS BLOB) "
      "WHERE commit_index = 41");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("hash mismatch at sequence 42")));
}

TEST_F(StoreVerifyTest, AnotherAgentOnARowIsFound) {
  tamper("UPDATE event SET agent = (SELECT id FROM term WHERE text = 'other'), sequence = 2 WHERE commit_index = 2499");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("agent differs"), HasSubstr("sequence gap")));
}

TEST_F(StoreVerifyTest, AnotherIdOnARowIsFound) {
  tamper("UPDATE event SET id = x'00000000000070008000000000000000' WHERE commit_index = 3");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("id differs from the recorded id at sequence 4")));
}

TEST_F(StoreVerifyTest, DeletedAndMovedRowsAreFound) {
  tamper("DELETE FROM event WHERE commit_index = 100");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("sequence gap: expected 101 at sequence 102")));
  tamper("UPDATE event SET commit_index = -5 WHERE commit_index = 50");
  EXPECT_THAT(faults().front(), HasSubstr("commit index"));
}

TEST_F(StoreVerifyTest, ARowFarBehindTheEndIsReached) {
  tamper("UPDATE event SET commit_index = 9223372036854775807 WHERE commit_index = 2500");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("commit index 9223372036854775807 where 2500 was expected")));
}

TEST_F(StoreVerifyTest, ColumnsOfAnotherTypeAreFoundEvenIfTheirTextIsTheSame) {
  loosen();
  const std::pair<const char*, const char*> changes[] = {
      {"canonical = CAST(canonical AS TEXT)", "column canonical has a wrong type"},
      {"hash = lower(hex(hash))", "column hash has a wrong type"},
      {"id = substr(id, 1, 15)", "id differs"},
      {"sequence = sequence + 0.5", "column sequence has a wrong type"},
      {"agent = 'agent'", "column agent has a wrong type"},
      {"warnings = CAST(warnings AS TEXT)", "column warnings has a wrong type"},
  };
  for (const auto& [change, expected] : changes) {
    tamper("CREATE TABLE saved AS SELECT * FROM event WHERE commit_index = 7");
    tamper(std::string("UPDATE event SET ") + change + " WHERE commit_index = 7");
    const std::vector<std::string> found = faults();
    ASSERT_FALSE(found.empty()) << change;
    EXPECT_THAT(found.front(), HasSubstr(expected)) << change;
    tamper("DELETE FROM event WHERE commit_index = 7; INSERT INTO event SELECT * FROM saved; DROP TABLE saved");
    ASSERT_THAT(faults(), IsEmpty());
  }
}

TEST_F(StoreVerifyTest, ADanglingAgentIsFound) {
  tamper("DELETE FROM term WHERE text = 'other'");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("column agent names no term")));
}

TEST_F(StoreVerifyTest, ADamagedFileIsAnErrorAndNoVerdict) {
  std::filesystem::resize_file(path(), std::filesystem::file_size(path()) / 2);
  try {
    faults();
    ADD_FAILURE() << "half a database was verified";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kCorrupt) << error.what();
  }
}

}  // namespace
}  // namespace plog::store
