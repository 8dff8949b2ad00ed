// Tests of capture_content: which content of events is kept.
#include "event/capture.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/sha256.h"
#include "event/builder.h"
#include "event/json_input.h"
#include "json/value.h"

namespace plog::event {
namespace {

CapturePolicy policy(const char* json) { return CapturePolicy::parse(json::parse(json)); }

std::string refusal(const char* json) {
  try {
    policy(json);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kInvalid);
    return error.what();
  }
  return "accepted";
}

struct Result {
  json::Value event, warnings;
  std::string field(std::string_view name) const {
    const json::Value* value = event.find(name);
    return value == nullptr ? "" : value->canonical();
  }
};

Result prepare(const CapturePolicy& capture, const std::string& members, Defaults defaults = {}) {
  defaults.salt = false;
  defaults.capture = capture;
  defaults.redactor = redact::Redactor::make({});
  Builder builder;
  json::Reader reader;
  read_event(reader, R"({"agent_id":"a",)" + members + "}", builder);
  Effects effects;
  const Prepared prepared = builder.prepare(defaults, effects);
  EXPECT_EQ(index_of(prepared.canonical).agent.size, 1U);
  return {json::parse(prepared.canonical), prepared.warnings.empty() ? json::Value() : json::parse(prepared.warnings)};
}

std::string digest_of(const std::string& canonical) {
  return "{\"bytes\":" + std::to_string(canonical.size()) + R"(,"omitted":true,"sha256":")" + sha256_hex(canonical) +
         "\"}";
}

constexpr char kEvent[] =
    R"("action_type":"LLM_CALL","action_name":"chat","tool_call_id":"t1","action_input":{"b":"ask ada@example.com","a":1},)"
    R"("action_output":"answer","error_message":"broke","labels":{"team":"search"},"metadata":{"k":"v"},"more":[1,2])";

TEST(Capture, DigestLeavesTheSizeAndTheHashOfWhatRedactionWouldHaveLeft) {
  const Result result = prepare(policy(R"("digest")"), kEvent);
  EXPECT_EQ(result.field("action_input"), digest_of(R"({"a":1,"b":"ask [REDACTED:email]"})"));
  EXPECT_EQ(result.field("action_output"), digest_of("\"answer\""));
  EXPECT_EQ(result.field("error_message"), json::Value(digest_of("\"broke\"")).canonical());
  EXPECT_EQ(result.field("metadata"), "{\"_omitted\":" + digest_of(R"({"k":"v"})") + "}");
  EXPECT_EQ(result.field("more"), digest_of("[1,2]"));
}

