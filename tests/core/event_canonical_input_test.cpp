// Tests of the door for events that another provenlog has prepared: what passes unchanged, what is refused with which
// message, and what the rules of the receiving side do.
#include "event/canonical_input.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/sha256.h"
#include "event/json_input.h"
#include "event/system_events.h"
#include "json/value.h"

namespace plog::event {
namespace {

using json::Value;

struct Result {
  std::string canonical, warnings;
  Index index;
  Effects effects;
  bool system = false;
};

Result copy(const Prepared& prepared, const Effects& effects) {
  return {std::string(prepared.canonical), std::string(prepared.warnings), prepared.index, effects, prepared.system};
}

Defaults plain() {
  Defaults defaults;
  defaults.salt = false;
  return defaults;
}

Defaults redacting(std::vector<redact::Rule> custom, redact::Profile profile = redact::Profile::kDefault) {
  Defaults defaults = plain();
  redact::Options options;
  options.custom = std::move(custom);
  options.profile = profile;
  defaults.redactor = redact::Redactor::make(std::move(options));
  return defaults;
}

Defaults capturing(const char* policy) {
  Defaults defaults = plain();
  defaults.capture = CapturePolicy::parse(json::parse(policy));
  return defaults;
}

Result prepare(std::string_view json, const Defaults& defaults = plain()) {
  Builder builder;
  json::Reader reader;
  read_event(reader, json, builder);
  Effects effects;
  const Prepared prepared = builder.prepare(defaults, effects);
  return copy(prepared, effects);
}

Result accept(std::string_view canonical, std::string_view warnings = {}, const Defaults& receiver = plain()) {
  Builder builder;
  json::Reader reader;
  Effects effects;
  const Prepared prepared = accept_canonical(reader, {canonical, warnings}, receiver, builder, effects);
  return copy(prepared, effects);
}

std::string refusal(std::string_view canonical, std::string_view warnings = {}) {
  try {
    accept(canonical, warnings);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kInvalid);
    return error.what();
  }
  return "accepted";
}

bool same(const Span& left, const Span& right) {
  return left.size == right.size && (left.size == 0 || left.offset == right.offset);
}

void expect_same_index(const Index& left, const Index& right) {
  EXPECT_EQ(left.id, right.id);
  EXPECT_EQ(left.time, right.time);
  for (Span Index::*span : {&Index::agent, &Index::session, &Index::source, &Index::type, &Index::name, &Index::status,
                            &Index::labels, &Index::parents}) {
    EXPECT_TRUE(same(left.*span, right.*span));
  }
  for (std::size_t i = 0; i < kReferenceCount; ++i) EXPECT_TRUE(same(left.references[i], right.references[i]));
}

void expect_passes(const Result& sent, const Defaults& receiver = plain()) {
  const Result got = accept(sent.canonical, sent.warnings, receiver);
  EXPECT_EQ(got.canonical, sent.canonical);
  EXPECT_EQ(got.warnings, sent.warnings);
  EXPECT_EQ(got.effects.redactions, 0u);
  EXPECT_FALSE(got.effects.truncated);
  EXPECT_FALSE(got.system);
  expect_same_index(got.index, sent.index);
}

// An event in canonical form with the given members before and after its required ones.
std::string event_with(const std::string& before_agent, const std::string& after_timestamp = {},
                       const std::string& between = {}) {
  return "{" + before_agent + R"("agent_id":"a",)" + between +
         R"("id":"00000000-0000-7000-8000-000000000001","schema_version":"1.0","timestamp":"2026-01-02T03:04:05.000000Z")" +
         after_timestamp + "}";
}

std::string nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

// ---- What passes

TEST(CanonicalInput, AMinimalEventPassesUnchanged) {
  const std::string event = event_with("");
  const Result got = accept(event);
  EXPECT_EQ(got.canonical, event);
  EXPECT_EQ(got.warnings, "");
  expect_same_index(got.index, index_of(event));
}

TEST(CanonicalInput, TheReceiversIdentityLabelsMetadataAndSaltAreNotAdded) {
  Defaults receiver;
  receiver.agent_id = "server";
  receiver.session_id = "s";
  receiver.source = "http";
  receiver.capture_method = "server";
  receiver.labels = make_default_members(R"({"env":"prod"})", true, nullptr, "labels");
  receiver.metadata = make_default_members(R"({"team":1})", false, nullptr, "metadata");
  ASSERT_TRUE(receiver.salt);
  const std::string event = event_with("", "", R"("duration_ms":5,)");
  EXPECT_EQ(accept(event, "", receiver).canonical, event);
  receiver.redactor = redact::Redactor::make({});
  EXPECT_EQ(accept(event, "", receiver).canonical, event);
  EXPECT_NE(refusal(R"({"id":"00000000-0000-7000-8000-000000000001"})").find("agent_id"), std::string::npos);
}

TEST(CanonicalInput, EveryRepairOfPreparationPassesWithItsWarnings) {
  std::string many_unknown;
  for (int i = 0; i < 50; ++i) many_unknown += "\"unknown" + std::to_string(i) + "\":1,";
  const std::string long_text(2000, 'x');
  for (const std::string& members : {
           std::string(R"("zeta":[1],"beta":{"x":1},"empty":{})"),
           std::string(R"("sequence":5,"hash":"x","labels":[1],"duration_ms":"3","error_message":{"a":1})"),
           std::string(R"("labels":{"n":1,"o":{"b":2,"a":1},"s":"x"},"duration_ms":2.5)"),
           std::string(R"("timestamp":"yesterday","id":"call_17")"),
           std::string(R"("agent_id":"provenlog")"),
           std::string(R"("action_input":{"a":1,"a":2,"n":12345678901234567890,"e":1e400,"s":"\ud800"})"),
           "\"session_id\":\"" + long_text + "\",\"parents\":[\"" + long_text + "\",\"p\"]",
           many_unknown + "\"last\":1",
           "\"action_input\":" + nested(200),
           "\"action_input\":" + nested(127),
           "\"session_id\":" + nested(200),
           "\"metadata\":" + nested(200),
           "\"parents\":[" + nested(200) + "]",
           "\"hash\":" + nested(200),
           "\"labels\":{\"deep\":" + nested(200) + "}",
       }) {
    SCOPED_TRACE(members.substr(0, 80));
    expect_passes(prepare(R"({"agent_id":"a",)" + members + "}"));
  }
}

TEST(CanonicalInput, AValueThatMovesToTheMetadataStaysWithinTheDepthLimit) {
  const Result sent = prepare(R"({"agent_id":"a","session_id":)" + nested(200) + "}");
  std::size_t depth = 0, deepest = 0;
  for (const char c : sent.canonical) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  EXPECT_EQ(deepest, static_cast<std::size_t>(kMaxDepth) + 1);  // the marker is at the level that is too deep
}

TEST(CanonicalInput, AMarkerThatStandsTooDeepHasTheReasonDepth) {
  Builder builder;
  builder.key("agent_id");
  builder.string("a");
  builder.key("action_input");
  for (int i = 1; i < kMaxDepth; ++i) builder.begin_array();
  builder.truncated("cycle");
  for (int i = 1; i < kMaxDepth; ++i) builder.end_array();
  Effects effects;
  const Result sent = copy(builder.prepare(plain(), effects), effects);
  expect_passes(sent);
}

TEST(CanonicalInput, EventsCutToASizePassAtTheSameLimit) {
  std::string labels, metadata, unknown, parents;
  for (int i = 0; i < 400; ++i) {
    const std::string name = "\"k" + std::to_string(i) + "\":";
    labels += (i == 0 ? "" : ",") + name + "\"value\"";
    metadata += (i == 0 ? "" : ",") + name + "[1,2,3]";
    unknown += "," + name + "\"unknown value\"";
    parents += std::string(i == 0 ? "" : ",") + "\"" + std::string(100, 'p') + "\"";
  }
  Defaults limited = plain();
  limited.max_event_bytes = 8192;
  for (const std::string& members : {
           "\"action_input\":\"" + std::string(20000, 'x') + "\"",
           "\"action_output\":[\"" + std::string(20000, '\\') + "\"],\"error_message\":\"" + std::string(9000, 'e') +
               "\"",
           "\"labels\":{" + labels + "},\"metadata\":{" + metadata + "}" + unknown,
           "\"labels\":{" + labels + "},\"parents\":[" + parents + "],\"metadata\":{" + metadata + "}" + unknown,
           "\"labels\":{\"a\":\"" + std::string(9000, 'l') + "\"},\"parents\":[" + parents + "]",
       }) {
    std::string text = R"({"agent_id":"a",)" + members + "}";
    std::erase(text, '\n');
    if (members.find('\\') != std::string::npos) {
      // Every backslash is escaped, so the head of the marker is twice as long.
      ASSERT_EQ(std::count(members.begin(), members.end(), '\\') % 2, 0);
    }
    SCOPED_TRACE(members.substr(0, 60));
    const Result sent = prepare(text, limited);
    ASSERT_TRUE(sent.effects.truncated);
    expect_passes(sent, limited);
  }
}

TEST(CanonicalInput, WarningsThatTheSenderDidNotSendAreAdded) {
  const std::string event = event_with(R"("Zeta":1,"_x":[2],)");
  EXPECT_EQ(accept(event).warnings, prepare(event).warnings);
  const std::string one = R"([{"code":"unknown_field","detail":"no field of schema 1.0; kept","field":"/Zeta"}])";
  EXPECT_EQ(accept(event, one).warnings, prepare(event).warnings);
  EXPECT_EQ(accept(event, prepare(event).warnings).warnings, prepare(event).warnings);
}

TEST(CanonicalInput, GoldenEventsPassUnchanged) {
  std::ifstream file(std::string(PLOG_SOURCE_DIR) + "/tests/golden/events.txt", std::ios::binary);
  int count = 0;
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view kStart = "canonical: ";
    if (!line.starts_with(kStart)) continue;
    const std::string canonical = line.substr(kStart.size());
    SCOPED_TRACE(canonical);
    EXPECT_EQ(accept(canonical).canonical, canonical);
    ++count;
  }
  EXPECT_GE(count, 30);
}

