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

// Returns a new UUIDv7 from the wall clock. Within one thread the ids increase strictly in byte order, even if the
// clock stands still or is set back (RFC 9562 section 6.2, method 2: the 74 random bits count up). Ids are unique
// across threads, processes and forks. Thread-safe, takes no lock.
Uuid uuid_v7() noexcept;
// The same, for a caller that has just read the clock.
Uuid uuid_v7(Micros now) noexcept;

// Fills `out` with `size` random bytes from the same per-thread generator (seeded by the operating system, reseeded
// after a fork). Thread-safe.
void random_octets(std::uint8_t* out, std::size_t size) noexcept;

// Returns the UUIDv5 (SHA-1) of a name in a namespace. Throws kInternal if OpenSSL has no SHA-1.
Uuid uuid_v5(const Uuid& name_space, std::string_view name);

// The namespace of foreign event ids: uuid_v5(DNS namespace, "provenlog").
const Uuid& foreign_id_namespace();

// Returns the event id for an id that a user gave as text: the UUID itself, or for any other text its UUIDv5 in
// foreign_id_namespace().
Uuid resolved_id(std::string_view text);

// Writes 36 lower-case characters, without a NUL.
void format_uuid(const Uuid& uuid, char* out) noexcept;
std::string format_uuid(const Uuid& uuid);

// Parses the 36-character form in upper or lower case. Returns nullopt for any other text, including braces and URNs.
std::optional<Uuid> parse_uuid(std::string_view text) noexcept;

}  // namespace plog
