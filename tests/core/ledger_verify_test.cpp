// Verification of chains: a sound chain passes, and each fault is found exactly once, at its event.
#include "ledger/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "ledger/chain.h"

namespace plog::ledger {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Row {
  std::string agent, canonical, hash, prev_hash, fault;
  std::uint64_t commit_index = 0, sequence = 0;
  Uuid id{};
};

std::string octets(const Digest& digest) { return std::string(digest.begin(), digest.end()); }

// The results of the verifiers of rows and chains.
struct Verified {
  Findings found;
  std::uint64_t events = 0, rows = 0, agents = 0;

  std::uint64_t finding_count() const { return found.count(); }
  const std::vector<Finding>& findings() const { return found.kept(); }
};

// A ledger with some events of two agents, as rows.
class ChainVerifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 12; ++i) append(i % 3 == 2 ? "other" : "agent");
  }

  void append(const std::string& agent) {
    Row row;
    row.agent = agent;
    row.id = uuid_v7();
    row.canonical = R"({"action_input":{"agent_id":"nested","id":"x"},"action_type":"TOOL_CALL","agent_id":")" + agent +
                    R"(","id":")" + format_uuid(row.id) + R"(","timestamp":"2026-02-17T00:00:00.000000Z"})";
    Digest prev{};
    row.sequence = 1;
    for (const Row& before : rows_) {
      if (before.agent != agent) continue;
      std::copy(before.hash.begin(), before.hash.end(), prev.begin());
      row.sequence = before.sequence + 1;
    }
    row.prev_hash = octets(prev);
    row.hash = octets(chain_hash(row.canonical, prev));
    row.commit_index = rows_.size();
    rows_.push_back(row);
  }

  Verified verify(const std::string& agent = {}) const {
    BlockOptions options;
    options.agent = agent;
    options.tree = false;
    Verified result;
    ChainVerifier chain(agent, {}, result.found);
    BlockVerifier verifier(options);
    verifier.start(0, kBlockRows);
    for (const Row& row : rows_) {
      StoredEvent event;
      event.commit_index = row.commit_index;
      event.agent = row.agent;
      event.sequence = row.sequence;
      event.id = row.id;
      event.hash = row.hash;
      event.prev_hash = row.prev_hash;
      event.canonical = row.canonical;
      event.fault = row.fault;
      verifier.add(event);
    }
    chain.add(verifier.finish());
    result.events = chain.events();
    result.rows = chain.rows();
    result.agents = chain.agents();
    return result;
  }

  // The text of the only finding.
  std::string fault() const {
    const Verified verifier = verify();
    EXPECT_EQ(verifier.finding_count(), 1u);
    return verifier.findings().empty() ? "" : verifier.findings().front().what;
  }

  std::vector<Row> rows_;
};

TEST_F(ChainVerifierTest, SoundLedgerHasNoFindings) {
  const Verified verifier = verify();
  EXPECT_EQ(verifier.finding_count(), 0u);
  EXPECT_EQ(verifier.events, 12u);
  EXPECT_EQ(verifier.rows, 12u);
  EXPECT_EQ(verifier.agents, 2u);
}

TEST_F(ChainVerifierTest, OneAgentIsVerifiedAlone) {
  rows_[2].canonical[30] ^= 1;  // a row of the other agent
  const Verified verifier = verify("agent");
  EXPECT_EQ(verifier.finding_count(), 0u);
  EXPECT_EQ(verifier.events, 8u);
  EXPECT_EQ(verifier.rows, 12u);
  EXPECT_EQ(verify("other").finding_count(), 1u);
  EXPECT_EQ(verify("nobody").events, 0u);
}

TEST_F(ChainVerifierTest, EveryChangedBitOfTheOctetsIsFoundAtItsEvent) {
  const std::string original = rows_[4].canonical;
  for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
    rows_[4].canonical = original;
    rows_[4].canonical[bit / 8] = static_cast<char>(rows_[4].canonical[bit / 8] ^ (1 << (bit % 8)));
    const Verified verifier = verify();
    ASSERT_EQ(verifier.finding_count(), 1u) << "bit " << bit;
    ASSERT_EQ(verifier.findings()[0].commit_index, 4u) << "bit " << bit;
    ASSERT_THAT(verifier.findings()[0].what, HasSubstr("hash mismatch at sequence 4"));
  }
}

TEST_F(ChainVerifierTest, EveryChangedBitOfAHashIsFoundOnce) {
  for (std::string Row::*column : {&Row::hash, &Row::prev_hash}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{4}, rows_.size() - 1}) {
      const std::string original = rows_[at].*column;
      for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
        std::string changed = original;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        rows_[at].*column = changed;
        const Verified verifier = verify();
        ASSERT_EQ(verifier.finding_count(), 1u) << "row " << at << " bit " << bit;
        ASSERT_EQ(verifier.findings()[0].commit_index, at);
        ASSERT_EQ(verifier.findings()[0].verdict, Verdict::kTampered);
      }
      rows_[at].*column = original;
    }
  }
}

