// Files that are deleted while a client uses them: acknowledged events that are not committed yet are kept, and the
// client reports an error.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "client/client.h"
#include "client/cursor.h"
#include "client/verification.h"

namespace plog::client {
namespace {

namespace fs = std::filesystem;

class DeletionTest : public testing::Test {
 protected:
  DeletionTest() {
    std::string pattern = fs::temp_directory_path() / "plog-deletion-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    setenv("HOME", directory_.c_str(), 1);
  }
  ~DeletionTest() override { fs::remove_all(directory_); }

  ClientOptions options(const fs::path& db) const {
    ClientOptions options;
    options.db_path = db.string();
    options.agent_id = "a";
    return options;
  }

  // The names of all events, including system events, in commit order.
  static std::vector<std::string> names(Client& client) {
    std::vector<std::string> result;
    Cursor cursor(client, R"({"include_system":true})");
    while (const std::string* event = cursor.next()) {
      result.push_back(json::parse(*event).find("action_name")->text());
    }
    return result;
  }

  fs::path directory_;
};

TEST_F(DeletionTest, ADeletedLedgerIsBegunAnewAndTold) {
  const fs::path home = directory_ / "ledger";
  Client client(options(home / "events.db"));
  client.log(R"({"action_name":"lost with the file"})");
  client.flush(5000);
  client.log(R"({"action_name":"second"})");
  fs::remove_all(home);
  client.log(R"({"action_name":"third"})");
  client.flush(5000);

  const auto error = client.next_error(1000);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->status(), Status::kIo);
  EXPECT_NE(std::string(error->what()).find("deleted"), std::string::npos);
  EXPECT_EQ(names(client), (std::vector<std::string>{"ledger.created", "gap", "second", "third"}));
  EXPECT_EQ(verify_client(client, {}).verdict, ledger::Verdict::kOk);
}

TEST_F(DeletionTest, ADatabaseThatIsDeletedAloneIsNotFilledFromItsOldLog) {
  const fs::path db = directory_ / "events.db";
  Client client(options(db));
  for (int i = 0; i < 5; ++i) client.log(R"({"action_name":"before"})");
  client.flush(5000);
  fs::remove(db);
  client.log(R"({"action_name":"after"})");
  client.flush(5000);

  const std::vector<std::string> recorded = names(client);
  EXPECT_EQ(std::count(recorded.begin(), recorded.end(), "after"), 1);
  int orphans = 0;
  for (const auto& entry : fs::directory_iterator(directory_)) {
    orphans += entry.path().filename().string().starts_with("events.db-wal.orphaned-") ? 1 : 0;
  }
  EXPECT_EQ(orphans, 1);
  // The old head is still beside the ledger, which does not extend it; but nothing contradicts itself.
  const verify::Report report = verify_client(client, {});
  EXPECT_NE(report.verdict, ledger::Verdict::kTampered) << report.error;
}

TEST_F(DeletionTest, ADeletedJournalLosesNothing) {
  Client client(options(directory_ / "events.db"));
  client.log(R"({"action_name":"first"})");
  fs::remove_all(directory_ / "events.db.journal");
  client.log(R"({"action_name":"second"})");
  client.flush(5000);
  EXPECT_EQ(names(client), (std::vector<std::string>{"ledger.created", "first", "second"}));
  // The thread notices within about a second and reports an error.
  const auto error = client.next_error(5000);
  ASSERT_TRUE(error.has_value());
  EXPECT_NE(std::string(error->what()).find("journal"), std::string::npos);
  client.log(R"({"action_name":"third"})");
  EXPECT_TRUE(fs::exists(directory_ / "events.db.journal"));
  client.flush(5000);
  EXPECT_EQ(names(client).back(), "third");
}

TEST_F(DeletionTest, AnUnknownAgentIsNeverValidNorIsAnEmptyOne) {
  Client client(options(directory_ / "events.db"));
  client.log(R"({"action_name":"first"})");
  for (const char* agent : {"nobody", ""}) {
    verify::Request request;
    request.agent = agent;
    const verify::Report report = verify_client(client, request);
    EXPECT_EQ(report.verdict, ledger::Verdict::kMissingLog) << agent;
    EXPECT_FALSE(report.error.empty());
  }
}

}  // namespace
}  // namespace plog::client
