// Configuration files and environment variables.
#include "client/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/error.h"

namespace plog::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Config parse(const std::string& text, bool additive = false) { return parse_config(text, "c.yaml", additive); }

std::string refusal(const std::string& text, bool additive = false) {
  try {
    parse(text, additive);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kConfig);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "accepted";
}

TEST(Config, ReadsEveryKey) {
  const Config config = parse(R"(
server_url: https://ledger.example.com:7600
db_path: ~/ledger/events.db
agent_id: researcher
session_id: "2026-02"
labels:
  team: search
  version: 1.10
  on: true
metadata:
  build: {number: 7, tags: [a, 2.50, false, null, ~, "3"]}
batch_size: 250
flush_interval: 0.25
durability: power
on_full: raise
block_timeout: 2
max_event_bytes: 65536
journal_limit_bytes: 1073741824
read_connections: 16
capture_content: {default: digest, fields: {action_input: none}, action_types: {CUSTOM: redacted}}
salt: false
redaction:
  enabled: false
  rules:
    - name: mrn
      pattern: "MRN-\\d{10}"
      replace: "[REDACTED:mrn]"
    - {name: ticket, pattern: 'T-\d+'}
)");
  EXPECT_EQ(config.server_url, "https://ledger.example.com:7600");
  EXPECT_EQ(config.db_path, "~/ledger/events.db");
  EXPECT_EQ(config.agent_id, "researcher");
  EXPECT_EQ(config.session_id, "2026-02");
  EXPECT_EQ(json::Value(config.labels).canonical(), R"({"on":"true","team":"search","version":"1.10"})");
  EXPECT_EQ(json::Value(config.metadata).canonical(), R"({"build":{"number":7,"tags":["a",2.5,false,null,null,"3"]}})");
  EXPECT_EQ(config.batch_size, 250U);
  EXPECT_EQ(config.flush_interval_ms, 250U);
  EXPECT_EQ(config.durability, "power");
  EXPECT_EQ(config.on_full, "raise");
  EXPECT_EQ(config.block_timeout_ms, 2000U);
  EXPECT_EQ(config.max_event_bytes, 65536U);
  EXPECT_EQ(config.journal_limit_bytes, 1073741824U);
  EXPECT_EQ(config.read_connections, 16U);
  EXPECT_EQ(config.salt, false);
  ASSERT_TRUE(config.capture_content.has_value());
  EXPECT_EQ(config.capture_content->to_json().canonical(),
            R"({"action_types":{"CUSTOM":"redacted"},"default":"digest","fields":{"action_input":"none"}})");
  EXPECT_FALSE(config.redaction_enabled);
  ASSERT_EQ(config.redaction_rules.size(), 2U);
  EXPECT_EQ(config.redaction_rules[0].name, "mrn");
  EXPECT_EQ(config.redaction_rules[0].pattern, "MRN-\\d{10}");
  EXPECT_EQ(config.redaction_rules[0].replace, "[REDACTED:mrn]");
  EXPECT_EQ(config.redaction_rules[1].pattern, "T-\\d+");
  EXPECT_EQ(config.redaction_rules[1].replace, "");
}

TEST(Config, SaysNothingWhenTheFileSaysNothing) {
  for (const char* text : {"", "\n", "# comment\n", "---\n", "~", "{}", "labels:\nmetadata:\nredaction:\n",
                           "redaction: {rules: }", "redaction: {rules: []}"}) {
    const Config config = parse(text);
    EXPECT_FALSE(config.db_path || config.server_url || config.agent_id || config.session_id || config.batch_size ||
                 config.flush_interval_ms || config.durability || config.on_full || config.block_timeout_ms ||
                 config.max_event_bytes || config.journal_limit_bytes || config.read_connections || config.salt ||
                 config.capture_content);
    EXPECT_TRUE(config.labels.empty() && config.metadata.empty() && config.redaction_rules.empty());
    EXPECT_TRUE(config.redaction_enabled);
  }
}