TEST(CanonicalInput, ThePublishedDocumentsPassOnlyInCanonicalForm) {
  const std::string path = PLOG_SOURCE_DIR "/../shared/vectors/jcs-documents.jsonl";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
  std::ifstream file(path);
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const Value vector = json::parse(line);
    const std::string& input = vector.find("input")->text();
    const std::string& output = vector.find("output")->text();
    SCOPED_TRACE(vector.find("name")->text());
    const std::string event = event_with("\"action_input\":" + output + ",");
    EXPECT_EQ(accept(event).canonical, event);
    if (input != output) {
      const std::string message = refusal(event_with("\"action_input\":" + input + ","));
      EXPECT_TRUE(message.starts_with("action_input: byte ")) << message;
    }
  }
  EXPECT_GE(count, 5);
}

TEST(CanonicalInput, ThePublishedNumbersPassOnlyInCanonicalForm) {
  const std::string path = PLOG_SOURCE_DIR "/../shared/vectors/jcs-numbers.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
  std::ifstream file(path);
  const Value vectors = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  int passed = 0;
  for (const Value& vector : vectors.find("vectors")->array()) {
    const Value& text = vector.array()[1];
    if (!text.is_string()) continue;  // not a finite number
    const std::string event = event_with("\"action_input\":" + text.text() + ",");
    SCOPED_TRACE(text.text());
    // Integers that a double cannot hold exactly are text in an event.
    if (prepare(event).canonical == event) {
      EXPECT_EQ(accept(event).canonical, event);
      ++passed;
    } else {
      EXPECT_NE(refusal(event).find("a number that RFC 8785 spells otherwise"), std::string::npos);
    }
    EXPECT_NE(refusal(event_with("\"action_input\":" + text.text() + "e0,")), "accepted");
  }
  EXPECT_GE(passed, 15);
}

