#include "cli/markers.h"

#include <algorithm>
#include <iterator>

#include "redact/detectors.h"
#include "redact/keys.h"
#include "redact/markers.h"

namespace plog::cli {

void count_markers(std::string_view text, std::int64_t sign, std::map<std::string, std::int64_t>& counts) {
  for (std::size_t at = text.find(redact::kMarkerStart); at != text.npos; at = text.find(redact::kMarkerStart, at)) {
    at += redact::kMarkerStart.size();
    const std::size_t stop = text.find_first_of(":]", at);
    if (stop != text.npos) counts[std::string(text.substr(at, stop - at))] += sign;
  }
}

std::optional<std::string> about_builtin(std::string_view name) {
  for (const redact::Detector& detector : redact::detectors()) {
    if (detector.name == name) return detector.about;
  }
  if (std::find(std::begin(redact::kKeyNames), std::end(redact::kKeyNames), name) == std::end(redact::kKeyNames)) {
    return std::nullopt;
  }
  return "a value whose key or name says what it is";
}

}  // namespace plog::cli
