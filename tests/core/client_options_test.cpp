// The table of the options of a client.
#include "client/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "event/schema.h"
#include "json/value.h"
#include "store/store.h"

namespace plog::client {
namespace {

std::string refusal(std::string_view name, std::string_view value) {
  try {
    check_option(name, value);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kConfig);
    return error.what();
  }
  return "accepted";
}

TEST(Options, AreDeclaredOnceAndCompletely) {
  std::set<std::string_view> names, keys, variables;
  for (const Option& option : client_options()) {
    SCOPED_TRACE(option.name);
    EXPECT_TRUE(names.insert(option.name).second);
    EXPECT_TRUE(option.key.empty() || keys.insert(option.key).second);
    EXPECT_TRUE(option.environment.empty() || variables.insert(option.environment).second);
    EXPECT_TRUE(option.argument || !option.key.empty());
    EXPECT_TRUE(option.about.ends_with(".")) << option.about;
    const bool numeric = option.kind == OptionKind::kInteger || option.kind == OptionKind::kDuration;
    const bool chosen = option.kind == OptionKind::kChoice || option.kind == OptionKind::kChoices;
    EXPECT_EQ(numeric, option.maximum > 0);
    EXPECT_EQ(chosen, !option.choices.empty());
    if (numeric) {
      EXPECT_NO_THROW(check_number(option, default_number(option), option.name));
    }
    if (option.kind == OptionKind::kChoice) {
      EXPECT_NO_THROW(parse_choice(option, *option.default_value, option.name));
    }
  }
}

TEST(Options, HaveTheDefaultsOfTheLayersThatUseThem) {
  EXPECT_EQ(default_number(client_option("max_event_bytes")), event::kDefaultMaxEventBytes);
  EXPECT_EQ(default_number(client_option("read_connections")), store::StoreOptions().read_connections);
}

TEST(Options, AcceptTheEndsOfTheirRangeAndNothingBeyond) {
  for (const Option& option : client_options()) {
    if (option.maximum == 0) continue;
    SCOPED_TRACE(option.name);
    EXPECT_NO_THROW(check_number(option, option.minimum, option.name));
    EXPECT_NO_THROW(check_number(option, option.maximum, option.name));
    EXPECT_THROW(check_number(option, option.minimum - 1, option.name), Error);
    EXPECT_THROW(check_number(option, option.maximum + 1, option.name), Error);
  }
}

TEST(Options, RoundADurationUpToMilliseconds) {
  const Option& option = client_option("flush_interval");
  for (const auto& [text, ms] : {std::pair{"0.07", 70U},
                                 {"0.29", 290U},
                                 {"1e-9", 1U},
                                 {"0.0011", 2U},
                                 {"3600", 3600000U},
                                 {"1", 1000U},
                                 {"3599.9995", 3600000U}}) {
    EXPECT_EQ(parse_number(option, text, "x"), ms) << text;
  }
  EXPECT_EQ(refusal("flush_interval", "3600.001"), "flush_interval: 3600.001 s is out of range; use 0.001 to 3600 s");
}

TEST(Options, KeepTheMessageToOneShortLine) {
  for (const char* name : {"batch_size", "flush_interval", "on_full"}) {
    for (const std::string& value :
         {std::string(10000, '9'), std::string(10000, 'x'), "\n" + std::string(90, '\xE2')}) {
      const std::string message = refusal(name, value);
      EXPECT_LT(message.size(), 500U);
      EXPECT_EQ(message.find('\n'), message.npos);
    }
  }
}

TEST(Options, ArePrintedAsJson) {
  const json::Value table = json::parse(options_json());
  ASSERT_EQ(table.array().size(), client_options().size());
  for (const json::Value& option : table.array()) EXPECT_EQ(option.object().size(), 11U);
  const json::Value* batch = nullptr;
  for (const json::Value& option : table.array()) {
    if (option.find("name")->text() == "batch_size") batch = &option;
  }
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->find("minimum")->text(), "1");
  EXPECT_EQ(batch->find("maximum")->text(), "4096");
  EXPECT_EQ(batch->find("default")->text(), "100");
  EXPECT_TRUE(batch->find("choices")->is_null());
}

}  // namespace
}  // namespace plog::client
