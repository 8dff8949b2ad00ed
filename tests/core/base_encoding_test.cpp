#include "base/encoding.h"

#include <gtest/gtest.h>

#include <random>

namespace plog {
namespace {

const std::uint8_t* octets(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }
std::string base64(std::string_view text) { return base64_encode(octets(text), text.size()); }
std::string base64url(std::string_view text) { return base64url_encode(octets(text), text.size()); }

TEST(Hex, IsLowerCaseAndReadsBack) {
  const std::uint8_t data[] = {0x00, 0x7F, 0x80, 0xAB, 0xFF};
  EXPECT_EQ(hex_encode(data, 5), "007f80abff");
  EXPECT_EQ(hex_encode(data, 0), "");
  std::uint8_t back[5] = {};
  EXPECT_TRUE(hex_decode("007f80abff", back, 5));
  EXPECT_TRUE(std::equal(back, back + 5, data));
}

TEST(Hex, RefusesUpperCaseOtherCharactersAndOtherLengths) {
  std::uint8_t out[2];
  for (const char* text : {"00AB", "00g0", "000", "00000", "", "0x00", "00 0"}) {
    EXPECT_FALSE(hex_decode(text, out, 2)) << text;
  }
}

TEST(Base64, MatchesRfc4648) {
  const char* plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
  const char* padded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  const char* bare[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(base64(plain[i]), padded[i]);
    EXPECT_EQ(base64url(plain[i]), bare[i]);
  }
  EXPECT_EQ(base64("\xFB\xFF\xFE"), "+//+");
  EXPECT_EQ(base64url("\xFB\xFF\xFE"), "-__-");
  EXPECT_EQ(base64url("\xFF"), "_w");
}

TEST(Base64, WhatIsEncodedDecodes) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64_decode(base64(text)), text);
    text += static_cast<char>(i * 7);
  }
}

TEST(Base64, OnlyTheOneSpellingDecodes) {
  EXPECT_EQ(base64_decode(""), "");
  for (const char* bad : {"A", "AA", "AAA", "AAA\n", "AAAA\n", "A===", "====", "=", "==", "AA=A",
                          "AB==", "A/==", "AAB=", "AA==AAAA", "AAAA====", " AAA", "AA\n==", "-_--", "AA=\0"}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
}

std::uint32_t bitwise_crc32c(std::string_view data) {
  std::uint32_t crc = ~0u;
  for (const char c : data) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
  }
  return ~crc;
}

TEST(Crc32c, MatchesRfc3720AndTheCheckValue) {
  std::string rising(32, '\0');
  std::string falling(32, '\0');
  for (std::size_t i = 0; i < 32; ++i) {
    rising[i] = static_cast<char>(i);
    falling[i] = static_cast<char>(31 - i);
  }
  const std::pair<std::string, std::uint32_t> cases[] = {{"123456789", 0xE3069283u},
                                                         {std::string(32, '\0'), 0x8A9136AAu},
                                                         {std::string(32, '\xFF'), 0x62A8AB43u},
                                                         {rising, 0x46DD794Eu},
                                                         {falling, 0x113FDB5Cu},
                                                         {"", 0u}};
  for (const auto& [data, crc] : cases) {
    EXPECT_EQ(crc32c(data.data(), data.size()), crc);
    EXPECT_EQ(crc32c_portable(data.data(), data.size()), crc);
  }
}

TEST(Crc32c, InstructionTablesAndBitsAgreeAtEverySizeAndSplit) {
  std::mt19937 random(2);
  for (std::size_t size = 0; size < 600; ++size) {
    std::string data(size + 3, '\0');
    for (char& c : data) c = static_cast<char>(random());
    const std::string_view part = std::string_view(data).substr(size % 4, size);  // not aligned
    const std::uint32_t expected = bitwise_crc32c(part);
    ASSERT_EQ(crc32c(part.data(), part.size()), expected);
    ASSERT_EQ(crc32c_portable(part.data(), part.size()), expected);
    const std::size_t split = size == 0 ? 0 : random() % size;
    ASSERT_EQ(crc32c(part.data() + split, size - split, crc32c(part.data(), split)), expected);
    ASSERT_EQ(crc32c_portable(part.data() + split, size - split, crc32c_portable(part.data(), split)), expected);
  }
}

// A slow model of is_utf8 and repair_utf8, which decodes the text by the definition of UTF-8.
struct Model {
  bool valid = true;
  std::string repaired;
};