TEST(Config, ReadsNumbersOfMetadataAsYamlDoes) {
  const Config config = parse(R"(metadata:
  a: 12
  b: -3
  c: +4
  d: 007
  e: 1e3
  f: .5
  g: -2.
  h: 0x1F
  i: .inf
  j: 1.2.3
  k: 12345678901234567890123
  l: !!str 12
  m: '12'
  n: yes
  o: True
  p: 2026-02-17
  q: 1e999
  r: -0
  s: "-"
  t: --1
)");
  EXPECT_EQ(json::Value(config.metadata).canonical(),
            R"({"a":12,"b":-3,"c":4,"d":7,"e":1000,"f":0.5,"g":-2,"h":"0x1F","i":".inf","j":"1.2.3",)"
            R"("k":"12345678901234567890123","l":"12","m":"12","n":"yes","o":true,"p":"2026-02-17","q":"1e999","r":0,)"
            R"("s":"-","t":"--1"})");
}

TEST(Config, NamesFileLineAndKeyOfAWrongValue) {
  const struct {
    const char* text;
    const char* message;
  } kCases[] = {
      {"agent_id: x\nbatch_size: 0", "c.yaml:2: batch_size: 0 is out of range; use 1 to 4096"},
      {"batch_size: 4097", "c.yaml:1: batch_size: 4097 is out of range; use 1 to 4096"},
      {"batch_size: ten", "c.yaml:1: batch_size: \"ten\" is not a whole number; use 1 to 4096"},
      {"batch_size: 1.5", "c.yaml:1: batch_size: \"1.5\" is not a whole number; use 1 to 4096"},
      {"batch_size: '5'", "c.yaml:1: batch_size: must be a whole number; use 1 to 4096"},
      {"batch_size: -5", "c.yaml:1: batch_size: -5 is out of range"},
      {"batch_size: [5]", "c.yaml:1: batch_size: must be a whole number; use 1 to 4096"},
      {"batch_size:", "c.yaml:1: batch_size: must be a whole number"},
      {"\n\nflush_interval: 0", "c.yaml:3: flush_interval: 0 s is out of range; use 0.001 to 3600 s"},
      {"flush_interval: 3601", "c.yaml:1: flush_interval: 3601 s is out of range"},
      {"flush_interval: 5s", "c.yaml:1: flush_interval: \"5s\" is not a number of seconds; use 0.001 to 3600 s"},
      {"flush_interval: .nan", "c.yaml:1: flush_interval: \".nan\" is not a number of seconds"},
      {"flush_interval: nan", "c.yaml:1: flush_interval: \"nan\" is not a number of seconds"},
      {"flush_interval: '1'", "c.yaml:1: flush_interval: must be a number of seconds; use 0.001 to 3600 s"},
      {"block_timeout: 86401", "c.yaml:1: block_timeout: 86401 s is out of range; use 0.001 to 86400 s"},
      {"max_event_bytes: 4095", "c.yaml:1: max_event_bytes: 4095 is out of range; use 4096 to 67108864"},
      {"max_event_bytes: 67108865", "c.yaml:1: max_event_bytes: 67108865 is out of range"},
      {"read_connections: 0", "c.yaml:1: read_connections: 0 is out of range; use 1 to 64"},
      {"read_connections: 65", "c.yaml:1: read_connections: 65 is out of range; use 1 to 64"},
      {"read_connections: many", "c.yaml:1: read_connections: \"many\" is not a whole number; use 1 to 64"},
      {"journal_limit_bytes: 1048575",
       "c.yaml:1: journal_limit_bytes: 1048575 is out of range; use 1048576 to 9007199254740992"},
      {"journal_limit_bytes: 99999999999999999999",
       "c.yaml:1: journal_limit_bytes: 99999999999999999999 is out of range"},
      {"durability: disk", "c.yaml:1: durability: \"disk\" is not valid; use process or power"},
      {"durability: [power]", "c.yaml:1: durability: must be text; use process or power"},
      {"on_full: wait", "c.yaml:1: on_full: \"wait\" is not valid; use block, drop or raise"},
      {"salt: 1", "c.yaml:1: salt: must be true or false"},
      {"salt: 'true'", "c.yaml:1: salt: must be true or false"},
      {"capture_content: all", "c.yaml:1: capture_content: must be one of: full, redacted, digest, none"},
      {"capture_content: [none]", "c.yaml:1: capture_content: must be a mapping"},
      {"capture_content:\n  defaults: none",
       "c.yaml:2: capture_content.defaults: unknown key; did you mean \"default\""},
      {"capture_content:\n  fields:\n    labels: no\n",
       "c.yaml:3: capture_content.fields.labels: must be one of: full"},
      {"capture_content:\n  fields:\n    agent_id: none\n",
       "c.yaml:3: capture_content.fields.agent_id: not a content field; use one of action_input, "},
      {"capture_content:\n  action_types:\n\n    CUSTOM: []\n", "c.yaml:4: capture_content.action_types.CUSTOM: "},
      {"db_path:", "c.yaml:1: db_path: must be a non-empty string"},
      {"db_path: ''", "c.yaml:1: db_path: must be a non-empty string"},
      {"agent_id: [a]", "c.yaml:1: agent_id: must be a non-empty string"},
      {"db_path: \"a\\0b\"", "c.yaml:1: db_path: must not contain a NUL character"},
      {"server_url: localhost:7600", "c.yaml:1: server_url: must begin with http:// or https://"},
      {"labels: [a]", "c.yaml:1: labels: must be a mapping"},
      {"labels:\n  team: [a]", "c.yaml:2: labels.team: the value of a label must be a string"},
      {"labels:\n  team:\n", "c.yaml:2: labels.team: the value of a label must be a string"},
      {"metadata: text", "c.yaml:1: metadata: must be a mapping"},
      {"redaction: on", "c.yaml:1: redaction: must be a mapping"},
      {"redaction:\n  enabled: maybe", "c.yaml:2: redaction.enabled: must be true or false"},
      {"redaction:\n  rules: x", "c.yaml:2: redaction.rules: must be a list of rules"},
      {"redaction:\n  rules:\n  - x", "c.yaml:3: redaction.rules[0]: must be a mapping"},
      {"redaction:\n  rules:\n  - name: a\n", "c.yaml:3: redaction.rules[0].pattern: is missing"},
      {"redaction:\n  rules:\n  - pattern: a\n", "c.yaml:3: redaction.rules[0].name: is missing"},
      {"redaction:\n  rules:\n  - name: a\n    pattern: b\n  - name: c\n    pattern: (?=d)\n",
       "c.yaml:6: redaction.rules[1]: redaction rule \"c\": RE2 does not accept the pattern"},
      {"redaction:\n  rules:\n  - {name: a, pattern: 'b*'}", "c.yaml:3: redaction.rules[0]: redaction rule \"a\""},
      {"- a\n- b", "c.yaml:1: the file must be a mapping"},
      {"text", "c.yaml:1: the file must be a mapping"},
  };
  for (const auto& c : kCases) EXPECT_THAT(refusal(c.text), StartsWith(c.message)) << c.text;
}

