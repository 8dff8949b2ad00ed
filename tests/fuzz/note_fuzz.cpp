// Signed notes and keys: accepted text has only one spelling, and a note opens only if the key signed it.
#include "crypto/note.h"

#include <cstdint>
#include <string>

#include "base/error.h"
#include "check.h"

namespace {

using plog::crypto::NoteFault;
using plog::crypto::OpenedNote;

constexpr char kText[] = "text\n";

void check_note(std::string_view octets, const plog::crypto::Signer& signer) {
  const auto note = plog::crypto::parse_note(octets);
  const OpenedNote opened = plog::crypto::open_note(octets, signer.verifier());
  PLOG_FUZZ_CHECK((opened.fault == NoteFault::kMalformed) == !note);
  if (!note) return;
  PLOG_FUZZ_CHECK(plog::crypto::format_note(*note) == octets);
  PLOG_FUZZ_CHECK(octets.size() <= plog::crypto::kMaxNoteSize);
  PLOG_FUZZ_CHECK(note->signatures.size() <= plog::crypto::kMaxNoteSignatures);
  if (opened.fault != NoteFault::kNone) return;
  // Signatures are deterministic, so the verified signature must be the one that the key of the corpus makes.
  PLOG_FUZZ_CHECK(opened.text == note->text && opened.verified.size() == 1);
  const auto signature = signer.sign(opened.text);
  PLOG_FUZZ_CHECK(opened.verified[0].signature == std::string(signature.begin(), signature.end()));
}

template <typename Key>
void check_key(std::string_view text) {
  try {
    PLOG_FUZZ_CHECK(Key::parse(text).format() == text);
  } catch (const plog::Error& error) {
    PLOG_FUZZ_CHECK(error.status() == plog::Status::kInvalid || error.status() == plog::Status::kUnsupported);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto* const signer =
      new plog::crypto::Signer("example.com/log", plog::crypto::PrivateKey(plog::crypto::Seed()));
  check_note(text, *signer);
  check_key<plog::crypto::Verifier>(text);
  check_key<plog::crypto::Signer>(text);
  // Use the text as a name: a valid key name is preserved in notes and keys.
  if (size < 1'000 && plog::crypto::is_key_name(text)) {
    const plog::crypto::Signer named{std::string(text), plog::crypto::PrivateKey(plog::crypto::Seed())};
    PLOG_FUZZ_CHECK(plog::crypto::Signer::parse(named.format()).verifier() == named.verifier());
    const OpenedNote opened = plog::crypto::open_note(plog::crypto::sign_note(kText, named), named.verifier());
    PLOG_FUZZ_CHECK(opened.fault == NoteFault::kNone && opened.text == kText);
  }
  return 0;
}