TEST_F(ChainVerifierTest, HashesOfAnotherSizeAreFound) {
  rows_[4].hash += '\0';
  EXPECT_THAT(fault(), HasSubstr("hash mismatch at sequence 4"));
  rows_[4].hash = "";
  EXPECT_THAT(fault(), HasSubstr("hash mismatch at sequence 4"));
}

TEST_F(ChainVerifierTest, DeletedRowIsAGapInItsChainAndInTheLedger) {
  rows_.erase(rows_.begin() + 3);  // sequence 3 of `agent`; the next row is of the same agent
  const std::string what = fault();
  EXPECT_THAT(what, HasSubstr("sequence gap: expected 3 at sequence 4"));
  EXPECT_THAT(what, HasSubstr("prev_hash mismatch"));
  EXPECT_THAT(what, HasSubstr("commit index 4 where 3 was expected"));
}

TEST_F(ChainVerifierTest, DeletedLastRowOfAnAgentIsAGapInTheLedger) {
  rows_.erase(rows_.begin() + 11);
  EXPECT_EQ(verify().finding_count(), 0u) << "only a head can show that the tail was cut";
  rows_.erase(rows_.begin() + 8);
  EXPECT_THAT(fault(), HasSubstr("commit index 9 where 8 was expected"));
}

TEST_F(ChainVerifierTest, DuplicatedRowIsFound) {
  Row copy = rows_[5];
  copy.commit_index = rows_.size();
  rows_.push_back(copy);
  EXPECT_THAT(fault(), HasSubstr("sequence gap: expected 5 at sequence 2"));
}

TEST_F(ChainVerifierTest, SwappedRowsAreFound) {
  std::swap(rows_[3].canonical, rows_[4].canonical);
  EXPECT_EQ(verify().finding_count(), 2u);
}

TEST_F(ChainVerifierTest, RenumberedRowIsFound) {
  rows_[4].sequence = 9;
  const Verified verifier = verify();
  EXPECT_GE(verifier.finding_count(), 1u);
  EXPECT_THAT(verifier.findings()[0].what, HasSubstr("sequence gap: expected 4 at sequence 9"));
}

TEST_F(ChainVerifierTest, AgentOfTheRowMustBeTheAgentOfTheOctets) {
  rows_[0].agent = "nested";  // nested members do not count
  const Verified verifier = verify();
  EXPECT_THAT(verifier.findings()[0].what, HasSubstr("column agent differs from the event's agent_id"));
}

TEST_F(ChainVerifierTest, IdOfTheRowMustBeTheIdOfTheOctets) {
  rows_[7].id[15] ^= 1;
  EXPECT_THAT(fault(), HasSubstr("column id differs from the event's id at sequence 6"));
}

TEST_F(ChainVerifierTest, RewrittenChainWithoutAnOutsideHeadPassesAndSaysSoNowhere) {
  // A chain does not protect against somebody who can rewrite it to the end. A head that is kept elsewhere does.
  std::vector<Row> old;
  rows_.swap(old);
  for (const Row& row : old) append(row.agent);
  EXPECT_EQ(verify().finding_count(), 0u);
}

TEST_F(ChainVerifierTest, FindingsAreKeptUpToALimitAndCountedBeyond) {
  for (int i = 0; i < 200; ++i) append("agent");
  for (Row& row : rows_) row.canonical[20] ^= 1;
  const Verified verifier = verify();
  EXPECT_EQ(verifier.finding_count(), rows_.size());
  EXPECT_EQ(verifier.findings().size(), Findings::kMaxKept);
}

TEST_F(ChainVerifierTest, ReadersFindingAndTheRowsOwnAreOne) {
  rows_[0].fault = "column id has the wrong type";
  rows_[0].id[3] ^= 1;
  EXPECT_THAT(fault(), HasSubstr("wrong type at sequence 1; column id differs"));
}

TEST(ChainHash, IsSha256OfTheOctetsAndTheHexadecimalTextOfThePredecessor) {
  const Digest first = chain_hash("{}", kGenesis);
  EXPECT_EQ(first, sha256("{}" + std::string(64, '0')));
  EXPECT_EQ(chain_hash("{}", first), sha256("{}" + hex_encode(first.data(), first.size())));
}

TEST(Verdicts, HaveNamesAndExitCodesOfTheirOwn) {
  std::set<int> codes;
  std::set<std::string_view> names;
  int valid = 0;
  for (int i = 0; i <= static_cast<int>(Verdict::kTampered); ++i) {
    const auto verdict = static_cast<Verdict>(i);
    codes.insert(verdict_exit_code(verdict));
    names.insert(verdict_name(verdict));
    valid += verdict_valid(verdict) ? 1 : 0;
  }
  EXPECT_EQ(codes.size(), 13u);
  EXPECT_EQ(names.size(), 13u);
  EXPECT_EQ(valid, 5);
  EXPECT_EQ(verdict_name(Verdict::kOkWithTail), "OK_WITH_TAIL");
  EXPECT_EQ(verdict_name(Verdict::kTampered), "TAMPERED");
  EXPECT_EQ(verdict_exit_code(Verdict::kOk), 0);
}

}  // namespace
}  // namespace plog::ledger
