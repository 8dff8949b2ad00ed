// Signed notes (c2sp.org/signed-note): a text, an empty line, and one line for each signature.
//
//   <text, ending in a newline>
//   <empty line>
//   — <key name> <base64 of key id (4 octets, big-endian) and signature>
//
// Signed are the octets of the text with its last newline. Parsing is strict, so that one note has one spelling:
// base64 has its padding, no line breaks and no bits left over; names and text are what the format allows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.h"

namespace plog::crypto {

inline constexpr std::size_t kMaxNoteSize = 1'000'000;
inline constexpr std::size_t kMaxNoteSignatures = 100;

// The kind of a key is the octet in front of it in its text form.
inline constexpr std::uint8_t kEd25519KeyType = 0x01;

// Non-empty UTF-8 without Unicode spaces, control characters below 0x20, and '+'.
bool is_key_name(std::string_view name) noexcept;

// The first four octets of SHA-256(name ‖ 0x0A ‖ type ‖ key), as a big-endian number.
std::uint32_t note_key_id(std::string_view name, std::uint8_t type, std::string_view key);

// Who may have signed: a name and a public key. Immutable; any thread.
class Verifier {
 public:
  // Throws Error(kInvalid) for a bad name.
  Verifier(std::string name, const PublicKey& key);
  // The text form "<name>+<key id, 8 lower-case hex digits>+<base64 of type and key>". Throws Error(kInvalid) for any
  // other text, also when the id is not that of the key; Error(kUnsupported) for a key of a type but Ed25519's.
  static Verifier parse(std::string_view text);

  std::string format() const;
  const std::string& name() const noexcept { return name_; }
  std::uint32_t key_id() const noexcept { return key_id_; }
  const PublicKey& key() const noexcept { return key_; }
  // `signature`: without the key id.
  bool verify(std::string_view text, std::string_view signature) const { return key_.verify(text, signature); }

  friend bool operator==(const Verifier& left, const Verifier& right) noexcept {
    return left.name_ == right.name_ && left.key_ == right.key_;
  }

 private:
  std::string name_;
  PublicKey key_;
  std::uint32_t key_id_;
};

// Who signs: a name and a private key. Move-only; any thread.
class Signer {
 public:
  Signer(std::string name, PrivateKey key);
  static Signer generate(std::string name) { return Signer(std::move(name), PrivateKey::generate()); }
  // The text form "PRIVATE+KEY+<name>+<key id>+<base64 of 0x01 and seed>"; throws as Verifier::parse does. No message
  // holds any part of the text.
  static Signer parse(std::string_view text);

  // The text form: a secret, which the caller wipes.
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
  std::string signature;  // octets, without the key id; one or more

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct Note {
  std::string text;  // ends in a newline
  std::vector<NoteSignature> signatures;
};

// Well-formed notes of at most kMaxNoteSize octets and 1 to kMaxNoteSignatures signatures; nullopt for anything else.
// format_note gives back the same octets.
std::optional<Note> parse_note(std::string_view octets);
// Throws Error(kInvalid) for what parse_note would refuse.
std::string format_note(const Note& note);

// A note with one signature by each signer, in their order. Throws Error(kInvalid) as format_note does.
std::string sign_note(std::string_view text, std::span<const Signer* const> signers);
std::string sign_note(std::string_view text, const Signer& signer);

enum class NoteFault {
  kNone,
  kMalformed,     // no note, or over the limits
  kUnknownKey,    // a note, signed by none of the keys
  kBadSignature,  // a signature with name and id of one of the keys does not fit
  kAmbiguousKey,  // a signature has the name and id of two different keys
};

struct OpenedNote {
  NoteFault fault = NoteFault::kMalformed;
  // Below: empty unless fault is kNone.
  std::string text;
  std::vector<NoteSignature> verified;    // one for each key that signed, in the note's order
  std::vector<NoteSignature> unverified;  // of other keys and other kinds of signature (cosignatures), as they stand
};

// Holds a note against known keys. Signatures of others are not looked at; at least one must be by a known key, and
// each that claims to be must fit.
OpenedNote open_note(std::string_view octets, std::span<const Verifier> verifiers);
OpenedNote open_note(std::string_view octets, const Verifier& verifier);

}  // namespace plog::crypto
