// The buffers in which one event is written.
#pragma once

#include <memory>
#include <string>

#include "event/builder.h"
#include "json/reader.h"

namespace plog::client {

// The buffers for building one event. Each thread keeps a few of them for reuse.
struct Scratch {
  event::Builder builder;
  json::Reader reader;
  std::string record;
};
std::unique_ptr<Scratch> take_scratch();  // the builder is in its reset state
void give_scratch(std::unique_ptr<Scratch> scratch) noexcept;

}  // namespace plog::client
