// Tests of what the door for prepared events refuses, and with which message.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "canonical_events.h"
#include "event/system_events.h"

namespace plog::event {
namespace {

struct Refusal {
  std::string event;
  const char* message;
};

TEST(CanonicalRefusal, RefusalsNameTheFieldTheReasonAndTheRemedy) {
  const std::string id = R"("id":"00000000-0000-7000-8000-000000000001",)";
  const std::string version = R"("schema_version":"1.0",)";
  const std::string time = R"("timestamp":"2026-01-02T03:04:05.000000Z")";
  const std::string too_long = '"' + std::string(1025, 'x') + '"';
  std::string parents = "[\"p\"";
  for (int i = 0; i < 1024; ++i) parents += ",\"p\"";
  parents += ']';
  const std::vector<Refusal> refusals = {
      // Not JSON, and not an event.
      {"", "malformed JSON"},
      {event_with("") + "x", "malformed JSON"},
      {event_with("").substr(0, 60), "malformed JSON"},
      {"[]", "an event must be a JSON object"},
      {"{}", "the event has no agent_id; set agent_id in the event or in the client's options"},
      // Not canonical.
      {" " + event_with(""), "the event: byte 0 is white space; send the canonical form (RFC 8785)"},
      {event_with("") + "\n", "byte 125 is white space"},
      {"\xef\xbb\xbf" + event_with(""), "the event: byte 0 is not what JSON allows here"},
      {event_with("\"action_input\":{\"a\": 1},"), "action_input: byte 21 is white space"},
      {event_with("\"action_input\":{\"b\":1,\"a\":2},"),
       "action_input: byte 23 begins a key that must come earlier; send the canonical form (RFC 8785)"},
      {event_with("\"action_input\":{\"\uFB33\":1,\"\U0001F602\":2},"), "begins a key that must come earlier"},
      {event_with("\"action_input\":{\"a\":1,\"a\":2},"), "action_input: byte 23 repeats a key"},
      {"{\"agent_id\":\"a\"," + event_with("").substr(1), "byte 16 repeats a key"},
      {event_with("", ",\"source\":\"sdk\""), "begins a key that must come earlier"},
      {event_with("\"action_input\":1.0,"), "action_input: byte 16 begins a number that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":-0,"), "a number that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":1E3,"), "a number that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":9007199254740993,"), "a number that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":1e400,"), "a number that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":\"\\/\","),
       "action_input: byte 17 begins an escape that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":\"\\u0041\","), "an escape that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":\"\\u000A\","), "an escape that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":\"\\ud800\","), "an escape that RFC 8785 spells otherwise"},
      {event_with("\"action_input\":\"\xff\","), "action_input: byte 17 is not valid UTF-8"},
      {event_with("\"action_input\":\"\xed\xa0\x80\","), "action_input: byte 17 is not valid UTF-8"},
      // Depth.
      {event_with("\"action_input\":" + nested(128) + ","), "action_input: is nested deeper than 128 levels; cut it"},
      {event_with("\"action_input\":" + nested(600) + ","), "action_input: byte 527 begins a container that is nested"},
      {event_with("\"beta\":" + nested(128) + ","), "begins a key that must come earlier"},
      {event_with("\"Beta\":" + nested(128) + ","), "an unknown field: is nested deeper than 128 levels"},
      // Fields of the ledger, and fields without a value.
      {event_with("", "", "\"hash\":\"x\","), "hash: the ledger sets this field; leave it out"},
      {event_with("", "", "\"prev_hash\":1,").insert(0, ""), "begins a key that must come earlier"},
      {event_with("", ",\"validation_warnings\":[]"), "validation_warnings: the ledger sets this field; leave it out"},
      {event_with("\"action_input\":null,"),
       "action_input: null and empty objects are not recorded; leave the field out"},
      {event_with("\"Beta\":{},"), "an unknown field: null and empty objects are not recorded"},
      // Types, forms and ranges.
      {event_with("\"action_name\":7,"), "action_name: is not a string; send it in metadata._invalid"},
      {event_with("", "", "\"error_message\":[],"), "error_message: is not a string; send it in metadata._invalid"},
      {event_with("\"action_name\":" + too_long + ","),
       "action_name: longer than 1,024 bytes; send its first 960 bytes"},
      {event_with("", "", "\"duration_ms\":\"5\","), "duration_ms: is not a whole number of at most 2^53"},
      {event_with("", "", "\"duration_ms\":0.5,"), "duration_ms: is not a whole number of at most 2^53"},
      {event_with("", "", "\"duration_ms\":1e+21,"), "duration_ms: is not a whole number of at most 2^53"},
      {event_with("", "", "\"duration_ms\":10000000000000000,"), "duration_ms: is not a whole number of at most 2^53"},
      {R"({"agent_id":"a",)" + id + R"("labels":[1],)" + version + time + "}", "labels: is not an object"},
      {R"({"agent_id":"a",)" + id + R"("labels":{"a":1},)" + version + time + "}", "labels: a label is not a string"},
      {R"({"agent_id":"a",)" + id + R"("metadata":"x",)" + version + time + "}", "metadata: is not an object"},
      {R"({"agent_id":"a",)" + id + R"("parents":"p",)" + version + time + "}", "parents: is not an array"},
      {R"({"agent_id":"a",)" + id + R"("parents":[1],)" + version + time + "}",
       "parents: contains a value that is not"},
      {R"({"agent_id":"a",)" + id + R"("parents":)" + parents + "," + version + time + "}",
       "parents: has more than 1,024"},
      {R"({"agent_id":"a",)" + id + R"("parents":[)" + too_long + "]," + version + time + "}",
       "parents: longer than 1,024"},
      // Identity and time.
      {R"({"agent_id":"a",)" + version + time + "}", "id: is missing; send the event as it was prepared"},
      {R"({"agent_id":"a",)" + id + time + "}", "schema_version: is missing"},
      {R"({"agent_id":"a",)" + id + R"("schema_version":"1.0"})", "timestamp: is missing"},
      {R"({"agent_id":"a","id":"",)" + version + time + "}", "id: not a UUID of 36 lower-case characters"},
      {R"({"agent_id":"a","id":"call_1",)" + version + time + "}", "id: not a UUID of 36 lower-case characters"},
      {R"({"agent_id":"a","id":"00000000-0000-7000-8000-00000000000A",)" + version + time + "}", "id: not a UUID"},
      {R"({"agent_id":"a",)" + id + version + R"("timestamp":"2026-01-02T03:04:05Z"})",
       "timestamp: not a time such as 2026-02-17T10:20:30.000000Z; send it in UTC with six fraction digits"},
      {R"({"agent_id":"a",)" + id + version + R"("timestamp":"2026-01-02T03:04:05.000000+00:00"})",
       "timestamp: not a time"},
      {R"({"agent_id":"a",)" + id + version + R"("timestamp":"2026-02-30T03:04:05.000000Z"})", "timestamp: not a time"},
      {R"({"agent_id":"a",)" + id + version + R"("timestamp":"now"})", "timestamp: not a time"},
  };
  for (const Refusal& expected : refusals) {
    SCOPED_TRACE(expected.event.substr(0, 200));
    const std::string message = refusal(expected.event);
    EXPECT_NE(message.find(expected.message), message.npos) << message;
    EXPECT_EQ(message.find('\n'), message.npos);
  }
}

