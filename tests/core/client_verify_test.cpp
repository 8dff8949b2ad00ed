// Verification of ledgers that clients wrote: each check is needed, and sound ledgers get a valid verdict.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "base/encoding.h"
#include "client/client.h"
#include "client/verification.h"
#include "crypto/sha256.h"
#include "heads/file_key_source.h"
#include "heads/heads.h"
#include "store_fixture.h"
#include "writer/committer.h"

namespace plog::client {
namespace {

using ledger::Check;
using ledger::Verdict;

class ClientVerifyTest : public ::testing::Test {
 protected:
  static constexpr int kFirst = 300, kSecond = 300;

  void SetUp() override {
    unsetenv("PROVENLOG_CONFIG");
    setenv("HOME", directory_.path().c_str(), 1);
  }
  std::string path() const { return directory_.path() + "/events.db"; }
  store::LedgerAddress address() const { return store::LedgerAddress::at(path()); }

  std::unique_ptr<Client> open(const std::string& agent = "agent") const {
    ClientOptions options;
    options.db_path = path();
    options.agent_id = agent;
    return std::make_unique<Client>(options);
  }
  void record(int count) const {
    const auto client = open();
    for (int i = 0; i < count; ++i) {
      client->log(R"({"action_type":"TOOL_CALL","action_name":"n","session_id":"s","labels":{"env":"prod"},)"
                  R"("tool_call_id":"t)" +
                  std::to_string(i) + R"(","action_input":{"n":)" + std::to_string(i) + "}}");
    }
    client->close(-1);
  }
  // Records events under a head, and after them a tail that no head covers.
  void record_with_tail() const {
    {
      const auto client = open();
      client->set_context("env", "prod", R"({"owner":"me"})");
      client->log(R"({"agent_id":"other","duration_ms":"x"})");  // with a warning
      client->log(R"({"agent_id":"single"})");
      client->close(-1);
    }
    record(kFirst);
    const std::string head = read(path() + ".head");
    record(kSecond);
    {
      const auto client = open();
      client->log(R"({"agent_id":"other","duration_ms":"x"})");
      client->log(R"({"agent_id":"last"})");
      client->close(-1);
    }
    write(path() + ".head", head);
    sql("UPDATE meta SET value = '" + head + "' WHERE key = 'head'");
  }

  static std::string read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const std::string& file, const std::string& text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  }
  void sql(const std::string& text) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message << " in " << text;
    sqlite3_free(message);
    sqlite3_close(db);
  }
  // STRICT tables reject wrong types, but an attacker can edit the schema first.
  void sql_loosely(const std::string& text) const {
    sql("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'event'; "
        "PRAGMA writable_schema=RESET");
    sql(text);
  }
  crypto::Signer signer() const {
    const auto head = ledger::parse_checkpoint(crypto::parse_note(read(path() + ".head"))->text);
    return std::move(*heads::FileKeySource(path() + ".key").read(head->origin));
  }
  // A head signed by the ledger's own key.
  void sign_head(const std::function<void(ledger::Checkpoint&)>& change) const {
    auto head = *ledger::parse_checkpoint(crypto::parse_note(read(path() + ".head"))->text);
    change(head);
    write(path() + ".head", ledger::sign_checkpoint(head, signer()));
  }
  // Commits an event to its chain and the tree like any other, whatever it contains.
  void commit(const std::string& canonical) const {
    const auto store = store::open(address(), store::OpenMode::kReadWrite);
    writer::Committer committer(*store, path(), heads::file_heads(address(), {}), true, nullptr);
    const auto lease = store->lock_writer(5000);
    committer.begin();
    event::Prepared event;
    event.canonical = canonical;
    event.index = event::index_of(canonical);
    committer.add(event);
    committer.commit(false);
  }
  static std::string system_event(const std::string& name, const std::string& input) {
    return R"({"action_input":)" + input + R"(,"action_name":")" + name +
           R"(","action_type":"SYSTEM","agent_id":"provenlog","id":")" + format_uuid(uuid_v7()) +
           R"(","timestamp":"2026-02-17T00:00:00.000000Z"})";
  }

  verify::Report verify(verify::Level level = verify::Level::kFull, ledger::Checks checks = {}) const {
    verify::Request request;
    request.level = level;
    request.checks = checks;
    request.read_only = true;
    return verify_ledger(address(), request);
  }

  store::TemporaryDirectory directory_;
};

