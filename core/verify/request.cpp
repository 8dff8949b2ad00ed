#include "verify/request.h"

namespace plog::verify {

std::optional<Level> parse_level(std::string_view name) noexcept {
  if (name == "chain") return Level::kChain;
  if (name == "tree") return Level::kTree;
  if (name == "full") return Level::kFull;
  return std::nullopt;
}

}  // namespace plog::verify
