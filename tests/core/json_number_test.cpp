#include "json/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <random>

#include "base/file.h"
#include "crypto/sha256.h"
#include "json/value.h"

namespace plog::json {
namespace {

std::string text_of(double value) {
  char text[kNumberSize];
  return std::string(text, format_double(value, text));
}

// Marks a number that is kept as text.
std::string kept(std::string_view literal) { return std::string("t:").append(literal); }
std::string canonical(std::string_view literal) {
  char buffer[kNumberSize];
  const Number number = canonical_number(literal, buffer);
  return number.is_text ? kept(number.text) : std::string(number.text);
}

double from_bits(std::string_view hex) {
  std::uint64_t bits = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), bits, 16);
  return std::bit_cast<double>(bits);
}

class NumberVectors : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = PLOG_SOURCE_DIR "/../shared/vectors/jcs-numbers.json";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
    vectors_ = parse(read_file(path, 1 << 20));
  }
  Value vectors_;
};

TEST_F(NumberVectors, OfRfc8785AreMet) {
  const Value::Array& all = vectors_.find("vectors")->array();
  ASSERT_GT(all.size(), 20u);
  for (const Value& vector : all) {
    const double value = from_bits(vector.array()[0].text());
    const Value& expected = vector.array()[1];
    if (expected.is_null()) {
      EXPECT_FALSE(std::isfinite(value));
      EXPECT_TRUE(Value(value).is_string());
    } else {
      EXPECT_EQ(text_of(value), expected.text());
    }
  }
}

TEST_F(NumberVectors, OfThePublishedBulkTestAreMetUpToAMillionLines) {
  std::string lines;
  std::size_t count = 0;
  const auto add = [&](std::uint64_t bits) {
    char line[64];
    char* end = std::to_chars(line, line + 20, bits, 16).ptr;
    *end++ = ',';
    end += format_double(std::bit_cast<double>(bits), end);
    *end++ = '\n';
    lines.append(line, end);
    ++count;
  };
  const Value::Object& hashes = vectors_.find("bulk")->object();
  ASSERT_EQ(hashes.size(), 4u);
  std::size_t checked = 0;
  const auto check = [&] {
    const auto expected = hashes.find(std::to_string(count));
    if (expected == hashes.end()) return;
    EXPECT_EQ(sha256_hex(lines), expected->second.text()) << count << " lines";
    ++checked;
  };
  for (const Value& bits : vectors_.find("bulk_static")->array()) {
    add(std::bit_cast<std::uint64_t>(from_bits(bits.text())));
    check();
  }
  for (std::uint64_t i = 0; i < 2000; ++i) {
    add(0x0010000000000000u + i);
    check();
  }
  Digest block{};
  while (count < 1'000'000) {
    block = sha256(std::string_view(reinterpret_cast<const char*>(block.data()), block.size()));
    for (std::size_t i = 0; i < block.size() && count < 1'000'000; i += 8) {
      std::uint64_t bits = 0;
      for (std::size_t k = 8; k-- > 0;) bits = bits << 8 | block[i + k];
      const double value = std::bit_cast<double>(bits);
      if (value == 0 || !std::isfinite(value)) continue;
      add(bits);
      check();
    }
  }
  EXPECT_EQ(checked, 4u);
}

TEST(FormatDouble, LaysDigitsOutAsEcmascriptDoes) {
  EXPECT_EQ(text_of(0.0), "0");
  EXPECT_EQ(text_of(-0.0), "0");
  EXPECT_EQ(text_of(1), "1");
  EXPECT_EQ(text_of(-1.5), "-1.5");
  EXPECT_EQ(text_of(1e20), "100000000000000000000");
  EXPECT_EQ(text_of(123456789012345678901.0), "123456789012345680000");
  EXPECT_EQ(text_of(1e21), "1e+21");
  EXPECT_EQ(text_of(1.5e21), "1.5e+21");
  EXPECT_EQ(text_of(0.000001), "0.000001");
  EXPECT_EQ(text_of(0.0000015), "0.0000015");
  EXPECT_EQ(text_of(0.0000001), "1e-7");
  EXPECT_EQ(text_of(-1.25e-7), "-1.25e-7");
  EXPECT_EQ(text_of(123.456), "123.456");
  EXPECT_EQ(text_of(1e100), "1e+100");
  EXPECT_EQ(text_of(5e-324), "5e-324");
  EXPECT_EQ(text_of(9007199254740993.0), "9007199254740992");
  EXPECT_EQ(text_of(4503599627370495.5), "4503599627370495.5");
}

