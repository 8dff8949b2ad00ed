#include "writer/head_keeper.h"

#include <charconv>

#include "crypto/sha256.h"
#include "heads/origin.h"
#include "ledger/rotation.h"

namespace plog::writer {
namespace {

std::optional<ledger::Checkpoint> checkpoint_of(const std::string& head) {
  const auto note = crypto::parse_note(head);
  return note ? ledger::parse_checkpoint(note->text) : std::nullopt;
}

}  // namespace

HeadKeeper::HeadKeeper(store::Store& store, LedgerTree& tree, std::string name, heads::Heads heads)
    : store_(store), tree_(tree), name_(std::move(name)), heads_(std::move(heads)) {}

bool HeadKeeper::establish(store::Transaction& transaction, std::string_view ledger_id) {
  origin_ = heads_.origin.empty() ? heads::default_origin(ledger_id) : heads_.origin;
  vkey_.clear();
  epoch_ = 0;
  signer_.reset();
  published_ = 0;
  transaction.set_meta(store::kMetaOrigin, origin_);
  try {
    signer_ = heads_.keys->read(origin_);
    if (!signer_) {
      signer_ = crypto::Signer::generate(origin_);
      heads_.keys->create(*signer_);
    }
  } catch (const Error& error) {
    if (error.status() == Status::kNoMemory) throw;
    signer_.reset();
    trouble_ = Error(error.status(), std::string("no heads are signed: ") + error.what());
    return false;
  }
  epoch_ = 1;
  vkey_ = signer_->verifier().format();
  transaction.set_meta(store::kMetaKey, vkey_);
  transaction.set_meta(store::kMetaEpoch, std::to_string(epoch_));
  return true;
}

// The reason why the ledger does not extend a head; empty if it does.
std::string_view HeadKeeper::fault_of(store::Transaction& transaction, const std::optional<ledger::Checkpoint>& head) {
  if (!head) return "head_unreadable";
  if (head->origin != origin_) return "head_of_another_ledger";
  if (head->size > tree_.size()) return "rolled_back";
  if (tree_.root_of(transaction, head->size) != head->root) return "head_mismatch";
  return {};
}

// Returns the first copy that the ledger does not extend, and the reason. A copy reveals a rollback that also replaced
// the head beside the ledger.
std::optional<std::string> HeadKeeper::copy_not_extended(store::Transaction& transaction, std::string_view* reason) {
  for (const auto& copy : heads_.copies) {
    std::optional<std::string> head;
    try {
      head = copy->read();
    } catch (const Error& error) {
      if (error.status() == Status::kNoMemory) throw;  // publish() reports any other error
    }
    const auto checkpoint = head ? checkpoint_of(*head) : std::nullopt;
    // A head with another origin belongs to an earlier branch, which is on record, or to another ledger.
    if (!checkpoint || checkpoint->origin != origin_) continue;
    *reason = fault_of(transaction, checkpoint);
    if (!reason->empty()) return head;
  }
  return std::nullopt;
}

bool HeadKeeper::load(store::Transaction& transaction) {
  const std::string vkey = transaction.meta(store::kMetaKey);
  if (vkey != vkey_) signer_.reset();
  vkey_ = vkey;
  origin_ = transaction.meta(store::kMetaOrigin);
  const std::string epoch = transaction.meta(store::kMetaEpoch);
  std::from_chars(epoch.data(), epoch.data() + epoch.size(), epoch_);
  return !vkey_.empty() && !origin_.empty();
}

std::optional<event::Prepared> HeadKeeper::reconcile(store::Transaction& transaction, event::Builder& builder,
                                                     std::optional<std::uint64_t> tree_size) {
  published_ = 0;
  branched_ = false;
  if (vkey_.empty()) return std::nullopt;
  event::OriginChange change;
  const std::string kept = transaction.meta(store::kMetaKeptHead);
  auto head = heads_.newest->read();
  const bool missing = !head;
  if (missing) head = transaction.meta(store::kMetaHead);  // the database keeps a copy
  if (!head->empty()) {
    const auto checkpoint = checkpoint_of(*head);
    change.reason = fault_of(transaction, checkpoint);
    change.head = *head;
    if (change.reason.empty()) {
      published_ = checkpoint->size;
      if (missing) change.reason = "head_missing";
    } else if (sha256_hex(change.head) == kept) {
      change.reason = {};
    }
  }
  // Copies can be on slow file systems. They are read when this writer starts, when the ledger shrank and when the head
  // is missing, but not after each commit of another process, which checks them itself.
  const bool shrunk = extended_ && tree_.size() < *extended_;
  if (missing || (change.reason.empty() && (!extended_ || shrunk))) {
    std::string_view reason;
    if (auto copy = copy_not_extended(transaction, &reason); copy && sha256_hex(*copy) != kept) {
      change.reason = reason;
      change.head = std::move(*copy);
    }
  }
  extended_ = tree_.size();
  if (change.reason.empty() && tree_size) change.reason = "tree_mismatch";
  if (change.reason.empty()) return std::nullopt;
  change.tree_size = tree_size.value_or(tree_.size());
  trouble_ =
      Error(Status::kCorrupt, "the ledger " + name_ + " does not extend its head (" + std::string(change.reason) +
                                  ") and continues as the branch " + heads::next_origin(origin_) +
                                  "; `plog verify` reports this until you run `plog acknowledge`");
  return change_origin(transaction, builder, std::move(change));
}

std::optional<event::Prepared> HeadKeeper::restored(store::Transaction& transaction, event::Builder& builder) {
  if (branched_ || vkey_.empty()) return std::nullopt;
  event::OriginChange change;
  change.reason = "restored";
  change.head = heads_.newest->read().value_or(std::string());
  change.tree_size = tree_.size();
  return change_origin(transaction, builder, std::move(change));
}

event::Prepared HeadKeeper::change_origin(store::Transaction& transaction, event::Builder& builder,
                                          event::OriginChange change) {
  branched_ = true;
  origin_ = change.origin = heads::next_origin(origin_);
  change.size = tree_.size();
  vkey_ = crypto::Verifier(origin_, crypto::Verifier::parse(vkey_).key()).format();
  change.vkey = vkey_;
  signer_.reset();
  published_ = 0;
  transaction.set_meta(store::kMetaOrigin, origin_);
  transaction.set_meta(store::kMetaKey, vkey_);
  transaction.set_meta(store::kMetaKeptHead, change.head.empty() ? std::string() : sha256_hex(change.head));
  return event::origin_changed(builder, change);
}

crypto::Signer& HeadKeeper::signer() {
  if (signer_) return *signer_;
  auto signer = heads_.keys->read(origin_);
  if (!signer || signer->verifier().format() != vkey_) {
    // A process died between the commit of a rotation and finish_rotation().
    auto next = heads_.keys->read_next(origin_);
    if (next && next->verifier().format() == vkey_) {
      finish_rotation();
      signer = std::move(next);
    }
  }
  if (!signer) {
    throw Error(Status::kNotFound, "no heads are signed: the signing key " + heads_.keys->name() +
                                       " is missing; restore the file, or keep this ledger as it is and start another");
  }
  if (signer->verifier().format() != vkey_) {
    throw Error(Status::kInvalid, "no heads are signed: the key in " + heads_.keys->name() +
                                      " is not the ledger's current signing key; put the current key back");
  }
  signer_ = std::move(signer);
  return *signer_;
}

event::Prepared HeadKeeper::begin_rotation(store::Transaction& transaction, event::Builder& builder) {
  const crypto::Signer& old = signer();
  const crypto::Signer next = crypto::Signer::generate(origin_);
  heads_.keys->prepare_next(next);
  ++epoch_;
  vkey_ = next.verifier().format();
  const std::string note = ledger::rotation_note(origin_, epoch_, old, next);
  signer_.reset();
  published_ = 0;
  transaction.set_meta(store::kMetaKey, vkey_);
  transaction.set_meta(store::kMetaEpoch, std::to_string(epoch_));
  return event::key_rotated(builder, epoch(), note);
}

void HeadKeeper::publish() {
  const crypto::Signer& by = signer();
  // A head must never cover events that a loss of power could still remove.
  store_.sync();
  ledger::Checkpoint checkpoint;
  checkpoint.origin = origin_;
  checkpoint.size = tree_.size();
  checkpoint.root = tree_.root();
  std::string note = ledger::sign_checkpoint(checkpoint, by);
  heads_.newest->write(note);
  published_ = checkpoint.size;
  std::optional<Error> failure;
  for (const auto& copy : heads_.copies) {
    try {
      const auto there = copy->read();
      const auto other = there ? checkpoint_of(*there) : std::nullopt;
      if (other && heads::first_origin(other->origin) != heads::first_origin(origin_)) {
        throw Error(Status::kInvalid, copy->name() + " contains a head of another ledger (" + other->origin +
                                          ") and was not overwritten; give each ledger its own file");
      }
      copy->write(note);
    } catch (const Error& error) {
      failure = Error(error.status(), std::string("head_copies: ") + error.what());
    }
  }
  unsaved_ = std::move(note);
  if (failure) throw *failure;
}

}  // namespace plog::writer