TEST(CanonicalInput, RecordedTrafficPassesUnchanged) {
  const std::string path = PLOG_SOURCE_DIR "/../shared/data/agent-events.jsonl";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no recorded traffic at ../shared/data";
  const Defaults sender = redacting({});
  std::ifstream file(path);
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    SCOPED_TRACE(count);
    expect_passes(prepare(line, sender), sender);
  }
  EXPECT_GE(count, 100);
}

// ---- Random events

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }

  std::string text() {
    static const char* const kPieces[] = {"a",
                                          "Z",
                                          "~",
                                          "/",
                                          "\\\"",
                                          "\\\\",
                                          "\\n",
                                          "é",
                                          "\u20ac",
                                          "\U0001F602",
                                          "\\u0000",
                                          "\\ud800",
                                          "\\ud83d\\ude02",
                                          "0",
                                          "\xff",
                                          "\\u007f",
                                          "bob@example.com",
                                          " ",
                                          "4111111111111111",
                                          "xyzzy",
                                          "\\/"};
    std::string out = "\"";
    for (std::size_t i = below(6); i > 0; --i) out += kPieces[below(std::size(kPieces))];
    return out + '"';
  }

  std::string value(int depth) {
    static const char* const kScalars[] = {"null", "true", "false", "0",
                                           "-0",   "1.0",  "1e21",  "12345678901234567890",
                                           "0.1",  "1E-7", "-5.50", "9007199254740993",
                                           "1e400"};
    if (below(400) == 0) return nested(140);
    switch (depth > 3 ? below(2) : below(4)) {
      case 0: return text();
      case 1: return kScalars[below(std::size(kScalars))];
      case 2: return object(depth);
      default: {
        std::string out = "[";
        for (std::size_t i = below(4); i > 0; --i) out += value(depth + 1) + (i > 1 ? ", " : "");
        return out + ']';
      }
    }
  }

  std::string event() {
    std::string out = "{";
    for (std::size_t i = below(10); i > 0; --i) {
      const bool known = below(4) != 0;
      const std::string name = known ? '"' + std::string(kFieldNames[below(kFieldNames.size())]) + '"' : text();
      out += name + ": " + (known && below(3) != 0 ? fitting(name.substr(1, name.size() - 2)) : value(0)) + ",\n";
    }
    return out + R"("agent_id": "agent"})";
  }

 private:
  std::string object(int depth) {
    std::string out = "{";
    for (std::size_t i = below(5); i > 0; --i) {
      out += (below(8) == 0 ? "\"password\"" : text()) + ": " + value(depth + 1) + (i > 1 ? "," : "");
    }
    return out + '}';
  }

  std::string fitting(std::string_view name) {
    switch (field_kind(find_field(name))) {
      case Kind::kObject: return object(0);
      case Kind::kInteger: return std::to_string(below(100000));
      case Kind::kStrings: return "[" + text() + "," + text() + "]";
      case Kind::kAny: return value(0);
      default: return text();
    }
  }

  std::mt19937 engine_;
};

