// Events in canonical form, and the door for them, in the terms of the tests of canonical_input.h.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "event/canonical_input.h"
#include "event/json_input.h"
#include "json/value.h"
#include "redact/redactor.h"

namespace plog::event {

using json::Value;

struct Result {
  std::string canonical, warnings;
  Index index;
  Effects effects;
  bool system = false;
};

inline Result copy(const Prepared& prepared, const Effects& effects) {
  return {std::string(prepared.canonical), std::string(prepared.warnings), prepared.index, effects, prepared.system};
}

inline Defaults plain() {
  Defaults defaults;
  defaults.salt = false;
  return defaults;
}

inline Defaults redacting(std::vector<redact::Rule> custom, redact::Profile profile = redact::Profile::kDefault) {
  Defaults defaults = plain();
  redact::Options options;
  options.custom = std::move(custom);
  options.profile = profile;
  defaults.redactor = redact::Redactor::make(std::move(options));
  return defaults;
}

inline Defaults capturing(const char* policy) {
  Defaults defaults = plain();
  defaults.capture = CapturePolicy::parse(json::parse(policy));
  return defaults;
}

inline Result prepare(std::string_view json, const Defaults& defaults = plain()) {
  Builder builder;
  json::Reader reader;
  read_event(reader, json, builder);
  Effects effects;
  const Prepared prepared = builder.prepare(defaults, effects);
  return copy(prepared, effects);
}

inline Result accept(std::string_view canonical, std::string_view warnings = {}, const Defaults& receiver = plain()) {
  Builder builder;
  json::Reader reader;
  Effects effects;
  const Prepared prepared = accept_canonical(reader, {canonical, warnings}, receiver, builder, effects);
  return copy(prepared, effects);
}

inline std::string refusal(std::string_view canonical, std::string_view warnings = {}) {
  try {
    accept(canonical, warnings);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kInvalid);
    return error.what();
  }
  return "accepted";
}

inline bool same(const Span& left, const Span& right) {
  return left.size == right.size && (left.size == 0 || left.offset == right.offset);
}

inline void expect_same_index(const Index& left, const Index& right) {
  EXPECT_EQ(left.id, right.id);
  EXPECT_EQ(left.time, right.time);
  for (Span Index::*span : {&Index::agent, &Index::session, &Index::source, &Index::type, &Index::name, &Index::status,
                            &Index::labels, &Index::parents}) {
    EXPECT_TRUE(same(left.*span, right.*span));
  }
  for (std::size_t i = 0; i < kReferenceCount; ++i) EXPECT_TRUE(same(left.references[i], right.references[i]));
}

inline void expect_passes(const Result& sent, const Defaults& receiver = plain()) {
  const Result got = accept(sent.canonical, sent.warnings, receiver);
  EXPECT_EQ(got.canonical, sent.canonical);
  EXPECT_EQ(got.warnings, sent.warnings);
  EXPECT_EQ(got.effects.redactions, 0u);
  EXPECT_FALSE(got.effects.truncated);
  EXPECT_FALSE(got.system);
  expect_same_index(got.index, sent.index);
}

// An event in canonical form with the given members before and after its required ones.
inline std::string event_with(const std::string& before_agent, const std::string& after_timestamp = {},
                              const std::string& between = {}) {
  return "{" + before_agent + R"("agent_id":"a",)" + between +
         R"("id":"00000000-0000-7000-8000-000000000001","schema_version":"1.0","timestamp":"2026-01-02T03:04:05.000000Z")" +
         after_timestamp + "}";
}

inline std::string nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

}  // namespace plog::event
