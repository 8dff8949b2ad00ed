#include "redact/options.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "redact/keys.h"

namespace plog::redact {
namespace {

[[noreturn]] void invalid(const std::string& what) { throw Error(Status::kInvalid, what); }

const std::string& text_of(const json::Value& value, const std::string& what) {
  if (!value.is_string()) invalid(what + " must be a string");
  return value.text();
}

void add_texts(const json::Value& list, const std::string& what, std::vector<std::string>& to) {
  if (!list.is_array()) invalid(what + " must be an array of strings");
  for (const json::Value& item : list.array()) to.push_back(text_of(item, what + ": each entry"));
}

void add_allowed(const json::Value& given, Options& options) {
  if (!given.is_object()) invalid("`allow` must be an object with any of the members values, patterns, keys, paths");
  for (const auto& [key, value] : given.object()) {
    std::vector<std::string>* list = key == "values"     ? &options.allow_values
                                     : key == "patterns" ? &options.allow_patterns
                                     : key == "keys"     ? &options.allow_keys
                                     : key == "paths"    ? &options.allow_paths
                                                         : nullptr;
    if (list == nullptr) invalid("allow: unknown member `" + key + "`; known: values, patterns, keys, paths");
    add_texts(value, "allow." + key, *list);
  }
}

json::Value texts(const std::vector<std::string>& list) {
  json::Value::Array array;
  for (const std::string& text : list) array.emplace_back(text);
  return array;
}

json::Value profiles_of(const Detector& detector) {
  json::Value::Array array;
  for (std::size_t i = 0; i < std::size(kProfileNames); ++i) {
    if (detector.in(static_cast<Profile>(i))) array.emplace_back(std::string(kProfileNames[i]));
  }
  return array;
}

json::Value describe(const Detector& detector) {
  json::Value::Object object;
  object["name"] = detector.name;
  object["about"] = detector.about;
  object["category"] = std::string(detector.category == Category::kPii ? "pii" : "secret");
  object["profiles"] = profiles_of(detector);
  object["regex"] = texts(detector.expressions);
  if (!detector.keywords.empty()) object["keywords"] = texts(detector.keywords);
  if (!detector.context.empty()) object["context"] = texts(detector.context);
  json::Value::Array shapes, checks, positive;
  for (const ShapeName& shape : kShapeNames) {
    if ((detector.shapes & shape.shape) != 0) shapes.emplace_back(std::string(shape.name));
  }
  if (!shapes.empty()) object["shapes"] = std::move(shapes);
  for (const Check& check : detector.checks) {
    std::string text = check.name;
    if (check.argument != 0) text += " " + json::Value(check.argument).canonical();
    checks.emplace_back(std::move(text));
  }
  object["checks"] = std::move(checks);
  for (const Example& example : detector.positive) {
    json::Value::Object one;
    one["text"] = example.text;
    one["start"] = json::Value::number(std::to_string(example.begin));
    one["end"] = json::Value::number(std::to_string(example.end));
    positive.emplace_back(std::move(one));
  }
  json::Value::Object examples;
  examples["positive"] = std::move(positive);
  json::Value::Array negative;
  for (const Example& example : detector.negative) negative.emplace_back(example.text);
  examples["negative"] = std::move(negative);
  object["examples"] = std::move(examples);
  return object;
}

}  // namespace

std::vector<Rule> rules_from_json(const json::Value& list) {
  if (!list.is_array()) invalid("rules must be a JSON array of {name, pattern, replace}");
  std::vector<Rule> rules;
  for (const json::Value& item : list.array()) {
    if (!item.is_object()) invalid("each rule must be an object {name, pattern, replace}");
    Rule rule;
    for (const auto& [key, value] : item.object()) {
      std::string* target = key == "name"      ? &rule.name
                            : key == "pattern" ? &rule.pattern
                            : key == "replace" ? &rule.replace
                                               : nullptr;
      if (target == nullptr) invalid("rules: unknown member `" + key + "`; known: name, pattern, replace");
      *target = text_of(value, "rules: `" + key + "`");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

bool profile_named(std::string_view name, Profile* profile) noexcept {
  const auto found = std::find(std::begin(kProfileNames), std::end(kProfileNames), name);
  if (found == std::end(kProfileNames)) return false;
  *profile = static_cast<Profile>(found - std::begin(kProfileNames));
  return true;
}

void add_options(const json::Value& given, Options& options) {
  if (!given.is_object()) invalid("options must be a JSON object");
  for (const auto& [key, value] : given.object()) {
    if (key == "rules") {
      for (Rule& rule : rules_from_json(value)) options.custom.push_back(std::move(rule));
    } else if (key == "profile") {
      if (!profile_named(text_of(value, "`profile`"), &options.profile)) {
        invalid("`profile` must be one of default, strict, pii, secrets");
      }
      options.builtin = true;  // asking for a profile by name switches the detectors on
    } else if (key == "disable") {
      add_texts(value, "`disable`", options.disabled);
    } else if (key == "allow") {
      add_allowed(value, options);
    } else if (key == "pseudonym_key") {
      options.pseudonym_key = text_of(value, "`pseudonym_key`");
      if (options.pseudonym_key.size() < kMinPseudonymKey) {
        invalid("pseudonym_key: has " + std::to_string(options.pseudonym_key.size()) +
                " bytes; use a secret of at least " + std::to_string(kMinPseudonymKey) + " bytes");
      }
    } else if (key == "keep_last") {
      if (!value.is_object()) invalid("`keep_last` must be an object that maps names to numbers");
      for (const auto& [name, count] : value.object()) {
        const std::string digits = count.canonical();
        if (digits.size() != 1 || digits[0] < '1' || digits[0] > '8') {
          invalid("keep_last: `" + name + "` must be a number from 1 to 8");
        }
        options.keep_last.push_back({name, static_cast<std::size_t>(digits[0] - '0')});
      }
    } else {
      invalid("unknown option `" + key + "`; known: rules, profile, disable, allow, keep_last, pseudonym_key");
    }
  }
}

std::string detectors_json() {
  json::Value::Array all;
  for (const Detector& detector : detectors()) all.push_back(describe(detector));
  for (std::string_view name : kKeyNames) {
    const bool number = is_number_key(name);
    json::Value::Object object;
    object["name"] = std::string(name);
    object["about"] = std::string("Values whose key says what they are");
    object["category"] = std::string(number ? "pii" : "secret");
    object["profiles"] = texts({"default", "strict", number ? "pii" : "secrets"});
    object["keys"] = true;
    all.emplace_back(std::move(object));
  }
  return json::Value(std::move(all)).canonical();
}

}  // namespace plog::redact
