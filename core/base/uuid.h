// UUIDs (RFC 9562): version 7 for new events, version 5 for foreign ids.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace plog {

using Uuid = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kUuidTextSize = 36;

// A new UUIDv7 from the wall clock. Within one thread strictly increasing as octets, also when the clock stands still
// or goes back (RFC 9562 section 6.2, method 2: the 74 random bits count up); unique across threads, processes and
// forks. Thread-safe, takes no lock.
Uuid uuid_v7() noexcept;
// The same, for one who has just read the clock.
Uuid uuid_v7(Micros now) noexcept;

// 16 random octets from the same per-thread generator (seeded from the operating system, reseeded after a fork).
void random_octets(std::uint8_t* out, std::size_t size) noexcept;

// UUIDv5 (SHA-1) of a name in a namespace.
Uuid uuid_v5(const Uuid& name_space, std::string_view name);

// The namespace of foreign event ids: uuid_v5(DNS namespace, "provenlog").
const Uuid& foreign_id_namespace();

// The id that a text given as one stands for: the UUID that it is, or what a foreign id becomes (design 3.1).
Uuid resolved_id(std::string_view text);

// 36 lower-case characters.
void format_uuid(const Uuid& uuid, char* out) noexcept;
std::string format_uuid(const Uuid& uuid);

// The 36-character form, upper or lower case; nullopt for anything else (no braces, no URN).
std::optional<Uuid> parse_uuid(std::string_view text) noexcept;

}  // namespace plog
