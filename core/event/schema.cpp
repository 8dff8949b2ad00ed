#include "event/schema.h"

namespace plog::event {
namespace {

constexpr std::size_t kSlots = 128;

// The length and three of the characters tell all names apart.
constexpr std::uint32_t fingerprint(std::string_view name) noexcept {
  const auto octet = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[at])); };
  return static_cast<std::uint32_t>(name.size()) << 24 | octet(1) << 16 | octet(name.size() * 3 / 4) << 8 |
         octet(name.size() - 1);
}

constexpr std::size_t place(std::uint32_t fingerprint, std::uint32_t factor) noexcept {
  return fingerprint * factor >> 25;
}

// A hash table without collisions: the factor is found when this is compiled.
struct Names {
  std::uint32_t factor = 1;
  std::array<std::uint8_t, kSlots> fields{};

  constexpr Names() {
    while (!fill()) factor += 2;
  }
  constexpr bool fill() {
    fields.fill(static_cast<std::uint8_t>(Field::kUnknown));
    for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
      std::uint8_t& field = fields[place(fingerprint(kFieldNames[i]), factor)];
      if (field != static_cast<std::uint8_t>(Field::kUnknown)) return false;
      field = static_cast<std::uint8_t>(i);
    }
    return true;
  }
};
constexpr Names kNames;

}  // namespace

Field find_field(std::string_view name) noexcept {
  if (name.size() < 2 || name.size() > 255) return Field::kUnknown;
  const auto field = static_cast<Field>(kNames.fields[place(fingerprint(name), kNames.factor)]);
  return field != Field::kUnknown && field_name(field) == name ? field : Field::kUnknown;
}

}  // namespace plog::event