TEST(CanonicalInput, WhateverPreparationWritesPassesUnchanged) {
  Random random(20260217);
  const Defaults redaction = redacting({{"word", "xyzzy", ""}});
  Defaults limited = redaction;
  limited.max_event_bytes = 700;
  Defaults omitting = redaction;
  omitting.capture = CapturePolicy::parse(
      json::parse(R"({"default":"digest","fields":{"labels":"none","metadata":"redacted","error_message":"digest"}})"));
  const Defaults salted;
  for (int i = 0; i < 4000; ++i) {
    const std::string input = random.event();
    SCOPED_TRACE(input);
    for (const Defaults* defaults : std::initializer_list<const Defaults*>{&redaction, &omitting, &salted})
      expect_passes(prepare(input, *defaults), *defaults);
    // The head of a value that was cut can look like a secret, so there is nothing but the size limit here.
    Defaults receiver = plain();
    receiver.max_event_bytes = limited.max_event_bytes;
    expect_passes(prepare(input, limited), receiver);
    if (HasFailure()) return;
  }
}

TEST(CanonicalInput, NothingButWhatPreparationWritesPasses) {
  Random random(8785);
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = prepare(random.event()).canonical;
    const std::string original = bytes;
    bytes[random.below(bytes.size())] = "\" ,:{}[]0aA\\\x01\xff"[random.below(14)];
    SCOPED_TRACE(bytes);
    std::string message;
    try {
      const Result got = accept(bytes);
      EXPECT_EQ(got.canonical, bytes);
      EXPECT_EQ(prepare(bytes).canonical, bytes);
    } catch (const Error& error) {
      message = error.what();
      ++refused;
    }
    EXPECT_EQ(message.find("not as preparation writes it"), message.npos) << message;
  }
  EXPECT_GE(refused, 500);
}

