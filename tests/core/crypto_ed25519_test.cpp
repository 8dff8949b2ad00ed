#include "crypto/ed25519.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"

namespace plog::crypto {
namespace {

template <typename Octets>
Octets octets_of(std::string_view hex) {
  Octets octets{};
  EXPECT_TRUE(hex_decode(hex, octets.data(), octets.size()));
  return octets;
}

std::string text_of(std::string_view hex) {
  std::string text(hex.size() / 2, '\0');
  EXPECT_TRUE(hex_decode(hex, reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  return text;
}

std::string_view view(const Signature& signature) {
  return {reinterpret_cast<const char*>(signature.data()), signature.size()};
}

PrivateKey key_of(std::string_view hex) { return PrivateKey(octets_of<Seed>(hex)); }

// RFC 8032 section 7.1.
struct Example {
  const char *seed, *public_key, *message, *signature;
};
constexpr Example kExamples[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "55141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2"
     "a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad"
     "9bef1177331a704"},
};

TEST(Ed25519, MatchesTheExamplesOfRfc8032) {
  for (const Example& example : kExamples) {
    const PrivateKey key = key_of(example.seed);
    const std::string message = text_of(example.message);
    EXPECT_EQ(hex_encode(key.public_key().octets().data(), kPublicKeySize), example.public_key);
    const Signature signature = key.sign(message);
    EXPECT_EQ(hex_encode(signature.data(), signature.size()), example.signature);
    EXPECT_TRUE(PublicKey(octets_of<PublicKeyOctets>(example.public_key)).verify(message, view(signature)));
  }
}

TEST(Ed25519, ASignatureFitsOneMessageAndOneKey) {
  const PrivateKey key = key_of(kExamples[2].seed), other = key_of(kExamples[1].seed);
  const Signature signature = key.sign("message");
  EXPECT_TRUE(key.public_key().verify("message", view(signature)));
  EXPECT_FALSE(key.public_key().verify("massage", view(signature)));
  EXPECT_FALSE(key.public_key().verify("message\n", view(signature)));
  EXPECT_FALSE(key.public_key().verify("", view(signature)));
  EXPECT_FALSE(other.public_key().verify("message", view(signature)));
}

TEST(Ed25519, NoBitOfASignatureMayChange) {
  const PrivateKey key = key_of(kExamples[0].seed);
  const Signature signature = key.sign("message");
  for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Signature changed = signature;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1u << bit % 8));
    ASSERT_FALSE(key.public_key().verify("message", view(changed))) << bit;
  }
}

TEST(Ed25519, ASignatureHas64Octets) {
  const PrivateKey key = key_of(kExamples[0].seed);
  const std::string signature(view(key.sign("message")));
  for (std::size_t size = 0; size < signature.size(); ++size) {
    ASSERT_FALSE(key.public_key().verify("message", signature.substr(0, size)));
  }
  EXPECT_FALSE(key.public_key().verify("message", signature + '\0'));
}

// S and S + L are the same scalar; only the smaller one is a signature.
TEST(Ed25519, ASignatureHasOneSpelling) {
  const auto order = octets_of<PublicKeyOctets>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  const PrivateKey key = key_of(kExamples[0].seed);
  Signature signature = key.sign("message");
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += unsigned{signature[32 + i]} + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  EXPECT_FALSE(key.public_key().verify("message", view(signature)));
}

TEST(Ed25519, KeysOfSmallOrderAndOtherSpellingsAreRefused) {
  // The points of small order, with both sign bits, and encodings with y >= p.
  for (const char* hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0000000000000000000000000000000000000000000000000000000000000080",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000080",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       }) {
    EXPECT_THROW(PublicKey(octets_of<PublicKeyOctets>(hex)), Error) << hex;
  }
}

TEST(Ed25519, OctetsThatAreNoPointVerifyNothing) {
  // The curve has no point with y = 2.
  PublicKeyOctets octets{2};
  const std::string signature(kSignatureSize, '\0');
  EXPECT_FALSE(PublicKey(octets).verify("message", signature));
  EXPECT_FALSE(PublicKey(octets).verify("message", view(key_of(kExamples[0].seed).sign("message"))));
}

TEST(Ed25519, GeneratedKeysDifferAndComeBackFromTheirSeed) {
  const PrivateKey key = PrivateKey::generate(), other = PrivateKey::generate();
  EXPECT_FALSE(key.public_key() == other.public_key());
  const PrivateKey again(key.seed());
  EXPECT_EQ(again.public_key(), key.public_key());
  EXPECT_EQ(again.sign("x"), key.sign("x"));
}

TEST(Ed25519, KeysAreSharedByThreads) {
  const PrivateKey key = key_of(kExamples[0].seed);
  const Signature expected = key.sign("message");
  std::vector<int> good(4);
  std::vector<std::thread> threads;
  for (int& count : good) {
    threads.emplace_back([&key, &expected, &count] {
      const PublicKey copy = key.public_key();
      for (int i = 0; i < 50; ++i) {
        count += key.sign("message") == expected && copy.verify("message", view(expected));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, std::vector<int>(4, 50));
}

TEST(Wipe, LeavesZeros) {
  std::string secret = "secret";
  wipe(secret.data(), secret.size());
  EXPECT_EQ(secret, std::string(6, '\0'));
}

}  // namespace
}  // namespace plog::crypto