TEST(CanonicalRefusal, MessagesContainNoContent) {
  for (const std::string& event : {
           event_with("\"Secret\":null,"),
           event_with("\"Secret\":{\"secret\": \"secret\"},"),
           event_with("\"action_input\":{\"secret\":1,\"secret\":2},"),
           event_with("\"action_name\":[\"secret\"],"),
           event_with("", ",\"secret\":\"\\/\""),
       }) {
    std::string message = refusal(event);
    EXPECT_NE(message, "accepted");
    std::transform(message.begin(), message.end(), message.begin(), [](unsigned char c) { return std::tolower(c); });
    EXPECT_EQ(message.find("secret"), message.npos) << message;
  }
}

TEST(CanonicalRefusal, TheEventsOfTheReservedAgentAreRefused) {
  Builder builder;
  const Epoch epoch{1, "origin", "vkey"};
  const Dropped dropped{"a", 3, 0, 1};
  const std::string expected = "agent_id: `provenlog` is the ledger's own agent; record under another name";
  EXPECT_EQ(refusal(std::string(ledger_created(builder, "ledger", epoch, nullptr).canonical)), expected);
  EXPECT_EQ(refusal(std::string(gap(builder, Uuid{}, 1, "journal_full", {dropped}).canonical)), expected);
  EXPECT_EQ(refusal(std::string(key_rotated(builder, epoch, "note").canonical)), expected);
  EXPECT_EQ(refusal(std::string(head_acknowledged(builder, {}, "seen", nullptr).canonical)), expected);
  Effects effects;
  EXPECT_EQ(refusal(std::string(context_changed(builder, plain(), "k", "v", R"({"a":1})", effects).canonical)),
            expected);
  // Another spelling of the name is not canonical.
  EXPECT_NE(refusal(R"({"agent_id":"\u0070rovenlog","id":"00000000-0000-7000-8000-000000000001"})").find("agent_id"),
            std::string::npos);
}

