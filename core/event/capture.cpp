#include "event/capture.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/sha256.h"

namespace plog::event {
namespace {

constexpr std::string_view kOmitted = ",\"omitted\":true";
constexpr std::size_t kMaxSizeDigits = 16;  // of a number that JSON can carry exactly

template <std::size_t kCount>
std::size_t index_of(const std::array<std::string_view, kCount>& names, std::string_view name, std::string problem) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  for (const std::string_view known : names) problem.append(known == names[0] ? " " : ", ").append(known);
  throw Error(Status::kInvalid, problem);
}

Capture capture_named(std::string_view name) {
  return static_cast<Capture>(index_of(kCaptureNames, name, "must be one of:"));
}

json::Value name_of(Capture capture) { return kCaptureNames[static_cast<std::size_t>(capture)]; }

}  // namespace

CapturePolicy CapturePolicy::parse(const json::Value& given) {
  CapturePolicy policy;
  std::string where = "capture_content";
  const auto text = [](const json::Value& value) -> std::string_view {
    return value.is_string() ? std::string_view(value.text()) : std::string_view();
  };
  try {
    if (!given.is_object()) {
      policy.set_default(text(given));
      return policy;
    }
    for (const auto& [key, value] : given.object()) {
      where = "capture_content." + key;
      if (key == "default") {
        policy.set_default(text(value));
        continue;
      }
      if (key != "fields" && key != "action_types") {
        throw Error(Status::kInvalid, "unknown key; use default, fields or action_types");
      }
      if (!value.is_object()) throw Error(Status::kInvalid, "must be an object");
      for (const auto& [name, capture] : value.object()) {
        where = "capture_content.";
        where.append(key).append(".").append(name);
        if (key == "fields") {
          policy.set_field(name, text(capture));
        } else {
          policy.set_action_type(name, text(capture));
        }
      }
    }
  } catch (const Error& error) {
    throw Error(error.status(), where + ": " + error.what());
  }
  return policy;
}

void CapturePolicy::set_default(std::string_view capture) { note(default_ = capture_named(capture)); }

void CapturePolicy::set_field(std::string_view content, std::string_view capture) {
  const std::size_t field = index_of(kContentNames, content, "not a content field; use one of");
  fields_[field] = capture_named(capture);
  note(*fields_[field]);
}

void CapturePolicy::set_action_type(std::string_view type, std::string_view capture) {
  note(action_types_[std::string(type)] = capture_named(capture));
}

Capture CapturePolicy::of(Content content, std::string_view action_type) const {
  const std::optional<Capture>& field = fields_[static_cast<std::size_t>(content)];
  if (content == Content::kLabels) return field.value_or(Capture::kRedacted);
  if (content == Content::kContext) return std::max(field.value_or(default_), Capture::kRedacted);
  const auto type = action_types_.find(action_type);
  if (type == action_types_.end()) return field.value_or(default_);
  return field ? std::max(*field, type->second) : type->second;
}

json::Value CapturePolicy::to_json() const {
  json::Value::Object fields, types;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i]) fields.insert_or_assign(std::string(kContentNames[i]), name_of(*fields_[i]));
  }
  for (const auto& [type, capture] : action_types_) types.insert_or_assign(type, name_of(capture));
  if (fields.empty() && types.empty()) return name_of(default_);
  json::Value::Object policy{{"default", name_of(default_)}};
  if (!fields.empty()) policy.insert_or_assign("fields", std::move(fields));
  if (!types.empty()) policy.insert_or_assign("action_types", std::move(types));
  return policy;
}

bool is_omission_marker(std::string_view canonical) {
  const auto take = [&](std::string_view text) {
    if (!canonical.starts_with(text)) return false;
    canonical.remove_prefix(text.size());
    return true;
  };
  const auto take_all = [&](std::string_view characters) {
    const std::size_t size = std::min(canonical.find_first_not_of(characters), canonical.size());
    canonical.remove_prefix(size);
    return size;
  };
  if (!take("{\"bytes\":")) return false;
  const std::size_t digits = take_all("0123456789");
  if (digits == 0 || digits > kMaxSizeDigits || !take(kOmitted)) return false;
  if (take("}")) return canonical.empty();
  return take(",\"sha256\":\"") && take_all("0123456789abcdef") == 64 && canonical == "\"}";
}

std::string omission_marker(std::string_view canonical, Capture capture) {
  if (is_omission_marker(canonical)) {
    std::string marker(canonical);
    if (capture == Capture::kNone) marker = marker.substr(0, marker.find(kOmitted) + kOmitted.size()) + '}';
    return marker;
  }
  std::string marker = "{\"bytes\":" + std::to_string(canonical.size());
  marker += kOmitted;
  if (capture == Capture::kDigest) marker += ",\"sha256\":\"" + sha256_hex(canonical) + '"';
  return marker + '}';
}

}  // namespace plog::event
