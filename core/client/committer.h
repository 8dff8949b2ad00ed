// Puts journalled events into their chains, inside one transaction of the store.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "event/builder.h"
#include "event/prepared.h"
#include "store/store.h"

namespace plog::client {

// One thread at a time, which holds the ledger's writer lock from begin() to commit() or rollback().
class Committer {
 public:
  explicit Committer(store::Store& store) : store_(store) {}

  // Starts a transaction; records ledger.created first in a new ledger. Heads of chains are read inside it, since
  // another process may have written since the last one. Throws as Store::begin.
  // True when it did record that.
  bool begin();

  enum class Result {
    kStored,
    kDuplicate,  // the same event is there already
    kConflict,   // its (agent, id) is there with other content, which stands
  };
  Result add(const event::Prepared& event);

  void commit(bool sync);
  void rollback() noexcept;
  store::Store& store() noexcept { return store_; }

 private:
  store::Store& store_;
  std::unordered_map<std::string, store::ChainHead> heads_;
  std::string last_agent_;  // of last_head_: most batches hold long runs of one agent
  store::ChainHead* last_head_ = nullptr;
  std::string buffer_;
  event::Builder builder_;
};

}  // namespace plog::client
