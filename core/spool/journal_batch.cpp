#include "spool/journal_batch.h"

namespace plog::spool {
namespace {

constexpr std::size_t kEvents = 256;
constexpr std::size_t kBytes = 256u << 10;

}  // namespace

JournalBatch::JournalBatch() {
  bytes_.reserve(kBytes);
  events_.reserve(kEvents);
}

bool JournalBatch::add(std::string_view payload) {
  if (!events_.empty() && (events_.size() == kEvents || bytes_.capacity() - bytes_.size() < payload.size()))
    return false;
  const std::size_t start = bytes_.size();
  bytes_ += payload;
  try {
    events_.push_back(event::decode(std::string_view(bytes_).substr(start)));
  } catch (...) {
    bytes_.resize(start);
    throw;
  }
  return true;
}

void JournalBatch::clear() noexcept {
  events_.clear();
  bytes_.clear();
}

}  // namespace plog::spool
