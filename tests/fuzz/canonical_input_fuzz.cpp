// Reads any bytes as an event that another provenlog has prepared. The first line of an input may be its warnings; the
// rest is the event. Without rules, whatever is accepted has the same bytes and is accepted again. With rules, whatever
// is accepted is an event that is accepted again unchanged. What a preparation makes of the same bytes is accepted,
// too.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "check.h"
#include "event/builder.h"
#include "event/canonical_input.h"
#include "event/json_input.h"
#include "json/canonical.h"
#include "json/value.h"
#include "redact/redactor.h"

namespace {

using plog::event::CanonicalEvent;
using plog::event::Defaults;

struct Accepted {
  std::string canonical, warnings;
  plog::event::Effects effects;
};

Defaults plain() {
  Defaults defaults;
  defaults.salt = false;
  return defaults;
}

Defaults redacting() {
  Defaults defaults = plain();
  defaults.redactor = plog::redact::Redactor::make({true, {{"word", "xyzzy", ""}, {"letter", "Z+", ""}}});
  return defaults;
}

Defaults omitting() {
  Defaults defaults = redacting();
  defaults.capture = plog::event::CapturePolicy::parse(plog::json::parse(
      R"({"default":"digest","fields":{"labels":"none","metadata":"redacted","unknown":"redacted"}})"));
  return defaults;
}

bool same(const plog::event::Span& left, const plog::event::Span& right) {
  return left.size == right.size && (left.size == 0 || left.offset == right.offset);
}

void check_index(const plog::event::Prepared& event) {
  const plog::event::Index index = plog::event::index_of(event.canonical);
  PLOG_FUZZ_CHECK(index.id == event.index.id && index.time == event.index.time);
  PLOG_FUZZ_CHECK(same(index.agent, event.index.agent) && same(index.session, event.index.session));
  PLOG_FUZZ_CHECK(same(index.source, event.index.source) && same(index.type, event.index.type));
  PLOG_FUZZ_CHECK(same(index.name, event.index.name) && same(index.status, event.index.status));
  PLOG_FUZZ_CHECK(same(index.labels, event.index.labels) && same(index.parents, event.index.parents));
  for (std::size_t i = 0; i < plog::event::kReferenceCount; ++i) {
    PLOG_FUZZ_CHECK(same(index.references[i], event.index.references[i]));
  }
}

// Returns nothing if the event is refused.
std::optional<Accepted> accept(std::string_view canonical, std::string_view warnings, const Defaults& receiver) {
  static auto* const reader = new plog::json::Reader;
  static auto* const builder = new plog::event::Builder;
  Accepted accepted;
  try {
    const plog::event::Prepared event = plog::event::accept_canonical(*reader, CanonicalEvent{canonical, warnings},
                                                                      receiver, *builder, accepted.effects);
    PLOG_FUZZ_CHECK(!event.system);
    PLOG_FUZZ_CHECK(plog::json::is_canonical(event.canonical));
    PLOG_FUZZ_CHECK(event.warnings.empty() || plog::json::is_canonical(event.warnings));
    check_index(event);
    accepted.canonical = event.canonical;
    accepted.warnings = event.warnings;
  } catch (const plog::Error& error) {
    PLOG_FUZZ_CHECK(error.status() == plog::Status::kInvalid);
    // Every reason has a message of its own.
    PLOG_FUZZ_CHECK(std::string_view(error.what()).find("not as preparation writes it") == std::string_view::npos);
    return std::nullopt;
  }
  return accepted;
}

void check(std::string_view canonical, std::string_view warnings) {
  static const auto* const none = new Defaults(plain());
  static const auto* const rules = new Defaults[2]{redacting(), omitting()};
  const auto first = accept(canonical, warnings, *none);
  if (!first) {
    for (int i = 0; i < 2; ++i) PLOG_FUZZ_CHECK(!accept(canonical, warnings, rules[i]));
    return;
  }
  PLOG_FUZZ_CHECK(first->effects.redactions == 0);
  if (!first->effects.truncated) PLOG_FUZZ_CHECK(first->canonical == canonical);
  const auto again = accept(first->canonical, first->warnings, *none);
  PLOG_FUZZ_CHECK(again && again->canonical == first->canonical && again->warnings == first->warnings);
  for (int i = 0; i < 2; ++i) {
    const auto redacted = accept(canonical, warnings, rules[i]);
    PLOG_FUZZ_CHECK(redacted.has_value());
    const auto unchanged = accept(redacted->canonical, redacted->warnings, rules[i]);
    PLOG_FUZZ_CHECK(unchanged && unchanged->canonical == redacted->canonical);
    PLOG_FUZZ_CHECK(unchanged->warnings == redacted->warnings);
  }
}

// What a preparation with these rules makes of the text passes through the door of a ledger with the same rules.
void check_prepared(std::string_view text, const Defaults& defaults) {
  plog::json::Reader reader;
  plog::event::Builder builder;
  plog::event::Effects effects;
  plog::event::Prepared event;
  try {
    plog::event::read_event(reader, text, builder);
    event = builder.prepare(defaults, effects);
  } catch (const plog::Error&) {
    return;
  }
  const auto accepted = accept(event.canonical, event.warnings, defaults);
  PLOG_FUZZ_CHECK(accepted && accepted->canonical == event.canonical && accepted->warnings == event.warnings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto* const all = new Defaults[3]{plain(), redacting(), omitting()};
  static const Defaults small = [] {
    Defaults defaults = plain();
    defaults.max_event_bytes = 4096;
    return defaults;
  }();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view warnings;
  if (!text.empty() && text[0] == '[') {
    warnings = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(warnings.size() + 1, text.size()));
  }
  check(text, warnings);
  for (int i = 0; i < 3; ++i) check_prepared(text, all[i]);
  check_prepared(text, small);
  return 0;
}
