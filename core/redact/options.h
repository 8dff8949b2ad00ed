// A redactor's options as JSON, and the detectors as JSON.
#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "redact/redactor.h"

namespace plog::redact {

// An array of {name, pattern, replace}; throws Error(kInvalid) for anything else.
std::vector<Rule> rules_from_json(const json::Value& list);

// {profile, rules, disable, allow: {values, patterns, keys, paths}, keep_last: {<name>: n}, pseudonym_key}, added to
// `options`. Throws Error(kInvalid) for an unknown or wrong member.
void add_options(const json::Value& given, Options& options);

// The profile of that name; false if there is none.
bool profile_named(std::string_view name, Profile* profile) noexcept;

// All detectors: an array of {name, about, category, profiles, keywords | context | shapes, regex, checks, examples:
// {positive: [{text, begin, end}], negative: [text]}}, and the rules for keys as {name, about, category, profiles}.
std::string detectors_json();

}  // namespace plog::redact
