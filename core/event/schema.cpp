#include "event/schema.h"

namespace plog::event {

Kind field_kind(Field field) noexcept {
  switch (field) {
    case Field::kActionInput:
    case Field::kActionOutput:
    case Field::kUnknown:
      return Kind::kAny;
    case Field::kErrorMessage:
      return Kind::kText;
    case Field::kLabels:
    case Field::kMetadata:
      return Kind::kObject;
    case Field::kDurationMs:
      return Kind::kInteger;
    case Field::kParents:
      return Kind::kStrings;
    case Field::kHash:
    case Field::kPrevHash:
    case Field::kSequence:
    case Field::kValidationWarnings:
      return Kind::kLedger;
    default:
      return Kind::kString;
  }
}

namespace {
// Names bucketed by (length, first letter) leave one or two candidates each.
struct Buckets {
  std::array<std::array<std::uint8_t, 4>, 32> by_length{};
  std::array<std::uint8_t, 32> count{};
  constexpr Buckets() {
    for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
      const std::size_t length = kFieldNames[i].size();
      by_length[length][count[length]++] = static_cast<std::uint8_t>(i);
    }
  }
};
constexpr Buckets kBuckets;
}  // namespace

Field find_field(std::string_view name) noexcept {
  if (name.size() >= kBuckets.count.size()) return Field::kUnknown;
  for (std::size_t i = 0; i < kBuckets.count[name.size()]; ++i) {
    const std::uint8_t candidate = kBuckets.by_length[name.size()][i];
    if (kFieldNames[candidate] == name) return static_cast<Field>(candidate);
  }
  return Field::kUnknown;
}

}  // namespace plog::event
