#include "json/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace plog::json {
namespace {

TEST(Value, HoldsWhatWasRead) {
  const Value value = parse(R"({"n":null,"b":true,"i":-42,"d":2.5,"s":"x\n","a":[1,[]],"o":{"k":"v"}})");
  ASSERT_TRUE(value.is_object());
  EXPECT_TRUE(value.find("n")->is_null());
  EXPECT_TRUE(value.find("b")->as_bool());
  std::int64_t integer = 0;
  EXPECT_TRUE(value.find("i")->to_int64(&integer));
  EXPECT_EQ(integer, -42);
  EXPECT_EQ(value.find("d")->to_double(), 2.5);
  EXPECT_FALSE(value.find("d")->to_int64(&integer));
  EXPECT_EQ(value.find("s")->text(), "x\n");
  EXPECT_FALSE(value.find("s")->to_int64(&integer));
  EXPECT_EQ(value.find("a")->array().size(), 2u);
  EXPECT_TRUE(value.find("a")->array()[1].is_array());
  EXPECT_EQ(value.find("o")->find("k")->text(), "v");
  EXPECT_EQ(value.find("absent"), nullptr);
  EXPECT_EQ(value.find("a")->find("k"), nullptr);
}

TEST(Value, AnIntegerThatDoesNotFitIsToldSo) {
  std::int64_t integer = 0;
  EXPECT_TRUE(parse("9223372036854775807").to_int64(&integer));
  EXPECT_EQ(integer, std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(parse("9223372036854775808").to_int64(&integer));
  EXPECT_FALSE(parse("1e3").to_int64(&integer));
}

TEST(Value, TheLastDuplicateWins) {
  EXPECT_EQ(parse(R"({"a":1,"b":2,"a":{"c":3},"a":[4]})").canonical(), R"({"a":[4],"b":2})");
}

TEST(Value, NativeNumbersHaveTheirCanonicalForm) {
  EXPECT_EQ(Value(7).canonical(), "7");
  EXPECT_EQ(Value(std::int64_t{-9007199254740993}).canonical(), R"("-9007199254740993")");
  EXPECT_EQ(Value(std::numeric_limits<std::uint64_t>::max()).canonical(), R"("18446744073709551615")");
  EXPECT_EQ(Value(0.1).canonical(), "0.1");
  EXPECT_EQ(Value(1e21).canonical(), "1e+21");
  EXPECT_EQ(Value(std::nan("")).canonical(), R"("NaN")");
  EXPECT_EQ(Value(HUGE_VAL).canonical(), R"("Infinity")");
  EXPECT_EQ(Value(-HUGE_VAL).canonical(), R"("-Infinity")");
  EXPECT_EQ(Value::number("1.50").canonical(), "1.5");
  EXPECT_EQ(Value::number("1e999").canonical(), R"("1e999")");
}

TEST(Value, KeysAreSortedByUtf16) {
  EXPECT_EQ(parse(R"({"\uff5e":1,"\ud800\udc00":2,"b":3,"a":4,"":5,"aa":6,"A":7})").canonical(),
            "{\"\":5,\"A\":7,\"a\":4,\"aa\":6,\"b\":3,\"\xF0\x90\x80\x80\":2,\"\xEF\xBD\x9E\":1}");
}

TEST(Value, NestingBelowDepth512IsRefused) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(parse(nested(512)).canonical(), nested(512));
  try {
    parse(nested(513));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kInvalid);
    EXPECT_STREQ(error.what(), "the JSON is nested more than 512 levels deep");
  }
  EXPECT_THROW(parse(std::string(1'000'000, '[')), Error);
}

TEST(Value, MalformedTextIsRefused) {
  EXPECT_THROW(parse("{\"a\":1,}"), Error);
  EXPECT_THROW(parse(std::string_view()), Error);
}

TEST(Value, PublishedCanonicalDocumentsAreMet) {
  const std::string path = PLOG_SOURCE_DIR "/../shared/vectors/jcs-documents.jsonl";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
  std::istringstream lines(read_file(path, 1 << 20));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Value vector = parse(line);
    EXPECT_EQ(parse(vector.find("input")->text()).canonical(), vector.find("output")->text())
        << vector.find("name")->text();
  }
  EXPECT_EQ(count, 6);
}

// Writes random JSON texts that use every freedom of the grammar.
class RandomText {
 public:
  explicit RandomText(unsigned seed) : random_(seed) {}
  std::string make() {
    out_.clear();
    value(0);
    return out_;
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  void space() {
    for (unsigned n = below(4) == 0 ? below(5) : 0; n > 0; --n) out_ += " \t\r\n"[below(4)];
  }
  void string() {
    static constexpr const char* kPieces[] = {"a",
                                              "key",
                                              "\\n",
                                              "\\\"",
                                              "\\\\",
                                              "\\/",
                                              "\\u0041",
                                              "\\u00e9",
                                              "\\ud83d\\ude02",
                                              "\\udc00",
                                              "\xC3\xA9",
                                              "\xE2\x82\xAC",
                                              "\xF0\x9F\x98\x82",
                                              "\x80",
                                              "\xED\xA0\x80",
                                              "\\u001f",
                                              "\x7F",
                                              "long run of plain text without escapes",
                                              "\xEF\xBD\x9E"};
    out_ += '"';
    for (unsigned n = below(5); n > 0; --n) out_ += kPieces[below(std::size(kPieces))];
    out_ += '"';
  }
  void number() {
    if (below(2) == 0) out_ += '-';
    out_ += below(4) == 0 ? "0" : std::to_string(random_() >> below(64) | 1);
    if (below(3) == 0) out_ += "." + std::to_string(random_() >> below(64));
    if (below(3) == 0) out_ += (below(2) ? "e" : "E+") + std::to_string(below(330));
  }
  void value(int depth) {
    space();
    switch (below(depth < 6 ? 9 : 6)) {
      case 0: out_ += "null"; break;
      case 1: out_ += "true"; break;
      case 2: out_ += "false"; break;
      case 3:
      case 4: string(); break;
      case 5: number(); break;
      case 6: list('[', ']', depth); break;
      default: list('{', '}', depth);
    }
    space();
  }
  void list(char open, char close, int depth) {
    out_ += open;
    for (unsigned n = below(6), i = 0; i < n; ++i) {
      if (i > 0) out_ += ',';
      if (open == '{') {
        space();
        string();
        space();
        out_ += ':';
      }
      value(depth + 1);
    }
    if (out_.back() == open) space();
    out_ += close;
  }

  std::mt19937_64 random_;
  std::string out_;
};

TEST(Value, CanonicalFormIsAFixedPoint) {
  RandomText texts(9);
  for (int i = 0; i < 30'000; ++i) {
    const std::string text = texts.make();
    const std::string once = parse(text).canonical();
    ASSERT_EQ(parse(once).canonical(), once) << text;
  }
}

}  // namespace
}  // namespace plog::json
