// Events read from a journal, collected so that the store gets many at once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/prepared.h"

namespace plog::spool {

// Owns the bytes of its events. One thread at a time.
class JournalBatch {
 public:
  JournalBatch();

  // Adds the event in a journal record. False, and nothing is added, if the batch has no room for it; an empty batch
  // has room for any event. Throws kCorrupt if the payload is not an event.
  bool add(std::string_view payload);
  // Valid until clear().
  std::span<const event::Prepared> events() const noexcept { return events_; }
  bool empty() const noexcept { return events_.empty(); }
  void clear() noexcept;

 private:
  std::string bytes_;  // never grows while it has events, which point into it
  std::vector<event::Prepared> events_;
};

}  // namespace plog::spool