TEST(Capture, NoneLeavesTheSizeAlone) {
  const Result result = prepare(policy(R"("none")"), kEvent);
  EXPECT_EQ(result.field("action_input"), R"({"bytes":34,"omitted":true})");
  EXPECT_EQ(result.field("error_message"), R"("{\"bytes\":7,\"omitted\":true}")");
  EXPECT_EQ(result.field("metadata"), R"({"_omitted":{"bytes":9,"omitted":true}})");
  EXPECT_EQ(result.field("more"), R"({"bytes":5,"omitted":true})");
}

TEST(Capture, IdentifiersAndLabelsAndWhatIsNotThereAreAsEver) {
  const Result result = prepare(policy(R"("none")"), kEvent);
  EXPECT_EQ(result.field("action_name"), "\"chat\"");
  EXPECT_EQ(result.field("tool_call_id"), "\"t1\"");
  EXPECT_EQ(result.field("labels"), R"({"team":"search"})");
  EXPECT_EQ(prepare(policy(R"("none")"), R"("action_input":null,"metadata":{})").event.object().size(), 4U);
}

TEST(Capture, LabelsAreLeftOutWhenTheyAreNamed) {
  EXPECT_EQ(prepare(policy(R"({"fields":{"labels":"none"}})"), kEvent).field("labels"),
            R"({"_omitted":"{\"bytes\":17,\"omitted\":true}"})");
}

TEST(Capture, FullLeavesAFieldUnredactedAndNoOther) {
  const char* members =
      R"("action_input":{"password":"hunter22!","to":"ada@example.com"},"action_output":"ada@example.com","own":"ada@example.com")";
  const Result one = prepare(policy(R"({"fields":{"action_input":"full"}})"), members);
  EXPECT_EQ(one.field("action_input"), R"({"password":"hunter22!","to":"ada@example.com"})");
  EXPECT_EQ(one.field("action_output"), "\"[REDACTED:email]\"");
  EXPECT_EQ(one.field("own"), "\"[REDACTED:email]\"");
  const Result all = prepare(policy(R"("full")"), members);
  EXPECT_EQ(all.field("action_output"), "\"ada@example.com\"");
  EXPECT_EQ(all.field("own"), "\"ada@example.com\"");
}

TEST(Capture, TheTypeOfTheActionDecidesWhereItIsNamed) {
  const CapturePolicy capture =
      policy(R"({"default":"none","action_types":{"LLM_CALL":"digest","CUSTOM":"redacted"}})");
  EXPECT_EQ(prepare(capture, R"("action_type":"LLM_CALL","action_input":1)").field("action_input"), digest_of("1"));
  EXPECT_EQ(prepare(capture, R"("action_type":"CUSTOM","action_input":1)").field("action_input"), "1");
  EXPECT_EQ(prepare(capture, R"("action_type":"OTHER","action_input":1)").field("action_input"),
            R"({"bytes":1,"omitted":true})");
  EXPECT_EQ(prepare(capture, R"("action_input":1)").field("action_input"), R"({"bytes":1,"omitted":true})");
}

TEST(Capture, KeepsLessWhereAFieldAndATypeAreBothNamed) {
  const CapturePolicy capture = policy(
      R"({"fields":{"action_input":"digest","action_output":"full"},"action_types":{"A":"redacted","B":"none"}})");
  EXPECT_EQ(capture.of(Content::kActionInput, "A"), Capture::kDigest);
  EXPECT_EQ(capture.of(Content::kActionInput, "B"), Capture::kNone);
  EXPECT_EQ(capture.of(Content::kActionOutput, "A"), Capture::kRedacted);
  EXPECT_EQ(capture.of(Content::kActionOutput, "C"), Capture::kFull);
}

TEST(Capture, WarningsSayNothingOfWhatIsLeftOut) {
  const Result result = prepare(
      policy(R"("digest")"),
      "\"action_input\":{\"patient\":{\"ward\\ud800\":1,\"bed\":1,\"bed\":2}},\"action_name\":{\"inner\":\"\\ud800\"}");
  const std::string warnings = result.warnings.canonical();
  EXPECT_NE(warnings.find("\"lone_surrogate\""), std::string::npos);
  EXPECT_NE(warnings.find("\"field\":\"/action_input\""), std::string::npos);
  for (const char* word : {"patient", "ward", "bed", "inner"})
    EXPECT_EQ(warnings.find(word), std::string::npos) << word;
}

TEST(Capture, LargeValuesAreLeftOutBeforeTheEventIsCut) {
  Defaults defaults;
  defaults.max_event_bytes = 4096;
  const std::string text(100'000, 'x');
  const Result result = prepare(policy(R"("digest")"), "\"action_input\":\"" + text + "\"", defaults);
  EXPECT_EQ(result.field("action_input"), digest_of('"' + text + '"'));
  EXPECT_TRUE(result.warnings.is_null());
}

TEST(Capture, APolicyIsWrittenAsItIsRead) {
  for (const char* text : {R"("full")", R"("none")", R"({"default":"digest","fields":{"context":"none"}})",
                           R"({"action_types":{"A":"none"},"default":"redacted"})"}) {
    EXPECT_EQ(policy(text).to_json().canonical(), text);
  }
  EXPECT_TRUE(policy(R"({"fields":{"labels":"redacted"}})").usual());
  EXPECT_FALSE(policy(R"({"fields":{"labels":"none"}})").usual());
}

TEST(Capture, WhatIsNoPolicyIsRefused) {
  EXPECT_EQ(refusal("\"all\""), "capture_content: must be one of: full, redacted, digest, none");
  EXPECT_EQ(refusal("7"), "capture_content: must be one of: full, redacted, digest, none");
  EXPECT_EQ(refusal(R"({"field":{}})"), "capture_content.field: unknown key; use default, fields or action_types");
  EXPECT_EQ(refusal(R"({"fields":"none"})"), "capture_content.fields: must be an object");
  EXPECT_EQ(refusal(R"({"fields":{"agent_id":"none"}})"),
            "capture_content.fields.agent_id: not a content field; use one of action_input, action_output, context, "
            "error_message, labels, metadata, unknown");
  EXPECT_EQ(refusal(R"({"action_types":{"A":"some"}})"),
            "capture_content.action_types.A: must be one of: full, redacted, digest, none");
}

}  // namespace
}  // namespace plog::event
