#include "crypto/note.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/sha256.h"

namespace plog::crypto {
namespace {

constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // an em dash and a space
constexpr std::string_view kSecretPrefix = "PRIVATE+KEY+";
constexpr std::size_t kKeyIdSize = 4;

const std::uint8_t* raw_of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

void put_key_id(std::uint32_t id, std::uint8_t* out) noexcept {
  for (std::size_t i = 0; i < kKeyIdSize; ++i) out[i] = static_cast<std::uint8_t>(id >> (24 - 8 * i));
}

std::uint32_t get_key_id(const std::uint8_t* in) noexcept {
  return std::uint32_t{in[0]} << 24 | std::uint32_t{in[1]} << 16 | std::uint32_t{in[2]} << 8 | in[3];
}

std::string key_id_hex(std::uint32_t id) {
  std::uint8_t raw[kKeyIdSize];
  put_key_id(id, raw);
  return hex_encode(raw, sizeof raw);
}

// The UTF-8 encodings of the code points outside ASCII that Unicode classifies as white space.
constexpr std::string_view kSpaces[] = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A",
    "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
};

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20; }

// The parts of "<name>+<id>+<base64>". The first byte of `key` is the key type.
struct KeyText {
  std::string_view name;
  std::uint32_t id = 0;
  std::string key;

  KeyText() = default;
  KeyText(KeyText&&) = default;
  KeyText& operator=(KeyText&&) = default;
  ~KeyText() { wipe(key.data(), key.size()); }
};

std::optional<KeyText> split_key(std::string_view text) {
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  KeyText result;
  result.name = text.substr(0, first);
  std::uint8_t id[kKeyIdSize];
  if (!is_key_name(result.name) || !hex_decode(text.substr(first + 1, second - first - 1), id, sizeof id)) {
    return std::nullopt;
  }
  result.id = get_key_id(id);
  std::optional<std::string> key = base64_decode(text.substr(second + 1));
  if (!key || key->empty()) return std::nullopt;
  result.key = std::move(*key);
  return result;
}

struct Line {
  std::string_view name;
  std::string blob;  // the key id and the signature
};

std::optional<Line> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return std::nullopt;
  line.remove_prefix(kSignaturePrefix.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return std::nullopt;
  std::optional<std::string> blob = base64_decode(line.substr(space + 1));
  if (!blob || blob->size() <= kKeyIdSize) return std::nullopt;
  return Line{line.substr(0, space), std::move(*blob)};
}

void append_signature_line(std::string& out, std::string_view name, std::uint32_t key_id, std::string_view signature) {
  std::string blob(kKeyIdSize, '\0');
  put_key_id(key_id, reinterpret_cast<std::uint8_t*>(blob.data()));
  blob += signature;
  out += kSignaturePrefix;
  out += name;
  out += ' ';
  out += base64_encode(raw_of(blob), blob.size());
  out += '\n';
}

bool is_note_text(std::string_view text) noexcept {
  return text.ends_with('\n') && is_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\n'; });
}

}  // namespace

bool is_key_name(std::string_view name) noexcept {
  if (name.empty() || !is_utf8(name)) return false;
  if (std::any_of(name.begin(), name.end(), [](char c) { return is_control(c) || c == ' ' || c == '+'; })) return false;
  return std::none_of(std::begin(kSpaces), std::end(kSpaces),
                      [&](std::string_view space) { return name.find(space) != std::string_view::npos; });
}

std::uint32_t note_key_id(std::string_view name, std::uint8_t type, std::string_view key) {
  std::string prefix(name);
  prefix += '\n';
  prefix += static_cast<char>(type);
  return get_key_id(sha256(prefix, key).data());
}

Verifier::Verifier(std::string name, const PublicKey& key)
    : name_(std::move(name)),
      key_(key),
      key_id_(note_key_id(name_, kEd25519KeyType, view(key.octets().data(), key.octets().size()))) {
  if (!is_key_name(name_)) {
    throw Error(Status::kInvalid,
                "'" + name_ + "' is not a key name; use UTF-8 text without spaces, control characters and '+'");
  }
}

Verifier Verifier::parse(std::string_view text) {
  const std::optional<KeyText> parts = split_key(text);
  if (!parts) throw Error(Status::kInvalid, "not a public key; expected <name>+<key id>+<base64>");
  const auto type = static_cast<std::uint8_t>(parts->key.front());
  const std::string_view key = std::string_view(parts->key).substr(1);
  if (note_key_id(parts->name, type, key) != parts->id) {
    throw Error(Status::kInvalid, "public key: the key id does not match the key; check that the text is complete");
  }
  if (type != kEd25519KeyType) {
    throw Error(Status::kUnsupported,
                "public key: type " + std::to_string(type) + " is not supported; use an Ed25519 key (type 1)");
  }
  PublicKeyOctets raw;
  if (key.size() != raw.size()) throw Error(Status::kInvalid, "public key: an Ed25519 key must have 32 bytes");
  std::copy(key.begin(), key.end(), raw.begin());
  return Verifier(std::string(parts->name), PublicKey(raw));
}

std::string Verifier::format() const {
  std::string raw(1, static_cast<char>(kEd25519KeyType));
  raw += view(key_.octets().data(), key_.octets().size());
  return name_ + '+' + key_id_hex(key_id_) + '+' + base64_encode(raw_of(raw), raw.size());
}

