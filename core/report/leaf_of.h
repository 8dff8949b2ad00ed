// The leaf of a stored row.
#pragma once

#include <string_view>

#include "base/buffer.h"
#include "base/uuid.h"
#include "store/store.h"

namespace plog::report {

// The leaf's bytes and the values in it. `octets` points into `buffer`. Throws kCorrupt if the row is not an event.
struct LeafText {
  LeafText(const store::EventRow& row, Buffer& buffer);

  Uuid id{};
  std::string agent;
  std::string_view octets;
};

}  // namespace plog::report
