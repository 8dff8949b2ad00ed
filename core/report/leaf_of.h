// The leaf of a stored row.
#pragma once

#include <string_view>

#include "base/buffer.h"
#include "base/uuid.h"
#include "store/store.h"

namespace plog::report {

// Borrows its octets from `buffer`. Throws kCorrupt when the row's octets are no event.
struct LeafText {
  LeafText(const store::EventRow& row, Buffer& buffer);

  Uuid id{};
  std::string agent;
  std::string_view octets;
};

}  // namespace plog::report