Signer::Signer(std::string name, PrivateKey key)
    : key_(std::move(key)), verifier_(std::move(name), key_.public_key()) {}

Signer Signer::parse(std::string_view text) {
  std::optional<KeyText> parts;
  if (text.starts_with(kSecretPrefix)) parts = split_key(text.substr(kSecretPrefix.size()));
  if (!parts) throw Error(Status::kInvalid, "not a private key; expected PRIVATE+KEY+<name>+<key id>+<base64>");
  const auto type = static_cast<std::uint8_t>(parts->key.front());
  if (type != kEd25519KeyType) {
    throw Error(Status::kUnsupported,
                "private key: type " + std::to_string(type) + " is not supported; use an Ed25519 key (type 1)");
  }
  if (parts->key.size() != 1 + Seed::size()) throw Error(Status::kInvalid, "private key: a seed must have 32 bytes");
  Signer signer(std::string(parts->name), PrivateKey(Seed(raw_of(parts->key) + 1)));
  if (signer.verifier().key_id() != parts->id) {
    throw Error(Status::kInvalid, "private key: the key id does not match the key; check that the text is complete");
  }
  return signer;
}

std::string Signer::format() const {
  const Seed seed = key_.seed();
  std::string raw(1, static_cast<char>(kEd25519KeyType));
  raw.reserve(1 + Seed::size());
  raw += view(seed.data(), Seed::size());
  std::string encoded = base64_encode(raw_of(raw), raw.size());
  wipe(raw.data(), raw.size());
  std::string text(kSecretPrefix);
  text.reserve(text.size() + name().size() + encoded.size() + 2 * kKeyIdSize + 2);
  text += name();
  text += '+';
  text += key_id_hex(verifier_.key_id());
  text += '+';
  text += encoded;
  wipe(encoded.data(), encoded.size());
  return text;
}

std::optional<Note> parse_note(std::string_view octets) {
  if (octets.size() > kMaxNoteSize || !is_note_text(octets)) return std::nullopt;
  const std::size_t split = octets.rfind("\n\n");
  if (split == std::string_view::npos) return std::nullopt;
  Note note;
  for (std::string_view rest = octets.substr(split + 2); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    std::optional<Line> line = parse_signature_line(rest.substr(0, end));
    if (!line || note.signatures.size() == kMaxNoteSignatures) return std::nullopt;
    NoteSignature& signature = note.signatures.emplace_back();
    signature.name = line->name;
    signature.key_id = get_key_id(raw_of(line->blob));
    signature.signature = line->blob.substr(kKeyIdSize);
    rest.remove_prefix(end + 1);
  }
  if (note.signatures.empty()) return std::nullopt;
  note.text = octets.substr(0, split + 1);
  return note;
}

std::string format_note(const Note& note) {
  if (!is_note_text(note.text))
    throw Error(Status::kInvalid, "the text of a note must be UTF-8 without control characters and end with a newline");
  if (note.signatures.empty() || note.signatures.size() > kMaxNoteSignatures) {
    throw Error(Status::kInvalid, "a note must have 1 to 100 signatures");
  }
  std::string out = note.text;
  out += '\n';
  for (const NoteSignature& signature : note.signatures) {
    if (!is_key_name(signature.name) || signature.signature.empty()) {
      throw Error(Status::kInvalid, "a signature of a note must have a valid key name and must not be empty");
    }
    append_signature_line(out, signature.name, signature.key_id, signature.signature);
  }
  if (out.size() > kMaxNoteSize) throw Error(Status::kInvalid, "the note is larger than the limit of 1,000,000 bytes");
  return out;
}

std::string sign_note(std::string_view text, std::span<const Signer* const> signers) {
  Note note{std::string(text), {}};
  for (const Signer* signer : signers) {
    const Signature signature = signer->sign(text);
    note.signatures.push_back(
        {signer->name(), signer->verifier().key_id(), std::string(view(signature.data(), signature.size()))});
  }
  return format_note(note);
}

std::string sign_note(std::string_view text, const Signer& signer) {
  const Signer* const one = &signer;
  return sign_note(text, {&one, 1});
}

OpenedNote open_note(std::string_view octets, std::span<const Verifier> verifiers) {
  OpenedNote opened;
  std::optional<Note> note = parse_note(octets);
  if (!note) return opened;
  const auto refused = [](NoteFault fault) { return OpenedNote{fault, {}, {}, {}}; };
  std::vector<const Verifier*> seen;
  for (NoteSignature& signature : note->signatures) {
    const Verifier* known = nullptr;
    for (const Verifier& verifier : verifiers) {
      if (verifier.key_id() != signature.key_id || verifier.name() != signature.name) continue;
      if (known != nullptr && *known != verifier) return refused(NoteFault::kAmbiguousKey);
      known = &verifier;
    }
    if (known == nullptr) {
      opened.unverified.push_back(std::move(signature));
      continue;
    }
    if (!known->verify(note->text, signature.signature)) return refused(NoteFault::kBadSignature);
    if (std::find(seen.begin(), seen.end(), known) != seen.end()) continue;
    seen.push_back(known);
    opened.verified.push_back(std::move(signature));
  }
  if (opened.verified.empty()) return refused(NoteFault::kUnknownKey);
  opened.fault = NoteFault::kNone;
  opened.text = std::move(note->text);
  return opened;
}

OpenedNote open_note(std::string_view octets, const Verifier& verifier) { return open_note(octets, {&verifier, 1}); }

}  // namespace plog::crypto
