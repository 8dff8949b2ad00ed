#include "ledger/rotation.h"

#include <array>

#include "base/error.h"

namespace plog::ledger {
namespace {

std::string rotation_text(std::string_view origin, std::uint64_t epoch, std::string_view old_vkey,
                          std::string_view new_vkey) {
  std::string text = "provenlog key rotation v1\n";
  text.append(origin) += '\n';
  text += std::to_string(epoch) + '\n';
  text.append(old_vkey) += '\n';
  text.append(new_vkey) += '\n';
  return text;
}

}  // namespace

std::string rotation_note(const std::string& origin, std::uint64_t epoch, const crypto::Signer& old_key,
                          const crypto::Signer& new_key) {
  const std::array<const crypto::Signer*, 2> signers = {&old_key, &new_key};
  return crypto::sign_note(rotation_text(origin, epoch, old_key.verifier().format(), new_key.verifier().format()),
                           signers);
}

std::optional<crypto::Verifier> open_rotation(std::string_view note, std::string_view origin, std::uint64_t epoch,
                                              const crypto::Verifier& old_key) {
  const auto parsed = crypto::parse_note(note);
  if (!parsed) return std::nullopt;
  const std::string start = rotation_text(origin, epoch, old_key.format(), "");
  // `start` ends with the newline of the last line, which comes after the new key.
  if (parsed->text.size() <= start.size() ||
      parsed->text.compare(0, start.size() - 1, start, 0, start.size() - 1) != 0) {
    return std::nullopt;
  }
  const std::string vkey = parsed->text.substr(start.size() - 1, parsed->text.size() - start.size());
  try {
    const crypto::Verifier next = crypto::Verifier::parse(vkey);
    if (rotation_text(origin, epoch, old_key.format(), next.format()) != parsed->text) return std::nullopt;
    const std::array<crypto::Verifier, 2> both = {old_key, next};
    const crypto::OpenedNote opened = crypto::open_note(note, both);
    if (opened.fault != crypto::NoteFault::kNone || opened.verified.size() != 2) return std::nullopt;
    return next;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace plog::ledger
