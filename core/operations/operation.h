// What every operation declares.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "client/client.h"
#include "operations/parameters.h"

namespace plog::operations {

// What a caller must be allowed to do.
enum class Scope : std::uint8_t {
  kRead,    // read the ledger
  kIngest,  // record events
  kAdmin,   // administer the ledger, and read and write files
};

enum class ClientUse : std::uint8_t {
  kRequired,
  kOptional,  // without a client, the parameter db_path names the ledger
  kNone,      // a given client is not used
};

// Called on the caller's thread with the amount of work done and the total. If it returns false, the operation stops
// with kCancelled. May be empty.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

// One call, checked against the declaration: `client` is not null if it is required.
struct Call {
  client::Client* client;
  const Parameters& parameters;
  const Progress& progress;
};

struct Operation {
  std::string_view name;
  Scope scope = Scope::kRead;
  ClientUse client = ClientUse::kRequired;
  bool progress = false;  // reports progress, and can be cancelled
  bool open = false;      // a given client must not be closed, because the operation signs a head
  std::span<const Parameter> parameters = {};
  std::string_view about = {};   // Markdown, for the documentation
  std::string_view result = {};  // likewise
  // Returns the result as JSON text. Throws Error.
  std::string (*run)(const Call& call) = nullptr;
};

// Limits and defaults that several operations share.
inline constexpr std::int64_t kMaxName = 65536;       // bytes of an id, a name or a comment
inline constexpr std::int64_t kMaxPath = 4096;        // bytes of a path
inline constexpr std::int64_t kMaxJson = 64 << 20;    // bytes of a JSON value: the limit of json::Reader
inline constexpr std::int64_t kMaxPage = 1000;        // elements of one page
inline constexpr std::int64_t kMaxExact = 1LL << 53;  // the largest range of whole numbers that every language has
inline constexpr std::size_t kPageBytes = 16u << 20;  // a page ends after this many bytes, with at least one element

inline constexpr Parameter kEventId{.name = "event_id",
                                    .required = true,
                                    .minimum = 1,
                                    .maximum = kMaxName,
                                    .about =
                                        "The event's id, as it was given or as it is stored, or its place in the "
                                        "ledger: `@` and its commit index."};
inline constexpr Parameter kTimeout{
    .name = "timeout_ms",
    .kind = ParameterKind::kInteger,
    .minimum = 0,
    .maximum = 86400 * 1000,
    .default_value = "30000",
    .about = "Milliseconds to wait for the commit. After that the call fails; no event is lost."};
inline constexpr Parameter kDbPath{.name = "db_path",
                                   .kind = ParameterKind::kPath,
                                   .minimum = 1,
                                   .maximum = kMaxPath,
                                   .about = "Without a client: the ledger; by default the configured one."};
inline constexpr Parameter kTrustedKey{
    .name = "key",
    .kind = ParameterKind::kPath,
    .minimum = 1,
    .maximum = kMaxPath,
    .about = "A trusted public key (vkey), or the path of a file that contains one."};
inline constexpr Parameter kTrustedHeads{
    .name = "heads", .kind = ParameterKind::kPaths, .minimum = 0, .maximum = 256, .about = "Paths of trusted heads."};

}  // namespace plog::operations
