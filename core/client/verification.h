// Verifies a whole ledger: opens it, passes its rows through the verifiers of core/ledger, compares it with its heads,
// and reports the findings.
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
  kChain,  // hash chains and commit order
  kTree,   // also leaves, tree, tiles, heads, keys and schema
  kFull,   // also all data derived from the events (columns, labels, references, sums, contexts), and the database file
};
// "chain", "tree", "full"; nullopt for anything else.
std::optional<VerifyLevel> parse_verify_level(std::string_view name) noexcept;

struct VerifyRequest {
  std::optional<std::string> agent;  // only this agent's chain; nullopt: all. An unknown agent is never valid
  bool read_only = false;            // does not adopt orphaned journals first; their records are counted as pending
  VerifyLevel level = VerifyLevel::kFull;
  // A trusted public key: its text (vkey), or a file that contains it.
  std::optional<std::string> key;
  std::vector<std::string> heads;  // files with trusted heads
  // Reads only the events after the newest trusted head, which covers the earlier ones.
  bool incremental = false;
  unsigned threads = 0;  // 0: two
  std::string key_path;  // the file with the ledger's own private key; empty: <db>.key
  ledger::Checks checks;
  // Called between blocks, on the caller's thread, with the number of verified events and of all events. Returning
  // false stops the verification (kCancelled).
  std::function<bool(std::uint64_t, std::uint64_t)> progress;
};

// A head that the ledger was compared with.
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
  store::LedgerAddress address;
  std::string ledger_id, error;  // error: the first of the gravest findings; empty if there are none
  std::optional<std::string> agent;
  std::uint64_t events = 0, agents = 0, pending = 0;
  std::uint64_t tail = 0;           // events after the newest head that agrees with the ledger
  std::uint64_t verified_from = 0;  // incremental: the earlier events were not read; a trusted head covers them
  std::string assurance = "consistent";
  std::uint64_t assurance_events = 0;  // events covered by the head on which the assurance rests
  std::uint64_t tree_size = 0;
  std::string root, origin, key;  // root: of the tree over all events, in hex; origin, key: of the current epoch
  std::vector<HeadReport> heads;
  std::vector<std::string> notes;
  ledger::Findings findings;
  std::uint64_t recovered = 0;  // events adopted from orphaned journals

  // One JSON object: verdict, valid, events, agents, tail, assurance, findings, and more (docs/cli.md).
  std::string json() const;
};

// Verifies a ledger, which need not exist. Throws only kCancelled and kInvalid (a bad key). A ledger that cannot be read
// gets a verdict.
VerifyReport verify_ledger(const store::LedgerAddress& address, const VerifyRequest& request);
// Verifies a client's ledger with everything that the client has recorded so far. Throws as verify_ledger.
VerifyReport verify_client(Client& client, const VerifyRequest& request);

}  // namespace plog::client
