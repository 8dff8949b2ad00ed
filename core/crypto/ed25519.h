// Ed25519 (RFC 8032, without context or prehash) on OpenSSL.
//
// What is accepted is decided here and not left to the library: a public key must be the canonical encoding of a point
// whose order is not small, S must be below the group order, and R is compared as octets. So a signature cannot be
// respelled, and no key exists under which one signature fits many messages.
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

// 32 secret octets, wiped when they go out of scope.
class Seed {
 public:
  Seed() = default;
  explicit Seed(const std::uint8_t* octets) noexcept;
  Seed(const Seed&) = default;
  Seed& operator=(const Seed&) = default;
  ~Seed();

  std::uint8_t* data() noexcept { return octets_.data(); }
  const std::uint8_t* data() const noexcept { return octets_.data(); }
  static constexpr std::size_t size() noexcept { return kSeedSize; }

 private:
  std::array<std::uint8_t, kSeedSize> octets_{};
};

// Overwrites secret octets, also where the compiler sees no more use of them.
void wipe(void* octets, std::size_t size) noexcept;

struct KeyHandle;  // an EVP_PKEY
struct KeyRelease {
  void operator()(KeyHandle* key) const noexcept;
};

// Immutable and cheap to copy; any thread.
class PublicKey {
 public:
  // Throws Error(kInvalid) for octets that are no acceptable key.
  explicit PublicKey(const PublicKeyOctets& octets);

  const PublicKeyOctets& octets() const noexcept { return octets_; }
  // False for anything but a valid signature of 64 octets. Not constant-time: nothing here is secret.
  bool verify(std::string_view message, std::string_view signature) const;

  friend bool operator==(const PublicKey& left, const PublicKey& right) noexcept {
    return left.octets_ == right.octets_;
  }

 private:
  PublicKeyOctets octets_;
  std::shared_ptr<KeyHandle> key_;
};

// Move-only; the secret lives in OpenSSL's memory and is wiped with it. Any thread.
class PrivateKey {
 public:
  static PrivateKey generate();  // from the operating system's generator
  explicit PrivateKey(const Seed& seed);

  Seed seed() const;
  const PublicKey& public_key() const noexcept { return public_key_; }
  // Deterministic; constant-time in the key.
  Signature sign(std::string_view message) const;

 private:
  using Handle = std::unique_ptr<KeyHandle, KeyRelease>;
  explicit PrivateKey(Handle key);

  Handle key_;
  PublicKey public_key_;
};

}  // namespace plog::crypto
