// Tests of what a prepared event contains, one case of schema 1.0 at a time.
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "crypto/sha256.h"
#include "event/builder.h"
#include "event/json_input.h"
#include "event/octets.h"
#include "event/prepared.h"
#include "event/truncate.h"
#include "json/value.h"

namespace plog::event {
namespace {

using json::Value;

struct Result {
  std::string canonical, warnings;
  Index index;
  Effects effects;

  Value event() const { return json::parse(canonical); }
  // The canonical text of a field, or "" if it is absent.
  std::string field(std::string_view name) const {
    const Value parsed = event();
    const Value* value = parsed.find(name);
    return value == nullptr ? "" : value->canonical();
  }
  // "code field" of each warning, joined by '|'.
  std::string codes() const {
    std::string out;
    if (warnings.empty()) return out;
    const Value list = json::parse(warnings);
    for (const Value& warning : list.array()) {
      if (!out.empty()) out += '|';
      out += warning.find("code")->text() + ' ' + warning.find("field")->text();
    }
    return out;
  }
};

Defaults plain() {
  Defaults defaults;
  defaults.salt = false;
  return defaults;
}

Result finish(Builder& builder, const Defaults& defaults) {
  Result result;
  const Prepared prepared = builder.prepare(defaults, result.effects);
  result.canonical = prepared.canonical;
  result.warnings = prepared.warnings;
  result.index = prepared.index;
  return result;
}

Result prepare(std::string_view json, const Defaults& defaults = plain()) {
  Builder builder;
  json::Reader reader;
  read_event(reader, json, builder);
  return finish(builder, defaults);
}

// Prepares an event that has fixed fields and the given members.
Result with(const std::string& member, const Defaults& defaults = plain()) {
  return prepare(R"({"agent_id":"a","id":"00000000-0000-7000-8000-000000000001","timestamp":"2026-01-02T03:04:05Z",)" +
                     member + "}",
                 defaults);
}

Defaults redacting(std::vector<redact::Rule> custom = {}) {
  Defaults defaults = plain();
  redact::Options options;
  options.custom = std::move(custom);
  defaults.redactor = redact::Redactor::make(std::move(options));
  return defaults;
}

TEST(Event, MinimalEventGetsIdentityTimeAndVersion) {
  const Result result = prepare(R"({"agent_id":"a"})");
  EXPECT_EQ(result.codes(), "");
  EXPECT_EQ(result.field("schema_version"), "\"1.0\"");
  EXPECT_EQ(result.field("id").size(), 38u);
  EXPECT_EQ(result.field("id")[15], '7');
  EXPECT_EQ(result.field("timestamp").size(), 29u);
  EXPECT_EQ(result.event().object().size(), 4u);
}

TEST(Event, OnlyAMissingAgentIsRefused) {
  for (const char* text : {R"({})", R"({"agent_id":""})", R"({"agent_id":null})", R"({"agent_id":7})"}) {
    try {
      prepare(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::kInvalid);
      EXPECT_NE(std::string(error.what()).find("agent_id"), std::string::npos);
    }
  }
  Defaults defaults = plain();
  defaults.agent_id = "fallback";
  EXPECT_EQ(prepare("{}", defaults).field("agent_id"), "\"fallback\"");
  const Result wrong = prepare(R"({"agent_id":7})", defaults);
  EXPECT_EQ(wrong.field("agent_id"), "\"fallback\"");
  EXPECT_EQ(wrong.field("metadata"), R"({"_invalid":{"agent_id":7}})");
}

TEST(Event, TextThatIsNoObjectIsRefused) {
  for (const char* text : {"[]", "1", "\"x\"", "", "{", "{\"agent_id\":\"a\"} x", "nul"}) {
    EXPECT_THROW(prepare(text), Error) << text;
  }
}

TEST(Event, KeysAreSortedAsUtf16AtEveryDepth) {
  const Result result = with("\"action_input\":{\"\\ufb33\":1,\"\\ud83d\\ude02\":2,\"b\":{\"z\":1,\"a\":2},\"a\":3}");
  EXPECT_EQ(result.field("action_input"), "{\"a\":3,\"b\":{\"a\":2,\"z\":1},\"\U0001F602\":2,\"\uFB33\":1}");
  EXPECT_NE(result.canonical.find("\"a\":3,\"b\":{\"a\":2,\"z\":1},\"\U0001F602\":2"), std::string::npos);
}

TEST(Event, UnknownFieldsAreKeptInPlaceWithAWarning) {
  const Result result = with(R"("zeta":[1],"beta":{"x":1},"empty":{},"none":null,"action_name":"n")");
  EXPECT_EQ(result.field("zeta"), "[1]");
  EXPECT_EQ(result.field("beta"), R"({"x":1})");
  EXPECT_EQ(result.field("empty"), "");
  EXPECT_EQ(result.field("none"), "");
  EXPECT_EQ(result.codes(), "unknown_field /zeta|unknown_field /beta");
  EXPECT_EQ(result.canonical, json::parse(result.canonical).canonical());
}

TEST(Event, LedgerFieldsAndWrongTypesMoveToMetadata) {
  const Result result =
      with(R"("sequence":5,"hash":"x","labels":[1],"duration_ms":"3","error_message":{"a":1},"metadata":{"k":1})");
  EXPECT_EQ(result.field("metadata"),
            R"({"_invalid":{"duration_ms":"3","error_message":{"a":1},"hash":"x","labels":[1],"sequence":5},"k":1})");
  EXPECT_EQ(result.field("labels"), "");
  EXPECT_EQ(result.field("duration_ms"), "");
}

TEST(Event, AnInvalidMemberOfTheUsersIsNotOverwritten) {
  const Result result = with(R"("sequence":5,"metadata":{"_invalid":"mine"})");
  EXPECT_EQ(result.field("metadata"), R"({"_invalid":"mine","_invalid~2":{"sequence":5}})");
}

TEST(Event, AbsentNullAndEmptyObjectsAreOmitted) {
  const Result result =
      with(R"("action_input":{},"action_output":null,"metadata":{},"labels":null,"error_message":null)");
  EXPECT_EQ(result.event().object().size(), 4u);
  EXPECT_EQ(result.codes(), "");
  EXPECT_EQ(with(R"("action_input":[])").field("action_input"), "[]");
}

TEST(Event, NumbersBecomeTextOnlyWhereADoubleWouldChangeThem) {
  const auto value = [](const std::string& literal) {
    return with("\"action_input\":" + literal).field("action_input");
  };
  EXPECT_EQ(value("9007199254740992"), "9007199254740992");
  EXPECT_EQ(value("9007199254740993"), "\"9007199254740993\"");
  EXPECT_EQ(value("100000000000000000"), "100000000000000000");
  EXPECT_EQ(value("1152921504606846976"), "\"1152921504606846976\"");
  EXPECT_EQ(value("-9007199254740993"), "\"-9007199254740993\"");
  EXPECT_EQ(value("1.0"), "1");
  EXPECT_EQ(value("-0"), "0");
  EXPECT_EQ(value("-0.0"), "0");
  EXPECT_EQ(value("1e400"), "\"1e400\"");
  EXPECT_EQ(value("1E2"), "100");
  EXPECT_EQ(with(R"("action_input":[9007199254740993])").codes(), "number_as_text /action_input/0");
}

TEST(Event, NativeNumbersFollowTheSameRules) {
  Builder builder;
  builder.key("agent_id");
  builder.string("a");
  builder.key("action_input");
  builder.begin_array();
  builder.number(std::numeric_limits<double>::quiet_NaN());
  builder.number(std::numeric_limits<double>::infinity());
  builder.number(-std::numeric_limits<double>::infinity());
  builder.number(-0.0);
  builder.integer(INT64_MIN);
  builder.integer(9007199254740993);
  builder.number(1e21);
  builder.end_array();
  const Result result = finish(builder, plain());
  EXPECT_EQ(result.field("action_input"),
            R"(["NaN","Infinity","-Infinity",0,"-9223372036854775808","9007199254740993",1e+21])");
}

TEST(Event, DurationsAreWholeMilliseconds) {
  EXPECT_EQ(with(R"("duration_ms":12.9)").field("duration_ms"), "12");
  EXPECT_EQ(with(R"("duration_ms":12.9)").codes(), "fraction_dropped /duration_ms");
  EXPECT_EQ(with(R"("duration_ms":-0.5)").field("duration_ms"), "-1");
  EXPECT_EQ(with(R"("duration_ms":3)").codes(), "");
  EXPECT_EQ(with(R"("duration_ms":1e300)").field("metadata"), R"({"_invalid":{"duration_ms":1e+300}})");
  EXPECT_EQ(with(R"("duration_ms":true)").field("metadata"), R"({"_invalid":{"duration_ms":true}})");
}

TEST(Event, TheLastDuplicateWinsEverywhere) {
  const Result top = with(R"("action_name":"x","action_name":"y","u":1,"u":2)");
  EXPECT_EQ(top.field("action_name"), "\"y\"");
  EXPECT_EQ(top.field("u"), "2");
  const Result nested = with(R"("action_input":{"k":1,"l":[{"d":1,"d":2}],"k":3})");
  EXPECT_EQ(nested.field("action_input"), R"({"k":3,"l":[{"d":2}]})");
  EXPECT_EQ(nested.codes(), "duplicate_key /action_input/k|duplicate_key /action_input/l/0/d");
  EXPECT_EQ(with(R"("action_name":"x","action_name":null)").field("action_name"), "");
}

TEST(Event, CoercedKeysAreNumberedAndRealOnesKeepTheirName) {
  Builder builder;
  builder.key("agent_id");
  builder.string("a");
  builder.key("metadata");
  builder.begin_object();
  builder.coerced_key("1");
  builder.string("int");
  builder.key("1");
  builder.string("text");
  builder.coerced_key("1");
  builder.string("float");
  builder.key("1~2");
  builder.string("taken");
  builder.end_object();
  const Result result = finish(builder, plain());
  EXPECT_EQ(result.field("metadata"), R"({"1":"text","1~2":"taken","1~3":"int","1~4":"float"})");
}

TEST(Event, LabelsAreStrings) {
  const Result result = with(R"("labels":{"s":"x","n":1.50,"b":true,"z":null,"o":{"b":1,"a":[]}})");
  EXPECT_EQ(result.field("labels"), R"({"b":"true","n":"1.5","o":"{\"a\":[],\"b\":1}","s":"x","z":"null"})");
}

TEST(Event, DefaultsFillInAndTheEventsOwnKeysWin) {
  Defaults defaults = plain();
  defaults.agent_id = "d";
  defaults.session_id = "s";
  defaults.source = "sdk";
  defaults.labels = make_default_members(R"({"env":"prod","team":"x","zone":1})", true, nullptr, "labels");
  defaults.metadata = make_default_members(R"({"a":1,"m":{"y":1,"x":2}})", false, nullptr, "metadata");
  const Result none = prepare("{}", defaults);
  EXPECT_EQ(none.field("labels"), R"({"env":"prod","team":"x","zone":"1"})");
  EXPECT_EQ(none.field("metadata"), R"({"a":1,"m":{"x":2,"y":1}})");
  EXPECT_EQ(none.field("session_id"), "\"s\"");
  const Result own =
      prepare(R"({"labels":{"team":"y","b":"1"},"metadata":{"a":null},"session_id":"t","source":"cli"})", defaults);
  EXPECT_EQ(own.field("labels"), R"({"b":"1","env":"prod","team":"y","zone":"1"})");
  EXPECT_EQ(own.field("metadata"), R"({"a":null,"m":{"x":2,"y":1}})");
  EXPECT_EQ(own.field("session_id"), "\"t\"");
  EXPECT_EQ(own.field("source"), "\"cli\"");
  EXPECT_EQ(own.canonical, json::parse(own.canonical).canonical());
}

TEST(Event, TimestampsAreUtcWithSixDigits) {
  const auto time = [](const std::string& text) { return with("\"timestamp\":\"" + text + "\"").field("timestamp"); };
  EXPECT_EQ(time("2026-02-17T01:02:03.123456789+02:00"), "\"2026-02-16T23:02:03.123456Z\"");
  EXPECT_EQ(time("2026-02-17T01:02:03"), "\"2026-02-17T01:02:03.000000Z\"");
  const Result bad = prepare(R"({"agent_id":"a","timestamp":"yesterday"})");
  EXPECT_EQ(bad.codes(), "bad_timestamp /timestamp");
  EXPECT_NE(bad.warnings.find("\"detail\":\"yesterday\""), std::string::npos);
  EXPECT_EQ(bad.field("timestamp").size(), 29u);
}

TEST(Event, ForeignIdsBecomeUuidsAndKeepTheirText) {
  const Result foreign = prepare(R"({"agent_id":"a","id":"run-7"})");
  EXPECT_EQ(foreign.field("id"), '"' + format_uuid(uuid_v5(foreign_id_namespace(), "run-7")) + '"');
  EXPECT_EQ(foreign.field("provenance_id"), "\"run-7\"");
  EXPECT_EQ(prepare(R"({"agent_id":"a","id":"x","provenance_id":"p"})").field("provenance_id"), "\"p\"");
  EXPECT_EQ(prepare(R"({"agent_id":"a","id":"0198C2F0-0000-7000-8000-00000000ABCD"})").field("id"),
            "\"0198c2f0-0000-7000-8000-00000000abcd\"");
}

TEST(Event, SaltIsAddedUnlessSwitchedOffOrGiven) {
  Defaults salted = plain();
  salted.salt = true;
  EXPECT_EQ(prepare(R"({"agent_id":"a"})", salted).field("salt").size(), 24u);
  EXPECT_NE(prepare(R"({"agent_id":"a"})", salted).field("salt"), prepare(R"({"agent_id":"a"})", salted).field("salt"));
  EXPECT_EQ(prepare(R"({"agent_id":"a","salt":"mine"})", salted).field("salt"), "\"mine\"");
}

TEST(Event, TheReservedAgentIsRenamed) {
  const Result result = prepare(R"({"agent_id":"provenlog"})");
  EXPECT_EQ(result.field("agent_id"), "\"_provenlog\"");
  EXPECT_EQ(result.codes(), "reserved_agent /agent_id");
}

TEST(Event, LongStructuralValuesAreCutAndEndWithTheirDigest) {
  const std::string name(2000, 'n');
  const Result result = with("\"action_name\":\"" + name + "\",\"parents\":[\"p\",\"" + name + "\"]");
  EXPECT_EQ(result.field("action_name"), '"' + name.substr(0, 960) + sha256_hex(name) + '"');
  EXPECT_EQ(result.field("parents"), "[\"p\",\"" + name.substr(0, 960) + sha256_hex(name) + "\"]");
  EXPECT_EQ(result.codes(), "too_long /action_name|too_long /parents/1");
}

TEST(Event, BrokenTextIsRepaired) {
  const Result lone = with(R"("action_input":{"k":"a\ud800b","\udc00":1})");
  EXPECT_EQ(lone.field("action_input"), "{\"k\":\"a\uFFFDb\",\"\uFFFD\":1}");
  Builder builder;
  builder.key("agent_id");
  builder.string("a\xFF");
  builder.key("action_input");
  builder.begin_array();
  builder.string("x\xC3");
  builder.end_array();
  const Result native = finish(builder, plain());
  EXPECT_EQ(native.field("agent_id"), "\"a\uFFFD\"");
  EXPECT_EQ(native.field("action_input"), "[\"x\uFFFD\"]");
  EXPECT_EQ(native.codes(), "invalid_utf8 /agent_id|invalid_utf8 /action_input/0");
}

TEST(Event, TheWarningOfARepairedKeyNamesTheObjectThatHasTheKey) {
  const Result result = with(R"("action_input":{"o":{"\ud800":1}},"x\ud801":2,"labels":{"\ud802":"l"})");
  EXPECT_EQ(result.codes(),
            "lone_surrogate /action_input/o|lone_surrogate |lone_surrogate /labels|unknown_field /x\uFFFD");
}

TEST(Event, ContainersBelowDepth128BecomeMarkers) {
  std::string deep = "\"action_input\":";
  for (int i = 0; i < 200; ++i) deep += "[";
  for (int i = 0; i < 200; ++i) deep += "]";
  const Result result = with(deep);
  EXPECT_NE(result.canonical.find(R"({"reason":"depth","truncated":true})"), std::string::npos);
  // The event is level 1, so 127 arrays enclose the marker.
  EXPECT_NE(result.canonical.find(std::string(127, '[') + "{\"reason\""), std::string::npos);
  EXPECT_EQ(result.canonical.find(std::string(128, '[')), std::string::npos);
}

TEST(Event, AMarkerOfTheDepthLimitIsNotRedacted) {
  const Result result = with("\"metadata\":{\"password\":" + std::string(200, '[') + std::string(200, ']') + "}",
                             redacting({{"word", "reason|depth|truncated", ""}}));
  EXPECT_NE(result.canonical.find(R"([{"reason":"depth","truncated":true}])"), std::string::npos);
}

TEST(Event, AValueThatMovesToTheMetadataStaysWithinTheDepthLimit) {
  for (const char* start : {"\"session_id\":", "\"hash\":", "\"labels\":", "\"parents\":", "\"duration_ms\":"}) {
    const Result result = with(start + std::string(200, '[') + std::string(200, ']'));
    // The event, metadata and _invalid are the first three levels.
    EXPECT_NE(result.canonical.find(std::string(125, '[') + "{\"reason\""), std::string::npos) << start;
    EXPECT_EQ(result.canonical.find(std::string(126, '[')), std::string::npos) << start;
  }
}

TEST(Event, TheFirst32WarningsAreKeptAndTheRestCounted) {
  std::string members;
  for (int i = 0; i < 50; ++i) members += (i > 0 ? "," : "") + std::string("\"u") + std::to_string(i) + "\":1";
  const Result result = with(members);
  const Value list = json::parse(result.warnings);
  ASSERT_EQ(list.array().size(), 33u);
  EXPECT_EQ(list.array()[32].find("code")->text(), "more_warnings");
  EXPECT_EQ(list.array()[32].find("detail")->text(), "18");
}

TEST(Event, RedactionCoversFreeContentAndWarningsButNoStructuralField) {
  const Result result = prepare(
      R"({"agent_id":"bob@example.com","session_id":"bob@example.com","action_input":{"to":"bob@example.com","n":[1,"x bob@example.com"]},
      "labels":{"who":"bob@example.com"},"metadata":{"bob@example.com":1,"amy@example.com":2},"error_message":"bob@example.com",
      "sequence":"bob@example.com","eve@example.com":1,"timestamp":"bob@example.com"})",
      redacting());
  EXPECT_EQ(result.field("agent_id"), "\"bob@example.com\"");
  EXPECT_EQ(result.field("session_id"), "\"bob@example.com\"");
  EXPECT_EQ(result.field("action_input"), R"({"n":[1,"x [REDACTED:email]"],"to":"[REDACTED:email]"})");
  EXPECT_EQ(result.field("labels"), R"({"who":"[REDACTED:email]"})");
  EXPECT_EQ(result.field("metadata"),
            R"({"[REDACTED:email]":1,"[REDACTED:email]~2":2,"_invalid":{"sequence":"[REDACTED:email]"}})");
  EXPECT_EQ(result.field("error_message"), "\"[REDACTED:email]\"");
  EXPECT_EQ(result.field("[REDACTED:email]"), "1");
  EXPECT_EQ(result.warnings.find("example.com"), std::string::npos);
  EXPECT_GE(result.effects.redactions, 8u);
}

