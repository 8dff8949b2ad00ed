// What the checks of all kinds of export share: the trusted keys and heads, and the report.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/merkle.h"
#include "ledger/verify.h"

namespace plog::report {

// Called now and then with the events done and the total. If it returns false, the work stops with kCancelled.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct CheckRequest {
  std::vector<std::string> keys;   // trusted public keys (vkey); if there are none, the export's own key is used
  std::vector<std::string> heads;  // trusted heads (signed checkpoints)
  Progress progress;
};

struct CheckReport {
  ledger::Verdict verdict = ledger::Verdict::kOk;
  std::string path, ledger_id, origin, key;
  std::optional<ledger::Hash> root;
  std::string assurance = "consistent";
  std::uint64_t events = 0, agents = 0, tree_size = 0;
  bool complete = false;                  // the export has all events of the tree
  std::vector<ledger::Finding> findings;  // the first 100
  std::uint64_t finding_count = 0;

  void add(ledger::Verdict verdict, std::string what, std::string agent = {}, std::uint64_t sequence = 0,
           std::uint64_t commit_index = 0);
  // One JSON object with the members of the report on a ledger (docs/cli.md).
  std::string json() const;
};

// The root over the first leaves, by their number; nullopt where it is not known.
using KnownRoots = std::map<std::uint64_t, std::optional<ledger::Hash>>;
// Throws kInvalid if a key of the request is malformed.
void check_request(const CheckRequest& request);
// Returns an entry for the size of each trusted head of the request. Throws kInvalid if a head is not a checkpoint.
KnownRoots wanted_roots(const CheckRequest& request);

// Checks the checkpoint of an export against its root and size, against the trusted keys or else its own key, and
// against the trusted heads. Sets origin, key and assurance of the report.
void check_checkpoint(const std::string& note, const std::string& own_key, const CheckRequest& request,
                      const KnownRoots& roots, CheckReport& report);

}  // namespace plog::report
