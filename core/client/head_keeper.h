// Keeps the heads of a ledger: notices when it does not extend the one that stands beside it, signs and publishes the
// next, and changes keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "client/heads.h"
#include "client/system_events.h"
#include "client/tree.h"
#include "store/store.h"

namespace plog::client {

// One thread at a time, which holds the ledger's writer lock.
class HeadKeeper {
 public:
  HeadKeeper(store::Store& store, LedgerTree& tree, std::string db_path, HeadOptions options);

  // ---- Inside a transaction, right after it began. The returned event is to be appended before any other.

  // Gives a ledger an origin and a key, which the caller then records. False when the key can't be read or made now:
  // then no heads are signed, and the next process to write tries again.
  bool establish(std::string_view ledger_id);
  Epoch epoch() const { return {epoch_, origin_, vkey_}; }
  // Takes over what a ledger that may have changed says of its heads. False when it has no origin or key.
  bool load();
  // Whether the ledger extends its newest head. `tree_size`: leaves that the stored tree had, if they were not one for
  // each event. Nullopt when it does, or when the ledger says already that it does not.
  std::optional<event::Prepared> reconcile(event::Builder& builder, std::optional<std::uint64_t> tree_size);
  // A restored ledger goes on as a branch of its own, so that it never passes for the original. Nullopt when this
  // transaction has begun a branch already.
  std::optional<event::Prepared> restored(event::Builder& builder);
  // Makes the next key, and the event that both keys sign. finish_rotation follows the commit. Throws when the present
  // key can't be read.
  event::Prepared begin_rotation(event::Builder& builder);

  // ---- Outside a transaction, with all of the tree committed.

  void finish_rotation();
  // Whether the newest head is not over all of the tree.
  bool due() const noexcept { return !vkey_.empty() && published_ != tree_.size(); }
  // Syncs the store, then signs and publishes a head over all that is committed. Throws what kept it from that; a copy
  // that can't be written, after the head itself is in place.
  void publish();
  // What went wrong in the last transactions without keeping them from going on, once: no key, no head to extend.
  std::optional<Error> take_trouble() { return std::exchange(trouble_, std::nullopt); }
  // The newest head, once: the next transaction keeps it in the database.
  std::optional<std::string> take_unsaved() { return std::exchange(unsaved_, std::nullopt); }

 private:
  std::string_view fault_of(const std::optional<ledger::Checkpoint>& head);
  std::optional<std::string> copy_not_extended(std::string_view* reason);
  event::Prepared change_origin(event::Builder& builder, OriginChange change);
  crypto::Signer& signer();

  store::Store& store_;
  LedgerTree& tree_;
  const std::string db_path_;
  const HeadOptions options_;
  const std::string key_path_;

  std::string origin_, vkey_;  // of the present epoch; empty before there is one
  std::uint64_t epoch_ = 0;
  std::optional<crypto::Signer> signer_;
  std::uint64_t published_ = 0;  // size of the newest head
  bool branched_ = false;        // in this transaction
  std::optional<std::string> unsaved_;
  std::optional<Error> trouble_;
  std::optional<std::uint64_t> extended_;  // the ledger's size when it was last held against its heads
};

}  // namespace plog::client