TEST(Event, RedactionSeesTextNotItsEscapes) {
  EXPECT_EQ(with(R"("action_input":"\nAKIAIOSFODNN7EXAMPLE")", redacting()).field("action_input"),
            R"("\n[REDACTED:aws_key]")");
  EXPECT_EQ(with(R"("action_input":"bob\u0040example.com")", redacting()).field("action_input"),
            "\"[REDACTED:email]\"");
  // Adjacent strings are never scanned as one.
  EXPECT_EQ(with(R"("action_input":["bob@exam","ple.com"])", redacting()).field("action_input"),
            R"(["bob@exam","ple.com"])");
}

TEST(Event, NumbersThatBecomeLabelsAreRedactedAsText) {
  EXPECT_EQ(with(R"("labels":{"card":4111111111111111})", redacting()).field("labels"),
            R"({"card":"[REDACTED:visa]"})");
}

TEST(Event, OtherValuesThatBecomeLabelsAreRedactedAsTheTextThatTheyBecome) {
  const Result result = with(R"("labels":{"password":["x",false],"passwd":true,"cut":["xyz","zy"],"kept":[1,{"a":2}]})",
                             redacting({{"pair", "xyz\",\"zy", ""}}));
  EXPECT_EQ(result.field("labels"),
            R"({"cut":"[\"[REDACTED:pair]\"]","kept":"[1,{\"a\":2}]","passwd":"[REDACTED:password]",)"
            R"("password":"[REDACTED:password]"})");
  EXPECT_EQ(result.codes(),
            "label_not_string /labels/cut|label_not_string /labels/kept|label_not_string /labels/passwd|"
            "label_not_string /labels/password");
}

