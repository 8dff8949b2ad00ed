// The table of operations, and calls of its operations on a ledger.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <set>

#include "base/error.h"
#include "client/cursor.h"
#include "operations/operations.h"
#include "store_fixture.h"

namespace plog::operations {
namespace {

using json::Value;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<Operation> all_operations() {
  std::vector<Operation> all;
  for (const auto group : operations()) all.insert(all.end(), group.begin(), group.end());
  return all;
}

TEST(Operations, AreDeclaredOnceAndCompletely) {
  std::set<std::string_view> names;
  for (const Operation& operation : all_operations()) {
    SCOPED_TRACE(operation.name);
    EXPECT_TRUE(names.insert(operation.name).second);
    EXPECT_TRUE(operation.about.ends_with(".")) << operation.about;
    EXPECT_FALSE(operation.result.empty());
    EXPECT_NE(operation.run, nullptr);
    std::set<std::string_view> parameters;
    for (const Parameter& parameter : operation.parameters) {
      SCOPED_TRACE(parameter.name);
      EXPECT_TRUE(parameters.insert(parameter.name).second);
      EXPECT_TRUE(parameter.about.ends_with(".")) << parameter.about;
      EXPECT_FALSE(parameter.required && !parameter.default_value.empty());
      const bool limited = parameter.kind != ParameterKind::kChoice && parameter.kind != ParameterKind::kBoolean &&
                           parameter.kind != ParameterKind::kTime;
      EXPECT_EQ(limited, parameter.maximum > 0);
      EXPECT_EQ(parameter.kind == ParameterKind::kChoice, !parameter.choices.empty());
      if (parameter.default_value.empty() || parameter.required) continue;
      const std::string given =
          "{\"" + std::string(parameter.name) + "\":" + std::string(parameter.default_value) + "}";
      EXPECT_NO_THROW(Parameters(operation.name, std::array{parameter}, given));
    }
    EXPECT_EQ(operation.client == ClientUse::kOptional || operation.name == "restore",
              parameters.count("db_path") == 1);
  }
}

TEST(Operations, ArePrintedOneOnEachLine) {
  const std::string text = operations_json();
  EXPECT_EQ(json::parse(text).array().size(), all_operations().size());
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), all_operations().size() + 2);
}

TEST(Operations, ReturnTheTableOnOneLine) {
  const std::string text = call(nullptr, "operations", {});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(json::parse(text).find("operations")->canonical(), json::parse(operations_json()).canonical());
}

class Calls : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"PROVENLOG_CONFIG", "PROVENLOG_DB_PATH", "PROVENLOG_SERVER_URL"}) unsetenv(name);
    setenv("HOME", directory_.path().c_str(), 1);
    client::ClientOptions options;
    options.db_path = path("events.db");
    options.agent_id = "a";
    options.labels_json = R"({"team":"blue"})";
    client_.emplace(options);
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  Value call(std::string_view name, std::string_view parameters = {}, const Progress& progress = {}) {
    return json::parse(operations::call(&*client_, name, parameters, progress));
  }
  void log(const std::string& members, int count = 1) {
    for (int i = 0; i < count; ++i) client_->log("{" + members + "}");
  }
  std::string failure(std::string_view name, std::string_view parameters, Status status, client::Client* client) {
    try {
      operations::call(client, name, parameters);
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), status) << error.what();
      return error.what();
    }
    return "no failure";
  }
  std::string failure(std::string_view name, std::string_view parameters, Status status) {
    return failure(name, parameters, status, &*client_);
  }

  store::TemporaryDirectory directory_;
  std::optional<client::Client> client_;
};

std::int64_t number(const Value& object, std::string_view name) {
  std::int64_t value = -1;
  const Value* member = object.find(name);
  EXPECT_TRUE(member != nullptr && member->to_int64(&value)) << name;
  return value;
}

TEST_F(Calls, OfAnUnknownOperationAndWithoutAClientAreRefused) {
  EXPECT_EQ(failure("qery", "", Status::kInvalid),
            "there is no operation \"qery\"; use a name that `plog generate operations` prints");
  EXPECT_EQ(failure("query", "", Status::kInvalid, nullptr), "query: needs a client; pass one");
  EXPECT_EQ(failure("verify", R"({"db_path":"x"})", Status::kInvalid),
            "verify: db_path: the client already names the ledger; leave it out");
}

