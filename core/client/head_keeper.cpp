#include "client/head_keeper.h"

#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/file.h"
#include "crypto/sha256.h"
#include "ledger/rotation.h"

namespace plog::client {
namespace {

std::optional<ledger::Checkpoint> checkpoint_of(const std::string& head) {
  const auto note = crypto::parse_note(head);
  return note ? ledger::parse_checkpoint(note->text) : std::nullopt;
}

}  // namespace

HeadKeeper::HeadKeeper(store::Store& store, LedgerTree& tree, std::string db_path, HeadOptions options)
    : store_(store),
      tree_(tree),
      db_path_(std::move(db_path)),
      options_(std::move(options)),
      key_path_(key_path(db_path_, options_)) {}

bool HeadKeeper::establish(std::string_view ledger_id) {
  origin_ = options_.origin.empty() ? default_origin(ledger_id) : options_.origin;
  vkey_.clear();
  epoch_ = 0;
  signer_.reset();
  published_ = 0;
  store_.set_meta(store::kMetaOrigin, origin_);
  try {
    signer_ = read_key(key_path_, origin_);
    if (!signer_) {
      signer_ = crypto::Signer::generate(origin_);
      create_key(key_path_, *signer_);
    }
  } catch (const Error& error) {
    if (error.status() == Status::kNoMemory) throw;
    signer_.reset();
    trouble_ = Error(error.status(), std::string("no heads are signed: ") + error.what());
    return false;
  }
  epoch_ = 1;
  vkey_ = signer_->verifier().format();
  store_.set_meta(store::kMetaKey, vkey_);
  store_.set_meta(store::kMetaEpoch, std::to_string(epoch_));
  return true;
}

// Why the ledger does not extend a head; empty when it does.
std::string_view HeadKeeper::fault_of(const std::optional<ledger::Checkpoint>& head) {
  if (!head) return "head_unreadable";
  if (head->origin != origin_) return "head_of_another_ledger";
  if (head->size > tree_.size()) return "rolled_back";
  if (tree_.root_of(head->size) != head->root) return "head_mismatch";
  return {};
}

// A copy shows a rollback that took the head beside the ledger back as well.
std::optional<std::string> HeadKeeper::copy_not_extended(std::string_view* reason) {
  for (const std::string& path : options_.copies) {
    std::optional<std::string> head;
    try {
      head = read_head(path);
    } catch (const Error& error) {
      if (error.status() == Status::kNoMemory) throw;  // else publishing tells
    }
    const auto checkpoint = head ? checkpoint_of(*head) : std::nullopt;
    // Of another name: of a branch before this one, which is on record, or of another ledger.
    if (!checkpoint || checkpoint->origin != origin_) continue;
    *reason = fault_of(checkpoint);
    if (!reason->empty()) return head;
  }
  return std::nullopt;
}

bool HeadKeeper::load() {
  const std::string vkey = store_.meta(store::kMetaKey);
  if (vkey != vkey_) signer_.reset();
  vkey_ = vkey;
  origin_ = store_.meta(store::kMetaOrigin);
  const std::string epoch = store_.meta(store::kMetaEpoch);
  std::from_chars(epoch.data(), epoch.data() + epoch.size(), epoch_);
  return !vkey_.empty() && !origin_.empty();
}

std::optional<event::Prepared> HeadKeeper::reconcile(event::Builder& builder, std::optional<std::uint64_t> tree_size) {
  published_ = 0;
  branched_ = false;
  if (vkey_.empty()) return std::nullopt;
  OriginChange change;
  const std::string kept = store_.meta(store::kMetaKeptHead);
  auto head = read_head(head_path(db_path_));
  const bool missing = !head;
  if (missing) head = store_.meta(store::kMetaHead);  // whoever deleted the file left this copy of it
  if (!head->empty()) {
    const auto checkpoint = checkpoint_of(*head);
    change.reason = fault_of(checkpoint);
    change.head = *head;
    if (change.reason.empty()) {
      published_ = checkpoint->size;
      if (missing) change.reason = "head_missing";
    } else if (sha256_hex(change.head) == kept) {
      change.reason = {};
    }
  }
  // Elsewhere may be far: not for each commit of another process, which held the ledger against the copies itself.
  const bool shrunk = extended_ && tree_.size() < *extended_;
  if (missing || (change.reason.empty() && (!extended_ || shrunk))) {
    std::string_view reason;
    if (auto copy = copy_not_extended(&reason); copy && sha256_hex(*copy) != kept) {
      change.reason = reason;
      change.head = std::move(*copy);
    }
  }
  extended_ = tree_.size();
  if (change.reason.empty() && tree_size) change.reason = "tree_mismatch";
  if (change.reason.empty()) return std::nullopt;
  change.tree_size = tree_size.value_or(tree_.size());
  trouble_ = Error(Status::kCorrupt, "the ledger " + db_path_ + " does not extend its head (" +
                                         std::string(change.reason) + ") and goes on as " + next_origin(origin_) +
                                         "; `plog verify` reports it until `plog acknowledge`");
  return change_origin(builder, std::move(change));
}

std::optional<event::Prepared> HeadKeeper::restored(event::Builder& builder) {
  if (branched_ || vkey_.empty()) return std::nullopt;
  OriginChange change;
  change.reason = "restored";
  change.head = read_head(head_path(db_path_)).value_or(std::string());
  change.tree_size = tree_.size();
  return change_origin(builder, std::move(change));
}

event::Prepared HeadKeeper::change_origin(event::Builder& builder, OriginChange change) {
  branched_ = true;
  origin_ = change.origin = next_origin(origin_);
  change.size = tree_.size();
  vkey_ = crypto::Verifier(origin_, crypto::Verifier::parse(vkey_).key()).format();
  change.vkey = vkey_;
  signer_.reset();
  published_ = 0;
  store_.set_meta(store::kMetaOrigin, origin_);
  store_.set_meta(store::kMetaKey, vkey_);
  store_.set_meta(store::kMetaKeptHead, change.head.empty() ? std::string() : sha256_hex(change.head));
  return origin_changed(builder, change);
}

crypto::Signer& HeadKeeper::signer() {
  if (signer_) return *signer_;
  auto signer = read_key(key_path_, origin_);
  if (!signer || signer->verifier().format() != vkey_) {
    // A rotation that died between its commit and this.
    auto next = read_key(next_key_path(key_path_), origin_);
    if (next && next->verifier().format() == vkey_) {
      finish_rotation();
      signer = std::move(next);
    }
  }
  if (!signer) {
    throw Error(Status::kNotFound, "no heads are signed: the signing key " + key_path_ +
                                       " is missing; put it back, or keep this ledger as it is and begin another");
  }
  if (signer->verifier().format() != vkey_) {
    throw Error(Status::kInvalid, "no heads are signed: " + key_path_ + " is not the ledger's present key");
  }
  signer_ = std::move(signer);
  return *signer_;
}

event::Prepared HeadKeeper::begin_rotation(event::Builder& builder) {
  const crypto::Signer& old = signer();
  const std::string path = next_key_path(key_path_);
  ::unlink(path.c_str());  // of a rotation that was never committed
  const crypto::Signer next = crypto::Signer::generate(origin_);
  create_key(path, next);
  ++epoch_;
  vkey_ = next.verifier().format();
  const std::string note = ledger::rotation_note(origin_, epoch_, old, next);
  signer_.reset();
  published_ = 0;
  store_.set_meta(store::kMetaKey, vkey_);
  store_.set_meta(store::kMetaEpoch, std::to_string(epoch_));
  return key_rotated(builder, epoch(), note);
}

void HeadKeeper::finish_rotation() {
  if (::rename(next_key_path(key_path_).c_str(), key_path_.c_str()) != 0) {
    throw errno_error("cannot put the new signing key in place as " + key_path_, errno);
  }
  const std::size_t slash = key_path_.rfind('/');
  sync_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : key_path_.substr(0, slash));
}

void HeadKeeper::publish() {
  const crypto::Signer& by = signer();
  // A head must never cover what a loss of power could take.
  store_.sync();
  ledger::Checkpoint checkpoint;
  checkpoint.origin = origin_;
  checkpoint.size = tree_.size();
  checkpoint.root = tree_.root();
  std::string note = ledger::sign_checkpoint(checkpoint, by);
  write_head(head_path(db_path_), note);
  published_ = checkpoint.size;
  std::optional<Error> failure;
  for (const std::string& copy : options_.copies) {
    try {
      const auto there = read_head(copy);
      const auto other = there ? checkpoint_of(*there) : std::nullopt;
      if (other && first_origin(other->origin) != first_origin(origin_)) {
        throw Error(Status::kInvalid, copy + " holds a head of another ledger, " + other->origin +
                                          ", and is left as it is; give each ledger a file of its own");
      }
      write_head(copy, note);
    } catch (const Error& error) {
      failure = Error(error.status(), std::string("head_copies: ") + error.what());
    }
  }
  unsaved_ = std::move(note);
  if (failure) throw *failure;
}

}  // namespace plog::client
