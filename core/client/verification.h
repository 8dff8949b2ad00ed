// Verification of a whole ledger: opens it, reads it through the pure verifiers, holds it against its heads, and says
// what was found.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "ledger/checks.h"
#include "ledger/verdict.h"

namespace plog::client {

enum class VerifyLevel {
  kChain,  // hash chains and the order of commit
  kTree,   // and leaves, tree, tiles, heads, keys and schema
  kFull,   // and all that repeats the octets: columns, labels, references, sums, contexts; and the database's structure
};
// "chain", "tree", "full"; nullopt for anything else.
std::optional<VerifyLevel> parse_verify_level(std::string_view name) noexcept;

struct VerifyRequest {
  std::optional<std::string> agent;  // all agents when empty; an unknown one is never valid
  bool read_only = false;            // never drains journals of dead processes first; their records are pending
  VerifyLevel level = VerifyLevel::kFull;
  // A trusted public key: its text (vkey), or a file that holds it.
  std::optional<std::string> key;
  std::vector<std::string> heads;  // files with trusted heads
  // Only the events behind the newest trusted head; all before is vouched for by it.
  bool incremental = false;
  unsigned threads = 0;  // 0: two
  std::string key_path;  // of the ledger's own private key; empty: <db>.key
  ledger::Checks checks;
  // Called between blocks with the events done and the events there are, on the caller's thread; false stops
  // (kCancelled).
  std::function<bool(std::uint64_t, std::uint64_t)> progress;
};

// A head that the ledger was held against.
struct HeadReport {
  std::string source;  // its file
  bool trusted = false;
  std::uint64_t size = 0;
  std::string origin;
  std::string status;  // "consistent", "ahead", "differs", "malformed", "unknown key", ...
};

struct VerifyReport {
  ledger::Verdict verdict = ledger::Verdict::kOk;
  VerifyLevel level = VerifyLevel::kFull;
  std::string db_path, ledger_id, error;  // error: the first of the worst faults, empty when valid
  std::optional<std::string> agent;
  std::uint64_t events = 0, agents = 0, pending = 0;
  std::uint64_t tail = 0;           // events after the newest head that agrees
  std::uint64_t verified_from = 0;  // incremental: events before that are vouched for by a trusted head
  std::string assurance = "consistent";
  std::uint64_t assurance_events = 0;  // how many events the head covers that the assurance comes from
  std::uint64_t tree_size = 0;
  std::string root, origin, key;  // of the tree over all events, hex; of the present epoch
  std::vector<HeadReport> heads;
  std::vector<std::string> notes;
  ledger::Findings findings;
  std::uint64_t recovered = 0;

  // One JSON object: verdict, valid, events, agents, tail, assurance, findings, and more (docs/cli.md).
  std::string json() const;
};

// By path (which need not exist). Throws only kCancelled and kInvalid (a bad key): that a ledger can't be read is a
// verdict.
VerifyReport verify_path(const std::string& db_path, const VerifyRequest& request);
// The same of a client's ledger, with all that it recorded so far.
VerifyReport verify_client(Client& client, const VerifyRequest& request);

}  // namespace plog::client
