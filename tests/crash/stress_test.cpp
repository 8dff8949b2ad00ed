// Everything at once on the ledgers of one process, through the C API: for ThreadSanitizer, and for faults that appear
// only when threads interfere. No acknowledged event may be missing.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "provenlog/plog.h"

namespace {

using Clock = std::chrono::steady_clock;

bool long_tier() {
  const char* value = std::getenv("PLOG_TEST_LONG");
  return value != nullptr && std::string(value) != "" && std::string(value) != "0";
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
// TSan does not follow the threads of a forked child. The allocator of GCC 12's ASan does not take its locks around
// fork(), so the child can wait for ever for a lock that another thread held.
constexpr bool kForks = false;
#else
constexpr bool kForks = true;
#endif

std::string taken(plog_error* error) {
  std::string text = error == nullptr ? "" : plog_error_message(error);
  plog_error_destroy(error);
  return text;
}

class Stress : public testing::Test {
 protected:
  void SetUp() override {
    const std::string pattern = (std::filesystem::temp_directory_path() / "plog-stress-XXXXXX").string();
    std::vector<char> path(pattern.begin(), pattern.end());
    path.push_back('\0');
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path.data();
    setenv("HOME", directory_.c_str(), 1);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  plog_client* open(int ledger, bool power = false) {
    const std::string path = directory_ + "/ledger-" + std::to_string(ledger) + ".db";
    plog_client_options options;
    plog_client_options_init(&options);
    options.db_path = path.c_str();
    options.flush_interval_ms = 5;
    options.batch_size = 50;
    options.durability = power ? PLOG_DURABILITY_POWER : PLOG_DURABILITY_PROCESS;
    options.on_full = PLOG_ON_FULL_BLOCK;
    options.block_timeout_ms = 60000;
    plog_client* client = nullptr;
    plog_error* error = nullptr;
    const plog_status status = plog_client_new(&options, &client, &error);
    EXPECT_EQ(status, PLOG_OK) << taken(error);
    return client;
  }

  // Logs an event and, if it was acknowledged, notes its id.
  void log(plog_client* client, int ledger, int agent, int n) {
    const std::string json = R"({"agent_id":"agent-)" + std::to_string(agent) +
                             R"(","action_type":"TOOL_CALL","labels":{"k":"v"},"action_input":{"n":)" +
                             std::to_string(n) + "}}";
    char id[37];
    plog_error* error = nullptr;
    const plog_status status = plog_log_event(client, json.data(), json.size(), id, &error);
    if (status != PLOG_OK) {
      const std::string message = taken(error);
      EXPECT_EQ(status, PLOG_E_CLOSED) << message;
      return;
    }
    const std::lock_guard lock(mutex_);
    ids_[ledger].emplace(id, 0);
  }

  void expect_all_stored(int ledger) {
    plog_client* client = open(ledger);
    plog_cursor* cursor = nullptr;
    plog_error* error = nullptr;
    ASSERT_EQ(plog_client_query(client, "{}", 2, &cursor, &error), PLOG_OK) << taken(error);
    const char* json = nullptr;
    std::size_t size = 0;
    while (plog_cursor_next(cursor, &json, &size, nullptr) == PLOG_OK && json != nullptr) {
      const std::string_view text(json, size);
      const std::size_t at = text.find(R"("id":")");
      ASSERT_NE(at, text.npos);
      const auto found = ids_[ledger].find(std::string(text.substr(at + 6, 36)));
      if (found != ids_[ledger].end()) ++found->second;
    }
    plog_cursor_destroy(cursor);
    std::size_t wrong = 0;
    for (const auto& [id, count] : ids_[ledger]) wrong += count != 1 ? 1 : 0;
    EXPECT_EQ(wrong, 0u) << "of " << ids_[ledger].size() << " acknowledged events";
    EXPECT_GT(ids_[ledger].size(), 0u);
    plog_buffer* report = nullptr;
    ASSERT_EQ(plog_verify(client, nullptr, &report, nullptr), PLOG_OK);
    EXPECT_NE(std::string(plog_buffer_data(report)).find(R"("verdict":"OK")"), std::string::npos)
        << plog_buffer_data(report);
    plog_buffer_destroy(report);
    plog_client_destroy(client);
  }

  std::string directory_;
  std::mutex mutex_;
  std::unordered_map<std::string, int> ids_[2];
};

// Each fork closes the ledger, and the next thread that opens it reads its WAL from the start. On a busy machine the
// resulting contention may last long enough to be reported. No other error may be reported.
void expect_no_failure(plog_error* error) {
  if (error != nullptr) {
    EXPECT_EQ(plog_error_status(error), PLOG_E_BUSY) << plog_error_message(error);
  }
  plog_error_destroy(error);
}

void read_everything(plog_client* client) {
  plog_error* error = nullptr;
  plog_cursor* cursor = nullptr;
  const std::string filter = R"({"limit":20,"order":"desc","labels":{"k":"v"}})";
  ASSERT_EQ(plog_client_query(client, filter.data(), filter.size(), &cursor, &error), PLOG_OK) << taken(error);
  const char* json = nullptr;
  std::size_t size = 0;
  while (plog_cursor_next(cursor, &json, &size, nullptr) == PLOG_OK && json != nullptr) {
  }
  plog_cursor_destroy(cursor);
  plog_client_stats_t stats{};
  stats.struct_size = sizeof stats;
  plog_error* last = nullptr;
  ASSERT_EQ(plog_client_stats(client, &stats, &last, nullptr), PLOG_OK);
  EXPECT_LE(stats.stored, stats.accepted);
  expect_no_failure(last);
  ASSERT_EQ(plog_client_next_error(client, 1, &last, &error), PLOG_OK) << taken(error);
  expect_no_failure(last);
  plog_buffer* report = nullptr;
  ASSERT_EQ(plog_verify(client, nullptr, &report, nullptr), PLOG_OK);
  EXPECT_NE(std::string(plog_buffer_data(report)).find(R"("valid":true)"), std::string::npos);
  plog_buffer_destroy(report);
}

TEST_F(Stress, ThreadsThatLogFlushReadOpenCloseAndForkLoseNothing) {
  const auto until = Clock::now() + std::chrono::seconds(long_tier() ? 30 : 3);
  plog_client* shared[2] = {open(0), open(1)};
  std::vector<std::thread> threads;
  const auto each = [&](auto&& body) {
    threads.emplace_back([&, body] {
      for (int n = 0; Clock::now() < until; ++n) body(n);
    });
  };
  // Two clients in one process: four threads log through one, and one thread through the other.
  for (int thread = 0; thread < 4; ++thread) {
    each([&, thread](int n) {
      log(shared[0], 0, thread % 2, n);
      if (n % 64 == 63) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    });
  }
  each([&](int n) {
    log(shared[1], 1, 0, n);
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  });
  // Callers that wait for the disk run beside callers that do not.
  each([&](int n) {
    plog_client* power = open(1, true);
    std::vector<std::thread> group;
    for (int i = 0; i < 3; ++i) group.emplace_back([&, i] { log(power, 1, i, n); });
    for (std::thread& one : group) one.join();
    plog_client_destroy(power);
  });
  each([&](int) {
    plog_error* error = nullptr;
    EXPECT_EQ(plog_client_flush(shared[0], 60000, &error), PLOG_OK) << taken(error);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  each([&](int) {
    read_everything(shared[0]);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  // A client that is closed while others log through it.
  each([&](int n) {
    plog_client* client = open(n % 2);
    std::thread other([&] {
      for (int i = 0; i < 20; ++i) log(client, n % 2, 2, i);
    });
    for (int i = 0; i < 10; ++i) log(client, n % 2, 3, i);
    EXPECT_EQ(plog_client_close(client, 60000, nullptr), PLOG_OK);
    other.join();
    plog_client_destroy(client);
  });
  if (kForks) {
    each([&](int) {
      const pid_t pid = fork();
      if (pid == 0) {
        char id[37];
        const std::string json = R"({"agent_id":"child","action_type":"TOOL_CALL"})";
        plog_status status = plog_log_event(shared[0], json.data(), json.size(), id, nullptr);
        if (status == PLOG_OK) status = plog_client_flush(shared[0], 60000, nullptr);
        _exit(status);
      }
      ASSERT_GT(pid, 0);
      int status = -1;
      ASSERT_EQ(waitpid(pid, &status, 0), pid);
      EXPECT_EQ(status, 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (plog_client* client : shared) plog_client_destroy(client);
  expect_all_stored(0);
  expect_all_stored(1);
}

}  // namespace