// ---- What is refused

struct Refusal {
  std::string event;
  const char* message;
};

TEST(CanonicalInput, RefusalsNameTheFieldTheReasonAndTheRemedy) {
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

TEST(CanonicalInput, MessagesContainNoContent) {
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

TEST(CanonicalInput, TheEventsOfTheReservedAgentAreRefused) {
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

TEST(CanonicalInput, WarningsAreChecked) {
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

// ---- The rules of the receiving side

TEST(CanonicalInput, TheReceiversRulesRedactWhatTheSendersLeft) {
  const Result sent = prepare(R"({"agent_id":"a","action_input":{"xyzzy":"say xyzzy","mail":"bob@example.com"},
      "labels":{"l":"xyzzy"},"xyzzy":1,"timestamp":"xyzzy"})",
                              redacting({}));
  ASSERT_NE(sent.canonical.find("[REDACTED:email]"), std::string::npos);
  const Defaults receiver = redacting({{"word", "xyzzy", ""}});
  const Result got = accept(sent.canonical, sent.warnings, receiver);
  const Value event = json::parse(got.canonical);
  EXPECT_EQ(event.canonical(), got.canonical);
  EXPECT_EQ(event.find("action_input")->canonical(),
            R"({"[REDACTED:word]":"say [REDACTED:word]","mail":"[REDACTED:email]"})");
  EXPECT_EQ(event.find("labels")->canonical(), R"({"l":"[REDACTED:word]"})");
  EXPECT_NE(event.find("[REDACTED:word]"), nullptr);
  EXPECT_EQ(got.canonical.find("xyzzy"), std::string::npos);
  EXPECT_EQ(got.warnings,
            R"([{"code":"unknown_field","detail":"no field of schema 1.0; kept","field":"/[REDACTED:word]"},)"
            R"({"code":"bad_timestamp","detail":"[REDACTED:word]","field":"/timestamp"}])");
  EXPECT_EQ(got.effects.redactions, 6u);
  expect_same_index(got.index, index_of(got.canonical));
  expect_passes(got, receiver);
}

TEST(CanonicalInput, RedactionEqualsThatOfTheEmbeddedPath) {
  Random random(7600);
  const Defaults receiver = redacting({{"word", "xyzzy", ""}, {"letter", "Z+", ""}});
  int changed = 0;
  for (int i = 0; i < 2000; ++i) {
    const Result sent = prepare(random.event());
    SCOPED_TRACE(sent.canonical);
    const Result got = accept(sent.canonical, sent.warnings, receiver);
    const Result embedded = prepare(sent.canonical, receiver);
    EXPECT_EQ(got.canonical, embedded.canonical);
    expect_same_index(got.index, embedded.index);
    if (got.canonical != sent.canonical) ++changed;
    const Result again = accept(got.canonical, got.warnings, receiver);
    EXPECT_EQ(again.canonical, got.canonical);
    EXPECT_EQ(again.warnings, got.warnings);
    if (HasFailure()) return;
  }
  EXPECT_GE(changed, 300);
}

TEST(CanonicalInput, MarkersOfTheSenderSurviveEveryProfileOfTheReceiver) {
  Defaults sender = redacting({});
  sender.max_event_bytes = 4096;
  const std::string big(9000, 'x');
  const Result cut =
      prepare(R"({"agent_id":"a","action_input":")" + big + R"(","error_message":")" + big + R"(","labels":{"l":")" +
                  big + R"("},"metadata":{"m":")" + big + R"("},"u":")" + big + "\"}",
              sender);
  Defaults omitting = redacting({});
  omitting.capture = CapturePolicy::parse(json::parse(R"({"default":"digest","fields":{"labels":"digest"}})"));
  const Result omitted = prepare(R"({"agent_id":"a","action_input":"x","action_output":[1],"error_message":"e",)"
                                 R"("labels":{"l":"x"},"metadata":{"m":1},"u":"y"})",
                                 omitting);
  for (const auto profile : {redact::Profile::kDefault, redact::Profile::kStrict}) {
    Defaults receiver = redacting({}, profile);
    receiver.max_event_bytes = 4096;
    expect_passes(cut, receiver);
    expect_passes(omitted, receiver);
    receiver.capture = omitting.capture;
    expect_passes(omitted, receiver);
  }
}