TEST(FormatDouble, ReadsBackAsTheSameValueAndFitsItsRoom) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 300'000; ++i) {
    const double value = i % 2 == 0 ? std::bit_cast<double>(random())
                                    : std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 160) - 100);
    if (!std::isfinite(value)) continue;
    const std::string text = text_of(value);
    ASSERT_LE(text.size(), kNumberSize);
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    ASSERT_TRUE(is_number_literal(text)) << text;
    ASSERT_EQ(canonical(text), text);
  }
}

TEST(IntegerIsExact, UpToTwoToThe53AndWhereTheDigitsAreTheSame) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 53;
  EXPECT_TRUE(integer_is_exact(std::int64_t{0}));
  EXPECT_TRUE(integer_is_exact(kLimit));
  EXPECT_TRUE(integer_is_exact(-kLimit));
  EXPECT_FALSE(integer_is_exact(kLimit + 1));
  EXPECT_FALSE(integer_is_exact(-kLimit - 1));
  EXPECT_TRUE(integer_is_exact(kLimit + 2));                               // 9007199254740994
  EXPECT_TRUE(integer_is_exact(std::int64_t{1'000'000'000'000'000'000}));  // a power of ten
  EXPECT_FALSE(integer_is_exact(std::int64_t{1} << 60));                   // 1152921504606846976 is written as …7000
  EXPECT_FALSE(integer_is_exact(std::numeric_limits<std::int64_t>::min()));
  EXPECT_FALSE(integer_is_exact(std::numeric_limits<std::int64_t>::max()));
  EXPECT_FALSE(integer_is_exact(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(integer_is_exact(std::uint64_t{10'000'000'000'000'000'000u}));
}

TEST(CanonicalNumber, IntegersStayNumbersOnlyWithTheSameDigits) {
  EXPECT_EQ(canonical("0"), "0");
  EXPECT_EQ(canonical("-0"), "0");
  EXPECT_EQ(canonical("-17"), "-17");
  EXPECT_EQ(canonical("9007199254740992"), "9007199254740992");
  EXPECT_EQ(canonical("9007199254740993"), "t:9007199254740993");
  EXPECT_EQ(canonical("9007199254740994"), "9007199254740994");
  EXPECT_EQ(canonical("-9007199254740993"), "t:-9007199254740993");
  EXPECT_EQ(canonical("18446744073709551615"), "t:18446744073709551615");
  EXPECT_EQ(canonical("100000000000000000000"), "100000000000000000000");
  EXPECT_EQ(canonical("1000000000000000000000"), "t:1000000000000000000000");  // would be 1e+21
  const std::string large = std::string("1").append(400, '0');
  EXPECT_EQ(canonical(large), kept(large));
}

TEST(CanonicalNumber, OthersBecomeTheirCanonicalForm) {
  EXPECT_EQ(canonical("1.0"), "1");
  EXPECT_EQ(canonical("-0.0"), "0");
  EXPECT_EQ(canonical("-0e5"), "0");
  EXPECT_EQ(canonical("0.10"), "0.1");
  EXPECT_EQ(canonical("0.9731"), "0.9731");
  EXPECT_EQ(canonical("-12.5"), "-12.5");
  EXPECT_EQ(canonical("1e2"), "100");
  EXPECT_EQ(canonical("1E+2"), "100");
  EXPECT_EQ(canonical("1e21"), "1e+21");
  EXPECT_EQ(canonical("0.000001"), "0.000001");
  EXPECT_EQ(canonical("0.0000001"), "1e-7");
  EXPECT_EQ(canonical("-0.00000012"), "-1.2e-7");
  EXPECT_EQ(canonical("0.1000000000000000055511151231257827"), "0.1");
  EXPECT_EQ(canonical("9007199254740993.0"), "9007199254740992");
  EXPECT_EQ(canonical("123456789012345.6"), "123456789012345.6");
  EXPECT_EQ(canonical("1234567890123456.7"), "1234567890123456.8");
}

TEST(CanonicalNumber, BeyondTheRangeOfADoubleTheTextIsKept) {
  for (const char* literal : {"1e400", "-1e400", "1.5E+309", "1e99999999999999999999", "0.001e400", "1e+00000000000310",
                              "100000000000000000000000e300"}) {
    EXPECT_EQ(canonical(literal), kept(literal));
  }
  const std::string large = std::string(310, '9') + ".5";
  EXPECT_EQ(canonical(large), kept(large));
  EXPECT_EQ(canonical("1.7976931348623157e308"), "1.7976931348623157e+308");
  EXPECT_EQ(canonical("1.7976931348623158e308"), "1.7976931348623157e+308");
  EXPECT_EQ(canonical("1.7976931348623159e308"), "t:1.7976931348623159e308");
}

TEST(CanonicalNumber, WhatIsTooSmallIsRoundedToItsNearestDouble) {
  for (const char* literal : {"1e-400", "-1e-400", "0e400", "-0.0e999999999999999999999", "1e-99999999999999999999",
                              "100e-500", "0.0000000000000001e-330", "2e-324"}) {
    EXPECT_EQ(canonical(literal), "0") << literal;
  }
  EXPECT_EQ(canonical("0." + std::string(400, '0') + "1"), "0");
  EXPECT_EQ(canonical("5e-324"), "5e-324");
  EXPECT_EQ(canonical("3e-324"), "5e-324");
  EXPECT_EQ(canonical("2.2250738585072011e-308"), "2.225073858507201e-308");
}

TEST(CanonicalNumber, AgreesWithReadingAndFormatting) {
  std::mt19937 random(6);
  for (int i = 0; i < 300'000; ++i) {
    std::string literal = random() % 2 ? "-" : "";
    const auto digits = [&](unsigned most) {
      for (unsigned n = random() % most + 1; n > 0; --n)
        literal += static_cast<char>('0' + (random() % 3 ? random() % 10 : 0));
    };
    if (random() % 3 == 0) {
      literal += '0';
    } else {
      literal += static_cast<char>('1' + random() % 9);
      if (random() % 2) digits(12);
    }
    literal += '.';
    digits(random() % 4 == 0 ? 20 : 9);
    if (random() % 4 == 0) literal.append("e").append(std::to_string(static_cast<int>(random() % 60) - 30));
    ASSERT_TRUE(is_number_literal(literal)) << literal;
    ASSERT_EQ(canonical(literal), text_of(std::strtod(literal.c_str(), nullptr))) << literal;
  }
}

TEST(NumberLiteral, FollowsTheGrammarOfRfc8259) {
  for (const char* good : {"0", "-0", "1", "10", "-12", "0.5", "1.50", "1e5", "1E5", "1e+5", "1e-05", "-1.5e10"}) {
    EXPECT_TRUE(is_number_literal(good)) << good;
  }
  for (const char* bad :
       {"",     "-",  "+1", "01", "-01", "00",  ".5",       "1.",        "1.e5",  "1e",  "1e+",     "1e5.5",
        "0x10", "1 ", " 1", "1a", "--1", "NaN", "Infinity", "-Infinity", "1_000", "1,5", "\xD9\xA1"}) {
    EXPECT_FALSE(is_number_literal(bad)) << bad;
  }
  EXPECT_FALSE(is_number_literal(std::string_view("1\0", 2)));
}

}  // namespace
}  // namespace plog::json
