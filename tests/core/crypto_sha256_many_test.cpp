#include "crypto/sha256_many.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/encoding.h"

namespace plog {
namespace {

std::mt19937& random_source() {
  static std::mt19937 source(256);
  return source;
}

std::string random_text(std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random_source()());
  return text;
}

// Splits each text at its own position, hashes all at once, and compares with sha256 of each whole text.
void expect_the_same(const std::vector<std::string>& texts, const std::vector<std::size_t>& splits) {
  std::vector<HashInput> inputs;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string_view whole = texts[i];
    inputs.push_back({whole.substr(0, splits[i]), whole.substr(splits[i])});
  }
  std::vector<Digest> digests(inputs.size());
  sha256_many(inputs, digests.data());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(hex_encode(digests[i].data(), digests[i].size()), sha256_hex(texts[i]))
        << "message " << i << " of " << texts.size() << ", " << texts[i].size() << " bytes, split at " << splits[i];
  }
}

TEST(Sha256Many, EveryLengthAndSplitIsHashedAsAlone) {
  for (std::size_t size = 0; size <= 300; ++size) {
    for (const std::size_t split : {std::size_t{0}, size / 3, size / 2, size - std::min<std::size_t>(size, 64), size}) {
      expect_the_same({random_text(size)}, {split});
      expect_the_same({random_text(size), random_text(300 - size)}, {split, (300 - size) / 2});
    }
  }
}

TEST(Sha256Many, MessagesOfDifferentLengthsDoNotDisturbEachOther) {
  for (std::size_t count = 0; count <= 40; ++count) {
    std::vector<std::string> texts;
    std::vector<std::size_t> splits;
    for (std::size_t i = 0; i < count; ++i) {
      texts.push_back(random_text(random_source()() % (i % 5 == 0 ? 5000 : 500)));
      splits.push_back(random_source()() % (texts.back().size() + 1));
    }
    expect_the_same(texts, splits);
  }
}

TEST(Sha256Many, AMissingPartIsAnEmptyOne) {
  const HashInput inputs[] = {{{}, "abc"}, {"abc", {}}, {{}, {}}};
  Digest digests[3];
  sha256_many(inputs, digests);
  EXPECT_EQ(digests[0], sha256("abc"));
  EXPECT_EQ(digests[1], sha256("abc"));
  EXPECT_EQ(digests[2], sha256(""));
}

}  // namespace
}  // namespace plog
