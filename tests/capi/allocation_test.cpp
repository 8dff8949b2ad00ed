// Makes the n-th allocation of every call fail, for every n. The call must succeed or return PLOG_E_NO_MEMORY, must not
// leave anything half done, and the handle must stay usable. Allocations fail in operator new, first of the calling
// thread, then of any thread.
#include <provenlog/plog.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <new>
#include <string>
#include <string_view>

// RE2 is not built for failing allocations: it leaks memory.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:libre2.so\n";
}

namespace {

thread_local long own_countdown = 0;  // 0: off; 1: the next allocation fails
std::atomic<long> shared_countdown{0};

bool must_fail() noexcept {
  if (own_countdown > 0 && --own_countdown == 0) return true;
  if (shared_countdown.load(std::memory_order_relaxed) <= 0) return false;
  return shared_countdown.fetch_sub(1, std::memory_order_relaxed) == 1;
}

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (must_fail()) return nullptr;
  if (size == 0) size = 1;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* memory = allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size, 1); }
void* operator new[](std::size_t size) { return allocate_or_throw(size, 1); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t a) { return allocate_or_throw(size, std::size_t(a)); }
void* operator new[](std::size_t size, std::align_val_t a) { return allocate_or_throw(size, std::size_t(a)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      std::fprintf(stderr, "%s:%d: allocation %ld: expected %s\n", __FILE__, __LINE__, failing, #condition); \
      std::_Exit(1);                                                                                         \
    }                                                                                                        \
  } while (0)

long failing = 0;  // the number of the allocation that fails now

bool exhaustive() { return std::getenv("PLOG_TEST_LONG") != nullptr; }

// Long sequences of allocations repeat themselves, so the short tier tests only a sample after the first 200.
long following(long n) { return n < 200 || exhaustive() ? n + 1 : n + n / 7 + 1; }

// Runs `call` with its allocation 1, 2, 3... failing, until no allocation fails. Returns how often the call succeeded.
long sweep(const char* name, const std::function<plog_status(plog_error**)>& call) {
  long successes = 0;
  for (failing = 1;; failing = following(failing)) {
    plog_error* error = nullptr;
    own_countdown = failing;
    const plog_status status = call(&error);
    const bool failed = own_countdown == 0;
    own_countdown = 0;
    if (status == PLOG_OK) {
      ++successes;
      CHECK(error == nullptr);
    } else {
      if (!failed || status != PLOG_E_NO_MEMORY) {
        std::fprintf(stderr, "%s: allocation %ld %s: %s: %s\n", name, failing, failed ? "failed" : "did not fail",
                     plog_status_name(status), plog_error_message(error));
        std::_Exit(1);
      }
      CHECK(error == nullptr || plog_error_status(error) == status);
      CHECK(error == nullptr || *plog_error_message(error) != '\0');
    }
    plog_error_destroy(error);
    if (!failed) break;
  }
  std::printf("%s: %ld allocations\n", name, failing - 1);
  failing = 0;
  return successes;
}

plog_client* open_client() {
  plog_client_options options;
  plog_client_options_init(&options);
  options.db_path = "test.db";
  options.agent_id = "tester";
  options.labels_json = "{\"env\":\"test\"}";
  plog_client* client = nullptr;
  CHECK(plog_client_new(&options, &client, nullptr) == PLOG_OK);
  return client;
}

std::size_t count_events(plog_client* client, std::string_view filter) {
  plog_cursor* cursor = nullptr;
  CHECK(plog_client_query(client, filter.data(), filter.size(), &cursor, nullptr) == PLOG_OK);
  const char* json = nullptr;
  std::size_t size = 0;
  std::size_t count = 0;
  for (;; ++count) {
    CHECK(plog_cursor_next(cursor, &json, &size, nullptr) == PLOG_OK);
    if (json == nullptr) break;
  }
  plog_cursor_destroy(cursor);
  return count;
}

constexpr std::string_view kEvent =
    R"({"action_name":"x","action_input":{"mail":"jane.doe@example.com","list":[1,2.5,{"k":null}]},)"
    R"("labels":{"b":"2","a":"1"},"parents":["p1","p2"],"timestamp":"no time","unknown":{"deep":[[[]]]}})";

// Created before any allocation fails: only the library's allocations are to fail.
const std::string kLongText(5000, 'y');

plog_status write_event(plog_client* client, plog_error** error) {
  plog_event* event = nullptr;
  const plog_status status = plog_event_begin(client, &event, error);
  if (status != PLOG_OK) {
    CHECK(event == nullptr);
    return status;
  }
  plog_event_key(event, "action_input", 12);
  plog_event_begin_object(event);
  for (int i = 0; i < 20; ++i) {
    const char key = static_cast<char>('a' + i);
    plog_event_coerced_key(event, &key, 1);
    plog_event_begin_array(event);
    plog_event_string(event, kLongText.data(), kLongText.size());
    plog_event_double(event, 1.5);
    plog_event_integer_text(event, "123456789012345678901234567890", 30);
    plog_event_json(event, R"({"a":[1,2,3]})", 13);
    plog_event_truncated(event, "cycle", 5);
    plog_event_warning(event, "code", 4, kLongText.data(), 300);
    plog_event_null(event);
    plog_event_end_array(event);
  }
  plog_event_end_object(event);
  plog_event_key(event, "action_name", 11);
  plog_event_string(event, "written", 7);
  return plog_event_commit(event, nullptr, error);
}

// Records one event while no allocation fails.
void log_sparing(plog_client* client) {
  const long armed = own_countdown;
  own_countdown = 0;
  CHECK(plog_log_event(client, kEvent.data(), kEvent.size(), nullptr, nullptr) == PLOG_OK);
  own_countdown = armed;
}

void sweep_client_calls() {
  plog_client* client = open_client();
  const long logged = sweep("plog_log_event", [&](plog_error** error) {
    char id[37] = "old";
    const plog_status status = plog_log_event(client, kEvent.data(), kEvent.size(), id, error);
    CHECK(status == PLOG_OK ? std::strlen(id) == 36 : id[0] == '\0');
    return status;
  });
  CHECK(count_events(client, R"({"action_name":"x"})") == static_cast<std::size_t>(logged));

  sweep("plog_client_set_context", [&](plog_error** error) {
    return plog_client_set_context(client, "env", 3, nullptr, 0, R"({"a":[1,{"b":2}]})", 17, error);
  });
  sweep("plog_client_get_context", [&](plog_error** error) {
    plog_buffer* out = nullptr;
    const plog_status status = plog_client_get_context(client, "env", 3, "test", 4, &out, error);
    CHECK((status == PLOG_OK) == (out != nullptr));
    plog_buffer_destroy(out);
    return status;
  });
  sweep("plog_client_flush", [&](plog_error** error) {
    log_sparing(client);
    return plog_client_flush(client, 30000, error);
  });
  sweep("plog_client_stats", [&](plog_error** error) {
    plog_client_stats_t stats{};
    stats.struct_size = sizeof stats;
    plog_error* newest = nullptr;
    const plog_status status = plog_client_stats(client, &stats, &newest, error);
    plog_error_destroy(newest);
    return status;
  });
  sweep("plog_client_next_error", [&](plog_error** error) {
    plog_error* taken = nullptr;
    const plog_status status = plog_client_next_error(client, 0, &taken, error);
    plog_error_destroy(taken);
    return status;
  });
  const plog_status status = plog_log_event(client, R"({"id":"one","action_name":"known"})", 34, nullptr, nullptr);
  CHECK(status == PLOG_OK);
  sweep("plog_client_get_event", [&](plog_error** error) {
    plog_buffer* out = nullptr;
    const plog_status result = plog_client_get_event(client, "one", 3, "tester", 6, &out, error);
    CHECK((result == PLOG_OK) == (out != nullptr));
    plog_buffer_destroy(out);
    return result;
  });
  constexpr std::string_view kFilter =
      R"({"agent_id":"tester","labels":{"env":"test"},"since":"2020-01-01","order":"desc","limit":100})";
  sweep("plog_client_query and plog_cursor_next", [&](plog_error** error) {
    plog_cursor* cursor = nullptr;
    plog_status result = plog_client_query(client, kFilter.data(), kFilter.size(), &cursor, error);
    CHECK((result == PLOG_OK) == (cursor != nullptr));
    for (const char* json = ""; result == PLOG_OK && json != nullptr;) {
      std::size_t size = 0;
      result = plog_cursor_next(cursor, &json, &size, error);
      CHECK(result == PLOG_OK || (json == nullptr && size == 0));
    }
    plog_cursor_destroy(cursor);
    return result;
  });
  constexpr std::pair<const char*, std::string_view> kCalls[] = {
      {"log", R"({"event":{"action_name":"called","action_input":{"a":[1,2]}}})"},
      {"query", R"({"agent_id":"tester","labels":{"env":"test"},"limit":3})"},
      {"agents", R"({"limit":10})"},
      {"redact", R"({"value":{"to":["jane.doe@example.com"]}})"},
  };
  for (const auto& [name, parameters] : kCalls) {
    sweep(name, [&, name = name, parameters = parameters](plog_error** error) {
      plog_buffer* out = nullptr;
      const plog_status result =
          plog_call(client, name, parameters.data(), parameters.size(), nullptr, nullptr, &out, error);
      CHECK((result == PLOG_OK) == (out != nullptr));
      CHECK(std::string_view(plog_buffer_data(out)).find("jane") == std::string_view::npos);
      plog_buffer_destroy(out);
      return result;
    });
  }
  sweep("plog_verify", [&](plog_error** error) {
    plog_buffer* report = nullptr;
    const plog_status result = plog_verify(client, nullptr, &report, error);
    CHECK((result == PLOG_OK) == (report != nullptr));
    // Running out of memory must not produce a verdict about the ledger.
    const std::string_view text(plog_buffer_data(report), plog_buffer_size(report));
    CHECK(result != PLOG_OK || text.find(R"("valid":true)") != text.npos || text.find("CANNOT_RUN") != text.npos);
    plog_buffer_destroy(report);
    return result;
  });
  plog_client_destroy(client);
}

void sweep_event_writer() {
  plog_client* client = open_client();
  const long written = sweep("event writer", [&](plog_error** error) { return write_event(client, error); });
  CHECK(count_events(client, R"({"action_name":"written"})") == static_cast<std::size_t>(written));
  plog_client_destroy(client);
}

void sweep_redactor() {
  constexpr std::string_view kRules = R"([{"name":"t","pattern":"T-[0-9]+","replace":"#"}])";
  sweep("plog_redactor_new", [&](plog_error** error) {
    plog_redactor* redactor = nullptr;
    const plog_status status = plog_redactor_new(kRules.data(), kRules.size(), &redactor, error);
    CHECK((status == PLOG_OK) == (redactor != nullptr));
    plog_redactor_destroy(redactor);
    return status;
  });
  sweep("plog_redactor_new_configured", [&](plog_error** error) {
    plog_redactor* redactor = nullptr;
    const plog_status status = plog_redactor_new_configured(nullptr, 0, &redactor, error);
    CHECK((status == PLOG_OK) == (redactor != nullptr));
    plog_redactor_destroy(redactor);
    return status;
  });
  plog_redactor* redactor = nullptr;
  CHECK(plog_redactor_new(kRules.data(), kRules.size(), &redactor, nullptr) == PLOG_OK);
  sweep("plog_redactor_redact", [&](plog_error** error) {
    constexpr std::string_view kText = "mail jane.doe@example.com about T-1, 10.1.2.3";
    plog_buffer* out = nullptr;
    const plog_status status = plog_redactor_redact(redactor, kText.data(), kText.size(), &out, nullptr, error);
    CHECK((status == PLOG_OK) == (out != nullptr));
    // Text that could not be redacted must not be returned.
    CHECK(std::string_view(plog_buffer_data(out)).find("jane") == std::string_view::npos);
    plog_buffer_destroy(out);
    return status;
  });
  sweep("plog_redactor_redact_json", [&](plog_error** error) {
    plog_buffer* out = nullptr;
    std::uint64_t count = 0;
    const plog_status status = plog_redactor_redact_json(redactor, kEvent.data(), kEvent.size(), &out, &count, error);
    CHECK((status == PLOG_OK) == (out != nullptr));
    CHECK(std::string_view(plog_buffer_data(out)).find("jane") == std::string_view::npos);
    plog_buffer_destroy(out);
    return status;
  });
  plog_redactor_destroy(redactor);
}

void sweep_open_and_close() {
  sweep("plog_client_new", [&](plog_error** error) {
    plog_client_options options;
    plog_client_options_init(&options);
    options.db_path = "test.db";
    options.agent_id = "tester";
    options.labels_json = "{\"env\":\"test\"}";
    options.metadata_json = "{\"m\":[1]}";
    options.context_json = "{\"env\":{\"a\":1}}";
    plog_client* client = nullptr;
    const plog_status status = plog_client_new(&options, &client, error);
    CHECK((status == PLOG_OK) == (client != nullptr));
    const long armed = own_countdown;
    own_countdown = 0;
    plog_client_destroy(client);
    own_countdown = armed;
    return status;
  });
  sweep("plog_client_close", [&](plog_error** error) {
    const long armed = own_countdown;
    own_countdown = 0;
    plog_client* client = open_client();
    CHECK(plog_log_event(client, kEvent.data(), kEvent.size(), nullptr, nullptr) == PLOG_OK);
    own_countdown = armed;
    const plog_status status = plog_client_close(client, 30000, error);
    const long left = own_countdown;
    own_countdown = 0;
    plog_client_destroy(client);
    own_countdown = left;
    return status;
  });
}

// Makes an allocation of any thread fail, including the writer thread: every accepted event must still be committed.
void fail_in_any_thread() {
  plog_client* client = open_client();
  std::size_t accepted = count_events(client, "{}");
  for (failing = 1; failing < 2000; failing = following(failing)) {
    shared_countdown = failing;
    for (int i = 0; i < 20; ++i) {
      const plog_status status = plog_log_event(client, kEvent.data(), kEvent.size(), nullptr, nullptr);
      CHECK(status == PLOG_OK || status == PLOG_E_NO_MEMORY);
      accepted += status == PLOG_OK ? 1 : 0;
    }
    const plog_status status = plog_client_flush(client, 30000, nullptr);
    shared_countdown = 0;
    CHECK(status == PLOG_OK || status == PLOG_E_NO_MEMORY);
    CHECK(plog_client_flush(client, 30000, nullptr) == PLOG_OK);
  }
  failing = 0;
  CHECK(count_events(client, "{}") == accepted);
  plog_buffer* report = nullptr;
  CHECK(plog_verify(client, nullptr, &report, nullptr) == PLOG_OK);
  CHECK(std::string_view(plog_buffer_data(report)).find(R"("valid":true)") != std::string_view::npos);
  plog_buffer_destroy(report);
  plog_client_destroy(client);
}

}  // namespace

int main() {
  std::string directory = "/tmp/plog-capi-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr || chdir(directory.c_str()) != 0) return 2;
  setenv("HOME", directory.c_str(), 1);
  for (const char* name : {"PROVENLOG_CONFIG", "PROVENLOG_DB_PATH", "PROVENLOG_SERVER_URL"}) unsetenv(name);
  sweep_client_calls();
  sweep_event_writer();
  sweep_redactor();
  sweep_open_and_close();
  fail_in_any_thread();
  std::filesystem::current_path("/");
  std::filesystem::remove_all(directory);
  std::puts("passed");
  return 0;
}