TEST(Event, ADurationIsNeverRedacted) {
  Defaults defaults = plain();
  redact::Options options;
  options.profile = redact::Profile::kStrict;
  defaults.redactor = redact::Redactor::make(std::move(options));
  const Result result = with(R"("duration_ms":4111111111111111,"action_input":4111111111111111)", defaults);
  EXPECT_EQ(result.field("duration_ms"), "4111111111111111");
  EXPECT_EQ(result.effects.redactions, 1u);
}

TEST(Event, EqualOriginalKeysAreDuplicatesAlsoWhenRedacted) {
  EXPECT_EQ(with(R"("metadata":{"a@b.com":1,"a@b.com":2})", redacting()).field("metadata"),
            R"({"[REDACTED:email]":2})");
}

TEST(Event, DefaultsAreRedactedOnce) {
  const Defaults with_redactor = redacting();
  const auto members =
      make_default_members(R"({"owner":"bob@example.com"})", true, with_redactor.redactor.get(), "labels");
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].value, "\"[REDACTED:email]\"");
}

TEST(Event, OversizeFieldsBecomeMarkersLongestFirst) {
  Defaults defaults = plain();
  defaults.max_event_bytes = 8192;
  const std::string long_text(6000, 'a');
  const std::string longer(9000, 'b');
  const Result result = with("\"action_input\":\"" + long_text + "\",\"error_message\":\"" + longer + "\"", defaults);
  EXPECT_TRUE(result.effects.truncated);
  EXPECT_EQ(result.field("action_input"), '"' + long_text + '"');
  const std::string marker = truncation_marker('"' + longer + '"');
  EXPECT_EQ(json::parse(result.field("error_message")).text(), marker);
  EXPECT_EQ(json::parse(marker).find("bytes")->canonical(), "9002");
  EXPECT_EQ(json::parse(marker).find("sha256")->text(), sha256_hex('"' + longer + '"'));
  EXPECT_EQ(json::parse(marker).find("head")->text().size(), 1024u);
  EXPECT_LE(result.canonical.size(), defaults.max_event_bytes);
  EXPECT_EQ(result.codes(), "truncated /error_message");
}