// Returns the size of the code point at the start of the text, or 0 if it is invalid. The text must not be empty.
int decoded_size(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const int size = at(0) < 0x80 ? 1 : at(0) >> 5 == 6 ? 2 : at(0) >> 4 == 14 ? 3 : at(0) >> 3 == 30 ? 4 : 0;
  if (size == 0 || text.size() < static_cast<std::size_t>(size)) return 0;
  std::uint32_t code = size == 1 ? at(0) : at(0) & (0x7Fu >> size);
  for (int i = 1; i < size; ++i) {
    if (at(static_cast<std::size_t>(i)) >> 6 != 2) return 0;
    code = code << 6 | (at(static_cast<std::size_t>(i)) & 63);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[size] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return 0;
  return size;
}

// Whether the encoding of some code point starts with `part`, as Unicode defines a "maximal subpart".
bool starts_a_code_point(std::string part) {
  if (part.size() >= 4) return false;
  for (const char fill : {'\x80', '\x90', '\xA0', '\xBF'}) {
    for (std::size_t more = 1; part.size() + more <= 4; ++more) {
      const std::string whole = part + fill + std::string(more - 1, '\x80');
      if (decoded_size(whole) == static_cast<int>(whole.size())) return true;
    }
  }
  return false;
}

Model slow_repair(std::string_view text) {
  Model model;
  while (!text.empty()) {
    if (const int size = decoded_size(text); size > 0) {
      model.repaired += text.substr(0, static_cast<std::size_t>(size));
      text.remove_prefix(static_cast<std::size_t>(size));
      continue;
    }
    model.valid = false;
    model.repaired += "\xEF\xBF\xBD";
    std::size_t size = 1;
    const bool surrogate =
        text.size() >= 3 && text[0] == '\xED' && (text[1] & 0xE0) == 0xA0 && (text[2] & 0xC0) == 0x80;
    if (surrogate) size = 3;
    while (!surrogate && size < text.size() && starts_a_code_point(std::string(text.substr(0, size + 1)))) ++size;
    text.remove_prefix(size);
  }
  return model;
}

TEST(RepairUtf8, PutsOneReplacementForEachMaximalInvalidPart) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(repair_utf8("plain"), "plain");
  EXPECT_EQ(repair_utf8("a\x80z"), "a" + r + "z");
  EXPECT_EQ(repair_utf8("\xC0\xAF"), r + r);  // overlong
  EXPECT_EQ(repair_utf8("\xE2\x82"), r);      // cut short
  EXPECT_EQ(repair_utf8("\xE2\x82z"), r + "z");
  EXPECT_EQ(repair_utf8("\xF0\x9F\x98z\xF0\x9F"), r + "z" + r);
  EXPECT_EQ(repair_utf8("\xE0\x80\x80"), r + r + r);
  EXPECT_EQ(repair_utf8("\xF4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(repair_utf8("\xFF\xFE"), r + r);
  // Unicode 15, table 3-8
  EXPECT_EQ(repair_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(repair_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), r + r + r + r + "A");  // table 3-11
}

TEST(RepairUtf8, AnEncodedSurrogateIsOnePart) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(repair_utf8("a\xED\xA0\x80z"), "a" + r + "z");
  EXPECT_EQ(repair_utf8("\xED\xA0\xBD\xED\xB8\x82"), r + r);
  EXPECT_EQ(repair_utf8("\xED\xA0z"), r + r + "z");
  EXPECT_EQ(repair_utf8("\xED\x9F\xBF"), "\xED\x9F\xBF");
}

TEST(RepairUtf8, TellsWhereItRepaired) {
  std::vector<Utf8Repair> repairs;
  EXPECT_EQ(repair_utf8("a\x80\xED\xA0\x80zz\xE2\x82", &repairs), "a\xEF\xBF\xBD\xEF\xBF\xBDzz\xEF\xBF\xBD");
  ASSERT_EQ(repairs.size(), 3u);
  const std::size_t expected[3][3] = {{1, 1, 1}, {4, 2, 3}, {9, 7, 2}};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(repairs[i].position, expected[i][0]);
    EXPECT_EQ(repairs[i].original, expected[i][1]);
    EXPECT_EQ(repairs[i].size, expected[i][2]);
  }
}

TEST(Utf8, AgreesWithASlowModelOnRandomText) {
  std::mt19937 random(3);
  const std::string_view pieces[] = {"a",
                                     "\xC3\xA9",
                                     "\xE2\x82\xAC",
                                     "\xF0\x9F\x98\x82",
                                     "\xED\xA0\xBD",
                                     "\xE0\x9F",
                                     "\xEF\xBF\xBF",
                                     "\xF4\x8F\xBF\xBF",
                                     "\xC2",
                                     "\xE1\x80",
                                     "\xF1\x80\x80",
                                     "\xED",
                                     "0123456789abcdef",
                                     "\xF4\x90",
                                     "\xF0\x8F"};
  for (int i = 0; i < 60'000; ++i) {
    std::string text;
    for (unsigned n = random() % (i % 10 == 0 ? 60 : 8); n > 0; --n) {
      if (random() % 4 == 0) {
        text += static_cast<char>(random());
      } else {
        text += pieces[random() % std::size(pieces)];
      }
    }
    const Model model = slow_repair(text);
    ASSERT_EQ(is_utf8(text), model.valid) << hex_encode(octets(text), text.size());
    ASSERT_EQ(repair_utf8(text), model.repaired) << hex_encode(octets(text), text.size());
    ASSERT_TRUE(is_utf8(model.repaired));
  }
}

TEST(Utf8, EveryPairOfOctetsIsJudgedAsByTheModel) {
  for (int a = 0x7F; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      for (const std::string_view tail : {std::string_view(), std::string_view("\x80"), std::string_view("\x80\xBF")}) {
        std::string text{static_cast<char>(a), static_cast<char>(b)};
        text += tail;
        const Model model = slow_repair(text);
        ASSERT_EQ(is_utf8(text), model.valid) << hex_encode(octets(text), text.size());
        ASSERT_EQ(repair_utf8(text), model.repaired) << hex_encode(octets(text), text.size());
      }
    }
  }
}

TEST(Utf8Prefix, DoesNotCutACodePoint) {
  const std::string_view text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x82";
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t size = 0; size < std::size(expected); ++size) {
    EXPECT_EQ(utf8_prefix(text, size).size(), expected[size]) << size;
  }
}

}  // namespace
}  // namespace plog
