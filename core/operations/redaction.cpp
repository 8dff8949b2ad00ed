#include "operations/redaction.h"

#include <array>

#include "base/encoding.h"
#include "base/error.h"
#include "client/config.h"
#include "client/scratch.h"
#include "event/json_input.h"
#include "json/text.h"
#include "operations/filter.h"
#include "redact/options.h"

namespace plog::operations {
namespace {

constexpr std::int64_t kMaxRules = 4 << 20;  // bytes

// The options of redact::add_options.
constexpr std::array kEngine = {
    Parameter{.name = "profile",
              .kind = ParameterKind::kChoice,
              .choices = redact::kProfileNames,
              .about = "Which detectors are on, see [redaction.md](redaction.md); by default the configured profile or "
                       "`default`."},
    Parameter{.name = "rules",
              .kind = ParameterKind::kList,
              .maximum = kMaxRules,
              .about = "More rules: an array of `{\"name\", \"pattern\", \"replace\"}`."},
    Parameter{.name = "disable",
              .kind = ParameterKind::kList,
              .maximum = kMaxRules,
              .about = "Names of detectors to turn off."},
    Parameter{.name = "allow",
              .kind = ParameterKind::kObject,
              .maximum = kMaxRules,
              .about = "Lists of `values`, `patterns`, `keys` and `paths` that are never redacted."},
    Parameter{.name = "keep_last",
              .kind = ParameterKind::kObject,
              .maximum = kMaxRules,
              .about = "Names of detectors with the number (1 to 8) of last characters that their marker shows."},
    Parameter{.name = "pseudonym_key",
              .maximum = kMaxName,
              .about = "A secret of at least 16 bytes; equal texts then get equal markers."},
};

constexpr std::array kSettings = {
    Parameter{.name = "configured",
              .kind = ParameterKind::kBoolean,
              .default_value = "false",
              .about = "Also use the redaction settings of the configuration files."},
};

constexpr auto kRedactParameters =
    join(std::array{Parameter{.name = "text", .maximum = kMaxJson, .about = "The text to redact."},
                    Parameter{.name = "value",
                              .kind = ParameterKind::kJson,
                              .maximum = kMaxJson,
                              .about = "Instead of `text`: a JSON value whose strings and keys are redacted."}},
         kEngine, kSettings);

constexpr auto kFindingsParameters =
    join(std::array{Parameter{.name = "text", .required = true, .maximum = kMaxJson, .about = "The text to search."}},
         kEngine, kSettings);

// The redactor without any options, which is made once.
const std::shared_ptr<const redact::Redactor>& built_in() {
  static const std::shared_ptr<const redact::Redactor> redactor = make_redactor(false, [](redact::Options&) {});
  return redactor;
}

std::shared_ptr<const redact::Redactor> redactor_of(const Parameters& given) {
  const std::string options = given.object_of(kEngine);
  const bool configured = given.flag("configured");
  if (options.empty() && !configured) return built_in();
  return make_redactor(configured, [&](redact::Options& all) {
    if (!options.empty()) redact::add_options(json::parse(options), all);
  });
}

std::string redact(const Call& call) {
  const Parameters& given = call.parameters;
  if (given.has("text") == given.has("value")) given.refuse("text or value: give exactly one of them");
  const auto redactor = redactor_of(given);
  std::string result = "{\"count\":";
  if (given.has("text")) {
    const Redacted redacted = redact_text(redactor.get(), *given.text("text"));
    result += std::to_string(redacted.count) + ",\"text\":";
    json::append_quoted(result, redacted.text);
  } else {
    const Redacted redacted = redact_json(redactor.get(), given.json("value"));
    result += std::to_string(redacted.count) + ",\"value\":" + redacted.text;
  }
  return result + "}";
}

std::string findings(const Call& call) {
  const auto redactor = redactor_of(call.parameters);
  return "{\"findings\":" + findings_json(redactor.get(), *call.parameters.text("text")) + "}";
}

std::string detectors(const Call&) { return "{\"detectors\":" + redact::detectors_json() + "}"; }

constexpr Operation kOperations[] = {
    {.name = "redact",
     .client = ClientUse::kNone,
     .parameters = kRedactParameters,
     .about = "Replaces secrets and personal data by markers.",
     .result = "`{\"text\", \"count\"}` or `{\"value\", \"count\"}`: `count` is the number of findings.",
     .run = redact},
    {.name = "findings",
     .client = ClientUse::kNone,
     .parameters = kFindingsParameters,
     .about = "Returns what `redact` would replace in a text.",
     .result = "`{\"findings\"}`: an array of `{\"name\", \"start\", \"end\"}` with offsets in bytes of UTF-8.",
     .run = findings},
    {.name = "detectors",
     .client = ClientUse::kNone,
     .about = "Returns the built-in detectors with their examples, and the rules for keys.",
     .result = "`{\"detectors\"}`: see [redaction.md](redaction.md).",
     .run = detectors},
};

}  // namespace

std::span<const Operation> redaction_operations() noexcept { return kOperations; }

std::shared_ptr<const redact::Redactor> make_redactor(bool configured,
                                                      const std::function<void(redact::Options&)>& add) {
  redact::Options options = client::redactor_options(configured ? client::load_config() : client::Config{});
  add(options);
  const bool active = options.builtin || !options.custom.empty();
  return active ? redact::Redactor::make(std::move(options)) : nullptr;
}

Redacted redact_text(const redact::Redactor* redactor, std::string_view text) {
  std::string input(text);
  if (!is_utf8(input)) input = repair_utf8(input);
  Redacted result;
  if (redactor != nullptr) result.count = redactor->redact(input, result.text);
  if (result.count == 0) result.text = std::move(input);
  return result;
}

Redacted redact_json(const redact::Redactor* redactor, std::string_view json) {
  auto scratch = client::take_scratch();
  scratch->builder.reset();
  scratch->builder.key("action_input");
  event::read_value(scratch->reader, json, scratch->builder);
  event::Effects effects;
  Redacted result;
  result.text = scratch->builder.canonical_value(redactor, effects);
  client::give_scratch(std::move(scratch));
  result.count = effects.redactions;
  return result;
}

std::string findings_json(const redact::Redactor* redactor, std::string_view text) {
  if (!is_utf8(text)) {
    throw Error(Status::kInvalid, "the text is not valid UTF-8, so it has no meaningful offsets; repair it first");
  }
  std::string result = "[";
  if (redactor != nullptr) {
    for (const redact::Finding& finding : redactor->findings(text)) {
      if (result.size() > 1) result += ',';
      result += "{\"end\":" + std::to_string(finding.end) + ",\"name\":";
      json::append_quoted(result, finding.name);
      result += ",\"start\":" + std::to_string(finding.begin) + '}';
    }
  }
  return result + ']';
}

}  // namespace plog::operations
