#include "event/schema.h"

#include <cstring>

namespace plog::event {
namespace {

constexpr std::size_t kSlots = 128;

// The length and three characters distinguish all names.
constexpr std::uint32_t fingerprint(std::string_view name) noexcept {
  const auto octet = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[at])); };
  return static_cast<std::uint32_t>(name.size()) << 24 | octet(1) << 16 | octet(name.size() * 3 / 4) << 8 |
         octet(name.size() - 1);
}

// The first odd factor with which no two names share a slot. After adding a name, search on until `distinct` holds.
constexpr std::uint32_t kFactor = 3957u;

constexpr std::size_t place(std::uint32_t fingerprint) noexcept { return fingerprint * kFactor >> 25; }

// A hash table without collisions.
struct Names {
  std::array<std::uint8_t, kSlots> fields{};
  bool distinct = true;

  constexpr Names() {
    fields.fill(static_cast<std::uint8_t>(Field::kUnknown));
    for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
      std::uint8_t& field = fields[place(fingerprint(kFieldNames[i]))];
      if (field != static_cast<std::uint8_t>(Field::kUnknown)) distinct = false;
      field = static_cast<std::uint8_t>(i);
    }
  }
};
constexpr Names kNames;

template <typename Word>
Word differences(const char* a, const char* b, std::size_t size) noexcept {
  Word front[2], back[2];
  std::memcpy(&front[0], a, sizeof(Word));
  std::memcpy(&front[1], b, sizeof(Word));
  std::memcpy(&back[0], a + size - sizeof(Word), sizeof(Word));
  std::memcpy(&back[1], b + size - sizeof(Word), sizeof(Word));
  return static_cast<Word>((front[0] ^ front[1]) | (back[0] ^ back[1]));
}

// Whether the two texts are equal. `name` must have at least two bytes. Overlapping words avoid a loop.
bool same(std::string_view name, std::string_view text) noexcept {
  const std::size_t size = name.size();
  if (text.size() != size) return false;
  if (size > 16) return name == text;
  if (size >= 8) return differences<std::uint64_t>(name.data(), text.data(), size) == 0;
  if (size >= 4) return differences<std::uint32_t>(name.data(), text.data(), size) == 0;
  return differences<std::uint16_t>(name.data(), text.data(), size) == 0;
}
static_assert(kNames.distinct);

}  // namespace

Field find_field(std::string_view name) noexcept {
  if (name.size() < 2 || name.size() > 255) return Field::kUnknown;
  const auto field = static_cast<Field>(kNames.fields[place(fingerprint(name))]);
  return field != Field::kUnknown && same(field_name(field), name) ? field : Field::kUnknown;
}

}  // namespace plog::event
