// The rows of a query, page by page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/client.h"
#include "store/store.h"

namespace plog::client {

// One thread at a time. Holds one page of rows, and no transaction between pages.
class Cursor {
 public:
  // Commits first what the query must see. Throws kInvalid for a bad filter.
  Cursor(Client& client, std::string_view filter);

  // The next event as JSON text, borrowed until the next call; null at the end.
  const std::string* next();
  // The commit index of the event last returned; -1 before the first.
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
