// The change from one signing key to the next (docs/formats.md, Rotations): a note that both keys sign.
//
//   provenlog key rotation v1
//   <origin>
//   <number of the epoch that begins, decimal>
//   <old key, vkey>
//   <new key, vkey>
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/note.h"

namespace plog::ledger {

// Makes the note and signs it with both keys. Throws Error(kInvalid) as crypto::sign_note does.
std::string rotation_note(const std::string& origin, std::uint64_t epoch, const crypto::Signer& old_key,
                          const crypto::Signer& new_key);

// Returns the new key if the note names this origin, epoch and old key, and both keys signed it; otherwise nullopt.
std::optional<crypto::Verifier> open_rotation(std::string_view note, std::string_view origin, std::uint64_t epoch,
                                              const crypto::Verifier& old_key);

}  // namespace plog::ledger
