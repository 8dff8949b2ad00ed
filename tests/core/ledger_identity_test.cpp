// Finding agent_id and id of an event among other text that looks like them.
#include "ledger/identity.h"

#include <gtest/gtest.h>

#include <random>

#include "json/value.h"

namespace plog::ledger {
namespace {

std::string text_or(const std::optional<std::string_view>& text, const char* otherwise) {
  return text ? std::string(*text) : otherwise;
}

TEST(IdentityOf, FindsTheMembersOfTheOutermostObject) {
  const Identity identity = identity_of(R"({"action_name":"x","agent_id":"me","id":"42","labels":{"id":"no"}})");
  EXPECT_EQ(text_or(identity.agent_id, "-"), "me");
  EXPECT_EQ(text_or(identity.id, "-"), "42");
}

TEST(IdentityOf, IgnoresNestedMembersAndTextsThatLookLikeMembers) {
  for (const char* text : {
           R"({"a":{"agent_id":"in","id":"in"},"agent_id":"me","id":"42"})",
           R"({"a":[{"agent_id":"in"},{"id":"in"}],"agent_id":"me","id":"42"})",
           R"({"a":",\"agent_id\":\"in\",\"id\":\"in\"","agent_id":"me","id":"42"})",
           R"({"a":"}","agent_id":"me","id":"42"})",
           R"({"a":"\\","agent_id":"me","id":"42"})",
           R"({"a":"\\\"}","agent_id":"me","id":"42"})",
           R"({"a":"{[{[","agent_id":"me","id":"42"})",
           R"({"agent_id":"me","hid":"no","id":"42"})",
           R"({"agent_id":"me","b":["id","agent_id"],"id":"42"})",
       }) {
    const Identity identity = identity_of(text);
    EXPECT_EQ(text_or(identity.agent_id, "-"), "me") << text;
    EXPECT_EQ(text_or(identity.id, "-"), "42") << text;
  }
}

TEST(IdentityOf, SaysWhenAMemberIsMissingOrNoText) {
  EXPECT_FALSE(identity_of(R"({"a":{"agent_id":"in"}})").agent_id);
  EXPECT_FALSE(identity_of(R"({"agent_id":7,"id":null})").agent_id);
  EXPECT_FALSE(identity_of(R"({"agent_id":7,"id":null})").id);
  for (const char* text : {"", "{", "{}", "[]", "\"", "}", "{\"agent_id\":\"", "{\"agent_id\":\"x\\"}) {
    EXPECT_FALSE(identity_of(text).agent_id) << text;
  }
}

// Compares with a JSON parser. Values begin and end at any position of a block.
TEST(IdentityOf, AgreesWithAParserOnRandomEvents) {
  std::mt19937_64 random(7);
  const auto pick = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const char* const pieces[] = {"\"",
                                "\\",
                                "{",
                                "}",
                                "[",
                                "]",
                                ",",
                                ":",
                                "id",
                                "agent_id",
                                "\"id\":\"",
                                "x",
                                "\n",
                                ",\"agent_id\":\"",
                                "long text without anything",
                                "\xc3\xa9"};
  const auto text = [&] {
    std::string result;
    for (std::size_t n = pick(12); n > 0; --n) result += pieces[pick(std::size(pieces))];
    return result;
  };
  const std::function<json::Value(int)> value = [&](int depth) -> json::Value {
    switch (depth > 3 ? 0 : pick(4)) {
      case 1: {
        json::Value::Array array;
        for (std::size_t n = pick(4); n > 0; --n) array.push_back(value(depth + 1));
        return array;
      }
      case 2: {
        json::Value::Object object;
        for (std::size_t n = pick(4); n > 0; --n) object[pick(3) == 0 ? "agent_id" : text()] = value(depth + 1);
        return object;
      }
      case 3: return json::Value(static_cast<std::int64_t>(pick(1000)));
      default: return text();
    }
  };
  for (int round = 0; round < 20000; ++round) {
    json::Value::Object event;
    for (std::size_t n = pick(5); n > 0; --n) event[text()] = value(0);
    for (const char* name : {"agent_id", "id"}) {
      if (pick(10) != 0)
        event[name] = text();
      else
        event.erase(name);
    }
    const std::string canonical = json::Value(event).canonical();
    const Identity identity = identity_of(canonical);
    for (const auto& [name, found] : {std::pair{"agent_id", identity.agent_id}, std::pair{"id", identity.id}}) {
      const auto member = event.find(name);
      ASSERT_EQ(found.has_value(), member != event.end()) << canonical;
      if (!found) continue;
      std::string decoded;
      ASSERT_TRUE(json::append_unescaped(decoded, *found, nullptr));
      ASSERT_EQ(decoded, member->second.text()) << canonical;
    }
  }
}

}  // namespace
}  // namespace plog::ledger
