// The report of a verification as JSON.
#include "verify/report.h"
#include "json/value.h"

namespace plog::verify {
namespace {

using json::Value;

std::string_view level_name(Level level) {
  switch (level) {
    case Level::kChain: return "chain";
    case Level::kTree: return "tree";
    case Level::kFull: break;
  }
  return "full";
}

Value findings_json(const ledger::Findings& findings) {
  Value::Array list;
  for (const ledger::Finding& finding : findings.kept()) {
    list.push_back(Value::Object{{"agent_id", Value(finding.agent)},
                                 {"commit_index", Value(finding.commit_index)},
                                 // A changed row can have a negative sequence.
                                 {"sequence", Value(static_cast<std::int64_t>(finding.sequence))},
                                 {"verdict", Value(ledger::verdict_name(finding.verdict))},
                                 {"what", Value(finding.what)}});
  }
  return Value(std::move(list));
}

Value heads_json(const std::vector<HeadReport>& heads) {
  Value::Array list;
  for (const HeadReport& head : heads) {
    list.push_back(Value::Object{{"origin", Value(head.origin)},
                                 {"size", Value(head.size)},
                                 {"source", Value(head.source)},
                                 {"status", Value(head.status)},
                                 {"trusted", Value(head.trusted)}});
  }
  return Value(std::move(list));
}

}  // namespace

std::string Report::json() const {
  Value::Array note_list;
  for (const std::string& note : notes) note_list.push_back(Value(note));
  Value::Object object{{"agents", Value(agents)},
                       {"assurance", Value(assurance)},
                       {"assurance_events", Value(assurance_events)},
                       {"db_path", Value(address.path())},
                       {"events", Value(events)},
                       {"finding_count", Value(findings.count())},
                       {"findings", findings_json(findings)},
                       {"heads", heads_json(heads)},
                       {"key", Value(key)},
                       {"ledger_id", Value(ledger_id)},
                       {"level", Value(level_name(level))},
                       {"notes", Value(std::move(note_list))},
                       {"origin", Value(origin)},
                       {"pending", Value(pending)},
                       {"recovered", Value(recovered)},
                       {"root", Value(root)},
                       {"tail", Value(tail)},
                       {"tree_size", Value(tree_size)},
                       {"valid", Value(ledger::verdict_valid(verdict))},
                       {"verdict", Value(ledger::verdict_name(verdict))},
                       {"verified_from", Value(verified_from)}};
  if (agent) object["agent_id"] = Value(*agent);
  if (!error.empty()) object["error"] = Value(error);
  return Value(std::move(object)).canonical();
}

}  // namespace plog::verify