TEST(Event, TruncationTakesTheLongestValueOfLabelsAndMetadata) {
  Defaults defaults = plain();
  defaults.max_event_bytes = 8192;
  const std::string big(5000, 'm');
  const Result result = with("\"metadata\":{\"a\":\"" + big + "\",\"b\":\"x\",\"c\":\"" + big +
                                 "\"},\"action_input\":\"" + std::string(4000, 'i') + "\"",
                             defaults);
  EXPECT_EQ(result.codes(), "truncated /metadata/a|truncated /metadata/c");
  EXPECT_EQ(result.field("action_input"), '"' + std::string(4000, 'i') + '"');
  EXPECT_EQ(json::parse(result.field("metadata")).find("b")->text(), "x");
}

TEST(Event, ManySmallUnknownFieldsBecomeOneMarker) {
  Defaults defaults = plain();
  defaults.max_event_bytes = 8192;
  std::string members;
  for (int i = 0; i < 1000; ++i)
    members += (i > 0 ? "," : "") + std::string("\"u") + std::to_string(i) + "\":\"0123456789\"";
  const Result result = with(members, defaults);
  EXPECT_LE(result.canonical.size(), defaults.max_event_bytes);
  EXPECT_NE(result.field("_unknown").find("\"truncated\":true"), std::string::npos);
  EXPECT_EQ(result.canonical, json::parse(result.canonical).canonical());
}

