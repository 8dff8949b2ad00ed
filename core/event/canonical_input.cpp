#include "event/canonical_input.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "event/json_input.h"
#include "event/octets.h"
#include "json/canonical.h"
#include "json/value.h"

namespace plog::event {
namespace {

constexpr std::string_view kWarnings = "validation_warnings";
// Room for all warnings at their largest, if every byte needs an escape of six.
constexpr std::size_t kMaxWarningsBytes =
    (kMaxWarnings + 1) * (6 * (kMaxWarningCodeBytes + kMaxWarningDetailBytes + kMaxWarningFieldBytes) + 64);
constexpr std::size_t kMaxMoreDigits = 15;

[[noreturn]] void refuse(std::string_view what, std::string_view why) {
  throw Error(Status::kInvalid, std::string(what).append(": ").append(why));
}

// ---- Why an event was refused. Nothing here is on the path of an event that passes.

// The top-level field that contains the byte at `at`: its name if the schema has it, otherwise how a message may call
// it, since the name itself can be anything. The text before `at` is canonical.
std::string_view field_at(std::string_view canonical, std::size_t at) {
  std::string_view name = "the event";
  int depth = 0;
  bool after_brace_or_comma = false;
  for (std::size_t i = 0; i < at && i < canonical.size(); ++i) {
    const char c = canonical[i];
    if (c == '"') {
      const std::size_t begin = i + 1;
      for (++i; i < canonical.size() && canonical[i] != '"'; ++i) {
        if (canonical[i] == '\\') ++i;
      }
      if (depth == 1 && after_brace_or_comma && i < at) {
        const Field field = find_field(canonical.substr(begin, i - begin));
        name = field == Field::kUnknown ? std::string_view("an unknown field") : field_name(field);
      }
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    after_brace_or_comma = c == '{' || c == ',';
  }
  return name;
}

std::size_t depth_of(std::string_view canonical) {
  std::size_t depth = 0, deepest = 0;
  for (std::size_t i = 0; i < canonical.size(); ++i) {
    const char c = canonical[i];
    if (c == '"') i = skip_string(canonical, i) - 1;
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if (c == '}' || c == ']') --depth;
  }
  return deepest;
}

std::string decoded(std::string_view quoted) {
  std::string text;
  json::append_unescaped(text, quoted.substr(1, quoted.size() - 2), nullptr);
  return text;
}

bool is_long(std::string_view quoted) {
  return quoted.size() > kMaxStructuralBytes && decoded(quoted).size() > kMaxStructuralBytes;
}

constexpr const char* kTooLong =
    "longer than 1,024 bytes; send its first 960 bytes and the SHA-256 of the whole, as preparation does";

const char* why_string_is_refused(Field field, std::string_view value) {
  if (value[0] != '"') return "is not a string; send it in metadata._invalid, as preparation does";
  if (is_long(value)) return kTooLong;
  const std::string text = decoded(value);
  if (field == Field::kAgentId && text == kSystemAgent) {
    return "`provenlog` is the ledger's own agent; record under another name";
  }
  if (field == Field::kId) {
    const auto id = parse_uuid(text);
    if (!id || format_uuid(*id) != text) return "not a UUID of 36 lower-case characters; send it as preparation does";
  }
  if (field == Field::kTimestamp) {
    const auto time = parse_timestamp(text);
    if (!time || format_timestamp(*time) != text) {
      return "not a time such as 2026-02-17T10:20:30.000000Z; send it in UTC with six fraction digits";
    }
  }
  return nullptr;
}

const char* why_parents_are_refused(std::string_view value) {
  const json::Value parents = json::parse(value);
  if (!parents.is_array()) return "is not an array; send an array of strings";
  if (parents.array().size() > kMaxParents) return "has more than 1,024 values; send fewer";
  for (const json::Value& parent : parents.array()) {
    if (!parent.is_string()) return "contains a value that is not a string; send an array of strings";
    if (parent.text().size() > kMaxStructuralBytes) return kTooLong;
  }
  return nullptr;
}

const char* why_object_is_refused(Field field, std::string_view value) {
  if (value[0] != '{') return "is not an object; send it in metadata._invalid, as preparation does";
  if (field != Field::kLabels) return nullptr;
  MemberReader labels(value);
  for (std::string_view name, label; labels.next(name, label);) {
    if (label[0] != '"') return "a label is not a string; send its JSON text, as preparation does";
  }
  return nullptr;
}

// Returns nullptr if the value is what preparation writes for the field. `value` is canonical.
const char* why_value_is_refused(Field field, std::string_view value) {
  if (field_kind(field) == Kind::kLedger) return "the ledger sets this field; leave it out";
  if (value == "null" || value == "{}") return "null and empty objects are not recorded; leave the field out";
  switch (field_kind(field)) {
    case Kind::kString: return why_string_is_refused(field, value);
    case Kind::kText: return value[0] == '"' ? nullptr : "is not a string; send it in metadata._invalid";
    case Kind::kObject: return why_object_is_refused(field, value);
    case Kind::kStrings: return why_parents_are_refused(value);
    case Kind::kInteger: {
      const std::string number(value);
      const bool whole = number.find_first_not_of("-0123456789") == number.npos;
      const bool exact = std::abs(std::strtod(number.c_str(), nullptr)) <= 9007199254740992.0;
      return whole && exact ? nullptr : "is not a whole number of at most 2^53; send a number of milliseconds";
    }
    default: return nullptr;
  }
}

// Throws the reason why the event is not as a Builder writes it. The event is a JSON object with an agent_id.
[[noreturn]] void explain(std::string_view canonical) {
  if (const auto flaw = json::find_canonical_flaw(canonical)) {
    refuse(field_at(canonical, flaw->at),
           "byte " + std::to_string(flaw->at) + " " + flaw->why + "; send the canonical form (RFC 8785)");
  }
  bool has[kFieldCount] = {};
  MemberReader members(canonical);
  for (std::string_view key, value; members.next(key, value);) {
    const Field field = find_field(key);
    const std::string_view name = field == Field::kUnknown ? std::string_view("an unknown field") : field_name(field);
    if (field < Field::kHash) has[static_cast<std::size_t>(field)] = true;
    if (const char* why = why_value_is_refused(field, value)) refuse(name, why);
    if (depth_of(value) >= kMaxDepth) refuse(name, "is nested deeper than 128 levels; cut it as preparation does");
  }
  for (const Field field : {Field::kId, Field::kSchemaVersion, Field::kTimestamp}) {
    if (!has[static_cast<std::size_t>(field)])
      refuse(field_name(field), "is missing; send the event as it was prepared");
  }
  throw Error(Status::kInvalid, "the event is not as preparation writes it; send the bytes that preparation returned");
}

// ---- Warnings

// The members of a warning, in canonical order.
std::optional<WarningList::Entry> warning_of(const json::Value& value) {
  const auto text = [&](std::string_view name, std::size_t limit) -> const std::string* {
    const json::Value* member = value.find(name);
    return member != nullptr && member->is_string() && member->text().size() <= limit ? &member->text() : nullptr;
  };
  if (!value.is_object() || value.object().size() != 3) return std::nullopt;
  const std::string* const code = text("code", kMaxWarningCodeBytes);
  const std::string* const detail = text("detail", kMaxWarningDetailBytes);
  const std::string* const field = text("field", kMaxWarningFieldBytes);
  if (code == nullptr || detail == nullptr || field == nullptr) return std::nullopt;
  if (!field->empty() && field->front() != '/') return std::nullopt;
  return WarningList::Entry{*code, *detail, *field};
}

// The number that the entry after kMaxWarnings others says, or 0 if it is not such an entry.
std::size_t count_of_more(const WarningList::Entry& entry) {
  const bool number = !entry.detail.empty() && entry.detail.size() <= kMaxMoreDigits && entry.detail[0] != '0' &&
                      entry.detail.find_first_not_of("0123456789") == std::string::npos;
  return number && entry.code == "more_warnings" && entry.field.empty() ? std::stoull(entry.detail) : 0;
}

WarningList read_warnings(std::string_view text) {
  WarningList list;
  if (text.empty()) return list;
  if (text.size() > kMaxWarningsBytes) {
    refuse(kWarnings, "longer than " + std::to_string(kMaxWarningsBytes) + " bytes; send what preparation returned");
  }
  if (const auto flaw = json::find_canonical_flaw(text)) {
    refuse(kWarnings, "byte " + std::to_string(flaw->at) + " " + flaw->why + "; send the canonical form (RFC 8785)");
  }
  const json::Value warnings = json::parse(text);
  if (!warnings.is_array() || warnings.array().empty()) {
    refuse(kWarnings, "is not an array of warnings; send the array, or nothing if there are no warnings");
  }
  for (const json::Value& value : warnings.array()) {
    const std::string what = std::string(kWarnings) + "/" + std::to_string(list.entries.size());
    const auto warning = warning_of(value);
    if (!warning) {
      refuse(what, "is not an object of the strings code (64 bytes), detail (1,024) and field (a JSON pointer, 1,024)");
    }
    if (list.entries.size() < kMaxWarnings) {
      list.entries.push_back(*warning);
      continue;
    }
    const std::size_t more = list.more == 0 ? count_of_more(*warning) : 0;
    if (more == 0) refuse(what, "there are more than 32 warnings; send one more_warnings with the number of the rest");
    list.more = more;
  }
  return list;
}

}  // namespace

Prepared accept_canonical(json::Reader& reader, const CanonicalEvent& event, const Defaults& receiver, Builder& builder,
                          Effects& effects) {
  const WarningList warnings = read_warnings(event.warnings);
  builder.reset();
  read_event(reader, event.canonical, builder);
  if (builder.restate() != event.canonical) explain(event.canonical);
  return builder.prepare_again(warnings, receiver, effects);
}

}  // namespace plog::event
