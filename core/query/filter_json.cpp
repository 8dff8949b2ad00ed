#include "query/filter_json.h"

#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "json/value.h"

namespace plog::query {
namespace {

using json::Value;

constexpr std::int64_t kMaxExact = std::int64_t{1} << 53;

[[noreturn]] void refuse(std::string_view member, const char* why) {
  throw Error(Status::kInvalid, "filter member \"" + std::string(member) + "\" " + why);
}

std::string text_of(std::string_view member, const Value& value) {
  if (!value.is_string()) refuse(member, "must be a string");
  return value.text();
}

std::uint64_t count_of(std::string_view member, const Value& value) {
  std::int64_t number = 0;
  if (!value.to_int64(&number) || number < 0 || number > kMaxExact) {
    refuse(member, "must be an integer from 0 to 9007199254740992");
  }
  return static_cast<std::uint64_t>(number);
}

Micros time_of(std::string_view member, const Value& value) {
  const auto time = parse_timestamp(text_of(member, value));
  if (!time) refuse(member, "must be an RFC 3339 time, such as 2026-02-17T09:30:00Z");
  return *time;
}

bool flag_of(std::string_view member, const Value& value) {
  if (!value.is_bool()) refuse(member, "must be true or false");
  return value.as_bool();
}

void read_labels(const Value& value, store::Filter& filter) {
  if (!value.is_object()) refuse("labels", "must be an object of strings");
  for (const auto& [key, wanted] : value.object()) {
    if (!wanted.is_string()) refuse("labels", "must be an object of strings");
    filter.labels.emplace_back(key, wanted.text());
  }
}

std::optional<std::string>* text_member(store::Filter& filter, std::string_view name) {
  if (name == "agent_id") return &filter.agent;
  if (name == "session_id") return &filter.session;
  if (name == "action_type") return &filter.type;
  if (name == "action_name") return &filter.name;
  if (name == "action_status") return &filter.status;
  if (name == "source") return &filter.source;
  for (std::size_t i = 0; i < event::kReferenceCount; ++i) {
    if (name == event::kReferenceNames[i]) return &filter.references[i];
  }
  return nullptr;
}

void read_member(std::string_view name, const Value& value, store::Filter& filter) {
  if (auto* text = text_member(filter, name)) {
    if (!value.is_null()) *text = text_of(name, value);
    return;
  }
  const bool given = !value.is_null();
  if (name == "since") {
    if (given) filter.since = time_of(name, value);
  } else if (name == "until") {
    if (given) filter.until = time_of(name, value);
  } else if (name == "labels") {
    if (given) read_labels(value, filter);
  } else if (name == "order") {
    if (!given) return;
    const std::string order = text_of(name, value);
    if (order != "asc" && order != "desc") refuse(name, "must be \"asc\" or \"desc\"");
    filter.descending = order == "desc";
  } else if (name == "limit") {
    if (given) filter.limit = count_of(name, value);
  } else if (name == "offset") {
    if (given) filter.offset = count_of(name, value);
  } else if (name == "after") {
    if (given) filter.after = count_of(name, value);
  } else if (name == "include_system") {
    if (given) filter.include_system = flag_of(name, value);
  } else {
    refuse(name, "is unknown");
  }
}

}  // namespace

store::Filter parse_filter(std::string_view json) {
  store::Filter filter;
  if (json.empty()) return filter;
  if (!is_utf8(json)) throw Error(Status::kInvalid, "the filter is not valid UTF-8");
  Value value;
  try {
    value = json::parse(json);
  } catch (const Error& error) {
    if (error.status() != Status::kInvalid) throw;
    throw Error(Status::kInvalid, std::string("the filter is not valid JSON: ") + error.what());
  }
  if (!value.is_object()) throw Error(Status::kInvalid, "the filter must be a JSON object");
  for (const auto& [name, member] : value.object()) read_member(name, member, filter);
  return filter;
}

}  // namespace plog::query
