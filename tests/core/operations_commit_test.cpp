// Waiting for a commit: with and without progress, a failure that passes is survived and one that lasts is reported.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/clock.h"
#include "operations/commit.h"
#include "store/ledger_paths.h"
#include "store_fixture.h"

namespace plog::operations {
namespace {

namespace fs = std::filesystem;

class WaitForCommit : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"PROVENLOG_CONFIG", "PROVENLOG_DB_PATH", "PROVENLOG_SERVER_URL"}) unsetenv(name);
    setenv("HOME", directory_.path().c_str(), 1);
    client::ClientOptions options;
    options.db_path = directory_.path() + "/events.db";
    options.agent_id = "a";
    client_.emplace(options);
    client_->flush(5000);
  }
  // A directory in the place of the lock file: no commit is possible, and the reason is not contention.
  void break_lock() {
    const auto lease = store::driver_of(client_->address()).lock_writer(client_->address(), 5000);
    fs::remove(lock());
    fs::create_directory(lock());
  }
  void mend_lock() { fs::remove(lock()); }
  std::string lock() const { return store::LedgerPaths(client_->address()).lock(); }
  Status wait(std::int64_t timeout_ms, const Progress& progress) {
    try {
      wait_for_commit(*client_, timeout_ms, progress);
    } catch (const Error& error) {
      return error.status();
    }
    return Status::kOk;
  }

  store::TemporaryDirectory directory_;
  std::optional<client::Client> client_;
};

TEST_F(WaitForCommit, SurvivesAFailureThatPasses) {
  break_lock();
  client_->log("{}");
  int calls = 0;
  const auto mend = [&](std::uint64_t, std::uint64_t) {
    if (++calls == 5) mend_lock();
    return true;
  };
  EXPECT_EQ(wait(20000, mend), Status::kOk);
  EXPECT_GE(calls, 5);
  EXPECT_EQ(client_->fresh_store().count({}), 1u);
}

TEST_F(WaitForCommit, ReportsAFailureThatLastsAtTheDeadline) {
  break_lock();
  client_->log("{}");
  for (const Progress& progress : {Progress(), Progress([](std::uint64_t, std::uint64_t) { return true; })}) {
    const std::int64_t start = steady_millis();
    EXPECT_EQ(wait(450, progress), Status::kIo);
    EXPECT_GE(steady_millis() - start, 400);
  }
  mend_lock();
}

TEST_F(WaitForCommit, CanBeCancelledDuringAFailure) {
  break_lock();
  client_->log("{}");
  int calls = 0;
  EXPECT_EQ(wait(-1, [&](std::uint64_t, std::uint64_t) { return ++calls < 4; }), Status::kCancelled);
  EXPECT_EQ(calls, 4);
  mend_lock();
}

}  // namespace
}  // namespace plog::operations
