// Ed25519 (RFC 8032, without context or prehash) on OpenSSL.
//
// This code decides what is accepted and does not leave it to the library: a public key must be the canonical encoding
// of a point that is not of small order, S must be below the group order, and R is compared bytewise. So a signature
// has only one encoding, and there is no key under which one signature is valid for many messages.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace plog::crypto {

inline constexpr std::size_t kSeedSize = 32;
inline constexpr std::size_t kPublicKeySize = 32;
inline constexpr std::size_t kSignatureSize = 64;

using PublicKeyOctets = std::array<std::uint8_t, kPublicKeySize>;
using Signature = std::array<std::uint8_t, kSignatureSize>;

// 32 secret bytes, wiped on destruction.
class Seed {
 public:
  Seed() = default;
  explicit Seed(const std::uint8_t* octets) noexcept;  // copies 32 bytes
  Seed(const Seed&) = default;
  Seed& operator=(const Seed&) = default;
  ~Seed();

  std::uint8_t* data() noexcept { return octets_.data(); }
  const std::uint8_t* data() const noexcept { return octets_.data(); }
  static constexpr std::size_t size() noexcept { return kSeedSize; }

 private:
  std::array<std::uint8_t, kSeedSize> octets_{};
};

// Overwrites secret bytes with zeros. The compiler cannot optimize this away.
void wipe(void* octets, std::size_t size) noexcept;

struct KeyHandle;  // an EVP_PKEY
struct KeyRelease {
  void operator()(KeyHandle* key) const noexcept;
};

// Immutable, cheap to copy, thread-safe.
class PublicKey {
 public:
  // Throws Error(kInvalid) if the bytes are not an acceptable key.
  explicit PublicKey(const PublicKeyOctets& octets);

  const PublicKeyOctets& octets() const noexcept { return octets_; }
  // Returns true only for a valid signature of 64 bytes. Not constant-time, since nothing here is secret.
  bool verify(std::string_view message, std::string_view signature) const;

  friend bool operator==(const PublicKey& left, const PublicKey& right) noexcept {
    return left.octets_ == right.octets_;
  }

 private:
  PublicKeyOctets octets_;
  std::shared_ptr<KeyHandle> key_;
};

// Move-only, thread-safe. OpenSSL stores the secret and wipes it when the key is freed.
class PrivateKey {
 public:
  static PrivateKey generate();  // from OpenSSL's generator, which the operating system seeds
  explicit PrivateKey(const Seed& seed);

  Seed seed() const;
  const PublicKey& public_key() const noexcept { return public_key_; }
  // Deterministic, and constant-time with respect to the key.
  Signature sign(std::string_view message) const;

 private:
  using Handle = std::unique_ptr<KeyHandle, KeyRelease>;
  explicit PrivateKey(Handle key);

  Handle key_;
  PublicKey public_key_;
};

}  // namespace plog::crypto
