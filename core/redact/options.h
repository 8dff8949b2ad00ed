// Options of a redactor read from JSON, and the detectors written as JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json/value.h"
#include "redact/redactor.h"

namespace plog::redact {

inline constexpr std::size_t kMinPseudonymKey = 16;  // bytes

// Reads an array of {name, pattern, replace}. Throws Error(kInvalid) for anything else.
std::vector<Rule> rules_from_json(const json::Value& list);

// Adds {profile, rules, disable, allow: {values, patterns, keys, paths}, keep_last: {<name>: n}, pseudonym_key} to
// `options`; every member is optional. Throws Error(kInvalid) for an unknown member, for a value of the wrong type and
// for a pseudonym_key of fewer than kMinPseudonymKey bytes.
void add_options(const json::Value& given, Options& options);

// Sets `profile` to the profile of this name. Returns false if there is none.
bool profile_named(std::string_view name, Profile* profile) noexcept;

// All detectors and rules for keys as a JSON array. A detector is {name, about, category, profiles, keywords | context
// | shapes, regex, checks, examples: {positive: [{text, start, end}], negative: [text]}}, with byte offsets. A rule for
// keys is {name, about, category, profiles, keys: true}.
std::string detectors_json();

}  // namespace plog::redact
