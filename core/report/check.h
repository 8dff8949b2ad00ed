// What the checks of exports share: whom to trust, and what was found.
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

using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;  // false stops: kCancelled

struct CheckRequest {
  std::vector<std::string> keys;   // trusted public keys (vkey); without any, the export's own is used
  std::vector<std::string> heads;  // trusted heads (signed checkpoints)
  Progress progress;
};

struct CheckReport {
  ledger::Verdict verdict = ledger::Verdict::kOk;
  std::string path, ledger_id, origin, key;
  std::optional<ledger::Hash> root;
  std::string assurance = "consistent";
  std::uint64_t events = 0, agents = 0, tree_size = 0;
  bool complete = false;                  // all events of the tree were there
  std::vector<ledger::Finding> findings;  // the first 100
  std::uint64_t finding_count = 0;

  void add(ledger::Verdict verdict, std::string what, std::string agent = {}, std::uint64_t sequence = 0,
           std::uint64_t commit_index = 0);
  // One JSON object with the members of a report on a ledger (docs/cli.md).
  std::string json() const;
};

// Roots of the first so many leaves, where they are known.
using KnownRoots = std::map<std::uint64_t, std::optional<ledger::Hash>>;
// Throws kInvalid for a key in the request that is none.
void check_request(const CheckRequest& request);
// The sizes that the trusted heads of a request ask for. Throws kInvalid for a head that is no checkpoint.
KnownRoots wanted_roots(const CheckRequest& request);

// Holds the checkpoint of an export against its root and size, its key or the trusted ones, and the trusted heads; sets
// origin, key and assurance.
void check_checkpoint(const std::string& note, const std::string& own_key, const CheckRequest& request,
                      const KnownRoots& roots, CheckReport& report);

}  // namespace plog::report
