#include "client/verification.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "client/adopter.h"
#include "client/fork.h"
#include "json/value.h"

namespace plog::client {
namespace {

// Brings the journals of dead processes in, where that is possible: else they are counted as pending.
void drain_orphans(const std::string& db_path) {
  try {
    RecorderOptions options;
    Recorder::open(db_path, options)->adopt_orphans(10000);
  } catch (const Error&) {
  }
}

void run(store::Store& store, const VerifyRequest& request, VerifyReport& report) {
  report.ledger_id = store.meta(store::kMetaLedgerId);
  ledger::ChainVerifier verifier(request.agent.value_or(""));
  store.verify(
      verifier, request.progress ? request.progress : [](std::uint64_t, std::uint64_t) { return true; });
  report.events = verifier.events();
  report.agents = verifier.agents();
  report.findings = verifier.findings();
  report.finding_count = verifier.finding_count();
  for (const ledger::Finding& finding : report.findings) report.verdict = std::max(report.verdict, finding.verdict);
  if (!report.findings.empty()) report.error = report.findings.front().what;
  if (verifier.rows() == 0 && report.finding_count == 0) {
    // Every ledger begins with an event of its own: what has none was emptied.
    report.verdict = ledger::Verdict::kMissingLog;
    report.error = "no events in " + report.db_path;
  } else if (request.agent && ((report.events == 0 && report.finding_count == 0) || request.agent->empty())) {
    report.verdict = std::max(report.verdict, ledger::Verdict::kMissingLog);
    if (report.error.empty()) report.error = "no events of agent " + (request.agent->empty() ? "\"\"" : *request.agent);
  }
  report.pending = count_pending(journal_directory(report.db_path), store);
}

void fail(VerifyReport& report, const Error& error) {
  if (error.status() == Status::kCancelled || error.status() == Status::kInvalid) throw error;
  report.verdict = error.status() == Status::kNotFound ? ledger::Verdict::kMissingLog : ledger::Verdict::kCannotRun;
  report.error = error.what();
}

}  // namespace

VerifyReport verify_path(const std::string& db_path, const VerifyRequest& request) {
  VerifyReport report;
  report.db_path = db_path;
  report.agent = request.agent;
  try {
    if (cloned_without_handlers()) {
      throw Error(Status::kUnsupported, "this process was cloned without fork handlers and cannot read the ledger");
    }
    if (::access(db_path.c_str(), F_OK) != 0 && errno == ENOENT) {
      throw Error(Status::kNotFound, "no ledger at " + db_path);
    }
    if (!request.read_only && ::access(db_path.c_str(), W_OK) == 0) drain_orphans(db_path);
    const auto store = store::open_sqlite(db_path, store::OpenMode::kReadOnly);
    run(*store, request, report);
  } catch (const Error& error) {
    fail(report, error);
  }
  return report;
}

VerifyReport verify_client(Client& client, const VerifyRequest& request) {
  VerifyReport report;
  report.db_path = client.db_path();
  report.agent = request.agent;
  try {
    const std::shared_ptr<Recorder> recorder = client.recorder();
    if (!request.read_only) {
      try {
        client.fresh_store();
      } catch (const Error& error) {
        // What is not in the ledger yet is counted as pending.
        if (error.status() == Status::kCorrupt || error.status() == Status::kNotFound) throw;
      }
    }
    run(recorder->store(), request, report);
  } catch (const Error& error) {
    fail(report, error);
  }
  return report;
}

std::string VerifyReport::json() const {
  using json::Value;
  Value::Array list;
  for (const ledger::Finding& finding : findings) {
    list.push_back(Value::Object{{"agent_id", Value(finding.agent)},
                                 {"commit_index", Value(finding.commit_index)},
                                 // A row may claim a negative one.
                                 {"sequence", Value(static_cast<std::int64_t>(finding.sequence))},
                                 {"verdict", Value(ledger::verdict_name(finding.verdict))},
                                 {"what", Value(finding.what)}});
  }
  const bool valid = ledger::verdict_valid(verdict);
  Value::Object object{{"agents", Value(agents)},
                       {"assurance", Value("consistent")},
                       {"db_path", Value(db_path)},
                       {"events", Value(events)},
                       {"finding_count", Value(finding_count)},
                       {"findings", Value(std::move(list))},
                       {"ledger_id", Value(ledger_id)},
                       {"pending", Value(pending)},
                       {"tail", Value(0)},
                       {"valid", Value(valid)},
                       {"verdict", Value(ledger::verdict_name(verdict))}};
  if (agent) object["agent_id"] = Value(*agent);
  if (!error.empty()) object["error"] = Value(error);
  return Value(std::move(object)).canonical();
}

}  // namespace plog::client
