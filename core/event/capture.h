// The setting `capture_content`: how much of an event's content is kept.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"

namespace plog::event {

// Ordered from keeping the most to keeping the least.
enum class Capture : std::uint8_t {
  kFull,      // keep the content as it is, without redaction
  kRedacted,  // keep the content with redaction
  kDigest,    // keep only its size and SHA-256
  kNone,      // keep only its size
};
inline constexpr std::array<std::string_view, 4> kCaptureNames = {"full", "redacted", "digest", "none"};

// The parts of an event that are content. `unknown` means every field that the schema does not define, each by itself;
// `context` is the context of a label value.
enum class Content : std::uint8_t {
  kActionInput,
  kActionOutput,
  kContext,
  kErrorMessage,
  kLabels,
  kMetadata,
  kUnknown
};
inline constexpr std::array<std::string_view, 7> kContentNames = {
    "action_input", "action_output", "context", "error_message", "labels", "metadata", "unknown"};

// Decides what is kept of each content. By default, everything is redacted and kept.
class CapturePolicy {
 public:
  // Reads a name of kCaptureNames, or an object {default: name, fields: {content: name}, action_types: {type: name}}.
  // Throws Error(kInvalid), whose message starts with the path of the wrong member.
  static CapturePolicy parse(const json::Value& given);

  // These throw Error(kInvalid) for an unknown name of a content or capture.
  void set_default(std::string_view capture);
  void set_field(std::string_view content, std::string_view capture);
  void set_action_type(std::string_view type, std::string_view capture);

  // Whether everything is redacted and kept, as by default.
  bool usual() const noexcept { return usual_; }
  // If the policy names both the content and the action type, the setting that keeps less applies. Labels are used to
  // find events, so they are redacted and kept unless the policy names them. The context of a label is never `full`.
  Capture of(Content content, std::string_view action_type) const;
  // The inverse of parse.
  json::Value to_json() const;

 private:
  void note(Capture capture) noexcept { usual_ = usual_ && capture == Capture::kRedacted; }

  bool usual_ = true;
  Capture default_ = Capture::kRedacted;
  std::array<std::optional<Capture>, kContentNames.size()> fields_;
  std::map<std::string, Capture, std::less<>> action_types_;
};

// Returns the marker that replaces an omitted value: {"bytes","omitted":true[,"sha256"]}. `canonical` is the value's
// canonical form, redacted. `capture` must be kDigest or kNone; only kDigest adds the SHA-256. A value that is such a
// marker already stays, but with kNone it loses its SHA-256.
std::string omission_marker(std::string_view canonical, Capture capture);
bool is_omission_marker(std::string_view canonical);

}  // namespace plog::event