TEST_F(Calls, PagesOfAQueryContinueExactly) {
  log(R"("action_name":"n")", 25);
  for (const std::string order : {"asc", "desc"}) {
    std::vector<std::string> paged;
    std::string after = "null";
    int pages = 0;
    do {
      const Value page = call("query", R"({"limit":7,"order":")" + order + R"(","after":)" + after + "}");
      for (const Value& event : page.find("events")->array()) paged.push_back(event.canonical());
      after = page.find("next")->canonical();
      ++pages;
      log(R"("agent_id":"late","action_name":"late","id":"late-)" + order + std::to_string(pages) + "\"");
    } while (after != "null" && pages < 20);
    EXPECT_GE(pages, 4);
    client::Cursor cursor(*client_, R"({"order":")" + order + "\"}");
    std::vector<std::string> expected;
    for (const std::string* row = cursor.next(); row != nullptr; row = cursor.next()) {
      expected.push_back(json::parse(*row).canonical());
    }
    // Descending pages do not see events that were recorded after the first page; ascending pages see all but the last.
    std::set<std::string> unique(paged.begin(), paged.end());
    EXPECT_EQ(unique.size(), paged.size());
    const auto early = [](std::vector<std::string> events) {
      std::erase_if(events, [](const std::string& event) { return event.find("late") != std::string::npos; });
      return events;
    };
    EXPECT_EQ(early(paged), early(expected));
  }
}

TEST_F(Calls, APageEndsExactlyAtItsLimit) {
  log(R"("action_name":"n")", 4);
  EXPECT_TRUE(call("query", R"({"limit":4})").find("next")->is_null());
  EXPECT_EQ(number(call("query", R"({"limit":3})"), "next"), 3);
  EXPECT_EQ(call("query", R"({"limit":2,"offset":3})").find("events")->array().size(), 1u);
  EXPECT_THAT(failure("query", R"({"offset":1,"after":1})", Status::kInvalid), HasSubstr("query: offset: "));
}

TEST_F(Calls, APageEndsAfterItsBytes) {
  const std::string text(900000, 'x');
  log(R"("action_name":")" + text + "\"", 1);
  log(R"("action_input":")" + text + "\"", 40);
  std::size_t events = 0, largest = 0;
  std::string after = "null";
  do {
    const std::string page = operations::call(&*client_, "query", "{\"limit\":1000,\"after\":" + after + "}");
    largest = std::max(largest, page.size());
    const Value value = json::parse(page);
    EXPECT_FALSE(value.find("events")->array().empty());
    events += value.find("events")->array().size();
    after = value.find("next")->canonical();
  } while (after != "null");
  EXPECT_EQ(events, 41u);
  EXPECT_LT(largest, kPageBytes + 1000);
}

TEST_F(Calls, CountAndGetAgreeWithQuery) {
  log(R"("agent_id":"b","id":"one","action_type":"TOOL_CALL")");
  log(R"("action_type":"TOOL_CALL")", 2);
  EXPECT_EQ(number(call("count"), "count"), 3);
  EXPECT_EQ(number(call("count", R"({"agent_id":"b","labels":{"team":"blue"}})"), "count"), 1);
  EXPECT_EQ(number(call("count", R"({"include_system":true})"), "count"), 4);
  const Value event = call("query", R"({"agent_id":"b"})").find("events")->array().at(0);
  EXPECT_EQ(call("get", R"({"event_id":"one"})").canonical(), event.canonical());
  EXPECT_EQ(call("get", R"({"event_id":"@1","agent_id":"b"})").canonical(), event.canonical());
  failure("get", R"({"event_id":"two"})", Status::kNotFound);
  failure("get", R"({"event_id":"one","agent_id":"a"})", Status::kNotFound);
  EXPECT_THAT(failure("count", R"({"limit":1})", Status::kInvalid), HasSubstr("\"limit\" is not a parameter"));
}

TEST_F(Calls, LogKeepsTheEventAsItWasWritten) {
  const Value id = call("log", R"({"event":{"action_input":{"n":12345678901234567890,"d":1.50}}})");
  const Value event = call("get", R"({"event_id":)" + id.find("id")->canonical() + "}");
  EXPECT_EQ(event.find("action_input")->canonical(), R"({"d":1.5,"n":"12345678901234567890"})");
  EXPECT_FALSE(event.find("validation_warnings")->array().empty());
  EXPECT_EQ(call("flush").canonical(), "{}");
}

TEST_F(Calls, ContextsAreThoseOfTheClient) {
  call("set_context", R"({"label_key":"team","context":{"lead":"Ada"}})");
  EXPECT_EQ(call("get_context", R"({"label_key":"team"})").canonical(), R"({"lead":"Ada"})");
  EXPECT_EQ(call("get_context", R"({"label_key":"team","value":"blue"})").canonical(), R"({"lead":"Ada"})");
  failure("get_context", R"({"label_key":"team","value":"red"})", Status::kNotFound);
  EXPECT_THAT(failure("get_context", R"({"label_key":"x"})", Status::kInvalid),
              HasSubstr("get_context: value: missing"));
}

