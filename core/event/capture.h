// What is kept of the content of events (`capture_content`): all of it, all but what is redacted, or none of it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"

namespace plog::event {

// From the most that is kept to the least.
enum class Capture : std::uint8_t {
  kFull,      // as it came: nothing is redacted
  kRedacted,  // with markers in place of hits
  kDigest,    // its size and SHA-256 only
  kNone,      // its size only
};
inline constexpr std::array<std::string_view, 4> kCaptureNames = {"full", "redacted", "digest", "none"};

// The parts of an event that are content; `unknown`: all fields that the schema does not know, each by itself;
// `context`: of a label value.
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

class CapturePolicy {
 public:
  // A name, or an object {default: name, fields: {content: name}, action_types: {type: name}}. Throws Error(kInvalid).
  static CapturePolicy parse(const json::Value& given);

  // These throw Error(kInvalid) for a name that there is not.
  void set_default(std::string_view capture);
  void set_field(std::string_view content, std::string_view capture);
  void set_action_type(std::string_view type, std::string_view capture);

  // Whether everything is redacted and kept, as without any policy.
  bool usual() const noexcept { return usual_; }
  // Where a field and an action type are both named, less is kept. Labels, by which events are found, are kept unless
  // they are named; contexts are never full.
  Capture of(Content content, std::string_view action_type) const;
  // What parse reads.
  json::Value to_json() const;

 private:
  void note(Capture capture) noexcept { usual_ = usual_ && capture == Capture::kRedacted; }

  bool usual_ = true;
  Capture default_ = Capture::kRedacted;
  std::array<std::optional<Capture>, kContentNames.size()> fields_;
  std::map<std::string, Capture, std::less<>> action_types_;
};

// What stands for a value of which only the size, or also the SHA-256, is kept: {"bytes","omitted":true[,"sha256"]}.
// `canonical`: the value's canonical octets, redacted. `capture`: kDigest or kNone.
std::string omission_marker(std::string_view canonical, Capture capture);

}  // namespace plog::event
