// Verification of a whole ledger: opens it, reads it through the pure verifier, and says what was found.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "client/client.h"
#include "ledger/verify.h"

namespace plog::client {

struct VerifyRequest {
  std::optional<std::string> agent;  // all agents when empty; an unknown one is never valid
  bool read_only = false;            // never drains journals of dead processes first; their records are pending
  // Called between pages with the events done and the events there are; false stops (kCancelled).
  std::function<bool(std::uint64_t, std::uint64_t)> progress;
};

struct VerifyReport {
  ledger::Verdict verdict = ledger::Verdict::kOk;
  std::string db_path, ledger_id, error;  // error: the first finding in words, empty when valid
  std::optional<std::string> agent;
  std::uint64_t events = 0, agents = 0, pending = 0, finding_count = 0;
  std::vector<ledger::Finding> findings;

  // One JSON object: verdict, valid, events, agents, tail, assurance, findings, and more (docs/cli.md).
  std::string json() const;
};

// By path (which need not exist). Throws only kCancelled and kInvalid: that a ledger can't be read is a verdict.
VerifyReport verify_path(const std::string& db_path, const VerifyRequest& request);
// The same of a client's ledger, with all that it recorded so far.
VerifyReport verify_client(Client& client, const VerifyRequest& request);

}  // namespace plog::client
