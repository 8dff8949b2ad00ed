#include "operations/redaction.h"

#include "handles.h"
#include "json/value.h"
#include "redact/options.h"

using plog::capi::deref;
using plog::capi::fail;
using plog::capi::guard;
using plog::capi::text;

namespace {

// Creates a redactor from the configuration files (if `configured`) and whatever `add` adds to the options.
plog_status make(bool configured, plog_redactor** out, plog_error** err,
                 const std::function<void(plog::redact::Options&)>& add) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] { *out = new plog_redactor{plog::operations::make_redactor(configured, add)}; });
}

plog_status make(bool configured, const char* rules, size_t rules_len, plog_redactor** out, plog_error** err) {
  return make(configured, out, err, [&](plog::redact::Options& options) {
    const std::string_view given = text(rules, rules_len, "rules");
    if (given.empty()) return;
    for (auto& rule : plog::redact::rules_from_json(plog::json::parse(given)))
      options.custom.push_back(std::move(rule));
  });
}

void give(plog::operations::Redacted redacted, plog_buffer** out, uint64_t* count) {
  *out = new plog_buffer{std::move(redacted.text)};
  if (count != nullptr) *count = redacted.count;
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
    *out = new plog_buffer{plog::operations::findings_json(engine.get(), text(data, len, "text"))};
  });
}

plog_status plog_redactor_detectors(plog_buffer** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] { *out = new plog_buffer{plog::redact::detectors_json()}; });
}

plog_status plog_redactor_redact(const plog_redactor* redactor, const char* data, size_t len, plog_buffer** out,
                                 uint64_t* count, plog_error** err) {
  if (count != nullptr) *count = 0;
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    const auto& engine = deref(redactor, "redactor").redactor;
    give(plog::operations::redact_text(engine.get(), text(data, len, "text")), out, count);
  });
}

plog_status plog_redactor_redact_json(const plog_redactor* redactor, const char* json, size_t len, plog_buffer** out,
                                      uint64_t* count, plog_error** err) {
  if (count != nullptr) *count = 0;
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    const auto& engine = deref(redactor, "redactor").redactor;
    give(plog::operations::redact_json(engine.get(), text(json, len, "json")), out, count);
  });
}

void plog_redactor_destroy(plog_redactor* redactor) { delete redactor; }

}  // extern "C"