TEST(Config, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(refusal("\nbatchsize: 5"), "c.yaml:2: batchsize: unknown key; did you mean \"batch_size\"?");
  EXPECT_EQ(refusal("lables: {}"), "c.yaml:1: lables: unknown key; did you mean \"labels\"?");
  EXPECT_EQ(refusal("redaction: {rule: []}"), "c.yaml:1: redaction.rule: unknown key; did you mean \"rules\"?");
  EXPECT_EQ(refusal("redaction: {rules: [{name: a, patern: b}]}"),
            "c.yaml:1: redaction.rules[0].patern: unknown key; did you mean \"pattern\"?");
  EXPECT_THAT(refusal("colour: blue"), HasSubstr("unknown key; the known keys are server_url, db_path, "));
  EXPECT_THAT(refusal(std::string(500, 'k') + ": blue"), HasSubstr("unknown key; the known keys are "));
}

TEST(Config, RefusesWhatYamlAllowsButAConfigurationDoesNotNeed) {
  const struct {
    std::string text;
    const char* message;
  } kCases[] = {
      {"labels: &a {x: y}", "c.yaml:1: labels: anchors are not supported"},
      {"metadata:\n  a: 1\n  b: *a", "c.yaml:3: metadata.b: "},
      {"agent_id: &x y", "c.yaml:1: agent_id: anchors are not supported"},
      {"agent_id: !!binary aGk=", "c.yaml:1: agent_id: the tag tag:yaml.org,2002:binary is not supported"},
      {"agent_id: !own x", "c.yaml:1: agent_id: the tag !own is not supported"},
      {"agent_id: x\nbatch_size: 1\nagent_id: y", "c.yaml:3: agent_id: this key occurs twice in one mapping"},
      {"metadata:\n  a:\n    b: 1\n    b: 2", "c.yaml:4: metadata.a.b: this key occurs twice in one mapping"},
      {"? [a]\n: b", "c.yaml:1: a key must be plain text"},
      {"? {a: b}\n: c", "c.yaml:1: a key must be plain text"},
      {"~: b", "c.yaml:1: a key must be plain text"},
      {"agent_id: a\n---\nagent_id: b", "c.yaml:2: a second document"},
      {"agent_id: \"a\x01\"", "c.yaml:1: a control character"},
      {"agent_id: a\n\x04\nnonsense", "c.yaml:2: a control character"},
      {"agent_id: a\nlabels: {x: \xFF}", "c.yaml:2: not valid UTF-8"},
      {"agent_id: a\nlabels: {x: [}\n", "c.yaml:2: labels.x"},
      {"agent_id: 'open\n", "c.yaml:"},
      {"agent_id: 'open\nsalt: false\n", "c.yaml:"},
      {"agent_id: \"open\nsalt: false\n\n", "c.yaml:"},
      {"labels: {a: b\n", "c.yaml:"},
      {"a: b: c", "c.yaml:1: "},
      {"\tagent_id: a", "c.yaml:1: "},
      {std::string((1 << 20) + 1, ' '), "c.yaml:1: the file is larger than 1 MiB"},
  };
  for (const auto& c : kCases) EXPECT_THAT(refusal(c.text), StartsWith(c.message)) << c.text.substr(0, 80);
}

