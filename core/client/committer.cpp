#include "client/committer.h"

#include "client/system_events.h"
#include "ledger/chain.h"

namespace plog::client {

bool Committer::begin() {
  bool created = false;
  heads_.clear();
  last_head_ = nullptr;
  store_.begin();
  try {
    if (store_.empty()) {
      const std::string id = format_uuid(uuid_v7());
      add(ledger_created(builder_, id));
      store_.set_ledger_id(id);
      created = true;
    }
  } catch (...) {
    rollback();
    throw;
  }
  return created;
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
  head.hash = hash;
  if (event.system) {
    ContextChange change;
    if (read_context_change(event, change)) store_.put_context(change.key, change.value, change.context);
  }
  return Result::kStored;
}

void Committer::commit(bool sync) { store_.commit(sync); }

void Committer::rollback() noexcept {
  heads_.clear();
  last_head_ = nullptr;
  store_.rollback();
}

}  // namespace plog::client
