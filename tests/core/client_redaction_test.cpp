// Tests what a ledger records about the redaction rules of its writers and about how much content they keep.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "client/client.h"
#include "client/cursor.h"
#include "client/verification.h"
#include "json/value.h"

namespace plog::client {
namespace {

namespace fs = std::filesystem;

class RedactionOnRecord : public testing::Test {
 protected:
  RedactionOnRecord() {
    std::string pattern = fs::temp_directory_path() / "plog-redaction-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    setenv("HOME", directory_.c_str(), 1);
    options_.db_path = (directory_ / "events.db").string();
    options_.agent_id = "a";
  }
  ~RedactionOnRecord() override {
    unsetenv("PROVENLOG_CONFIG");
    fs::remove_all(directory_);
  }

  void configure(const std::string& text) {
    const fs::path path = directory_ / "config.yaml";
    std::ofstream(path) << text;
    setenv("PROVENLOG_CONFIG", path.c_str(), 1);
  }

  // The redaction rules recorded in the system events that a client sees, in order.
  static std::vector<json::Value> rules(Client& client) {
    std::vector<json::Value> found;
    Cursor cursor(client, R"({"include_system":true,"agent_id":"provenlog"})");
    while (const std::string* text = cursor.next()) {
      const json::Value event = json::parse(*text);
      const std::string name = event.find("action_name")->text();
      const json::Value& input = *event.find("action_input");
      if (name == "ledger.created") found.push_back(*input.find("redaction"));
      if (name == "redaction.changed") found.push_back(input);
    }
    return found;
  }
  std::vector<json::Value> rules() {
    Client client(options_);
    return rules(client);
  }
  static std::string text(const json::Value& object, const char* member) { return object.find(member)->canonical(); }

  fs::path directory_;
  ClientOptions options_;
};

TEST_F(RedactionOnRecord, TheFirstEventSaysByWhichRulesTheLedgerBegan) {
  ASSERT_EQ(rules().size(), 1U);
  const json::Value first = rules()[0];
  EXPECT_EQ(text(first, "profile"), "\"default\"");
  EXPECT_EQ(text(first, "capture_content"), "\"redacted\"");
  EXPECT_EQ(text(first, "custom_rules"), "0");
  EXPECT_GT(first.find("detectors")->to_double(), 200);
  EXPECT_EQ(first.find("digest")->text().size(), 64U);
}

TEST_F(RedactionOnRecord, AClientWithOtherRulesIsRecordedOnceAndSoIsTheWayBack) {
  const std::string first = text(rules()[0], "digest");
  configure("redaction: {rules: [{name: mrn, pattern: 'MRN-\\d+'}], profile: strict}");
  ASSERT_EQ(rules().size(), 2U);
  const std::vector<json::Value> changed = rules();
  ASSERT_EQ(changed.size(), 2U);
  EXPECT_EQ(text(changed[1], "profile"), "\"strict\"");
  EXPECT_EQ(text(changed[1], "custom_rules"), "1");
  EXPECT_NE(text(changed[1], "digest"), first);
  EXPECT_EQ(changed[1].canonical().find("MRN"), std::string::npos);
  unsetenv("PROVENLOG_CONFIG");
  ASSERT_EQ(rules().size(), 3U);
  EXPECT_EQ(text(rules()[2], "digest"), first);
}

TEST_F(RedactionOnRecord, SwitchedOffIsOnRecordToo) {
  rules();
  configure("redaction: {enabled: false}");
  EXPECT_EQ(text(rules()[1], "profile"), "\"off\"");
  EXPECT_EQ(text(rules()[1], "detectors"), "0");
}

TEST_F(RedactionOnRecord, WhatIsKeptOfContentIsAPartOfIt) {
  rules();
  configure("capture_content: {default: digest, fields: {labels: none}}");
  EXPECT_EQ(text(rules()[1], "capture_content"), R"({"default":"digest","fields":{"labels":"none"}})");
  options_.capture_content = "none";
  EXPECT_EQ(text(rules()[2], "capture_content"), "\"none\"");
}

TEST_F(RedactionOnRecord, EachClientOfOneProcessIsLookedAt) {
  Client plain(options_);
  options_.capture_content = "none";
  Client bare(options_);
  options_.capture_content = R"({"default":"none"})";
  Client same(options_);
  plain.log(R"({"action_input":"kept"})");
  bare.log(R"({"action_input":"not"})");
  EXPECT_EQ(rules(plain).size(), 2U);
  Cursor cursor(plain, "{}");
  EXPECT_NE(cursor.next()->find("\"kept\""), std::string::npos);
  EXPECT_NE(cursor.next()->find("\"omitted\":true"), std::string::npos);
}

TEST_F(RedactionOnRecord, ALedgerThatIsBegunAgainUnderAClientSaysItToo) {
  options_.capture_content = "digest";
  Client client(options_);
  client.log("{}");
  client.flush(5000);
  fs::remove(*options_.db_path);
  client.log("{}");
  client.flush(5000);
  ASSERT_EQ(rules(client).size(), 1U);
  EXPECT_EQ(text(rules(client)[0], "capture_content"), "\"digest\"");
}

TEST_F(RedactionOnRecord, AChildOfAForkAddsNothing) {
  Client client(options_);
  client.log("{}");
  client.flush(5000);
  const pid_t child = ::fork();
  if (child == 0) {
    client.log("{}");
    client.flush(5000);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(rules(client).size(), 1U);
}

TEST_F(RedactionOnRecord, VerificationComparesTheTableMetaWithIt) {
  rules();
  configure("redaction: {profile: strict}");
  rules();
  EXPECT_EQ(verify_ledger(store::LedgerAddress::at(*options_.db_path), {}).verdict, ledger::Verdict::kOk);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(options_.db_path->c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "UPDATE meta SET value = 'x' WHERE key = 'redaction'", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  EXPECT_EQ(verify_ledger(store::LedgerAddress::at(*options_.db_path), {}).verdict, ledger::Verdict::kTampered);
}

// ---- Contexts of labels

TEST_F(RedactionOnRecord, ContextsAreKeptAsFarAsContentIs) {
  options_.capture_content = R"({"fields":{"context":"digest"}})";
  Client client(options_);
  client.set_context("team", "search", R"({"lead":"ada@example.com"})");
  EXPECT_EQ(client.context("team", "search")->substr(0, 27), R"({"bytes":27,"omitted":true,)");
  options_.capture_content = "full";
  Client full(options_);
  full.set_context("team", "search", R"({"lead":"ada@example.com"})");
  EXPECT_EQ(full.context("team", "search"), R"({"lead":"[REDACTED:email]"})");
}

}  // namespace
}  // namespace plog::client
