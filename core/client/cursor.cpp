#include "client/cursor.h"

#include "query/filter_json.h"

namespace plog::client {
namespace {
constexpr std::size_t kPageRows = 256;
}  // namespace

Cursor::Cursor(Client& client, std::string_view filter)
    : recorder_(client.recorder()), store_(recorder_->store()), filter_(query::parse_filter(filter)) {
  client.readable_store();
}

const std::string* Cursor::next() {
  if (at_ == rows_.size()) {
    rows_.clear();
    at_ = 0;
    if (more_) more_ = store_.page(filter_, kPageRows, rows_);
    if (rows_.empty()) return nullptr;
  }
  const store::EventRow& row = rows_[at_++];
  position_ = static_cast<std::int64_t>(row.commit_index);
  json_.clear();
  store::append_json(row, json_);
  return &json_;
}

}  // namespace plog::client
