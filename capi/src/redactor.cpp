#include "client/config.h"
#include "event/json_input.h"
#include "handles.h"
#include "json/value.h"

using plog::capi::deref;
using plog::capi::fail;
using plog::capi::guard;
using plog::capi::invalid;
using plog::capi::text;

namespace {

std::vector<plog::redact::Rule> parse_rules(std::string_view given) {
  std::vector<plog::redact::Rule> rules;
  if (given.empty()) return rules;
  const plog::json::Value list = plog::json::parse(given);
  if (!list.is_array()) invalid("rules must be a JSON array of {name, pattern, replace}");
  for (const plog::json::Value& item : list.array()) {
    if (!item.is_object()) invalid("each rule must be an object {name, pattern, replace}");
    plog::redact::Rule rule;
    for (const auto& [key, value] : item.object()) {
      std::string* target = key == "name"      ? &rule.name
                            : key == "pattern" ? &rule.pattern
                            : key == "replace" ? &rule.replace
                                               : nullptr;
      if (target == nullptr) invalid("rules: unknown member `" + key + "`; known: name, pattern, replace");
      if (!value.is_string()) invalid("rules: `" + key + "` must be a string");
      *target = value.text();
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

plog_status make(bool configured, const char* rules, size_t rules_len, plog_redactor** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    const auto config = configured ? plog::client::load_config() : plog::client::Config{};
    auto redactor = plog::client::make_redactor(config, parse_rules(text(rules, rules_len, "rules")));
    *out = new plog_redactor{std::move(redactor)};
  });
}

}  // namespace

extern "C" {

plog_status plog_redactor_new(const char* rules, size_t rules_len, plog_redactor** out, plog_error** err) {
  return make(false, rules, rules_len, out, err);
}

plog_status plog_redactor_new_configured(const char* rules, size_t rules_len, plog_redactor** out, plog_error** err) {
  return make(true, rules, rules_len, out, err);
}

plog_status plog_redactor_redact(const plog_redactor* redactor, const char* data, size_t len, plog_buffer** out,
                                 uint64_t* count, plog_error** err) {
  if (count != nullptr) *count = 0;
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    const auto& engine = deref(redactor, "redactor").redactor;
    std::string input(text(data, len, "text"));
    if (!plog::is_utf8(input)) input = plog::repair_utf8(input);
    auto buffer = std::make_unique<plog_buffer>();
    const std::size_t hits = engine != nullptr ? engine->redact(input, buffer->data) : 0;
    if (hits == 0) buffer->data = std::move(input);
    if (count != nullptr) *count = hits;
    *out = buffer.release();
  });
}

plog_status plog_redactor_redact_json(const plog_redactor* redactor, const char* json, size_t len, plog_buffer** out,
                                      uint64_t* count, plog_error** err) {
  if (count != nullptr) *count = 0;
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    const auto& engine = deref(redactor, "redactor").redactor;
    auto scratch = plog::client::take_scratch();
    scratch->builder.reset();
    scratch->builder.key("action_input");
    plog::event::read_value(scratch->reader, text(json, len, "json"), scratch->builder);
    plog::event::Effects effects;
    auto buffer = std::make_unique<plog_buffer>();
    buffer->data = scratch->builder.canonical_value(engine.get(), effects);
    plog::client::give_scratch(std::move(scratch));
    if (count != nullptr) *count = effects.redactions;
    *out = buffer.release();
  });
}

void plog_redactor_destroy(plog_redactor* redactor) { delete redactor; }

}  // extern "C"