std::string nested(int levels, const char* open, const char* close) {
  std::string text = "metadata: {a: ";
  for (int i = 0; i < levels; ++i) text += open;
  text += "1";
  for (int i = 0; i < levels; ++i) text += close;
  return text + "}";
}

TEST(Config, Allows64LevelsAndNoMore) {
  EXPECT_EQ(refusal(nested(62, "[", "]")), "accepted");
  EXPECT_THAT(refusal(nested(63, "[", "]")), HasSubstr("more than 64 levels of nesting"));
  EXPECT_THAT(refusal(nested(100000, "[", "]")), HasSubstr("more than 64 levels of nesting"));
  EXPECT_THAT(refusal(nested(63, "{a: ", "}")), HasSubstr("more than 64 levels of nesting"));
}

TEST(Config, ReadsBlockTextAtTheEndOfTheFile) {
  const Config config = parse("labels:\n  a: |\n    one\n    two\n");
  EXPECT_EQ(config.labels.at("a").text(), "one\ntwo\n");
  EXPECT_EQ(parse("labels:\n  a: |+\n    one\n\n").labels.at("a").text(), "one\n\n");
  EXPECT_EQ(parse("labels:\n  a: >-\n    one\n    two").labels.at("a").text(), "one two");
}

TEST(Config, KeepsTheMessageShortWhateverTheKey) { EXPECT_LT(refusal(std::string(100000, 'k') + ": x").size(), 1000U); }

TEST(AdditiveConfig, MayAddLabelsMetadataAndRules) {
  const Config config = parse("labels: {a: b}\nmetadata: {c: 1}\nredaction: {rules: [{name: n, pattern: x}]}", true);
  EXPECT_EQ(config.labels.size(), 1U);
  EXPECT_EQ(config.metadata.size(), 1U);
  EXPECT_EQ(config.redaction_rules.size(), 1U);
}

