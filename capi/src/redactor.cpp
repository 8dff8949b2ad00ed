#include <functional>

#include "client/config.h"
#include "event/json_input.h"
#include "handles.h"
#include "json/text.h"
#include "json/value.h"
#include "redact/options.h"

using plog::capi::deref;
using plog::capi::fail;
using plog::capi::guard;
using plog::capi::invalid;
using plog::capi::text;

namespace {

// Creates a redactor from the configuration files (if `configured`) and whatever `add` adds to the options.
plog_status make(bool configured, plog_redactor** out, plog_error** err,
                 const std::function<void(plog::redact::Options&)>& add) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    auto options = plog::client::redactor_options(configured ? plog::client::load_config() : plog::client::Config{});
    add(options);
    const bool active = options.builtin || !options.custom.empty();
    *out = new plog_redactor{active ? plog::redact::Redactor::make(std::move(options)) : nullptr};
  });
}

plog_status make(bool configured, const char* rules, size_t rules_len, plog_redactor** out, plog_error** err) {
  return make(configured, out, err, [&](plog::redact::Options& options) {
    const std::string_view given = text(rules, rules_len, "rules");
    if (given.empty()) return;
    for (auto& rule : plog::redact::rules_from_json(plog::json::parse(given)))
      options.custom.push_back(std::move(rule));
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

plog_status plog_redactor_new_with(const char* options, size_t options_len, int configured, plog_redactor** out,
                                   plog_error** err) {
  return make(configured != 0, out, err, [&](plog::redact::Options& all) {
    const std::string_view given = text(options, options_len, "options");
    if (!given.empty()) plog::redact::add_options(plog::json::parse(given), all);
  });
}

plog_status plog_redactor_findings(const plog_redactor* redactor, const char* data, size_t len, plog_buffer** out,
                                   plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    const auto& engine = deref(redactor, "redactor").redactor;
    std::string input(text(data, len, "text"));
    if (!plog::is_utf8(input)) invalid("the text is not valid UTF-8, so it has no meaningful offsets; repair it first");
    auto buffer = std::make_unique<plog_buffer>();
    buffer->data = "[";
    if (engine != nullptr) {
      for (const plog::redact::Finding& finding : engine->findings(input)) {
        if (buffer->data.size() > 1) buffer->data += ',';
        buffer->data += "{\"end\":" + std::to_string(finding.end) + ",\"name\":";
        plog::json::append_quoted(buffer->data, finding.name);
        buffer->data += ",\"start\":" + std::to_string(finding.begin) + '}';
      }
    }
    buffer->data += ']';
    *out = buffer.release();
  });
}

plog_status plog_redactor_detectors(plog_buffer** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    auto buffer = std::make_unique<plog_buffer>();
    buffer->data = plog::redact::detectors_json();
    *out = buffer.release();
  });
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