struct Case {
  friend void PrintTo(const Case& entry, std::ostream* out) { *out << entry.name; }
  Check check;
  const char* name;
  verify::Level level;
  Verdict verdict;
  void (*tamper)(const ClientVerifyTest&);
};

// Gives the table of cases access to protected members of the fixture.
class Tool : public ClientVerifyTest {
 public:
  using ClientVerifyTest::address;
  using ClientVerifyTest::commit;
  using ClientVerifyTest::path;
  using ClientVerifyTest::read;
  using ClientVerifyTest::sign_head;
  using ClientVerifyTest::signer;
  using ClientVerifyTest::sql;
  using ClientVerifyTest::sql_loosely;
  using ClientVerifyTest::system_event;
  using ClientVerifyTest::write;
  void TestBody() override {}
};
const Tool& tool(const ClientVerifyTest& test) { return static_cast<const Tool&>(test); }

#define SQL(text) [](const ClientVerifyTest& test) { tool(test).sql(text); }

const Case kCases[] = {
    {Check::kPlace, "the last row of an agent deleted", verify::Level::kChain, Verdict::kTampered,
     SQL("DELETE FROM event WHERE commit_index = 3")},
    {Check::kSequence, "the last sequence of an agent", verify::Level::kChain, Verdict::kTampered,
     SQL("UPDATE event SET sequence = 7 WHERE commit_index = (SELECT max(commit_index) FROM event)")},
    {Check::kHash, "content", verify::Level::kChain, Verdict::kTampered,
     SQL("UPDATE event SET canonical = CAST(replace(CAST(canonical AS TEXT), 'TOOL', 'FOOL') AS BLOB) "
         "WHERE commit_index = 99")},
    {Check::kIdentity, "the id of a row", verify::Level::kChain, Verdict::kTampered,
     SQL("UPDATE event SET id = zeroblob(16) WHERE commit_index = 99")},
    {Check::kTypes, "text instead of bytes", verify::Level::kChain, Verdict::kTampered,
     [](const ClientVerifyTest& test) {
       tool(test).sql_loosely("UPDATE event SET canonical = CAST(canonical AS TEXT) WHERE commit_index = 99");
     }},
    {Check::kPrevHash, "a link with its hash recomputed", verify::Level::kChain, Verdict::kTampered,
     [](const ClientVerifyTest& test) {
       const auto store = store::open(tool(test).address(), store::OpenMode::kReadOnly);
       std::vector<store::EventRow> rows;
       store::Filter filter;
       filter.agent = "agent";
       filter.descending = true;
       store->page(filter, 1, rows);
       const Digest hash = sha256(rows[0].canonical, std::string(64, '0'));
       tool(test).sql("UPDATE event SET prev_hash = zeroblob(32), hash = x'" + hex_encode(hash.data(), hash.size()) +
                      "' WHERE commit_index = " + std::to_string(rows[0].commit_index));
     }},
    {Check::kLeaf, "warnings in the tail", verify::Level::kTree, Verdict::kTampered,
     SQL("UPDATE event SET warnings = x'5b5d' WHERE commit_index = (SELECT max(commit_index) FROM event WHERE warnings "
         "IS NOT NULL)")},
    {Check::kTile, "a deleted tile", verify::Level::kTree, Verdict::kTampered, SQL("DELETE FROM tile WHERE place = 0")},
    {Check::kUpperTile, "a tile above the leaves", verify::Level::kTree, Verdict::kTampered,
     SQL("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE place = 1 << 56")},
    {Check::kForeignTile, "a surplus tile", verify::Level::kTree, Verdict::kTampered,
     SQL("INSERT INTO tile VALUES (5 << 56, zeroblob(32))")},
    {Check::kTreeSize, "the newest rows deleted", verify::Level::kTree, Verdict::kTruncated,
     SQL("DELETE FROM event WHERE commit_index > 590")},
    {Check::kKeyEvent, "an unsigned rotation", verify::Level::kTree, Verdict::kTampered,
     [](const ClientVerifyTest& test) {
       const std::string origin = tool(test).signer().name();
       const std::string vkey = crypto::Signer::generate(origin).verifier().format();
       tool(test).commit(tool(test).system_event(
           "key.rotated", R"({"epoch":2,"note":"x","origin":")" + origin + R"(","vkey":")" + vkey + "\"}"));
     }},
    {Check::kHeadSignature, "a head signed by another key", verify::Level::kTree, Verdict::kUnverifiable,
     [](const ClientVerifyTest& test) {
       const std::string file = tool(test).path() + ".head";
       const auto head = *ledger::parse_checkpoint(crypto::parse_note(tool(test).read(file))->text);
       tool(test).write(file, ledger::sign_checkpoint(head, crypto::Signer::generate(head.origin)));
     }},
    {Check::kHeadSize, "a head over more events", verify::Level::kTree, Verdict::kRolledBack,
     [](const ClientVerifyTest& test) { tool(test).sign_head([](ledger::Checkpoint& head) { head.size += 10000; }); }},
    {Check::kHeadRoot, "a head over other events", verify::Level::kTree, Verdict::kTampered,
     [](const ClientVerifyTest& test) { tool(test).sign_head([](ledger::Checkpoint& head) { head.root[7] ^= 1; }); }},
    {Check::kBranch, "a head that the writer found to be ahead", verify::Level::kTree, Verdict::kRolledBack,
     [](const ClientVerifyTest& test) {
       tool(test).sign_head([](ledger::Checkpoint& head) { head.size += 10000; });
       tool(test).commit(tool(test).system_event("note", "{}"));
     }},
    {Check::kSchema, "a view", verify::Level::kTree, Verdict::kTampered,
     SQL("CREATE VIEW mine AS SELECT * FROM event")},
    {Check::kStructure, "two indexes swapped", verify::Level::kFull, Verdict::kTampered,
     SQL("PRAGMA writable_schema=ON; CREATE TEMP TABLE page AS SELECT name, rootpage FROM main.sqlite_schema; "
         "UPDATE sqlite_master SET rootpage = (SELECT page.rootpage FROM page WHERE page.name = CASE "
         "sqlite_master.name WHEN "
         "'event_name' THEN 'event_type' ELSE 'event_name' END) WHERE name IN ('event_name', 'event_type')")},
    {Check::kCanonical, "members out of order", verify::Level::kFull, Verdict::kTampered,
     [](const ClientVerifyTest& test) {
       tool(test).commit(R"({"agent_id":"sly","id":")" + format_uuid(uuid_v7()) +
                         R"(","zone":1,"timestamp":"2026-02-17T00:00:00.000000Z"})");
     }},
    {Check::kColumn, "a column that filters read", verify::Level::kFull, Verdict::kTampered,
     SQL("UPDATE event SET name = NULL WHERE commit_index = 99")},
    {Check::kLabel, "a deleted label", verify::Level::kFull, Verdict::kTampered,
     SQL("DELETE FROM event_label WHERE commit_index = 99")},
    {Check::kLabel, "an added label", verify::Level::kFull, Verdict::kTampered,
     SQL("INSERT INTO event_label SELECT label, 2 FROM event_label LIMIT 1")},
    {Check::kReference, "a deleted reference", verify::Level::kFull, Verdict::kTampered,
     SQL("DELETE FROM event_reference WHERE commit_index = 99")},
    {Check::kReference, "an added reference", verify::Level::kFull, Verdict::kTampered,
     SQL("INSERT INTO event_reference VALUES (2, 'mine', 2)")},
    {Check::kActivity, "a sum", verify::Level::kFull, Verdict::kTampered,
     SQL("UPDATE activity SET errors = errors + 1 WHERE session <> 0")},
    {Check::kActivity, "a sum without events", verify::Level::kFull, Verdict::kTampered,
     SQL("INSERT INTO activity VALUES (1, 1, 1, 0, 0, 0, 0)")},
    {Check::kTimeBlock, "the times of a block", verify::Level::kFull, Verdict::kTampered,
     SQL("UPDATE time_block SET max_time = min_time")},
    {Check::kContext, "a context", verify::Level::kFull, Verdict::kTampered,
     SQL("UPDATE label_context SET context = '{}'")},
    {Check::kMeta, "the ledger's id", verify::Level::kTree, Verdict::kTampered,
     SQL("UPDATE meta SET value = 'other' WHERE key = 'ledger_id'")},
};

