// Checkpoints: an accepted text has only one spelling, and a signed note is an accepted checkpoint exactly if its text
// is.
#include "ledger/checkpoint.h"

#include <cstdint>
#include <string>

#include "base/error.h"
#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using plog::ledger::CheckpointFault;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto* const signer =
      new plog::crypto::Signer("example.com/log", plog::crypto::PrivateKey(plog::crypto::Seed()));
  const std::span<const plog::crypto::Verifier> verifiers(&signer->verifier(), 1);

  const auto checkpoint = plog::ledger::parse_checkpoint(text);
  if (checkpoint) {
    PLOG_FUZZ_CHECK(plog::ledger::format_checkpoint(*checkpoint) == text);
    PLOG_FUZZ_CHECK(checkpoint->size != 0 || checkpoint->root == plog::ledger::empty_root());
  }
  // Open the text itself, and the text as a signed note.
  const auto opened = plog::ledger::open_checkpoint(text, verifiers);
  PLOG_FUZZ_CHECK((opened.fault == CheckpointFault::kNone) == !opened.text.empty());
  if (!opened.text.empty()) PLOG_FUZZ_CHECK(plog::ledger::format_checkpoint(opened.checkpoint) == opened.text);
  std::string note;
  try {
    note = plog::crypto::sign_note(text, *signer);
  } catch (const plog::Error&) {
    PLOG_FUZZ_CHECK(!checkpoint || size > plog::crypto::kMaxNoteSize / 2);
    return 0;
  }
  const auto own = plog::ledger::open_checkpoint(note, verifiers);
  PLOG_FUZZ_CHECK((own.fault == CheckpointFault::kNone) == checkpoint.has_value());
  if (checkpoint) {
    PLOG_FUZZ_CHECK(own.checkpoint == *checkpoint);
    const auto other = plog::ledger::open_checkpoint(note, verifiers, checkpoint->origin + "x");
    PLOG_FUZZ_CHECK(other.fault == CheckpointFault::kOtherOrigin);
  }
  return 0;
}
