// A place that keeps the newest head of a ledger.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace plog::heads {

// One thread at a time.
class HeadStore {
 public:
  virtual ~HeadStore() = default;

  // The bytes of the head, which need not be a valid note; nullopt if there is none. Throws kIo.
  virtual std::optional<std::string> read() = 0;
  // Replaces the head atomically; it is durable when this returns. Throws kIo, kFull.
  virtual void write(std::string_view note) = 0;
  // What messages call the place, such as a path.
  virtual std::string name() const = 0;
};

}  // namespace plog::heads
