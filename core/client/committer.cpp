#include "client/committer.h"

#include <utility>

#include "client/system_events.h"
#include "ledger/chain.h"

namespace plog::client {

Committer::Committer(store::Store& store, const std::string& db_path, HeadOptions heads)
    : store_(store), with_tree_(heads.tree), tree_(store), keeper_(store, tree_, db_path, std::move(heads)) {}

bool Committer::begin(const std::vector<RedactionRules>& rules) {
  bool created = false;
  if (!rules.empty()) rules_ = rules.back();
  heads_.clear();
  last_head_ = nullptr;
  const bool changed = store_.begin();
  try {
    if (!changed && known_) {
      record(rules);
      return false;
    }
    const std::uint64_t leaves = with_tree_ ? store_.tree_size() : 0;
    const bool fitted = with_tree_ && tree_.load();
    if (store_.size() == 0) {
      const std::string id = format_uuid(uuid_v7());
      store_.set_meta(store::kMetaLedgerId, id);
      if (with_tree_) keeper_.establish(id);
      add(ledger_created(builder_, id, keeper_.epoch(), rules_ ? &*rules_ : nullptr));
      if (rules_) store_.set_meta(store::kMetaRedaction, rules_->digest);
      created = true;
    } else if (with_tree_ && !keeper_.load() && keeper_.establish(store_.meta(store::kMetaLedgerId))) {
      add(key_created(builder_, keeper_.epoch()));
    }
    const bool older = !created && leaves == 0;  // of a library without trees
    const auto unfit = fitted && !created && !older ? std::optional(leaves) : std::nullopt;
    if (with_tree_) {
      if (const auto event = keeper_.reconcile(builder_, unfit)) add(*event);
    }
    known_ = true;
    if (!created) record(rules);
  } catch (...) {
    rollback();
    throw;
  }
  return created;
}

void Committer::record(const std::vector<RedactionRules>& rules) {
  if (rules.empty()) return;
  std::string newest = store_.meta(store::kMetaRedaction);
  for (const RedactionRules& each : rules) {
    if (each.digest == newest) continue;
    newest = each.digest;
    add(redaction_changed(builder_, each));
    store_.set_meta(store::kMetaRedaction, newest);
  }
}

Committer::Result Committer::add(const event::Prepared& event) {
  const std::string_view agent = event::text_of(event, event.index.agent, buffer_);
  if (last_head_ == nullptr || agent != last_agent_) {
    last_agent_ = agent;
    const auto [entry, inserted] = heads_.try_emplace(last_agent_);
    if (inserted) entry->second = store_.chain_head(last_agent_);
    last_head_ = &entry->second;  // unordered_map: stable
  }
  store::ChainHead& head = *last_head_;
  const Digest hash = ledger::chain_hash(event.canonical, head.hash);
  if (!store_.append(event, last_agent_, head.sequence + 1, hash, head.hash)) {
    const auto existing = store_.existing(last_agent_, event.index.id);
    return existing && !event::same_content(*existing, event.canonical) ? Result::kConflict : Result::kDuplicate;
  }
  ++head.sequence;
  if (with_tree_) tree_.append(event, last_agent_, head.sequence, hash, head.hash);
  head.hash = hash;
  if (event.system) {
    ContextChange change;
    if (read_context_change(event, change)) store_.put_context(change.key, change.value, change.context);
  }
  return Result::kStored;
}

void Committer::commit(bool sync) {
  tree_.flush();
  if (const auto head = keeper_.take_unsaved()) store_.set_meta(store::kMetaHead, *head);
  store_.commit(sync);
}

void Committer::rollback() noexcept {
  heads_.clear();
  last_head_ = nullptr;
  known_ = false;
  store_.rollback();
}

}  // namespace plog::client
