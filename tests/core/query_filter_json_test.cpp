// Tests of filters as JSON text: what is accepted, and that errors name the member at fault.
#include "query/filter_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace plog::query {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view json) {
  try {
    parse_filter(json);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kInvalid);
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << json;
  return "";
}

TEST(ParseFilter, NothingAsksForEverything) {
  for (const char* text : {"", "{}", R"({"agent_id":null,"labels":null,"limit":null})"}) {
    const store::Filter filter = parse_filter(text);
    EXPECT_FALSE(filter.agent) << text;
    EXPECT_FALSE(filter.limit) << text;
    EXPECT_FALSE(filter.descending) << text;
    EXPECT_FALSE(filter.include_system) << text;
    EXPECT_TRUE(filter.labels.empty()) << text;
    EXPECT_EQ(filter.offset, 0u) << text;
  }
}

TEST(ParseFilter, EveryMemberReachesItsPlace) {
  const store::Filter filter = parse_filter(R"({
    "agent_id": "a", "session_id": "s", "action_type": "TOOL_CALL", "action_name": "n", "action_status": "error",
    "source": "sdk", "provenance_id": "p", "parent_event_id": "pe", "tool_call_id": "t", "artifact_id": "ar",
    "audit_id": "au", "intervention_id": "in", "since": "2026-02-17T00:00:00Z", "until": "2026-02-18",
    "labels": {"k": "v", "l": ""}, "order": "desc", "limit": 9007199254740992, "offset": 3, "after": 0,
    "include_system": true})");
  EXPECT_EQ(filter.agent, "a");
  EXPECT_EQ(filter.session, "s");
  EXPECT_EQ(filter.type, "TOOL_CALL");
  EXPECT_EQ(filter.name, "n");
  EXPECT_EQ(filter.status, "error");
  EXPECT_EQ(filter.source, "sdk");
  EXPECT_EQ(filter.references[0], "p");
  EXPECT_EQ(filter.references[1], "pe");
  EXPECT_EQ(filter.references[2], "t");
  EXPECT_EQ(filter.references[3], "ar");
  EXPECT_EQ(filter.references[4], "au");
  EXPECT_EQ(filter.references[5], "in");
  EXPECT_EQ(filter.until.value() - filter.since.value(), Micros{86400} * 1000000);
  EXPECT_EQ(filter.labels, (std::vector<std::pair<std::string, std::string>>{{"k", "v"}, {"l", ""}}));
  EXPECT_TRUE(filter.descending);
  EXPECT_EQ(filter.limit, 9007199254740992u);
  EXPECT_EQ(filter.offset, 3u);
  EXPECT_EQ(filter.after, 0u);
  EXPECT_TRUE(filter.include_system);
  EXPECT_FALSE(parse_filter(R"({"order":"asc"})").descending);
}

TEST(ParseFilter, RefusalsNameTheMember) {
  EXPECT_THAT(refusal(R"({"agent":"x"})"), HasSubstr("\"agent\" is unknown"));
  EXPECT_THAT(refusal(R"({"":null})"), HasSubstr("\"\" is unknown"));
  EXPECT_THAT(refusal(R"({"agent_id":7})"), HasSubstr("\"agent_id\" must be a string"));
  EXPECT_THAT(refusal(R"({"tool_call_id":["x"]})"), HasSubstr("\"tool_call_id\" must be a string"));
  EXPECT_THAT(refusal(R"({"since":"yesterday"})"), HasSubstr("\"since\" must be an RFC 3339 time"));
  EXPECT_THAT(refusal(R"({"until":12})"), HasSubstr("\"until\" must be a string"));
  EXPECT_THAT(refusal(R"({"labels":["x"]})"), HasSubstr("\"labels\" must be an object of strings"));
  EXPECT_THAT(refusal(R"({"labels":{"k":1}})"), HasSubstr("\"labels\" must be an object of strings"));
  EXPECT_THAT(refusal(R"({"order":"newest"})"), HasSubstr("\"order\" must be"));
  EXPECT_THAT(refusal(R"({"limit":-1})"), HasSubstr("\"limit\" must be an integer"));
  EXPECT_THAT(refusal(R"({"limit":1.5})"), HasSubstr("\"limit\" must be an integer"));
  EXPECT_THAT(refusal(R"({"limit":"5"})"), HasSubstr("\"limit\" must be an integer"));
  EXPECT_THAT(refusal(R"({"offset":9007199254740993})"), HasSubstr("\"offset\" must be an integer"));
  EXPECT_THAT(refusal(R"({"after":true})"), HasSubstr("\"after\" must be an integer"));
  EXPECT_THAT(refusal(R"({"include_system":1})"), HasSubstr("\"include_system\" must be true or false"));
}

TEST(ParseFilter, OtherTextsAreRefused) {
  EXPECT_THAT(refusal("[]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(refusal("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("{} {}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("{\"agent_id\":\"\xff\"}"), HasSubstr("UTF-8"));
}

}  // namespace
}  // namespace plog::query