TEST(AdditiveConfig, MayDoNothingElse) {
  for (const char* line :
       {"server_url: https://evil.example", "db_path: /tmp/x.db", "agent_id: x", "session_id: x", "batch_size: 1",
        "flush_interval: 1", "durability: process", "on_full: drop", "block_timeout: 1", "max_event_bytes: 4096",
        "journal_limit_bytes: 1048576", "read_connections: 8", "salt: false", "redaction: {enabled: false}",
        "redaction: {enabled: true}"}) {
    EXPECT_EQ(refusal(line), "accepted") << line;
    EXPECT_THAT(refusal(line, true), HasSubstr("not allowed in ./provenlog.yaml, which may only add")) << line;
    EXPECT_THAT(refusal(line, true), StartsWith("c.yaml:1: ")) << line;
  }
}

TEST(Config, ReadsTheOptionsOfRedaction) {
  const Config config = parse(
      "redaction:\n  profile: strict\n  disable: [phone, ipv4]\n  keep_last: {visa: 4}\n"
      "  allow: {values: [a@b.example], patterns: ['x+'], keys: [note], paths: [/action_input/public]}\n");
  EXPECT_EQ(config.redaction.profile, redact::Profile::kStrict);
  EXPECT_THAT(config.redaction.disabled, ::testing::ElementsAre("phone", "ipv4"));
  EXPECT_EQ(config.redaction.keep_last.at(0).characters, 4U);
  EXPECT_EQ(config.redaction.allow_paths.at(0), "/action_input/public");
}

TEST(Config, RefusesWrongOptionsOfRedaction) {
  EXPECT_THAT(refusal("redaction: {profile: all}"), HasSubstr("redaction.profile: `profile` must be one of"));
  EXPECT_THAT(refusal("redaction: {allow: {value: [x]}}"), HasSubstr("allow: unknown member `value`"));
  EXPECT_THAT(refusal("redaction: {allow: {patterns: ['(']}}"), HasSubstr("RE2 does not accept the pattern"));
  EXPECT_THAT(refusal("redaction: {keep_last: {visa: 9}}"), HasSubstr("must be a number from 1 to 8"));
  EXPECT_THAT(refusal("redaction: {pseudonym_key_file: /no/such}"), HasSubstr("redaction.pseudonym_key_file"));
  EXPECT_THAT(refusal("redaction: {pseudonym_key_file: " PLOG_SOURCE_DIR "/VERSION}"), HasSubstr("at least 16 bytes"));
}

// ---- docs/configuration.md

