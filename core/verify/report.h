// What a verification found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/verdict.h"
#include "store/ledger_address.h"
#include "verify/request.h"

namespace plog::verify {

// A head that the ledger was compared with.
struct HeadReport {
  std::string source;  // its file
  bool trusted = false;
  std::uint64_t size = 0;
  std::string origin;
  std::string status;  // "consistent", "ahead", "differs", "malformed", "unknown key", ...
};

struct Report {
  ledger::Verdict verdict = ledger::Verdict::kOk;
  Level level = Level::kFull;
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

}  // namespace plog::verify
