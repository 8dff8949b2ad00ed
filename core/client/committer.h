// Puts journalled events into their chains and the tree, inside one transaction of the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "client/head_keeper.h"
#include "client/system_events.h"
#include "client/tree.h"
#include "event/builder.h"
#include "event/prepared.h"
#include "store/store.h"

namespace plog::client {

// One thread at a time, which holds the ledger's writer lock from begin() to commit() or rollback().
class Committer {
 public:
  // `db_path` is the store's.
  Committer(store::Store& store, const std::string& db_path, HeadOptions heads);

  // Starts a transaction. Records first what the ledger has to say of itself: that it was created, its key, that it
  // does not extend its head. Heads of chains are read inside it, since another process may have written since the last
  // one. Then the rules of redaction of clients that are new, the newest last, if they differ from those last on
  // record. True when the ledger is a new one. Throws as Store::begin.
  bool begin(const std::vector<RedactionRules>& rules = {});

  enum class Result {
    kStored,
    kDuplicate,  // the same event is there already
    kConflict,   // its (agent, id) is there with other content, which stands
  };
  Result add(const event::Prepared& event);

  void commit(bool sync);
  void rollback() noexcept;
  store::Store& store() noexcept { return store_; }
  HeadKeeper& keeper() noexcept { return keeper_; }
  event::Builder& builder() noexcept { return builder_; }

 private:
  void record(const std::vector<RedactionRules>& rules);

  store::Store& store_;
  const bool with_tree_;
  LedgerTree tree_;
  HeadKeeper keeper_;
  std::optional<RedactionRules> rules_;  // the newest that begin() was given
  bool known_ = false;                   // tree and heads are those of the store's last commit
  std::unordered_map<std::string, store::ChainHead> heads_;
  std::string last_agent_;  // of last_head_: most batches hold long runs of one agent
  store::ChainHead* last_head_ = nullptr;
  std::string buffer_;
  event::Builder builder_;
};

}  // namespace plog::client