std::string documentation() {
  std::ifstream file(std::string(PLOG_SOURCE_DIR) + "/docs/configuration.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ConfigDocumentation, ListsTheKeysThatTheCodeKnows) {
  const std::map<std::string, std::string> kSamples = {
      {"db_path", "db_path: x"},
      {"server_url", "server_url: http://x"},
      {"agent_id", "agent_id: x"},
      {"session_id", "session_id: x"},
      {"labels", "labels: {a: b}"},
      {"metadata", "metadata: {a: b}"},
      {"batch_size", "batch_size: 100"},
      {"flush_interval", "flush_interval: 1"},
      {"durability", "durability: process"},
      {"on_full", "on_full: block"},
      {"block_timeout", "block_timeout: 5"},
      {"max_event_bytes", "max_event_bytes: 1048576"},
      {"journal_limit_bytes", "journal_limit_bytes: 268435456"},
      {"read_connections", "read_connections: 4"},
      {"salt", "salt: true"},
      {"capture_content", "capture_content: {default: digest, fields: {labels: none}}"},
      {"redaction.enabled", "redaction: {enabled: true}"},
      {"origin", "origin: example.com/x"},
      {"key_path", "key_path: x"},
      {"head_copies", "head_copies: [x]"},
      {"redaction.rules", "redaction: {rules: []}"},
      {"redaction.profile", "redaction: {profile: strict}"},
      {"redaction.disable", "redaction: {disable: [phone]}"},
      {"redaction.allow", "redaction: {allow: {values: [x]}}"},
      {"redaction.keep_last", "redaction: {keep_last: {visa: 4}}"},
      {"redaction.pseudonym_key_file", "redaction: {pseudonym_key_file: " PLOG_SOURCE_DIR "/.clang-format}"}};
  std::map<std::string, bool> documented;  // for each key, whether ./provenlog.yaml may contain it
  const std::string text = documentation();
  const std::size_t begin = text.find("## Keys");
  ASSERT_NE(begin, std::string::npos);
  std::istringstream section(text.substr(begin, text.find("\n```", begin) - begin));
  for (std::string line; std::getline(section, line);) {
    if (line.rfind("| `", 0) == 0) documented[line.substr(3, line.find('`', 3) - 3)] = line.ends_with("| yes |");
  }
  ASSERT_EQ(documented.size(), kSamples.size());
  for (const auto& [key, sample] : kSamples) {
    ASSERT_TRUE(documented.count(key)) << key;
    EXPECT_EQ(refusal(sample), "accepted") << key;
    EXPECT_EQ(refusal(sample, true) == "accepted", documented[key]) << key;
  }
}

TEST(ConfigDocumentation, HasExamplesThatAreAccepted) {
  const std::string text = documentation();
  int examples = 0;
  for (std::size_t at = text.find("```yaml\n"); at != std::string::npos; at = text.find("```yaml\n", at)) {
    at += 8;
    const std::string example = text.substr(at, text.find("```", at) - at);
    EXPECT_EQ(refusal(example, example.rfind("# ./provenlog.yaml", 0) == 0), "accepted") << example;
    ++examples;
  }
  EXPECT_EQ(examples, 2);
}

// Runs in its own directory, with HOME and the environment variables set for each test.
class LoadConfig : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "plog-config-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    before_ = std::filesystem::current_path();
    std::filesystem::create_directories(root_ / "home/.provenlog");
    std::filesystem::create_directories(root_ / "work");
    std::filesystem::current_path(root_ / "work");
    for (const char* variable : {"HOME", "PROVENLOG_CONFIG", "PROVENLOG_SERVER_URL", "PROVENLOG_DB_PATH"}) {
      const char* value = getenv(variable);
      if (value != nullptr) saved_.emplace_back(variable, value);
      unsetenv(variable);
    }
    setenv("HOME", (root_ / "home").c_str(), 1);
  }

  void TearDown() override {
    for (const char* variable : {"HOME", "PROVENLOG_CONFIG", "PROVENLOG_SERVER_URL", "PROVENLOG_DB_PATH"}) {
      unsetenv(variable);
    }
    for (const auto& [variable, value] : saved_) setenv(variable.c_str(), value.c_str(), 1);
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(root_);
  }

  void write(const std::filesystem::path& path, const std::string& text) const {
    std::ofstream(path.is_absolute() ? path : root_ / path) << text;
  }

  std::string refusal() const {
    try {
      load_config();
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::kConfig);
      return error.what();
    }
    return "accepted";
  }

  std::filesystem::path root_, before_;
  std::vector<std::pair<std::string, std::string>> saved_;
};

TEST_F(LoadConfig, SaysNothingWithoutFilesAndVariables) {
  const Config config = load_config();
  EXPECT_FALSE(config.db_path || config.server_url);
  EXPECT_TRUE(config.labels.empty());
}

TEST_F(LoadConfig, ReadsTheFileInTheHomeDirectory) {
  write("home/.provenlog/config.yaml", "db_path: /data/a.db\n");
  EXPECT_EQ(load_config().db_path, "/data/a.db");
}

TEST_F(LoadConfig, ReadsTheNamedFileInsteadOfTheOneInTheHomeDirectory) {
  write("home/.provenlog/config.yaml", "db_path: /data/a.db\nagent_id: home\n");
  write("home/named.yaml", "db_path: /data/b.db\n");
  setenv("PROVENLOG_CONFIG", "~/named.yaml", 1);
  EXPECT_EQ(load_config().db_path, "/data/b.db");
  EXPECT_FALSE(load_config().agent_id);
}

