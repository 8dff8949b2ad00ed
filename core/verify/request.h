// What a verification is asked to do.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/checks.h"

namespace plog::verify {

enum class Level {
  kChain,  // hash chains and commit order
  kTree,   // also leaves, tree, tiles, heads, keys and schema
  kFull,   // also all data derived from the events (columns, labels, references, sums, contexts), and the database file
};
// "chain", "tree", "full"; nullopt for anything else.
std::optional<Level> parse_level(std::string_view name) noexcept;

struct Request {
  std::optional<std::string> agent;  // only this agent's chain; nullopt: all. An unknown agent is never valid
  bool read_only = false;            // does not adopt orphaned journals first; their records are counted as pending
  Level level = Level::kFull;
  // A trusted public key: its text (vkey), or a file that contains it.
  std::optional<std::string> key;
  std::vector<std::string> heads;  // files with trusted heads
  // Reads only the events after the newest trusted head, which covers the earlier ones.
  bool incremental = false;
  unsigned threads = 0;  // 0: two
  std::string key_path;  // the file with the ledger's own private key; empty: <db>.key
  ledger::Checks checks;
  // Called between blocks, on the caller's thread, with the number of verified events and of all events. Returning
  // false stops the verification (kCancelled).
  std::function<bool(std::uint64_t, std::uint64_t)> progress;
};

}  // namespace plog::verify