TEST(Event, ManySmallLabelsAndMetadataAreBoundedToo) {
  Defaults defaults = plain();
  defaults.max_event_bytes = 8192;
  std::string members;
  for (int i = 0; i < 1000; ++i)
    members += (i > 0 ? "," : "") + std::string("\"u") + std::to_string(i) + "\":\"0123456789\"";
  const Result result = with("\"labels\":{" + members + "},\"metadata\":{" + members + "}", defaults);
  EXPECT_LE(result.canonical.size(), defaults.max_event_bytes);
  EXPECT_EQ(result.canonical, json::parse(result.canonical).canonical());
}

TEST(Event, MisuseOfTheWriterIsReportedByTheCommit) {
  const auto fails = [](auto&& write) {
    Builder builder;
    builder.key("agent_id");
    builder.string("a");
    write(builder);
    Effects effects;
    EXPECT_THROW(builder.prepare(plain(), effects), Error);
  };
  fails([](Builder& b) { b.string("no key"); });
  fails([](Builder& b) { b.key("x"); });
  fails([](Builder& b) { b.key("x"), b.key("y"); });
  fails([](Builder& b) { b.end_object(); });
  fails([](Builder& b) { b.key("x"), b.begin_object(); });
  fails([](Builder& b) { b.key("x"), b.begin_object(), b.end_array(); });
  fails([](Builder& b) { b.key("x"), b.begin_array(), b.key("y"); });
  fails([](Builder& b) { b.key("x"), b.begin_object(), b.integer(1); });
}