TEST_F(ClientVerifyTest, ASoundLedgerWithATailIsSound) {
  record_with_tail();
  for (const verify::Level level : {verify::Level::kTree, verify::Level::kFull}) {
    const verify::Report report = verify(level);
    EXPECT_EQ(report.verdict, Verdict::kOkWithTail) << report.error;
    EXPECT_EQ(report.tail, std::uint64_t{kSecond} + 2);
  }
  EXPECT_EQ(verify(verify::Level::kChain).verdict, Verdict::kOk);
}

class EachCheck : public ClientVerifyTest, public ::testing::WithParamInterface<Case> {};

// The mutation test of the verifier: the check finds its fault, and without the check nothing else does.
TEST_P(EachCheck, IsNeeded) {
  record_with_tail();
  GetParam().tamper(*this);
  const verify::Report with = verify(GetParam().level);
  EXPECT_EQ(with.verdict, GetParam().verdict) << with.json();
  const verify::Report without = verify(GetParam().level, ledger::Checks::all_but(GetParam().check));
  EXPECT_TRUE(ledger::verdict_valid(without.verdict)) << without.json();
}

INSTANTIATE_TEST_SUITE_P(Verification, EachCheck, ::testing::ValuesIn(kCases),
                         [](const ::testing::TestParamInfo<Case>& entry) {
                           std::string name = std::to_string(entry.index);
                           for (const char c : std::string_view(entry.param.name)) {
                             if (c != ' ' && c != '\'') name += c;
                           }
                           return name;
                         });