TEST(CanonicalInput, ADurationIsNotSearchedForCardNumbers) {
  const Defaults receiver = redacting({}, redact::Profile::kStrict);
  const Result sent = prepare(R"({"agent_id":"a","duration_ms":4111111111111111})", receiver);
  EXPECT_EQ(sent.effects.redactions, 0u);
  expect_passes(sent, receiver);
}

TEST(CanonicalInput, ThePolicyOfTheReceiverOmitsContent) {
  const Result sent = prepare(R"({"agent_id":"a","action_input":{"a":1,"a":2},"error_message":"e"})");
  const Result got = accept(sent.canonical, sent.warnings, capturing(R"("digest")"));
  const Value event = json::parse(got.canonical);
  EXPECT_EQ(event.find("action_input")->canonical(),
            R"({"bytes":7,"omitted":true,"sha256":")" + sha256_hex(R"({"a":2})") + "\"}");
  EXPECT_EQ(got.warnings, R"([{"code":"duplicate_key","detail":"not kept","field":"/action_input"}])");
  expect_passes(got, capturing(R"("digest")"));

  const Result none = accept(got.canonical, got.warnings, capturing(R"("none")"));
  const Value bare = json::parse(none.canonical);
  EXPECT_EQ(bare.find("action_input")->canonical(), R"({"bytes":7,"omitted":true})");
  EXPECT_EQ(bare.find("error_message")->text(), R"({"bytes":3,"omitted":true})");
  expect_passes(none, capturing(R"("none")"));
  expect_passes(none, capturing(R"("digest")"));
}

TEST(CanonicalInput, ContentThatOnlyResemblesAMarkerIsOmitted) {
  for (const char* value : {R"({"bytes":1,"omitted":true,"sha256":"short"})", R"({"bytes":1,"omitted":true,"x":1})",
                            R"({"bytes":"1","omitted":true})", R"({"bytes":12345678901234567,"omitted":true})"}) {
    const Result sent = prepare(std::string(R"({"agent_id":"a","action_input":)") + value + "}");
    const Result got = accept(sent.canonical, sent.warnings, capturing(R"("none")"));
    EXPECT_EQ(json::parse(got.canonical).find("action_input")->object().size(), 2u) << value;
    EXPECT_NE(got.canonical, sent.canonical) << value;
  }
  const Result sent = prepare(R"({"agent_id":"a","metadata":{"_omitted":{"bytes":1,"omitted":true},"z":"keep out"}})");
  EXPECT_EQ(accept(sent.canonical, "", capturing(R"("none")")).canonical.find("keep out"), std::string::npos);
}

TEST(CanonicalInput, AnEventOverTheReceiversLimitIsCutWithAWarning) {
  const Result sent = prepare(R"({"agent_id":"a","action_input":")" + std::string(5000, 'x') + "\"}");
  Defaults receiver = plain();
  receiver.max_event_bytes = 2048;
  const Result got = accept(sent.canonical, sent.warnings, receiver);
  EXPECT_TRUE(got.effects.truncated);
  EXPECT_LE(got.canonical.size(), receiver.max_event_bytes);
  EXPECT_EQ(got.warnings, R"([{"code":"truncated","detail":"5002 bytes became a marker","field":"/action_input"}])");
  expect_passes(got, receiver);
  expect_same_index(got.index, index_of(got.canonical));
}

TEST(CanonicalInput, ContentThatOnlyResemblesACutIsCut) {
  const std::string head(9000, 'h');
  const Result sent =
      prepare(R"({"agent_id":"a","action_input":{"bytes":1,"head":")" + head + R"(","sha256":"s","truncated":true}})");
  Defaults receiver = plain();
  receiver.max_event_bytes = 4096;
  const Result got = accept(sent.canonical, sent.warnings, receiver);
  EXPECT_TRUE(got.effects.truncated);
  EXPECT_LE(got.canonical.size(), receiver.max_event_bytes);
}

}  // namespace
}  // namespace plog::event
