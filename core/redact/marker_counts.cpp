#include "redact/marker_counts.h"

#include <algorithm>
#include <iterator>

#include "redact/detectors.h"
#include "redact/keys.h"
#include "redact/markers.h"

namespace plog::redact {

void count_markers(std::string_view text, std::int64_t sign, std::map<std::string, std::int64_t>& counts) {
  for (std::size_t at = text.find(kMarkerStart); at != text.npos; at = text.find(kMarkerStart, at)) {
    at += kMarkerStart.size();
    const std::size_t stop = text.find_first_of(":]", at);
    if (stop != text.npos) counts[std::string(text.substr(at, stop - at))] += sign;
  }
}

std::optional<std::string> about_builtin(std::string_view name) {
  for (const Detector& detector : detectors()) {
    if (detector.name == name) return detector.about;
  }
  if (std::find(std::begin(kKeyNames), std::end(kKeyNames), name) == std::end(kKeyNames)) {
    return std::nullopt;
  }
  return "a value whose key or name says what it is";
}

}  // namespace plog::redact
