// Checkpoints (c2sp.org/tlog-checkpoint): the text of the signed note that is a head of the ledger.
//
//   <origin: the log's name>
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
  std::vector<std::string> extensions;  // lines; none of them is empty

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Parses strictly: the size is decimal without leading zeros and below 2^64; the root is 32 bytes of base64 with
// padding and no leftover bits; the text is UTF-8 without control characters; every line ends with a newline and
// nothing follows the last one; the empty tree has the empty root. Returns nullopt for anything else. format_checkpoint
// restores the same bytes.
std::optional<Checkpoint> parse_checkpoint(std::string_view text);
// Throws Error(kInvalid) if parse_checkpoint would reject the result.
std::string format_checkpoint(const Checkpoint& checkpoint);

// Returns the checkpoint as a signed note. Throws Error(kInvalid) as format_checkpoint does.
std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::Signer& signer);

enum class CheckpointFault {
  kNone,
  kMalformed,     // not a note, or its text is not a checkpoint
  kUnknownKey,    // as in crypto::NoteFault
  kBadSignature,  // as in crypto::NoteFault
  kAmbiguousKey,  // as in crypto::NoteFault
  kOtherOrigin,   // a signed checkpoint of another log
};
// A predicate for messages: "is malformed", "has no signature by a known key", ...
std::string_view checkpoint_fault_text(CheckpointFault fault) noexcept;

struct OpenedCheckpoint {
  CheckpointFault fault = CheckpointFault::kMalformed;
  // The members below are empty unless `fault` is kNone or kOtherOrigin.
  Checkpoint checkpoint;
  std::string text;  // the signed text
  std::vector<crypto::NoteSignature> verified, unverified;
};

// Checks a signed checkpoint against known keys (see crypto::open_note) and, unless `origin` is empty, against the
// expected origin.
OpenedCheckpoint open_checkpoint(std::string_view note, std::span<const crypto::Verifier> verifiers,
                                 std::string_view origin = {});

}  // namespace plog::ledger
