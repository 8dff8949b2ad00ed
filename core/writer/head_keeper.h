// Maintains the heads of a ledger: checks that the ledger extends its newest head, signs and publishes the next head,
// and rotates the signing key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "event/system_events.h"
#include "heads/heads.h"
#include "ledger/checkpoint.h"
#include "store/store.h"
#include "writer/ledger_tree.h"

namespace plog::writer {

// Not thread-safe. The caller holds the ledger's writer lock.
class HeadKeeper {
 public:
  // `name`: what messages call the ledger. `store` and `tree` must outlive it.
  HeadKeeper(store::Store& store, LedgerTree& tree, std::string name, heads::Heads heads);

  // ---- Called inside a transaction, before any other event is added. The caller appends each returned event at once.

  // Gives the ledger an origin and a signing key, which is read from the key file or created there. The caller records
  // them. Returns false if the key can be neither read nor created: no heads are signed then, and the next process that
  // writes tries again.
  bool establish(store::Transaction& transaction, std::string_view ledger_id);
  event::Epoch epoch() const { return {epoch_, origin_, vkey_}; }  // the current epoch; number 0 before the first
  // Reads origin, key and epoch from the ledger, which another process may have changed. Returns false if the ledger
  // has no origin or no key.
  bool load(store::Transaction& transaction);
  // Checks that the ledger extends its newest head. If it does not, begins a branch and returns the origin.changed
  // event; nullopt if it does, or if the ledger has already recorded that it does not. `tree_size`: the number of
  // leaves in the stored tree, if that tree did not match the events.
  std::optional<event::Prepared> reconcile(store::Transaction& transaction, event::Builder& builder,
                                           std::optional<std::uint64_t> tree_size);
  // Begins a branch for a ledger that was restored from a copy, so that its heads never pass for the original's.
  // Nullopt if this transaction has already begun a branch, or if the ledger has no key.
  std::optional<event::Prepared> restored(store::Transaction& transaction, event::Builder& builder);
  // Creates the next key and returns the event with a note that both keys have signed. The caller calls
  // finish_rotation() after the commit. Throws if the current key cannot be read or the next one cannot be written.
  event::Prepared begin_rotation(store::Transaction& transaction, event::Builder& builder);

  // ---- Called outside a transaction, when the whole tree is committed.

  // Moves the next key to the key file.
  void finish_rotation() { heads_.keys->promote_next(); }
  // Whether the newest head does not cover the whole tree.
  bool due() const noexcept { return !vkey_.empty() && published_ != tree_.size(); }
  // Syncs the store, then signs a head over everything committed and writes it beside the database and to the copies.
  // Throws if that fails. If only a copy cannot be written, the other files are written first.
  void publish();
  // Returns and clears the last problem that did not make a transaction fail: no usable key, or a ledger that does not
  // extend its head.
  std::optional<Error> take_trouble() { return std::exchange(trouble_, std::nullopt); }
  // Returns and clears the newest head if the database does not have it yet. The next transaction stores it.
  std::optional<std::string> take_unsaved() { return std::exchange(unsaved_, std::nullopt); }

 private:
  std::string_view fault_of(store::Transaction& transaction, const std::optional<ledger::Checkpoint>& head);
  std::optional<std::string> copy_not_extended(store::Transaction& transaction, std::string_view* reason);
  event::Prepared change_origin(store::Transaction& transaction, event::Builder& builder, event::OriginChange change);
  crypto::Signer& signer();

  store::Store& store_;
  LedgerTree& tree_;
  const std::string name_;
  const heads::Heads heads_;

  std::string origin_, vkey_;  // of the current epoch; empty before the first
  std::uint64_t epoch_ = 0;
  std::optional<crypto::Signer> signer_;
  std::uint64_t published_ = 0;  // size of the newest head
  bool branched_ = false;        // this transaction has begun a branch
  std::optional<std::string> unsaved_;
  std::optional<Error> trouble_;
  std::optional<std::uint64_t> extended_;  // the ledger's size when it was last compared with its heads
};

}  // namespace plog::writer
