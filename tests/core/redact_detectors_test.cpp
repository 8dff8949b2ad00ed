// Tests the detectors of detectors.txt with their own positive and negative examples.
#include "redact/detectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "redact/keys.h"
#include "redact/redactor.h"

namespace plog::redact {
namespace {

using ::testing::HasSubstr;

// Disables all other detectors and rules for keys.
std::shared_ptr<const Redactor> only(const Detector& wanted) {
  Options options;
  for (const Profile profile : {Profile::kSecrets, Profile::kPii, Profile::kStrict, Profile::kDefault}) {
    if (wanted.in(profile)) options.profile = profile;
  }
  for (const Detector& detector : detectors()) {
    if (detector.name != wanted.name) options.disabled.push_back(detector.name);
  }
  for (std::string_view name : kKeyNames) {
    if (name != wanted.name &&
        options.disabled.end() == std::find(options.disabled.begin(), options.disabled.end(), name)) {
      options.disabled.emplace_back(name);
    }
  }
  return Redactor::make(options);
}

TEST(Detectors, HideTheirPositiveExamplesAndNothingBesides) {
  for (const Detector& detector : detectors()) {
    const auto redactor = only(detector);
    for (const Example& example : detector.positive) {
      std::string out = "(nothing)";
      redactor->redact(example.text, out);
      EXPECT_EQ(out, example.text.substr(0, example.begin) + "[REDACTED:" + detector.name + "]" +
                         example.text.substr(example.end))
          << example.text;
    }
  }
}

TEST(Detectors, LeaveTheirNegativeExamplesAlone) {
  for (const Detector& detector : detectors()) {
    const auto redactor = only(detector);
    for (const Example& example : detector.negative) {
      std::string out;
      EXPECT_EQ(redactor->redact(example.text, out), 0U) << detector.name << ": " << example.text << " -> " << out;
    }
  }
}

TEST(Detectors, HideTheExamplesOfTheDefaultProfileBesideEachOtherToo) {
  // Another detector may name the marker, but the secret must be hidden.
  const auto redactor = Redactor::make({});
  for (const Detector& detector : detectors()) {
    if (!detector.in(Profile::kDefault)) continue;
    for (const Example& example : detector.positive) {
      std::string out = example.text;
      redactor->redact(example.text, out);
      EXPECT_EQ(out.find(example.text.substr(example.begin, example.end - example.begin)), std::string::npos)
          << detector.name << ": " << out;
    }
  }
}

TEST(Detectors, AreWhole) {
  for (const Detector& detector : detectors()) {
    EXPECT_GE(detector.positive.size(), 3U) << detector.name;
    EXPECT_GE(detector.negative.size(), 3U) << detector.name;
    EXPECT_FALSE(detector.about.empty()) << detector.name;
    EXPECT_FALSE(detector.expressions.empty()) << detector.name;
    EXPECT_NE(detector.profiles, 0) << detector.name;
    EXPECT_EQ((!detector.keywords.empty()) + (!detector.context.empty()) + (detector.shapes != 0), 1) << detector.name;
    EXPECT_TRUE(detector.in(detector.category == Category::kPii ? Profile::kPii : Profile::kSecrets)) << detector.name;
    for (const std::string& expression : detector.expressions) {
      const RE2 compiled(expression, RE2::Quiet);
      EXPECT_TRUE(compiled.ok()) << detector.name << ": " << compiled.error();
    }
    for (const std::string& keyword : detector.keywords) EXPECT_GE(keyword.size(), 3U) << detector.name;
  }
}

TEST(Detectors, AreMany) {
  std::set<std::string> secrets, personal;
  for (const Detector& detector : detectors()) {
    (detector.category == Category::kSecret ? secrets : personal).insert(detector.name);
  }
  EXPECT_GE(secrets.size(), 140U);
  EXPECT_GE(personal.size(), 20U);
}

TEST(Detectors, SayWhereTheirTextIsWrong) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      parse_detectors(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message("x"), HasSubstr("line 1: a detector must begin with its [name]"));
  EXPECT_THAT(message("# c\n[a]\nfoo = 1\n"), HasSubstr("line 3: an unknown key"));
  EXPECT_THAT(message("[a]\ncheck = nothing"), HasSubstr("line 2: an unknown check"));
  EXPECT_THAT(message("[a]\ncheck = entropy high"), HasSubstr("line 2: a check's argument must be a number"));
  EXPECT_THAT(message("[a]\ncategory = x"), HasSubstr("an unknown category"));
  EXPECT_THAT(message("[a]\nprofiles = default x"), HasSubstr("an unknown profile"));
  EXPECT_THAT(message("[a]\nshape = round"), HasSubstr("an unknown shape"));
  EXPECT_THAT(message("[a]\nnothing"), HasSubstr("neither"));
}

}  // namespace
}  // namespace plog::redact
