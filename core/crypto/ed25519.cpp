#include "crypto/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace plog::crypto {
namespace {

EVP_PKEY* openssl_key(KeyHandle* key) { return reinterpret_cast<EVP_PKEY*>(key); }
KeyHandle* handle(EVP_PKEY* key) { return reinterpret_cast<KeyHandle*>(key); }

const std::uint8_t* raw(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

struct ContextRelease {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextRelease>;

Context new_context() {
  Context context(EVP_MD_CTX_new());
  if (!context) throw Error(Status::kNoMemory, "out of memory");
  return context;
}

// The y coordinates (little-endian, sign bit off) of the points whose order divides 8.
constexpr PublicKeyOctets kSmallOrder[] = {
    {0x00},
    {0x01},
    {0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
     0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05},
    {0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
     0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A},
    {0xEC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F},
};
// 2^255 - 19.
constexpr PublicKeyOctets kFieldPrime = {0xED, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                         0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                         0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F};
// 2^252 + 27742317777372353535851937790883648493.
constexpr PublicKeyOctets kGroupOrder = {0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7,
                                         0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                         0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

// Compares two little-endian numbers of 32 bytes.
bool less(const std::uint8_t* left, const PublicKeyOctets& right) noexcept {
  return std::lexicographical_compare(std::reverse_iterator(left + right.size()), std::reverse_iterator(left),
                                      right.rbegin(), right.rend());
}

// Whether the key is canonical (y below the field prime) and not of small order.
bool acceptable(const PublicKeyOctets& key) noexcept {
  PublicKeyOctets y = key;
  y.back() &= 0x7F;
  return less(y.data(), kFieldPrime) &&
         std::find(std::begin(kSmallOrder), std::end(kSmallOrder), y) == std::end(kSmallOrder);
}

PublicKeyOctets public_octets(EVP_PKEY* key) {
  PublicKeyOctets result{};
  std::size_t size = result.size();
  if (EVP_PKEY_get_raw_public_key(key, result.data(), &size) != 1 || size != result.size()) {
    throw Error(Status::kInternal, "OpenSSL cannot export the public key");
  }
  return result;
}

}  // namespace

Seed::Seed(const std::uint8_t* octets) noexcept { std::memcpy(octets_.data(), octets, octets_.size()); }

Seed::~Seed() { wipe(octets_.data(), octets_.size()); }

void wipe(void* octets, std::size_t size) noexcept { OPENSSL_cleanse(octets, size); }

void KeyRelease::operator()(KeyHandle* key) const noexcept { EVP_PKEY_free(openssl_key(key)); }

PublicKey::PublicKey(const PublicKeyOctets& octets) : octets_(octets) {
  if (!acceptable(octets)) {
    throw Error(Status::kInvalid, "not an acceptable Ed25519 public key: non-canonical or of small order");
  }
  key_.reset(handle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets.data(), octets.size())),
             KeyRelease());
  if (!key_) throw Error(Status::kInvalid, "not an Ed25519 public key");
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != kSignatureSize || !less(raw(signature) + 32, kGroupOrder)) return false;
  const Context context = new_context();
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, openssl_key(key_.get())) != 1) {
    throw Error(Status::kInternal, "OpenSSL cannot verify Ed25519 signatures");
  }
  return EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1;
}

PrivateKey::PrivateKey(Handle key) : key_(std::move(key)), public_key_(public_octets(openssl_key(key_.get()))) {}

PrivateKey::PrivateKey(const Seed& seed)
    : PrivateKey([&seed] {
        Handle key(handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), Seed::size())));
        if (!key) throw Error(Status::kInternal, "OpenSSL cannot load an Ed25519 private key");
        return key;
      }()) {}

PrivateKey PrivateKey::generate() {
  Handle key(handle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
  if (!key) throw Error(Status::kInternal, "OpenSSL cannot generate an Ed25519 key");
  return PrivateKey(std::move(key));
}

Seed PrivateKey::seed() const {
  Seed seed;
  std::size_t size = Seed::size();
  if (EVP_PKEY_get_raw_private_key(openssl_key(key_.get()), seed.data(), &size) != 1 || size != Seed::size()) {
    throw Error(Status::kInternal, "OpenSSL cannot export the private key");
  }
  return seed;
}

Signature PrivateKey::sign(std::string_view message) const {
  const Context context = new_context();
  Signature signature{};
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, openssl_key(key_.get())) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, raw(message), message.size()) != 1 ||
      size != signature.size()) {
    throw Error(Status::kInternal, "OpenSSL cannot create an Ed25519 signature");
  }
  return signature;
}

}  // namespace plog::crypto