TEST_F(LoadConfig, TakesVariablesOverFiles) {
  write("home/.provenlog/config.yaml", "db_path: /data/a.db\nserver_url: http://a\n");
  setenv("PROVENLOG_DB_PATH", "/data/c.db", 1);
  setenv("PROVENLOG_SERVER_URL", "", 1);
  EXPECT_EQ(load_config().db_path, "/data/c.db");
  EXPECT_EQ(load_config().server_url, "http://a");
}

TEST_F(LoadConfig, AddsTheLocalFileToTheTrustedOne) {
  write("home/.provenlog/config.yaml",
        "labels: {team: search, env: prod}\nmetadata: {a: 1}\nredaction: {rules: [{name: one, pattern: x}]}\n");
  write("work/provenlog.yaml",
        "labels: {env: dev, repo: r}\nmetadata: {a: 2, b: 3}\nredaction: {rules: [{name: two, pattern: y}]}\n");
  const Config config = load_config();
  EXPECT_EQ(json::Value(config.labels).canonical(), R"({"env":"prod","repo":"r","team":"search"})");
  EXPECT_EQ(json::Value(config.metadata).canonical(), R"({"a":1,"b":3})");
  ASSERT_EQ(config.redaction_rules.size(), 2U);
  EXPECT_EQ(config.redaction_rules[0].name, "one");
  EXPECT_EQ(config.redaction_rules[1].name, "two");
}

TEST_F(LoadConfig, RefusesALocalFileThatDoesMoreThanAdd) {
  write("work/provenlog.yaml", "labels: {a: b}\ndb_path: /tmp/elsewhere.db\n");
  EXPECT_THAT(refusal(), StartsWith("./provenlog.yaml:2: db_path: not allowed"));
}

TEST_F(LoadConfig, TrustsTheLocalFileWhenItIsTheNamedOne) {
  write("work/provenlog.yaml", "labels: {a: b}\ndb_path: /tmp/elsewhere.db\n");
  setenv("PROVENLOG_CONFIG", (root_ / "work/provenlog.yaml").c_str(), 1);
  EXPECT_EQ(load_config().db_path, "/tmp/elsewhere.db");
}

TEST_F(LoadConfig, RefusesANamedFileThatDoesNotExist) {
  setenv("PROVENLOG_CONFIG", "/nowhere/c.yaml", 1);
  EXPECT_THAT(refusal(), HasSubstr("/nowhere/c.yaml:1: PROVENLOG_CONFIG names this file, but it does not exist"));
}

TEST_F(LoadConfig, RefusesWhatIsNoRegularFileWithoutWaiting) {
  ASSERT_EQ(mkfifo((root_ / "work/provenlog.yaml").c_str(), 0600), 0);
  EXPECT_THAT(refusal(), StartsWith("./provenlog.yaml:1: ./provenlog.yaml is not a regular file"));
  std::filesystem::remove(root_ / "work/provenlog.yaml");
  std::filesystem::create_directory(root_ / "work/provenlog.yaml");
  EXPECT_THAT(refusal(), StartsWith("./provenlog.yaml:1: ./provenlog.yaml is not a regular file"));
}

TEST_F(LoadConfig, RefusesAFileThatItCannotRead) {
  // A link to itself: not even root can open it.
  std::filesystem::create_symlink("config.yaml", root_ / "home/.provenlog/config.yaml");
  EXPECT_THAT(refusal(), HasSubstr("/.provenlog/config.yaml:1: cannot open"));
}

TEST_F(LoadConfig, RefusesAFileOverOneMebibyte) {
  write("home/.provenlog/config.yaml", "# " + std::string(1 << 20, 'x'));
  EXPECT_THAT(refusal(), HasSubstr("config.yaml:1: the file is larger than 1 MiB"));
}

}  // namespace
}  // namespace plog::client
