// Counts false positives in real agent traffic. The traffic contains no personal data, so every hit is false.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "json/value.h"
#include "redact/redactor.h"

namespace plog::redact {
namespace {

void for_each_string(const json::Value& value, const std::function<void(const std::string&)>& visit) {
  if (value.is_string()) visit(value.text());
  for (const json::Value& item : value.array()) for_each_string(item, visit);
  for (const auto& [key, member] : value.object()) {
    visit(key);
    for_each_string(member, visit);
  }
}

class RealData : public ::testing::TestWithParam<const char*> {};

TEST_P(RealData, HasNoHitsAndHardlyAnyCandidates) {
  const auto path = std::filesystem::path(PLOG_SOURCE_DIR) / ".." / "shared" / "data" / GetParam();
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "there is no shared/data/" << GetParam() << " next to the source directory";
  const auto redactor = Redactor::make({});
  std::size_t strings = 0, candidates = 0, hits = 0;
  for (std::string line; std::getline(file, line);) {
    for_each_string(json::parse(line), [&](const std::string& text) {
      std::vector<std::uint32_t> found;
      std::string out;
      redactor->scan(text + kSeparator, found);
      const std::size_t count = redactor->redact(text, out);
      ++strings;
      candidates += found.size();
      hits += count;
      if (count > 0) std::cout << count << " hits: " << out.substr(0, 500) << "\n";
    });
  }
  std::cout << strings << " strings, " << candidates << " candidates, " << hits << " hits\n";
  EXPECT_GT(strings, 100U);
  EXPECT_EQ(hits, 0U);
  EXPECT_LE(candidates, strings / 100);
}

INSTANTIATE_TEST_SUITE_P(Data, RealData, ::testing::Values("agent-events.jsonl", "llm-exchanges.jsonl"),
                         [](const auto& data) { return data.index == 0 ? "AgentEvents" : "LlmExchanges"; });

}  // namespace
}  // namespace plog::redact
