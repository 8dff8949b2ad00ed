// Tests the summary and digest of the rules in force, and the limits of a redactor's options.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "base/error.h"
#include "redact/options.h"
#include "redact/redactor.h"

namespace plog::redact {
namespace {

RulesInForce of(const std::function<void(Options&)>& change) {
  Options options;
  change(options);
  return Redactor::make(std::move(options))->rules_in_force();
}

TEST(RulesInForce, AreTheSameForTheSameOptions) {
  const auto options = [](Options& o) {
    o.custom = {{"mrn", "MRN-\\d+", ""}};
    o.allow_values = {"b", "a"};
  };
  EXPECT_EQ(of(options).digest, of(options).digest);
  const auto in_another_order = [](Options& o) {
    o.custom = {{"mrn", "MRN-\\d+", ""}};
    o.allow_values = {"a", "b"};
  };
  EXPECT_EQ(of(options).digest, of(in_another_order).digest);
}

TEST(RulesInForce, DifferWithEveryOption) {
  const std::function<void(Options&)> kChanges[] = {
      [](Options&) {},
      [](Options& o) { o.builtin = false; },
      [](Options& o) { o.profile = Profile::kStrict; },
      [](Options& o) { o.disabled = {"phone"}; },
      [](Options& o) {
        o.custom = {{"a", "x+", ""}};
      },
      [](Options& o) {
        o.custom = {{"a", "x", ""}};
      },
      [](Options& o) {
        o.custom = {{"a", "x", "gone"}};
      },
      [](Options& o) {
        o.custom = {{"a", "x", ""}, {"b", "y", ""}};
      },
      [](Options& o) {
        o.custom = {{"b", "y", ""}, {"a", "x", ""}};
      },
      [](Options& o) { o.allow_values = {"v"}; },
      [](Options& o) { o.allow_patterns = {"v"}; },
      [](Options& o) { o.allow_keys = {"v"}; },
      [](Options& o) { o.allow_paths = {"/v"}; },
      [](Options& o) {
        o.keep_last = {{"visa", 4}};
      },
      [](Options& o) {
        o.keep_last = {{"visa", 2}};
      },
      [](Options& o) { o.pseudonym_key = "0123456789abcdef"; },
      [](Options& o) { o.pseudonym_key = "0123456789abcdeg"; },
  };
  std::set<std::string> digests;
  for (const auto& change : kChanges) digests.insert(of(change).digest);
  EXPECT_EQ(digests.size(), std::size(kChanges));
}

TEST(RedactorOptions, TakeAPseudonymKeyOf16BytesOrMore) {
  const auto read = [](const std::string& key) {
    Options options;
    add_options(json::parse("{\"pseudonym_key\":\"" + key + "\"}"), options);
    return options.pseudonym_key;
  };
  EXPECT_EQ(read("0123456789abcdef"), "0123456789abcdef");
  EXPECT_EQ(read("ÄÖÜäöüßé"), "ÄÖÜäöüßé");  // 16 bytes
  for (const char* key : {"", "k", "0123456789abcde"}) {
    try {
      read(key);
      ADD_FAILURE() << key;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::kInvalid);
      EXPECT_EQ(error.what(), "pseudonym_key: has " + std::to_string(std::string(key).size()) +
                                  " bytes; use a secret of at least 16 bytes");
    }
  }
}

TEST(RulesInForce, CountWhatIsOn) {
  const RulesInForce all = of([](Options&) {});
  EXPECT_EQ(all.profile, "default");
  EXPECT_EQ(of([](Options& o) { o.disabled = {"jwt", "password"}; }).detectors, all.detectors - 2);
  EXPECT_EQ(of([](Options& o) { o.builtin = false; }).detectors, 0U);
  EXPECT_EQ(of([](Options& o) { o.builtin = false; }).profile, "off");
  EXPECT_EQ(of([](Options& o) { o.custom = {{"a", "x", ""}}; }).custom, 1U);
}

}  // namespace
}  // namespace plog::redact