TEST(Event, TheIndexPointsAtWhatTheOctetsSay) {
  const Result result = with(
      R"("session_id":"s\"1","action_type":"TOOL_CALL","action_name":"n","action_status":"error","labels":{"k":"v"},"parents":["p"],"tool_call_id":"t")");
  const Index read = index_of(result.canonical);
  Prepared prepared;
  prepared.canonical = result.canonical;
  std::string buffer;
  for (const Index* index : {&result.index, &read}) {
    EXPECT_EQ(text_of(prepared, index->session, buffer), "s\"1");
    EXPECT_EQ(text_of(prepared, index->agent, buffer), "a");
    EXPECT_EQ(text_of(prepared, index->type, buffer), "TOOL_CALL");
    EXPECT_EQ(text_of(prepared, index->name, buffer), "n");
    EXPECT_EQ(text_of(prepared, index->status, buffer), "error");
    EXPECT_EQ(prepared.raw(index->labels), R"({"k":"v"})");
    EXPECT_EQ(prepared.raw(index->parents), R"(["p"])");
    EXPECT_EQ(text_of(prepared, index->references[2], buffer), "t");
    EXPECT_EQ(format_uuid(index->id), "00000000-0000-7000-8000-000000000001");
    EXPECT_EQ(format_timestamp(index->time), "2026-01-02T03:04:05.000000Z");
  }
}

