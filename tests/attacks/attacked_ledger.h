// A small ledger recorded by the real client, and the answers of all queries on it.
#pragma once

#include <sqlite3.h>
#include <stdlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "client/client.h"
#include "client/verification.h"
#include "query/filter_json.h"
#include "report/package_writer.h"
#include "store/driver.h"
#include "store_fixture.h"

namespace plog::attacks {

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& octets) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << octets;
}

inline void run_sql(const std::string& path, const std::string& text) {
  sqlite3* db = nullptr;
  const bool opened = sqlite3_open(path.c_str(), &db) == SQLITE_OK;
  const bool done = opened && sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  const std::string message = sqlite3_errmsg(db);
  sqlite3_close(db);
  if (!done) throw Error(Status::kInternal, message + " in " + text);
}

inline bool is_set(const char* name) {
  const char* value = getenv(name);
  return value != nullptr && *value != '\0' && std::strcmp(value, "0") != 0;
}
inline bool is_long() { return is_set("PLOG_TEST_LONG"); }

// Where the newest pages are: checkpointed into the database file, or in the -wal beside it.
enum class Log { kMerged, kBeside };

// A temporary directory with events.db, its head, and perhaps its -wal.
class AttackedLedger {
 public:
  static constexpr int kFew = 5;

  // Records `events` events of three agents that fill all columns and tables. The key is rotated if `events` > kFew.
  AttackedLedger(int events, Log log) {
    unsetenv("PROVENLOG_CONFIG");
    setenv("HOME", directory_.path().c_str(), 1);
    const std::string recorded = directory_.path() + "/recorded";
    std::filesystem::create_directory(recorded);
    const std::string db = recorded + "/events.db";
    record(db, events);
    run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    if (log == Log::kBeside) record(db, events);
    // Copy the files, so that no connection of this process has ever opened them.
    for (const char* suffix : {"", "-wal", ".head"}) {
      const std::string octets = read_file(db + suffix);
      if (!octets.empty()) write_file(path() + suffix, octets);
    }
  }

  std::string path() const { return directory_.path() + "/events.db"; }
  std::string directory() const { return directory_.path(); }

 private:
  static void record(const std::string& db, int events) {
    client::ClientOptions options;
    options.db_path = db;
    options.agent_id = "planner";
    client::Client client(options);
    client.set_context("env", "prod", R"({"owner":"us","since":)" + std::to_string(events) + "}");
    const char* agents[] = {"planner", "coder", "reviewer"};
    for (int i = 0; i < events; ++i) {
      const std::string number = std::to_string(i);
      client.log(R"({"agent_id":")" + std::string(agents[i % 3]) + R"(","session_id":"s)" + std::to_string(i % 2) +
                 R"(","action_type":"TOOL_CALL","action_name":"search","action_status":")" +
                 (i % 4 == 0 ? "error" : "success") + R"(","labels":{"env":"prod","n":")" + number +
                 R"("},"tool_call_id":"call-)" + number + R"(","parent_event_id":"call","action_input":{"q":")" +
                 number + R"("},"duration_ms":)" + (i % 3 == 0 ? R"("x")" : number) + "}");
    }
    if (events > kFew) client.recorder()->rotate_key(10000);
    client.close(-1);
  }

  store::TemporaryDirectory directory_;
};

inline verify::Report verify(const std::string& path, verify::Level level = verify::Level::kFull) {
  verify::Request request;
  request.level = level;
  request.read_only = true;
  return client::verify_ledger(store::LedgerAddress::at(path), request);
}

// The answers of every kind of query, and an export, as one text. The constructor throws if a query fails.
class Answers {
 public:
  Answers(const std::string& path, const std::string& scratch)
      : store_(store::open(store::LedgerAddress::at(path), kReadOnly)) {
    for (const char* order : {"asc", "desc"}) {
      ask(std::string(R"("include_system":true,"order":")") + order + '"');
    }
    ask("");
    for (const auto& agent : store_->agents(true, "", store::kNoLimit)) {
      say(agent.agent, agent.events, agent.first, agent.last);
      ask(R"("agent_id":")" + agent.agent + R"(","include_system":true)");
    }
    for (const auto& session : store_->sessions(std::nullopt, 0, 1000)) {
      say(session.agent + "/" + session.session, session.events, session.errors, session.first, session.last);
      ask(R"("session_id":")" + session.session + '"');
    }
    const store::Summary sums = store_->summary();
    say(sums.ledger_id, sums.events, sums.agents, sums.sessions, sums.errors, sums.system_events, sums.first,
        sums.last);
    for (const auto* counts : {&sums.by_type, &sums.by_status}) {
      for (const auto& [name, count] : *counts) say(name, count);
    }
    for (const char* condition :
         {R"("labels":{"env":"prod"})", R"("action_type":"TOOL_CALL")", R"("action_name":"search")",
          R"("action_status":"error")", R"("parent_event_id":"call")", R"("source":"sdk")"}) {
      ask(condition);
    }
    std::vector<store::EventRow> all;
    store::Filter filter;
    filter.include_system = true;
    while (store_->page(filter, 100, all)) {
    }
    for (const store::EventRow& row : all) {
      const event::Index index = event::index_of(row.canonical);
      if (const auto found = store_->find(index.id, std::nullopt)) store::append_json(*found, text_);
      const std::string time = format_timestamp(index.time);
      ask(R"("since":")" + time + '"');
      ask(R"("until":")" + time + '"');
      event::Prepared event;
      event.canonical = row.canonical;
      const std::string call(event.raw(index.references[static_cast<std::size_t>(event::Reference::kToolCallId)]));
      if (call.empty()) continue;
      ask(R"("tool_call_id":")" + call + '"');
      ask(R"("labels":{"n":")" + call.substr(5) + "\"}");
    }
    say(store_->context("env", "prod").value_or("none"));
    const std::string file = scratch + "/answers.plog";
    report::ExportRequest request;
    request.overwrite = true;
    report::write_package(*store_, read_file(path + ".head"), file, request);
    std::string document = read_file(file);
    const std::size_t at = document.find(R"("exported_at":")");
    document.erase(at, document.find(',', at) - at);
    text_ += document;
  }

  const std::string& text() const { return text_; }

 private:
  static constexpr store::OpenMode kReadOnly = store::OpenMode::kReadOnly;

  void ask(const std::string& members) {
    store::Filter filter = query::parse_filter("{" + members + "}");
    say(members, store_->count(filter));
    std::vector<store::EventRow> rows;
    while (store_->page(filter, 100, rows)) {
    }
    for (const store::EventRow& row : rows) {
      say(row.commit_index);
      store::append_json(row, text_);
    }
  }
  void say_one(const std::string& text) { text_ += text; }
  template <typename Number>
  void say_one(Number number) {
    text_ += std::to_string(number);
  }
  template <typename... Values>
  void say(const Values&... values) {
    ((say_one(values), text_ += ' '), ...);
    text_ += '\n';
  }

  const std::unique_ptr<store::Store> store_;
  std::string text_;
};

}  // namespace plog::attacks
