#include "spool/batch.h"

namespace plog::spool {
namespace {

constexpr std::size_t kPartEvents = 256;
constexpr std::size_t kPartBytes = 256u << 10;

}  // namespace

// The last part if it has room, else the next one.
Batch::Part& Batch::room_for(std::size_t bytes) {
  if (used_ > 0) {
    Part& last = parts_[used_ - 1];
    if (last.events.size() < kPartEvents && last.bytes.capacity() - last.bytes.size() >= bytes) return last;
  }
  if (used_ == parts_.size()) {
    parts_.emplace_back();
    parts_.back().events.reserve(kPartEvents);
  }
  Part& next = parts_[used_];
  next.bytes.reserve(bytes < kPartBytes ? kPartBytes : bytes);
  ++used_;
  return next;
}

bool Batch::add(std::string_view payload) {
  if (size_ == max_events_ || (size_ > 0 && bytes_ + payload.size() > kMaxBytes)) return false;
  Part& part = room_for(payload.size());
  const std::size_t start = part.bytes.size();
  part.bytes += payload;
  try {
    part.events.push_back(event::decode(std::string_view(part.bytes).substr(start)));
  } catch (...) {
    part.bytes.resize(start);
    if (part.events.empty()) --used_;
    throw;
  }
  ++size_;
  bytes_ += payload.size();
  return true;
}

const event::Prepared& Batch::operator[](std::size_t index) const noexcept {
  std::size_t at = 0;
  while (index >= parts_[at].events.size()) index -= parts_[at++].events.size();
  return parts_[at].events[index];
}

void Batch::clear() noexcept {
  for (Part& part : parts_) {
    part.events.clear();
    part.bytes.clear();
    // One large event must not hold its memory for ever.
    if (part.bytes.capacity() > 4 * kPartBytes) std::string().swap(part.bytes);
  }
  marks.clear();
  sync = false;
  used_ = size_ = bytes_ = 0;
}

}  // namespace plog::spool
