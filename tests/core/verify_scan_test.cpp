// Verification of a ledger that was changed with a database tool.
#include <gmock/gmock.h>
#include <filesystem>

#include "sqlite_fixture.h"

namespace plog::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyScanTest : public SqliteTest {
 protected:
  static constexpr int kEvents = 10001;

  // No tree: these ledgers are built without one.
  verify::ScanOptions options() const {
    verify::ScanOptions options;
    options.tree = false;
    options.threads = 1;
    return options;
  }
  void SetUp() override {
    auto store = open();
    ChainWriter writer(*store);
    const auto transaction = store->begin();
    for (int i = 0; i < kEvents - 1; ++i) {
      writer.add(*transaction, Draft("agent"), i == 7 ? R"([{"code":"x"}])" : "");
    }
    writer.add(*transaction, Draft("other"));
    transaction->commit(false);
    store->consolidate();
  }
  // Removes STRICT from the table, as an attacker would who wants to store values of the wrong type.
  void loosen() const {
    sql("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'event'; "
        "PRAGMA writable_schema=RESET");
  }
  std::vector<std::string> faults() const { return findings(*open(OpenMode::kReadOnly)); }
};

TEST_F(VerifyScanTest, ASoundLedgerIsVerifiedWithProgress) {
  auto store = open(OpenMode::kReadOnly);
  std::vector<std::uint64_t> calls;
  verify::ScanOptions given = options();
  given.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, std::uint64_t{kEvents});
    calls.push_back(done);
    return true;
  };
  ledger::Findings findings;
  verify::Scan scan(*store, store->audit().extent(), given, findings);
  scan.run();
  EXPECT_EQ(scan.chain().events(), std::uint64_t{kEvents});
  EXPECT_EQ(scan.chain().agents(), 2u);
  EXPECT_EQ(findings.count(), 0u);
  ASSERT_GE(calls.size(), 3u);
  EXPECT_EQ(calls.front(), ledger::kBlockRows);
  EXPECT_EQ(calls.back(), std::uint64_t{kEvents});
}

TEST_F(VerifyScanTest, AnyNumberOfThreadsFindsTheSame) {
  sql("UPDATE event SET hash = zeroblob(32) WHERE commit_index % 1000 = 17; DELETE FROM event WHERE commit_index = "
      "5000");
  const std::vector<std::string> alone = faults();
  EXPECT_GT(alone.size(), 10u);
  for (const unsigned threads : {2u, 3u, 8u}) {
    auto store = open(OpenMode::kReadOnly);
    verify::ScanOptions given = options();
    given.threads = threads;
    ledger::Findings findings;
    verify::Scan scan(*store, store->audit().extent(), given, findings);
    scan.run();
    std::vector<std::string> texts;
    for (const ledger::Finding& finding : findings.kept()) texts.push_back(finding.what);
    EXPECT_EQ(texts, alone) << threads;
  }
}

TEST_F(VerifyScanTest, ProgressMayStopIt) {
  for (const unsigned threads : {1u, 2u}) {
    auto store = open(OpenMode::kReadOnly);
    verify::ScanOptions given = options();
    given.threads = threads;
    given.progress = [](std::uint64_t, std::uint64_t) { return false; };
    ledger::Findings findings;
    verify::Scan scan(*store, store->audit().extent(), given, findings);
    try {
      scan.run();
      ADD_FAILURE() << "the scan was not stopped";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::kCancelled);
    }
  }
}

TEST_F(VerifyScanTest, EventsCommittedMeanwhileAreLeftForTheNextTime) {
  auto store = open();
  ChainWriter writer(*store);
  verify::ScanOptions given = options();
  given.progress = [&](std::uint64_t, std::uint64_t) { return writer.record(Draft("agent")); };
  ledger::Findings findings;
  verify::Scan scan(*store, store->audit().extent(), given, findings);
  scan.run();
  EXPECT_EQ(scan.chain().events(), std::uint64_t{kEvents});
  EXPECT_EQ(findings.count(), 0u);
}

TEST_F(VerifyScanTest, ChangedColumnsAreFound) {
  sql("UPDATE event SET canonical = CAST(replace(CAST(canonical AS TEXT), 'agent_id', 'agent_ID') AS BLOB) "
      "WHERE commit_index = 41");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("hash mismatch at sequence 42")));
}

TEST_F(VerifyScanTest, AnotherAgentOnARowIsFound) {
  sql("UPDATE event SET agent = (SELECT id FROM term WHERE text = 'other'), sequence = 2 WHERE commit_index = 9999");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("agent differs"), HasSubstr("sequence gap")));
}

TEST_F(VerifyScanTest, AnotherIdOnARowIsFound) {
  sql("UPDATE event SET id = x'00000000000070008000000000000000' WHERE commit_index = 3");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("column id differs from the event's id at sequence 4")));
}

TEST_F(VerifyScanTest, DeletedAndMovedRowsAreFound) {
  sql("DELETE FROM event WHERE commit_index = 100");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("sequence gap: expected 101 at sequence 102")));
  sql("UPDATE event SET commit_index = 70000 WHERE commit_index = 50");
  EXPECT_THAT(faults().front(), HasSubstr("commit index 51 where 50 was expected"));
}

TEST_F(VerifyScanTest, ARowFarBehindTheEndIsReached) {
  sql("UPDATE event SET commit_index = 9223372036854775807 WHERE commit_index = 10000");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("commit index 9223372036854775807 where 10000 was expected")));
}

TEST_F(VerifyScanTest, ColumnsOfAnotherTypeAreFoundEvenIfTheirTextIsTheSame) {
  loosen();
  const std::pair<const char*, const char*> changes[] = {
      {"canonical = CAST(canonical AS TEXT)", "column canonical has the wrong type"},
      {"hash = lower(hex(hash))", "column hash has the wrong type"},
      {"id = substr(id, 1, 15)", "column id has the wrong size"},
      {"sequence = sequence + 0.5", "column sequence has the wrong type"},
      {"agent = 'agent'", "column agent has the wrong type"},
      {"warnings = CAST(warnings AS TEXT)", "column warnings has the wrong type"},
  };
  for (const auto& [change, expected] : changes) {
    sql("CREATE TABLE saved AS SELECT * FROM event WHERE commit_index = 7");
    sql(std::string("UPDATE event SET ") + change + " WHERE commit_index = 7");
    const std::vector<std::string> found = faults();
    ASSERT_FALSE(found.empty()) << change;
    EXPECT_THAT(found.front(), HasSubstr(expected)) << change;
    sql("DELETE FROM event WHERE commit_index = 7; INSERT INTO event SELECT * FROM saved; DROP TABLE saved");
    ASSERT_THAT(faults(), IsEmpty());
  }
}

TEST_F(VerifyScanTest, ADanglingAgentIsFound) {
  sql("DELETE FROM term WHERE text = 'other'");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("column agent refers to a missing term")));
}

TEST_F(VerifyScanTest, ADamagedFileIsAnErrorAndNoVerdict) {
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
