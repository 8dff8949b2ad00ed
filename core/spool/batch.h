// Events on their way from a journal, or from a caller that keeps no journal, to a sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "event/prepared.h"
#include "store/transaction.h"

namespace plog::spool {

// How far a journal is delivered when its batch is.
struct Mark {
  Uuid journal{};
  store::JournalPosition position;
};

// Owns the bytes of its events. One thread at a time.
class Batch {
 public:
  static constexpr std::size_t kMaxEvents = 4096;
  static constexpr std::size_t kMaxBytes = 4u << 20;  // of the payloads

  // A batch of at most `max_events`, which are not more than kMaxEvents.
  explicit Batch(std::size_t max_events = kMaxEvents) : max_events_(max_events) {}

  // Adds an event: the payload of a journal record, which event::encode() wrote. False, and nothing is added, if the
  // batch is full; an empty batch has room for any event. Throws kCorrupt if the payload is not an event.
  bool add(std::string_view payload);

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // The events in order, in parts of a size that a processor's cache holds. Valid until clear().
  std::size_t parts() const noexcept { return used_; }
  std::span<const event::Prepared> part(std::size_t index) const noexcept { return parts_[index].events; }
  const event::Prepared& operator[](std::size_t index) const noexcept;

  // Removes everything, but keeps memory for the next events.
  void clear() noexcept;

  std::vector<Mark> marks;  // the journals of the events, each at most once
  bool sync = false;        // the events must be on disk before the batch is answered

 private:
  struct Part {
    std::string bytes;  // never grows while it has events, which point into it
    std::vector<event::Prepared> events;
  };
  Part& room_for(std::size_t bytes);

  std::size_t max_events_;
  std::vector<Part> parts_;
  std::size_t used_ = 0;  // parts with events
  std::size_t size_ = 0, bytes_ = 0;
};

}  // namespace plog::spool