TEST(CanonicalRefusal, WarningsAreChecked) {
  const std::string event = event_with("");
  const auto warning = [](std::string_view code, std::string_view detail, std::string_view field) {
    return Value(Value::Object{{"code", code}, {"detail", detail}, {"field", field}});
  };
  const auto list = [](std::vector<Value> warnings) { return Value(Value::Array(std::move(warnings))).canonical(); };
  std::vector<Value> full(32, warning("duplicate_key", "d", "/action_input/a"));
  const auto with = [&](std::vector<Value> last) {
    std::vector<Value> all = full;
    all.insert(all.end(), last.begin(), last.end());
    return list(all);
  };
  const std::string form =
      "is not an object of the strings code (64 bytes), detail (1,024) and field (a JSON pointer, 1,024)";

  EXPECT_EQ(accept(event, list(full)).warnings, list(full));
  EXPECT_EQ(accept(event, with({warning("more_warnings", "7", "")})).warnings,
            with({warning("more_warnings", "7", "")}));
  const std::string odd = list({warning("c", "\n\"", "/a~1b~0c/~"), warning("c", "", "")});
  EXPECT_EQ(accept(event, odd).warnings, odd);

  EXPECT_NE(refusal(event, "[").find("validation_warnings: byte 1 ends the text too early"), std::string::npos);
  EXPECT_NE(refusal(event, "[ ]").find("validation_warnings: byte 1 is white space"), std::string::npos);
  EXPECT_NE(refusal(event, "[]").find("validation_warnings: is not an array of warnings"), std::string::npos);
  EXPECT_NE(refusal(event, "{}").find("validation_warnings: is not an array of warnings"), std::string::npos);
  for (const std::string& wrong : {
           std::string("[1]"),
           std::string(R"([{"code":"c","detail":"d"}])"),
           std::string(R"([{"code":"c","detail":"d","field":"","more":1}])"),
           std::string(R"([{"code":"c","detail":1,"field":""}])"),
           list({warning("c", "d", "action_input")}),
           list({warning(std::string(65, 'c'), "d", "")}),
           list({warning("c", std::string(1025, 'd'), "")}),
           list({warning("c", "d", "/" + std::string(1024, 'f'))}),
       }) {
    EXPECT_EQ(refusal(event, wrong), "validation_warnings/0: " + form);
  }
  for (const std::vector<Value>& last : std::vector<std::vector<Value>>{
           {warning("duplicate_key", "d", "")},
           {warning("more_warnings", "0", "")},
           {warning("more_warnings", "1000000000000000", "")},
           {warning("more_warnings", "1", "/a")},
       }) {
    EXPECT_NE(refusal(event, with(last)).find("validation_warnings/32: there are more than 32 warnings"),
              std::string::npos);
  }
  EXPECT_NE(
      refusal(event, with({warning("more_warnings", "1", ""), warning("more_warnings", "1", "")})).find("more than 32"),
      std::string::npos);
  EXPECT_NE(refusal(event, std::string(1 << 20, ' ')).find("validation_warnings: longer than"), std::string::npos);
}

}  // namespace
}  // namespace plog::event