TEST_F(Calls, ListsAreReadPageByPage) {
  for (int i = 0; i < 7; ++i) {
    log(R"("agent_id":"agent-)" + std::to_string(i) + R"(","session_id":"s)" + std::to_string(i) + "\"");
  }
  std::vector<std::string> agents, sessions;
  for (std::string after = "null"; agents.size() < 10;) {
    const Value page = call("agents", R"({"limit":3,"after":)" + after + "}");
    for (const Value& agent : page.find("agents")->array()) agents.push_back(agent.find("agent_id")->text());
    after = page.find("next")->canonical();
    if (after == "null") break;
  }
  EXPECT_EQ(agents.size(), 7u);
  EXPECT_TRUE(std::is_sorted(agents.begin(), agents.end()));
  EXPECT_EQ(call("agents", R"({"include_system":true})").find("agents")->array().size(), 8u);
  for (std::string offset = "null"; sessions.size() < 10;) {
    const Value page = call("sessions", R"({"limit":2,"offset":)" + offset + "}");
    for (const Value& session : page.find("sessions")->array()) sessions.push_back(session.find("session_id")->text());
    offset = page.find("next")->canonical();
    if (offset == "null") break;
  }
  EXPECT_THAT(sessions, testing::ElementsAre("s6", "s5", "s4", "s3", "s2", "s1", "s0"));
}

TEST_F(Calls, StatsAndCounters) {
  log(R"("action_input":"mail ada@example.com")", 3);
  const Value stats = call("stats", R"({"redactions":true})");
  EXPECT_EQ(number(stats, "total_events"), 3);
  EXPECT_EQ(number(*stats.find("redactions"), "email"), 3);
  EXPECT_EQ(call("stats").find("redactions"), nullptr);
  const Value counters = call("counters");
  EXPECT_EQ(number(counters, "accepted"), 3);
  EXPECT_TRUE(counters.find("last_error")->is_null());
}

TEST_F(Calls, EvidenceCanBeMadeAndChecked) {
  log(R"("id":"one")", 1);
  log(R"("action_name":"n")", 5);
  EXPECT_THAT(call("checkpoint").find("checkpoint")->text(), HasSubstr("provenlog/"));
  EXPECT_TRUE(call("verify").find("valid")->as_bool());
  const Value exported = call("export", R"({"path":")" + path("all.plog") + "\"}");
  EXPECT_EQ(number(exported, "events"), 7);
  EXPECT_TRUE(call("verify_export", R"({"path":")" + path("all.plog") + "\"}").find("valid")->as_bool());
  const Value some = call("export", R"({"path":")" + path("some.plog") + R"(","action_name":"n"})");
  EXPECT_EQ(number(some, "events"), 5);
  EXPECT_EQ(call("prove", R"({"event_id":"one"})").find("events")->array().size(), 1u);
  EXPECT_EQ(call("prove", R"({"event_id":"@1"})").find("events")->canonical(),
            call("prove", R"({"event_id":"one"})").find("events")->canonical());
  const std::string before = call("key").find("vkey")->text();
  EXPECT_NE(call("rotate_key").find("vkey")->text(), before);
  EXPECT_EQ(number(call("acknowledge"), "acknowledged"), 0);
  EXPECT_GT(number(call("backup", R"({"path":")" + path("copy.db") + "\"}"), "bytes"), 4096);
  const Value restored = json::parse(operations::call(
      nullptr, "restore", R"({"path":")" + path("copy.db") + R"(","db_path":")" + path("again.db") + "\"}"));
  EXPECT_TRUE(restored.find("replaced")->is_null());
  const Value report = json::parse(operations::call(nullptr, "verify", R"({"db_path":")" + path("again.db") + "\"}"));
  EXPECT_EQ(report.find("verdict")->text(), "ROLLED_BACK");
}

TEST_F(Calls, WithProgressCanBeCancelled) {
  log(R"("action_name":"n")", 10);
  std::uint64_t calls = 0, last = 0, total = 0;
  call("verify", "", [&](std::uint64_t done, std::uint64_t all) {
    ++calls;
    last = done;
    total = all;
    return true;
  });
  EXPECT_GT(calls, 0u);
  EXPECT_EQ(last, total);
  for (const Operation& operation : all_operations()) {
    // A small copy is made in one step, which cannot be stopped.
    if (!operation.progress || operation.client == ClientUse::kNone || operation.name == "backup") continue;
    std::string parameters = "{}";
    if (operation.name == "stats") parameters = R"({"redactions":true})";
    if (operation.name == "export") parameters = R"({"path":")" + path("x.plog") + "\"}";
    Status status = Status::kOk;
    try {
      call(operation.name, parameters, [](std::uint64_t, std::uint64_t) { return false; });
    } catch (const Error& error) {
      status = error.status();
    }
    EXPECT_EQ(status, Status::kCancelled) << operation.name;
  }
}

