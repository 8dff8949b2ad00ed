// How the parameters of a call are checked against their declarations.
#include "operations/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/error.h"

namespace plog::operations {
namespace {

using testing::ElementsAre;

constexpr std::string_view kColours[] = {"red", "green"};
constexpr std::array kDeclared = {
    Parameter{.name = "id", .required = true, .minimum = 1, .maximum = 4},
    Parameter{.name = "file", .kind = ParameterKind::kPath, .minimum = 1, .maximum = 10},
    Parameter{.name = "files", .kind = ParameterKind::kPaths, .minimum = 0, .maximum = 2},
    Parameter{.name = "colour", .kind = ParameterKind::kChoice, .choices = kColours, .default_value = "\"red\""},
    Parameter{.name = "limit", .kind = ParameterKind::kInteger, .minimum = 1, .maximum = 9, .default_value = "5"},
    Parameter{.name = "all", .kind = ParameterKind::kBoolean, .default_value = "false"},
    Parameter{.name = "since", .kind = ParameterKind::kTime},
    Parameter{.name = "labels", .kind = ParameterKind::kObject, .maximum = 20},
    Parameter{.name = "rules", .kind = ParameterKind::kList, .maximum = 20},
    Parameter{.name = "value", .kind = ParameterKind::kJson, .maximum = 20},
};

Parameters parse(std::string_view text) { return Parameters("paint", kDeclared, text); }

std::string refusal(std::string_view text) {
  try {
    parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kInvalid);
    return error.what();
  }
  return "accepted";
}

// Refuses the member, which is given beside a valid id.
std::string refused(const std::string& member) { return refusal("{\"id\":\"x\"," + member + "}"); }

TEST(Parameters, GiveWhatWasGivenElseTheDefault) {
  const Parameters given = parse(R"({"id":"é","file":"a b","files":["c","d"],"colour":"green","limit":9,"all":true,)"
                                 R"("since":"2026-02-17T09:30:00Z","labels":{"a": 1.0},"rules":[ ],"value":1e5})");
  EXPECT_EQ(given.text("id"), "é");
  EXPECT_EQ(given.text("file"), "a b");
  EXPECT_THAT(given.paths("files"), ElementsAre("c", "d"));
  EXPECT_EQ(given.text("colour"), "green");
  EXPECT_EQ(given.integer("limit"), 9);
  EXPECT_TRUE(given.flag("all"));
  EXPECT_EQ(given.text("since"), "2026-02-17T09:30:00Z");
  EXPECT_EQ(given.json("labels"), R"({"a": 1.0})");
  EXPECT_EQ(given.json("rules"), "[ ]");
  EXPECT_EQ(given.json("value"), "1e5");

  const Parameters bare = parse(R"({"id":"x"})");
  EXPECT_EQ(bare.text("file"), std::nullopt);
  EXPECT_THAT(bare.paths("files"), ElementsAre());
  EXPECT_EQ(bare.text("colour"), "red");
  EXPECT_EQ(bare.integer("limit"), 5);
  EXPECT_FALSE(bare.flag("all"));
  EXPECT_FALSE(bare.has("value"));
}

TEST(Parameters, ThatAreNullAreNotGiven) {
  const Parameters given = parse(R"({"id":"x","limit":null,"value":null})");
  EXPECT_EQ(given.integer("limit"), 5);
  EXPECT_FALSE(given.has("value"));
  EXPECT_EQ(refusal(R"({"id":null})"), "paint: id: missing; use a text of 1 to 4 bytes");
}

TEST(Parameters, OfAGroupBecomeAnObject) {
  EXPECT_EQ(parse(R"({"id":"x","since":null,"limit":7})").object_of(kDeclared), R"({"id":"x","limit":7})");
  EXPECT_EQ(parse(R"({"id":"x"})").object_of(std::span(kDeclared).subspan(6)), "");
}

TEST(Parameters, ThatAreWrongAreNamedWithTheRemedy) {
  EXPECT_EQ(refusal(""), "paint: id: missing; use a text of 1 to 4 bytes");
  EXPECT_EQ(
      refused("\"lable\":1"),
      "paint: \"lable\" is not a parameter; use id, file, files, colour, limit, all, since, labels, rules, value");
  EXPECT_EQ(refused("\"id\":\"y\""), "paint: id: given twice; give it once");
  EXPECT_EQ(refusal(R"({"id":7})"), "paint: id: not a text; use a text of 1 to 4 bytes");
  EXPECT_EQ(refusal(R"({"id":"12345"})"), "paint: id: has 5 bytes; use a text of 1 to 4 bytes");
  EXPECT_EQ(refusal(R"({"id":""})"), "paint: id: has 0 bytes; use a text of 1 to 4 bytes");
  EXPECT_EQ(refused("\"file\":\"a\\u0000b\""), "paint: file: contains a NUL character; use a text of 1 to 10 bytes");
  EXPECT_EQ(refused("\"files\":\"a\""), "paint: files: not an array; use an array of 0 to 2 paths");
  EXPECT_EQ(refused("\"files\":[\"a\",\"b\",\"c\"]"), "paint: files: has 3 elements; use an array of 0 to 2 paths");
  EXPECT_EQ(refused("\"files\":[1]"),
            "paint: files: each element must be a path of 1 to 4096 bytes without NUL; use an array of 0 to 2 paths");
  EXPECT_EQ(refused("\"colour\":\"blue\""), "paint: colour: \"blue\" is not valid; use red or green");
  EXPECT_EQ(refused("\"limit\":0"), "paint: limit: 0 is out of range; use a whole number from 1 to 9");
  EXPECT_EQ(refused("\"limit\":10"), "paint: limit: 10 is out of range; use a whole number from 1 to 9");
  EXPECT_EQ(refused("\"limit\":2.5"), "paint: limit: 2.5 is not a whole number; use a whole number from 1 to 9");
  EXPECT_EQ(refused("\"limit\":\"3\""), "paint: limit: not a number; use a whole number from 1 to 9");
  EXPECT_EQ(refused("\"all\":1"), "paint: all: not a boolean; use true or false");
  EXPECT_EQ(refused("\"since\":\"noon\""),
            "paint: since: \"noon\" is not a time; use an RFC 3339 time, such as \"2026-02-17T09:30:00Z\"");
  EXPECT_EQ(refused("\"labels\":[]"), "paint: labels: not an object; use a JSON object of up to 20 bytes");
  EXPECT_EQ(refused("\"labels\":{\"a\":\"1234567890123\"}"),
            "paint: labels: has 21 bytes; use a JSON object of up to 20 bytes");
  EXPECT_EQ(refused("\"rules\":{}"), "paint: rules: not an array; use a JSON array of up to 20 bytes");
  EXPECT_EQ(refused("\"value\":\"1234567890123456789\""),
            "paint: value: has 21 bytes; use a JSON value of up to 20 bytes");
}

TEST(Parameters, ThatAreIntegersOfAnySizeAreNamedAsOutOfRange) {
  // JSON texts of numbers, and the texts that the packages pass for numbers that JSON cannot represent exactly.
  for (const char* number : {"9007199254740993", "-9007199254740993", "18446744073709551616", "1e300", "1E+21"}) {
    EXPECT_EQ(refused(std::string("\"limit\":") + number),
              std::string("paint: limit: ") + number + " is out of range; use a whole number from 1 to 9");
  }
  for (const std::string number : {"9007199254740993", "-9007199254740993", "18446744073709551616"}) {
    EXPECT_EQ(refused("\"limit\":\"" + number + "\""),
              "paint: limit: " + number + " is out of range; use a whole number from 1 to 9");
  }
  for (const std::string number : {"NaN", "Infinity", "-Infinity"}) {
    EXPECT_EQ(refused("\"limit\":\"" + number + "\""),
              "paint: limit: " + number + " is not a whole number; use a whole number from 1 to 9");
  }
  for (const char* other : {"\"3\"", "\"\"", "\"-\"", "\"4x\"", "true", "{}", "[]"}) {
    EXPECT_EQ(refused(std::string("\"limit\":") + other), "paint: limit: not a number; use a whole number from 1 to 9");
  }
  EXPECT_LT(refused("\"limit\":" + std::string(500, '7')).size(), 160u);
}

TEST(Parameters, ThatAreTooLargeAreRefusedWithTheLimit) {
  const std::string text((std::size_t{64} << 20) + 1, ' ');
  EXPECT_EQ(refusal(text), "paint: the parameters are too large: they have 67108865 bytes; use at most 67108864 bytes");
}

TEST(Parameters, AreAnObjectInUtf8) {
  for (const char* text : {"[]", "1", "{", "{\"id\":\"x\"}}", "nothing"}) {
    EXPECT_EQ(refusal(text).rfind("paint: the parameters are not a JSON object: ", 0), 0u) << text;
  }
  EXPECT_EQ(refusal("{\"id\":\"\xFF\"}"), "paint: the parameters are not valid UTF-8; pass UTF-8 text");
}

TEST(Parameters, DoNotRepeatContentInAMessage) {
  EXPECT_EQ(refusal(R"({"id":"secret"})").find("secret"), std::string::npos);
  const std::string quoted = refused("\"colour\":\"" + std::string(500, 'x') + "\"");
  EXPECT_LT(quoted.size(), 160u);
}

}  // namespace
}  // namespace plog::operations
