// Iterates over the events that a query finds, page by page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/client.h"
#include "store/store.h"

namespace plog::client {

// Not thread-safe. Keeps one page of rows in memory, and no transaction open between pages.
class Cursor {
 public:
  // `filter` is the JSON text of a filter. First commits this process's events, so that the query finds them. Throws
  // kInvalid for a bad filter.
  Cursor(Client& client, std::string_view filter);

  // The next event as JSON text, borrowed until the next call; null at the end.
  const std::string* next();
  // The commit index of the last returned event; -1 before the first.
  std::int64_t position() const noexcept { return position_; }

 private:
  std::shared_ptr<Recorder> recorder_;  // keeps the store alive
  store::Store& store_;
  store::Filter filter_;
  std::vector<store::EventRow> rows_;
  std::size_t at_ = 0;
  bool more_ = true;
  std::int64_t position_ = -1;
  std::string json_;
};

}  // namespace plog::client
