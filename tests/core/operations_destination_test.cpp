// What operations write to: never to a file of the ledger itself, and nothing for a closed client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "base/file.h"
#include "operations/heads.h"
#include "operations/operations.h"
#include "operations/source.h"
#include "store/ledger_paths.h"
#include "store_fixture.h"

namespace plog::operations {
namespace {

namespace fs = std::filesystem;
using json::Value;
using testing::HasSubstr;

class Destinations : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"PROVENLOG_CONFIG", "PROVENLOG_DB_PATH", "PROVENLOG_SERVER_URL"}) unsetenv(name);
    setenv("HOME", directory_.path().c_str(), 1);
    open();
  }
  void TearDown() override { unsetenv("PROVENLOG_CONFIG"); }

  void open() {
    client::ClientOptions options;
    options.db_path = path("events.db");
    options.agent_id = "a";
    client_.emplace(options);
    client_->log(R"({"id":"one"})");
    operations::call(&*client_, "checkpoint", "");
  }
  void configure(const std::string& text) {
    std::ofstream(path("config.yaml")) << text;
    setenv("PROVENLOG_CONFIG", path("config.yaml").c_str(), 1);
    client_.reset();
    open();
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  static std::string quoted(const std::string& text) { return Value(text).canonical(); }
  // The message of the error with which a call fails.
  static std::string failure(client::Client* client, std::string_view name, const std::string& parameters,
                             Status status = Status::kInvalid) {
    try {
      operations::call(client, name, parameters);
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), status) << error.what();
      return error.what();
    }
    return "no failure";
  }
  // Expects that nothing can be written to the path, by whichever operation, and that what lies there stays as it is.
  void expect_refused(const std::string& name) {
    SCOPED_TRACE(name);
    const std::string target = path(name);
    const bool file = fs::is_regular_file(target), existed = fs::exists(target);
    const std::string before = file ? read_file(target, 64 << 20) : std::string();
    const std::string said = target + " belongs to the ledger " + client_->address().path() + "; choose another path";
    const std::string given = "{\"path\":" + quoted(target);
    const std::string of_ledger = ",\"db_path\":" + quoted(path("events.db")) + "}";
    EXPECT_THAT(failure(&*client_, "export", given + "}"), HasSubstr(said));
    EXPECT_THAT(failure(&*client_, "export", given + R"(,"overwrite":true})"), HasSubstr(said));
    EXPECT_THAT(failure(&*client_, "export", given + R"(,"tiles":true})"), HasSubstr(said));
    EXPECT_THAT(failure(&*client_, "backup", given + "}"), HasSubstr(said));
    EXPECT_THAT(failure(nullptr, "export", given + R"(,"overwrite":true)" + of_ledger), HasSubstr(said));
    EXPECT_THAT(failure(nullptr, "backup", given + of_ledger), HasSubstr(said));
    EXPECT_EQ(fs::exists(target), existed);
    EXPECT_EQ(file ? read_file(target, 64 << 20) : std::string(), before);
  }
  void expect_sound() {
    const Value report = json::parse(operations::call(&*client_, "verify", ""));
    EXPECT_EQ(report.find("verdict")->text(), "OK") << report.canonical();
  }

  store::TemporaryDirectory directory_;
  std::optional<client::Client> client_;
};

TEST_F(Destinations, AreNeverFilesOfTheLedger) {
  for (const char* name : {"events.db", "events.db.key", "events.db.head", "events.db-wal", "events.db-shm",
                           "events.db.lock", "events.db.journal", "events.db.journal/new", "events.db-journal"}) {
    expect_refused(name);
  }
  expect_sound();
}

TEST_F(Destinations, AreNeverLinksToFilesOfTheLedger) {
  fs::create_symlink(path("events.db"), path("symbolic"));
  fs::create_hard_link(path("events.db.key"), path("hard"));
  fs::create_directory_symlink(directory_.path(), path("home"));
  for (const char* name : {"symbolic", "hard", "home/events.db", "home/events.db-wal"}) expect_refused(name);
  expect_sound();
}

TEST_F(Destinations, AreNeverTheConfiguredKeyAndHeads) {
  // Another key would begin another branch, so this ledger starts with it.
  client_.reset();
  for (const char* name : {"events.db", "events.db-wal", "events.db-shm", "events.db.head", "events.db.key"}) {
    fs::remove(path(name));
  }
  configure("key_path: " + path("my.key") + "\nhead_copies:\n  - " + path("copy.head") + "\n");
  for (const char* name : {"my.key", "copy.head"}) {
    ASSERT_TRUE(fs::exists(path(name))) << name;
    expect_refused(name);
  }
  fs::create_hard_link(path("my.key"), path("hard"));
  expect_refused("hard");
  expect_sound();
}

TEST_F(Destinations, BesideTheLedgerAreWritten) {
  for (const char* name : {"events.db.plog", "export", "events"}) {
    EXPECT_NO_THROW(operations::call(&*client_, "export", "{\"path\":" + quoted(path(name)) + "}")) << name;
  }
  EXPECT_NO_THROW(operations::call(&*client_, "export", "{\"tiles\":true,\"path\":" + quoted(path("tiles")) + "}"));
  EXPECT_NO_THROW(operations::call(&*client_, "backup", "{\"path\":" + quoted(path("events.db.backup")) + "}"));
  expect_sound();
}

TEST_F(Destinations, OfABackupHaveNoLogOfAnotherDatabase) {
  std::ofstream(path("copy.db-wal")) << "frames of another database";
  EXPECT_THAT(failure(&*client_, "backup", "{\"path\":" + quoted(path("copy.db")) + "}"),
              HasSubstr("copy.db-wal exists"));
  EXPECT_FALSE(fs::exists(path("copy.db")));
  fs::remove(path("copy.db-wal"));
  EXPECT_NO_THROW(operations::call(&*client_, "backup", "{\"path\":" + quoted(path("copy.db")) + "}"));
}

TEST_F(Destinations, OfARestoredLedgerAreNotFilesOfItsBackup) {
  operations::call(&*client_, "backup", "{\"path\":" + quoted(path("copy.db")) + "}");
  for (const char* name : {"copy.db-wal", "copy.db.key", "copy.db.head"}) {
    const bool existed = fs::exists(path(name));
    EXPECT_THAT(
        failure(nullptr, "restore",
                "{\"path\":" + quoted(path("copy.db")) + ",\"replace\":true,\"db_path\":" + quoted(path(name)) + "}"),
        HasSubstr(path(name) + " belongs to the ledger " + path("copy.db")));
    EXPECT_EQ(fs::exists(path(name)), existed) << name;
  }
}

// The functions that plog.h calls directly, without the table of operations.
TEST_F(Destinations, AreNotWrittenForAClosedClient) {
  client_->close(5000);
  const std::string head = read_file(store::LedgerPaths(client_->address()).head(), 1 << 20);
  const auto refused = [&](const std::function<void()>& call) {
    try {
      call();
      ADD_FAILURE() << "a closed client was used";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::kClosed) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("the client is closed"));
    }
  };
  refused([&] { checkpoint(*client_, 1000, {}); });
  refused([&] { rotate_key(*client_, 1000, {}); });
  refused([&] { acknowledge(*client_, "", 1000, {}); });
  refused([&] { Source(&*client_, std::nullopt); });
  EXPECT_EQ(read_file(store::LedgerPaths(client_->address()).head(), 1 << 20), head);
  EXPECT_FALSE(key(*client_).canonical().empty());
}

}  // namespace
}  // namespace plog::operations
