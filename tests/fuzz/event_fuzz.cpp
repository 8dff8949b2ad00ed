// Prepares events from JSON text. For any input, the event is canonical, indexed and within its size limit, and
// preparing it again does not change it.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "check.h"
#include "event/builder.h"
#include "event/json_input.h"
#include "json/value.h"
#include "redact/redactor.h"

namespace {

using plog::event::Defaults;

Defaults make(std::uint64_t max_event_bytes) {
  static const auto* const redactor =
      new std::shared_ptr<const plog::redact::Redactor>(plog::redact::Redactor::make({true, {{"word", "xyzzy", ""}}}));
  Defaults defaults;
  defaults.agent_id = "default";
  defaults.labels = plog::event::make_default_members(R"({"env":"prod"})", true, redactor->get(), "labels");
  defaults.metadata = plog::event::make_default_members(R"({"team":[1]})", false, redactor->get(), "metadata");
  defaults.redactor = *redactor;
  defaults.max_event_bytes = max_event_bytes;
  defaults.salt = false;
  return defaults;
}

bool same(const plog::event::Span& left, const plog::event::Span& right) {
  return left.size == right.size && (left.size == 0 || left.offset == right.offset);
}

// The size in bytes of the part that no limit may shorten: everything except the free fields.
std::size_t structural_size(const plog::json::Value& event) {
  plog::json::Value::Object kept;
  for (const auto& [name, value] : event.object()) {
    const auto kind = plog::event::field_kind(plog::event::find_field(name));
    if (kind == plog::event::Kind::kString || kind == plog::event::Kind::kStrings ||
        kind == plog::event::Kind::kInteger) {
      kept[name] = value;
    }
  }
  return plog::json::Value(kept).canonical().size();
}

void check(const plog::event::Prepared& event, const Defaults& defaults) {
  const plog::json::Value parsed = plog::json::parse(event.canonical);
  PLOG_FUZZ_CHECK(parsed.canonical() == event.canonical);
  if (!event.warnings.empty()) PLOG_FUZZ_CHECK(plog::json::parse(event.warnings).canonical() == event.warnings);
  // The markers of five free fields. Each contains up to 1 KiB of text, of which every byte may need an escape.
  constexpr std::size_t kMarkers = std::size_t{5} * (6 * plog::event::kHeadBytes + 256);
  PLOG_FUZZ_CHECK(event.canonical.size() <= defaults.max_event_bytes ||
                  event.canonical.size() <= structural_size(parsed) + kMarkers);

  const plog::event::Index index = plog::event::index_of(event.canonical);
  PLOG_FUZZ_CHECK(index.id == event.index.id && index.time == event.index.time);
  PLOG_FUZZ_CHECK(same(index.agent, event.index.agent) && same(index.session, event.index.session));
  PLOG_FUZZ_CHECK(same(index.source, event.index.source) && same(index.type, event.index.type));
  PLOG_FUZZ_CHECK(same(index.name, event.index.name) && same(index.status, event.index.status));
  for (std::size_t i = 0; i < plog::event::kReferenceCount; ++i) {
    PLOG_FUZZ_CHECK(same(index.references[i], event.index.references[i]));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Defaults all[] = {make(4096), make(plog::event::kDefaultMaxEventBytes)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  plog::json::Reader reader;
  plog::event::Builder builder;
  for (const Defaults& defaults : all) {
    builder.reset();
    plog::event::Effects effects;
    plog::event::Prepared event;
    try {
      plog::event::read_event(reader, text, builder);
      event = builder.prepare(defaults, effects);
    } catch (const plog::Error& error) {
      PLOG_FUZZ_CHECK(error.status() == plog::Status::kInvalid);
      return 0;
    }
    check(event, defaults);
    if (effects.truncated) continue;  // preparing it again may cut it at another place

    const std::string once(event.canonical);
    builder.reset();
    plog::event::read_event(reader, once, builder);
    event = builder.prepare(defaults, effects);
    check(event, defaults);
    PLOG_FUZZ_CHECK(plog::event::same_content(event.canonical, once));
    const std::string twice(event.canonical);
    builder.reset();
    plog::event::read_event(reader, twice, builder);
    PLOG_FUZZ_CHECK(builder.prepare(defaults, effects).canonical == twice);
  }
  return 0;
}
