#include "ledger/checkpoint.h"

#include <algorithm>

#include "base/error.h"
#include "ledger/lines.h"

namespace plog::ledger {
namespace {

bool is_line(std::string_view line) noexcept {
  return !line.empty() && is_utf8(line) &&
         std::none_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

CheckpointFault fault_of(crypto::NoteFault fault) noexcept {
  switch (fault) {
    case crypto::NoteFault::kNone: return CheckpointFault::kNone;
    case crypto::NoteFault::kMalformed: break;
    case crypto::NoteFault::kUnknownKey: return CheckpointFault::kUnknownKey;
    case crypto::NoteFault::kBadSignature: return CheckpointFault::kBadSignature;
    case crypto::NoteFault::kAmbiguousKey: return CheckpointFault::kAmbiguousKey;
  }
  return CheckpointFault::kMalformed;
}

}  // namespace

std::optional<Checkpoint> parse_checkpoint(std::string_view text) {
  if (text.size() > crypto::kMaxNoteSize) return std::nullopt;
  const std::optional<std::string_view> origin = take_line(text);
  if (!origin || !is_line(*origin)) return std::nullopt;
  const std::optional<std::uint64_t> size = parse_decimal(take_line(text).value_or(std::string_view()));
  if (!size) return std::nullopt;
  const std::optional<Hash> root = parse_hash(take_line(text).value_or(std::string_view()));
  if (!root || (*size == 0 && *root != empty_root())) return std::nullopt;
  Checkpoint checkpoint{std::string(*origin), *size, *root, {}};
  while (!text.empty()) {
    const std::optional<std::string_view> line = take_line(text);
    if (!line || !is_line(*line)) return std::nullopt;
    checkpoint.extensions.emplace_back(*line);
  }
  return checkpoint;
}

std::string format_checkpoint(const Checkpoint& checkpoint) {
  std::string text = checkpoint.origin;
  text += '\n';
  text += std::to_string(checkpoint.size);
  text += '\n';
  text += base64_encode(checkpoint.root.data(), checkpoint.root.size());
  text += '\n';
  for (const std::string& line : checkpoint.extensions) {
    text += line;
    text += '\n';
  }
  if (parse_checkpoint(text) != checkpoint) {
    throw Error(
        Status::kInvalid,
        "cannot write the checkpoint: its origin and extensions must be single lines of text, none of them empty, "
        "and an empty tree must have the empty root");
  }
  return text;
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::Signer& signer) {
  return crypto::sign_note(format_checkpoint(checkpoint), signer);
}

std::string_view checkpoint_fault_text(CheckpointFault fault) noexcept {
  switch (fault) {
    case CheckpointFault::kNone: return "is valid";
    case CheckpointFault::kMalformed: return "is malformed";
    case CheckpointFault::kUnknownKey: return "has no signature by a known key";
    case CheckpointFault::kBadSignature: return "has an invalid signature";
    case CheckpointFault::kAmbiguousKey: return "has a signature whose key name and id match two different keys";
    case CheckpointFault::kOtherOrigin: return "belongs to another log";
  }
  return "is invalid";
}

OpenedCheckpoint open_checkpoint(std::string_view note, std::span<const crypto::Verifier> verifiers,
                                 std::string_view origin) {
  OpenedCheckpoint opened;
  crypto::OpenedNote open = crypto::open_note(note, verifiers);
  opened.fault = fault_of(open.fault);
  if (opened.fault != CheckpointFault::kNone) return opened;
  std::optional<Checkpoint> checkpoint = parse_checkpoint(open.text);
  if (!checkpoint) {
    opened.fault = CheckpointFault::kMalformed;
    return opened;
  }
  if (!origin.empty() && checkpoint->origin != origin) opened.fault = CheckpointFault::kOtherOrigin;
  opened.checkpoint = std::move(*checkpoint);
  opened.text = std::move(open.text);
  opened.verified = std::move(open.verified);
  opened.unverified = std::move(open.unverified);
  return opened;
}

}  // namespace plog::ledger
