// Checkpoints (c2sp.org/tlog-checkpoint): the text of the signed note that is a head of the ledger.
//
//   <origin: which log>
//   <number of leaves, decimal>
//   <root of the tree over them, base64>
//   <extension lines, usually none>
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/note.h"
#include "ledger/merkle.h"

namespace plog::ledger {

struct Checkpoint {
  std::string origin;  // one line, not empty
  std::uint64_t size = 0;
  Hash root{};
  std::vector<std::string> extensions;  // lines, none empty

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Strict: decimal without leading zeros, below 2^64; 32 octets of base64 with padding and no bits left over; UTF-8
// without control characters; every line ended by a newline and nothing after the last. The empty tree has the empty
// root. nullopt for anything else; format_checkpoint gives back the same octets.
std::optional<Checkpoint> parse_checkpoint(std::string_view text);
// Throws Error(kInvalid) for what parse_checkpoint would refuse.
std::string format_checkpoint(const Checkpoint& checkpoint);

// The checkpoint as a signed note.
std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::Signer& signer);

enum class CheckpointFault {
  kNone,
  kMalformed,     // no note, or its text is no checkpoint
  kUnknownKey,    // as crypto::NoteFault
  kBadSignature,  // as crypto::NoteFault
  kAmbiguousKey,  // as crypto::NoteFault
  kOtherOrigin,   // a signed checkpoint of another log
};
std::string_view checkpoint_fault_text(CheckpointFault fault) noexcept;  // "malformed", "signed by no known key", ...

struct OpenedCheckpoint {
  CheckpointFault fault = CheckpointFault::kMalformed;
  // Below: empty unless fault is kNone or kOtherOrigin.
  Checkpoint checkpoint;
  std::string text;  // what was signed
  std::vector<crypto::NoteSignature> verified, unverified;
};

// Holds a signed checkpoint against known keys (crypto::open_note) and, unless `origin` is empty, the log it should be
// of.
OpenedCheckpoint open_checkpoint(std::string_view note, std::span<const crypto::Verifier> verifiers,
                                 std::string_view origin = {});

}  // namespace plog::ledger
