// Appends journalled events to their chains and to the tree, inside a transaction of the store.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "event/builder.h"
#include "event/prepared.h"
#include "event/system_events.h"
#include "heads/heads.h"
#include "spool/sink.h"
#include "store/store.h"
#include "writer/commit_signal.h"
#include "writer/head_keeper.h"
#include "writer/ledger_tree.h"

namespace plog::writer {

// Not thread-safe. The caller holds the ledger's writer lock from begin() to commit() or rollback().
class Committer {
 public:
  // `name`: what messages call the ledger. Without `with_tree`, the ledger gets neither tree nor heads. Each commit is
  // announced through `signal`, which may be null. `store` and `signal` must outlive the committer.
  Committer(store::Store& store, const std::string& name, heads::Heads heads, bool with_tree, CommitSignal* signal);

  // Starts a transaction. If due, first records the ledger's own events: that it was created, that it got a key, that
  // it does not extend its newest head. Then records each of `rules` (the redaction rules of new clients, newest last)
  // that differs from the rules last on record. Returns whether the ledger had no events and was created. Throws as
  // Store::begin.
  bool begin(const std::vector<event::RedactionRules>& rules = {});

  // Appends events to their agents' chains and to the tree, in order. Returns a receipt for each; none is refused.
  std::vector<spool::Receipt> add(std::span<const event::Prepared> events);
  spool::Receipt add(const event::Prepared& event) { return add(std::span(&event, 1)).front(); }

  void commit(bool sync);  // `sync`: on disk when this returns
  void rollback() noexcept;
  // The transaction that begin() started. Must not be called outside one.
  store::Transaction& transaction() noexcept { return *transaction_; }
  HeadKeeper& keeper() noexcept { return keeper_; }
  event::Builder& builder() noexcept { return builder_; }

 private:
  // The newest event of an agent's chain, as an entry of chains_: an unordered_map never moves its elements.
  using Chain = std::pair<const std::string, store::ChainHead>;

  void record(const std::vector<event::RedactionRules>& rules);
  std::vector<Chain*> chains_of(std::span<const event::Prepared> events);
  // Appends events to their chains up to the first one that the ledger already has. Returns how many were appended;
  // rows_ has their places in the chains.
  std::size_t append(std::span<const event::Prepared* const> events, std::span<Chain* const> chains);
  void put_context(const event::Prepared& event);

  store::Store& store_;
  const bool with_tree_;
  CommitSignal* const signal_;
  LedgerTree tree_;
  HeadKeeper keeper_;
  std::unique_ptr<store::Transaction> transaction_;
  std::optional<event::RedactionRules> rules_;  // the newest rules that begin() was given
  bool known_ = false;                          // tree_ and keeper_ match the store's last commit
  std::unordered_map<std::string, store::ChainHead> chains_;
  std::vector<store::NewRow> rows_;
  event::Builder builder_;
};

}  // namespace plog::writer
