#include "json/members.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "json/value.h"

namespace plog::json {
namespace {

std::string split(std::string_view text) {
  std::string all;
  for (const Member& member : members(text)) all.append(member.name).append("=").append(member.value).append(";");
  return all;
}

TEST(Members, KeepTheirTextAsItWasWritten) {
  EXPECT_EQ(split(R"({"a":1.50,"b" : "x\"}y" , "c":{"d":[1, {"e":"]}"}]},"f":[ ],"g":null})"),
            R"(a=1.50;b="x\"}y";c={"d":[1, {"e":"]}"}]};f=[ ];g=null;)");
}

TEST(Members, HaveUnescapedNamesInTheirOrder) { EXPECT_EQ(split(R"({"z":1,"\u0061":true,"z":2})"), "z=1;a=true;z=2;"); }

TEST(Members, TakeWhiteSpaceAndAByteOrderMark) {
  EXPECT_EQ(split(" \n{ } "), "");
  EXPECT_EQ(split("\xEF\xBB\xBF{\n\"a\"\t:\r1 }"), "a=1;");
}

TEST(Members, OfDeepTextNeedNoStack) {
  const std::string deep(100000, '[');
  EXPECT_EQ(members("{\"a\":" + deep + std::string(100000, ']') + "}").at(0).value.size(), 200000u);
}

TEST(Members, ExistOnlyInAWellFormedObject) {
  for (const char* text :
       {"", "1", "[]", "null", "\"{}\"", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "{a:1}"}) {
    EXPECT_THROW(members(text), Error) << text;
  }
}

}  // namespace
}  // namespace plog::json
