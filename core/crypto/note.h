// Signed notes (c2sp.org/signed-note): a text, an empty line, and one line per signature.
//
//   <text, ending in a newline>
//   <empty line>
//   — <key name> <base64 of key id (4 bytes, big-endian) and signature>
//
// The signature covers the bytes of the text, including its last newline. Parsing is strict, so that a note has only
// one spelling: base64 must be padded, without line breaks and non-zero unused bits, and names and text must be as the
// format requires.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.h"

namespace plog::crypto {

inline constexpr std::size_t kMaxNoteSize = 1'000'000;  // bytes
inline constexpr std::size_t kMaxNoteSignatures = 100;

// The key type is the byte before the key in its text form.
inline constexpr std::uint8_t kEd25519KeyType = 0x01;

// Whether the name is non-empty UTF-8 without Unicode white space, control characters below 0x20, and '+'.
bool is_key_name(std::string_view name) noexcept;

// The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key), as a big-endian number.
std::uint32_t note_key_id(std::string_view name, std::uint8_t type, std::string_view key);

// A name and a public key, with which signatures are verified. Immutable and thread-safe.
class Verifier {
 public:
  // Throws Error(kInvalid) for a bad name.
  Verifier(std::string name, const PublicKey& key);
  // Reads the text form "<name>+<key id, 8 lower-case hex digits>+<base64 of type and key>". Throws Error(kInvalid) for
  // any other text and if the id does not match the key, Error(kUnsupported) if the key is not an Ed25519 key.
  static Verifier parse(std::string_view text);

  std::string format() const;  // the text form
  const std::string& name() const noexcept { return name_; }
  std::uint32_t key_id() const noexcept { return key_id_; }
  const PublicKey& key() const noexcept { return key_; }
  // `signature` does not include the key id.
  bool verify(std::string_view text, std::string_view signature) const { return key_.verify(text, signature); }

  friend bool operator==(const Verifier& left, const Verifier& right) noexcept {
    return left.name_ == right.name_ && left.key_ == right.key_;
  }

 private:
  std::string name_;
  PublicKey key_;
  std::uint32_t key_id_;
};

// A name and a private key, with which notes are signed. Move-only and thread-safe.
class Signer {
 public:
  // Throws Error(kInvalid) for a bad name.
  Signer(std::string name, PrivateKey key);
  static Signer generate(std::string name) { return Signer(std::move(name), PrivateKey::generate()); }
  // Reads the text form "PRIVATE+KEY+<name>+<key id>+<base64 of 0x01 and seed>". Throws as Verifier::parse does. No
  // error message contains any part of the text.
  static Signer parse(std::string_view text);

  // The text form. It is a secret; the caller must wipe it.
  std::string format() const;
  const Verifier& verifier() const noexcept { return verifier_; }
  const std::string& name() const noexcept { return verifier_.name(); }
  const PrivateKey& key() const noexcept { return key_; }
  Signature sign(std::string_view text) const { return key_.sign(text); }

 private:
  PrivateKey key_;
  Verifier verifier_;
};

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string signature;  // raw bytes without the key id; not empty

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct Note {
  std::string text;  // ends in a newline
  std::vector<NoteSignature> signatures;
};

// Parses a well-formed note of at most kMaxNoteSize bytes with 1 to kMaxNoteSignatures signatures. Returns nullopt for
// anything else. format_note reproduces the same bytes.
std::optional<Note> parse_note(std::string_view octets);
// Throws Error(kInvalid) if parse_note would reject the result.
std::string format_note(const Note& note);

// Returns a note with one signature of each signer, in their order. Throws Error(kInvalid) as format_note does.
std::string sign_note(std::string_view text, std::span<const Signer* const> signers);
std::string sign_note(std::string_view text, const Signer& signer);

enum class NoteFault {
  kNone,
  kMalformed,     // not a note, or larger than the limits
  kUnknownKey,    // a note that none of the keys has signed
  kBadSignature,  // a signature with the name and id of one of the keys is not valid
  kAmbiguousKey,  // a signature has the name and id of two different keys
};

struct OpenedNote {
  NoteFault fault = NoteFault::kMalformed;
  // The members below are empty unless `fault` is kNone.
  std::string text;
  std::vector<NoteSignature> verified;    // one per key that signed, in the note's order
  std::vector<NoteSignature> unverified;  // those of other keys and other types (cosignatures), unchecked
};

// Checks a note against known keys. Signatures of unknown keys are ignored. At least one signature must be of a known
// key, and every signature with the name and id of a known key must be valid.
OpenedNote open_note(std::string_view octets, std::span<const Verifier> verifiers);
OpenedNote open_note(std::string_view octets, const Verifier& verifier);

}  // namespace plog::crypto
