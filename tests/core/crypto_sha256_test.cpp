#include "crypto/sha256.h"

#include <gtest/gtest.h>

#include <random>

#include "base/encoding.h"

namespace plog {
namespace {

std::string hex(const Digest& digest) { return hex_encode(digest.data(), digest.size()); }

TEST(Sha256, MatchesTheExamplesOfFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, TwoPartsAreHashedAsTheirConcatenation) {
  std::mt19937 random(4);
  std::string data(200, '\0');
  for (char& c : data) c = static_cast<char>(random());
  for (std::size_t size = 0; size <= data.size(); size += 7) {
    const std::string_view whole = std::string_view(data).substr(0, size);
    for (std::size_t split = 0; split <= size; ++split) {
      ASSERT_EQ(hex(sha256(whole.substr(0, split), whole.substr(split))), sha256_hex(whole));
    }
  }
}

}  // namespace
}  // namespace plog