TEST(Event, JournalPayloadsRoundTripAndRefuseDamage) {
  const Result result = with(R"("action_name":"n","zzz":1)");
  Prepared prepared;
  prepared.index = result.index;
  prepared.canonical = result.canonical;
  prepared.warnings = result.warnings;
  std::string payload;
  encode(prepared, payload);
  const Prepared back = decode(payload);
  EXPECT_EQ(back.canonical, result.canonical);
  EXPECT_EQ(back.warnings, result.warnings);
  EXPECT_EQ(back.index.id, result.index.id);
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_THROW(decode(std::string_view(payload).substr(0, size)), Error);
  }
}

TEST(Event, ARetryIsTheSameEventWhateverItsTimes) {
  const std::string base = R"({"action_name":"n","agent_id":"a","id":"x","salt":"1","timestamp":"t"})";
  EXPECT_TRUE(
      same_content(base, R"({"action_name":"n","agent_id":"a","duration_ms":4,"id":"x","salt":"2","timestamp":"u"})"));
  EXPECT_FALSE(same_content(base, R"({"action_name":"m","agent_id":"a","id":"x","salt":"1","timestamp":"t"})"));
  EXPECT_FALSE(same_content(base, R"({"action_name":"n","agent_id":"a","id":"x","timestamp":"t","z":1})"));
}

}  // namespace
}  // namespace plog::event