TEST_F(Calls, AWaitForTheWriterLockCanBeCancelled) {
  store::Driver& driver = store::driver_of(client_->address());
  call("flush");
  const auto lease = driver.lock_writer(client_->address(), 5000);
  log(R"("action_name":"n")");
  for (const char* name : {"flush", "checkpoint", "rotate_key", "acknowledge"}) {
    int calls = 0;
    Status status = Status::kOk;
    const std::int64_t start = steady_millis();
    try {
      call(name, "", [&](std::uint64_t, std::uint64_t) { return ++calls < 3; });
    } catch (const Error& error) {
      status = error.status();
    }
    EXPECT_EQ(status, Status::kCancelled) << name;
    EXPECT_EQ(calls, 3) << name;
    EXPECT_LT(steady_millis() - start, 5000) << name;
  }
  const std::int64_t start = steady_millis();
  EXPECT_THROW(call("flush", R"({"timeout_ms":250})", [](std::uint64_t, std::uint64_t) { return true; }), Error);
  EXPECT_GE(steady_millis() - start, 200);
}

TEST_F(Calls, OnAClosedClientReadButNeitherWriteNorSign) {
  log(R"("id":"one")");
  client_->close(5000);
  for (const Operation& operation : all_operations()) {
    if (!operation.open) continue;
    const bool with_id = operation.name == "prove";
    const bool with_path = operation.name == "export" || operation.name == "backup";
    const std::string parameters = with_id     ? R"({"event_id":"one"})"
                                   : with_path ? R"({"path":")" + path("x") + "\"}"
                                               : "{}";
    EXPECT_THAT(failure(operation.name, parameters, Status::kClosed), HasSubstr("the client is closed"));
  }
  failure("log", R"({"event":{}})", Status::kClosed);
  EXPECT_EQ(number(call("count"), "count"), 1);
  EXPECT_TRUE(call("verify").find("valid")->as_bool());
  EXPECT_EQ(number(call("key"), "epoch"), 1);
}

TEST_F(Calls, OfRedactionNeedNoClient) {
  const auto alone = [](std::string_view name, std::string_view parameters) {
    return operations::call(nullptr, name, parameters);
  };
  EXPECT_EQ(alone("redact", R"({"text":"to ada@example.com"})"), R"({"count":1,"text":"to [REDACTED:email]"})");
  EXPECT_EQ(alone("redact", R"({"value":{"to":["ada@example.com",1.50]}})"),
            R"({"count":1,"value":{"to":["[REDACTED:email]",1.5]}})");
  EXPECT_EQ(alone("redact", R"({"text":"a@b.example T-1","rules":[{"name":"t","pattern":"T-1","replace":"#"}],)"
                            R"("disable":["email"]})"),
            R"({"count":1,"text":"a@b.example #"})");
  EXPECT_EQ(alone("findings", R"({"text":"é ada@example.com"})"),
            R"({"findings":[{"end":18,"name":"email","start":3}]})");
  EXPECT_GT(json::parse(alone("detectors", "")).find("detectors")->array().size(), 200u);
  failure("redact", "{}", Status::kInvalid, nullptr);
  failure("redact", R"({"text":"x","value":"x"})", Status::kInvalid, nullptr);
  EXPECT_THAT(failure("redact", R"({"text":"x","rules":[{"name":"t","pattern":"("}]})", Status::kConfig, nullptr),
              StartsWith("redact: redaction rule \"t\": "));
}

TEST_F(Calls, ThatAreRefusedNameTheOperationOnce) {
  EXPECT_EQ(failure("redact", R"({"text":"x","pseudonym_key":"short"})", Status::kInvalid, nullptr),
            "redact: pseudonym_key: has 5 bytes; use a secret of at least 16 bytes");
  EXPECT_THAT(failure("redact", R"({"text":"x","pseudonym_key":""})", Status::kInvalid, nullptr),
              StartsWith("redact: pseudonym_key: has 0 bytes; "));
  EXPECT_THAT(failure("findings", R"({"text":"x","disable":["no-such"]})", Status::kConfig, nullptr),
              StartsWith("findings: redaction.disable: there is no detector or rule \"no-such\""));
  EXPECT_THAT(failure("query", R"({"labels":{"team":1}})", Status::kInvalid), StartsWith("query: "));
  EXPECT_THAT(failure("set_context", R"({"label_key":"x","context":{}})", Status::kInvalid),
              StartsWith("set_context: cannot set the context of label \"x\": "));
  EXPECT_THAT(failure("get_context", R"({"label_key":"x"})", Status::kInvalid),
              StartsWith("get_context: value: missing"));
}

}  // namespace
}  // namespace plog::operations
