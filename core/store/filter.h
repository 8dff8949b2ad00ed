// The conditions of a query. An event must meet all that are set.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "event/prepared.h"

namespace plog::store {

struct Filter {
  std::optional<std::string> agent, session, source, type, name, status;
  std::array<std::optional<std::string>, event::kReferenceCount> references;
  std::optional<Micros> since, until;  // since <= time < until
  std::vector<std::pair<std::string, std::string>> labels;
  bool descending = false;
  bool include_system = false;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> after;  // a commit index: only rows after it, in the chosen order
};

}  // namespace plog::store
