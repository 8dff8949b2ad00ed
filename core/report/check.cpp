#include "report/check.h"

#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "json/value.h"
#include "ledger/checkpoint.h"

namespace plog::report {
namespace {

using ledger::CheckpointFault;
using ledger::Verdict;

constexpr std::size_t kMaxFindings = 100;

std::vector<crypto::Verifier> verifiers_of(const std::vector<std::string>& keys) {
  std::vector<crypto::Verifier> verifiers;
  verifiers.reserve(keys.size());
  for (const std::string& key : keys) verifiers.push_back(crypto::Verifier::parse(key));
  return verifiers;
}

// Gives the trusted keys the name that signed, because one key signs for all branches of a ledger.
std::vector<crypto::Verifier> under_name(const std::vector<crypto::Verifier>& keys, const std::string& name) {
  std::vector<crypto::Verifier> verifiers;
  verifiers.reserve(keys.size());
  for (const crypto::Verifier& key : keys) verifiers.emplace_back(name, key.key());
  return verifiers;
}

ledger::Checkpoint parse_head(const std::string& head) {
  const auto note = crypto::parse_note(head);
  const auto checkpoint = note ? ledger::parse_checkpoint(note->text) : std::nullopt;
  if (!checkpoint) {
    throw Error(Status::kInvalid,
                "the trusted head is not a signed checkpoint; give a file that `plog checkpoint` wrote, or a copy of a "
                ".head file");
  }
  return *checkpoint;
}

// Checks whether the export's tree extends a trusted head.
void check_head(const std::string& head, const std::vector<crypto::Verifier>& verifiers, const KnownRoots& roots,
                CheckReport& report) {
  const ledger::Checkpoint trusted = parse_head(head);
  if (trusted.origin != report.origin) {
    report.add(Verdict::kUnverifiable,
               "the trusted head has the origin " + trusted.origin + ", but the export has " + report.origin);
    return;
  }
  const auto opened = ledger::open_checkpoint(head, under_name(verifiers, trusted.origin));
  if (opened.fault != CheckpointFault::kNone) {
    report.add(Verdict::kUnverifiable, "the trusted head " + std::string(ledger::checkpoint_fault_text(opened.fault)));
    return;
  }
  if (trusted.size > report.tree_size) {
    report.add(Verdict::kRolledBack, "the trusted head covers " + std::to_string(trusted.size) +
                                         " events, but the export's tree has only " + std::to_string(report.tree_size));
    return;
  }
  std::optional<ledger::Hash> root;
  if (trusted.size == report.tree_size) root = report.root;
  if (const auto known = roots.find(trusted.size); !root && known != roots.end()) root = known->second;
  if (!root) {
    report.add(Verdict::kUnverifiable,
               "the export does not have all of the first " + std::to_string(trusted.size) +
                   " events, so it cannot be compared with the trusted head; export everything");
  } else if (*root != trusted.root) {
    report.add(Verdict::kForked, "the trusted head covers other events: two histories of one log were signed");
  } else {
    report.assurance = "pinned";
  }
}

}  // namespace

void CheckReport::add(Verdict found, std::string what, std::string agent, std::uint64_t sequence,
                      std::uint64_t commit_index) {
  verdict = std::max(verdict, found);
  if (++finding_count > kMaxFindings) return;
  ledger::Finding finding;
  finding.verdict = found;
  finding.agent = std::move(agent);
  finding.sequence = sequence;
  finding.commit_index = commit_index;
  finding.what = std::move(what);
  findings.push_back(std::move(finding));
}

std::string CheckReport::json() const {
  using json::Value;
  Value::Array list;
  for (const ledger::Finding& finding : findings) {
    list.push_back(Value::Object{{"agent_id", Value(finding.agent)},
                                 {"commit_index", Value(finding.commit_index)},
                                 {"sequence", Value(finding.sequence)},
                                 {"verdict", Value(ledger::verdict_name(finding.verdict))},
                                 {"what", Value(finding.what)}});
  }
  const bool valid = ledger::verdict_valid(verdict);
  Value::Object object{{"agents", Value(agents)},
                       {"assurance", Value(assurance)},
                       {"assurance_events", Value(valid ? tree_size : std::uint64_t{0})},
                       {"complete", Value(complete)},
                       {"events", Value(events)},
                       {"finding_count", Value(finding_count)},
                       {"findings", Value(std::move(list))},
                       {"key", Value(key)},
                       {"ledger_id", Value(ledger_id)},
                       {"origin", Value(origin)},
                       {"path", Value(path)},
                       {"root", Value(root ? hex_encode(root->data(), root->size()) : std::string())},
                       {"tail", Value(0)},
                       {"tree_size", Value(tree_size)},
                       {"valid", Value(valid)},
                       {"verdict", Value(ledger::verdict_name(verdict))}};
  if (!findings.empty()) object["error"] = Value(findings.front().what);
  return Value(std::move(object)).canonical();
}

void check_request(const CheckRequest& request) { verifiers_of(request.keys); }

KnownRoots wanted_roots(const CheckRequest& request) {
  KnownRoots roots;
  for (const std::string& head : request.heads) roots.emplace(parse_head(head).size, std::nullopt);
  if (const auto empty = roots.find(0); empty != roots.end()) empty->second = ledger::empty_root();
  return roots;
}

void check_checkpoint(const std::string& note, const std::string& own_key, const CheckRequest& request,
                      const KnownRoots& roots, CheckReport& report) {
  std::vector<crypto::Verifier> verifiers = verifiers_of(request.keys);
  const bool trusted = !verifiers.empty();
  if (!trusted) {
    try {
      verifiers.push_back(crypto::Verifier::parse(own_key));
    } catch (const Error& error) {
      report.add(Verdict::kUnverifiable, std::string("the export's vkey is not a public key: ") + error.what());
      return;
    }
  }
  const auto parsed = crypto::parse_note(note);
  const auto checkpoint = parsed ? ledger::parse_checkpoint(parsed->text) : std::nullopt;
  if (!checkpoint) {
    report.add(Verdict::kUnverifiable, "the checkpoint is malformed");
    return;
  }
  report.origin = checkpoint->origin;
  if (!report.root) report.root = checkpoint->root;
  if (checkpoint->size != report.tree_size || checkpoint->root != *report.root) {
    report.add(Verdict::kTampered, "the size or root of the signed checkpoint differs from that of the export");
  }
  verifiers = under_name(verifiers, checkpoint->origin);
  const auto opened = ledger::open_checkpoint(note, verifiers);
  if (opened.fault != CheckpointFault::kNone) {
    const bool forged = opened.fault == CheckpointFault::kBadSignature;
    report.add(forged ? Verdict::kTampered : Verdict::kUnverifiable,
               "the checkpoint " + std::string(ledger::checkpoint_fault_text(opened.fault)));
    return;
  }
  for (const crypto::Verifier& verifier : verifiers) {
    if (verifier.key_id() == opened.verified.front().key_id) report.key = verifier.format();
  }
  if (trusted) report.assurance = "signed";
  for (const std::string& head : request.heads) check_head(head, verifiers, roots, report);
}

}  // namespace plog::report