TEST(EveryCheck, HasACase) {
  for (unsigned check = 0; check <= static_cast<unsigned>(Check::kMeta); ++check) {
    EXPECT_TRUE(std::any_of(std::begin(kCases), std::end(kCases),
                            [&](const Case& entry) { return entry.check == static_cast<Check>(check); }))
        << "check " << check;
  }
}

TEST_F(ClientVerifyTest, EventsOfADeadProcessAreAdoptedAndThenSaidSo) {
  record(10);
  const pid_t child = fork();
  if (child == 0) {
    const auto client = open("dead");
    client->log("{}");
    client->log("{}");
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(verify().pending, 2u);
  EXPECT_EQ(verify().verdict, Verdict::kOk) << "nothing was adopted";
  const std::string head = read(path() + ".head");
  const verify::Report report = verify_ledger(address(), {});
  EXPECT_EQ(report.verdict, Verdict::kRecovered) << report.error;
  EXPECT_EQ(report.recovered, 2u);
  EXPECT_EQ(report.tail, 2u);
  EXPECT_EQ(read(path() + ".head"), head) << "verification signs no head";
}

TEST_F(ClientVerifyTest, NothingIsAdoptedWhereHeadAndLedgerDisagree) {
  record(10);
  const pid_t child = fork();
  if (child == 0) {
    const auto client = open("dead");
    client->log("{}");
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  sign_head([](ledger::Checkpoint& head) { head.root[3] ^= 1; });
  const verify::Report report = verify_ledger(address(), {});
  EXPECT_EQ(report.verdict, Verdict::kTampered);
  EXPECT_EQ(report.pending, 1u);
  EXPECT_EQ(report.events, 11u);
}

TEST_F(ClientVerifyTest, AClientsLedgerIsVerifiedWithAHeadOverAllOfIt) {
  const auto client = open();
  for (int i = 0; i < 100; ++i) client->log("{}");
  const verify::Report report = verify_client(*client, {});
  EXPECT_EQ(report.verdict, Verdict::kOk) << report.error;
  EXPECT_EQ(report.tail, 0u);
  EXPECT_EQ(report.assurance, "signed");
  EXPECT_EQ(report.assurance_events, 101u);
}

TEST_F(ClientVerifyTest, ALedgerThatIsWrittenToMeanwhileIsSound) {
  const auto client = open();
  for (int i = 0; i < 5000; ++i) client->log(R"({"labels":{"k":")" + std::to_string(i % 7) + R"("},"session_id":"s"})");
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      client->log(R"({"labels":{"k":")" + std::to_string(i % 7) + R"("},"session_id":"s"})");
      if (i % 1000 == 0) client->set_context("k", "1", R"({"n":)" + std::to_string(i) + "}");
      if (i % 50 == 0) usleep(500);
    }
  });
  for (int i = 0; i < 5; ++i) {
    const verify::Report report = verify(verify::Level::kFull);
    EXPECT_TRUE(ledger::verdict_valid(report.verdict)) << report.json();
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace plog::client
