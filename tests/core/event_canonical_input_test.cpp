// Tests of the door for events that another provenlog has prepared: what passes unchanged, and what the rules of the
// receiving side do.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "base/error.h"
#include "canonical_events.h"
#include "crypto/sha256.h"

namespace plog::event {
namespace {

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
