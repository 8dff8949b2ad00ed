// Compares the core with the golden file events.txt, which an independent model has written.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "base/encoding.h"
#include "event/builder.h"
#include "event/json_input.h"
#include "json/value.h"
#include "ledger/chain.h"

namespace plog {
namespace {

using Case = std::map<std::string, std::string>;

std::vector<Case> read_cases() {
  std::ifstream file(std::string(PLOG_SOURCE_DIR) + "/tests/golden/events.txt", std::ios::binary);
  std::vector<Case> cases(1);
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) {
      cases.emplace_back();
      continue;
    }
    const std::size_t colon = line.find(": ");
    cases.back()[line.substr(0, colon)] = line.substr(colon + 2);
  }
  if (cases.back().empty()) cases.pop_back();
  return cases;
}

std::string sorted_warnings(std::string_view octets) {
  std::vector<std::string> lines;
  if (!octets.empty()) {
    const json::Value list = json::parse(octets);
    for (const json::Value& warning : list.array()) {
      lines.push_back(warning.find("code")->text() + ' ' + warning.find("field")->text());
    }
  }
  std::sort(lines.begin(), lines.end());
  std::string joined;
  for (const std::string& line : lines) joined += (joined.empty() ? "" : "\t") + line;
  return joined;
}

TEST(Golden, EveryCaseHasTheExpectedOctetsWarningsAndHash) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GE(cases.size(), 30u);
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.at("name"));
    const auto option = [&](const char* key) {
      const auto found = expected.find(key);
      return found == expected.end() ? std::string() : found->second;
    };
    event::Defaults defaults;
    defaults.salt = false;
    defaults.source = "sdk";
    defaults.capture_method = "embedded";
    defaults.labels = event::make_default_members(option("labels"), true, nullptr, "labels");
    defaults.metadata = event::make_default_members(option("metadata"), false, nullptr, "metadata");
    if (!option("max_event_bytes").empty()) defaults.max_event_bytes = std::stoull(option("max_event_bytes"));
    event::Builder builder;
    json::Reader reader;
    event::read_event(reader, expected.at("input"), builder);
    event::Effects effects;
    const event::Prepared prepared = builder.prepare(defaults, effects);
    EXPECT_EQ(prepared.canonical, expected.at("canonical"));
    EXPECT_EQ(sorted_warnings(prepared.warnings), expected.at("warnings"));
    const Digest hash = ledger::chain_hash(prepared.canonical, ledger::kGenesis);
    EXPECT_EQ(hex_encode(hash.data(), hash.size()), expected.at("hash"));
  }
}

}  // namespace
}  // namespace plog
