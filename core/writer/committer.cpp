#include "writer/committer.h"

#include <numeric>
#include <utility>

#include "event/system_events.h"
#include "ledger/chain.h"

namespace plog::writer {
namespace {

// Whether an event repeats the stored one with its id. An erased event has no content to compare with. If the stored
// content cannot be read, which verification reports, the event must not wait for it for ever.
bool repeats(const event::Prepared& event, std::string_view stored) {
  if (stored.empty()) return true;
  try {
    return event::same_content(stored, event.canonical);
  } catch (const Error& error) {
    if (error.status() != Status::kCorrupt) throw;
    return false;
  }
}

}  // namespace

Committer::Committer(store::Store& store, const std::string& name, heads::Heads heads, bool with_tree,
                     CommitSignal* signal)
    : store_(store),
      with_tree_(with_tree),
      signal_(signal),
      tree_(store),
      keeper_(store, tree_, name, std::move(heads)) {}

bool Committer::begin(const std::vector<event::RedactionRules>& rules) {
  bool created = false;
  if (!rules.empty()) rules_ = rules.back();
  chains_.clear();
  transaction_ = store_.begin();
  store::Transaction& transaction = *transaction_;
  try {
    if (!transaction.changed() && known_) {
      record(rules);
      return false;
    }
    const std::uint64_t leaves = with_tree_ ? transaction.tree_size() : 0;
    const bool fitted = with_tree_ && tree_.load(transaction);
    if (transaction.size() == 0) {
      const std::string id = format_uuid(uuid_v7());
      transaction.set_meta(store::kMetaLedgerId, id);
      if (with_tree_) keeper_.establish(transaction, id);
      add(event::ledger_created(builder_, id, keeper_.epoch(), rules_ ? &*rules_ : nullptr));
      if (rules_) transaction.set_meta(store::kMetaRedaction, rules_->digest);
      created = true;
    } else if (with_tree_ && !keeper_.load(transaction) &&
               keeper_.establish(transaction, transaction.meta(store::kMetaLedgerId))) {
      add(event::key_created(builder_, keeper_.epoch()));
    }
    const bool older = !created && leaves == 0;  // written by a library without trees
    const auto unfit = fitted && !created && !older ? std::optional(leaves) : std::nullopt;
    if (with_tree_) {
      if (const auto event = keeper_.reconcile(transaction, builder_, unfit)) add(*event);
    }
    known_ = true;
    if (!created) record(rules);
  } catch (...) {
    rollback();
    throw;
  }
  return created;
}

void Committer::record(const std::vector<event::RedactionRules>& rules) {
  if (rules.empty()) return;
  std::string newest = transaction_->meta(store::kMetaRedaction);
  for (const event::RedactionRules& each : rules) {
    if (each.digest == newest) continue;
    newest = each.digest;
    add(event::redaction_changed(builder_, each));
    transaction_->set_meta(store::kMetaRedaction, newest);
  }
}

// The chain of each event's agent. Reads those that this transaction has not read yet.
std::vector<Committer::Chain*> Committer::chains_of(std::span<const event::Prepared> events) {
  std::vector<Chain*> chains;
  chains.reserve(events.size());
  std::vector<std::string_view> unread;
  std::string buffer, name;
  for (const event::Prepared& event : events) {
    const std::string_view agent = event::text_of(event, event.index.agent, buffer);
    // Most batches contain long runs of one agent.
    if (!chains.empty() && chains.back()->first == agent) {
      chains.push_back(chains.back());
      continue;
    }
    name = agent;
    const auto [entry, inserted] = chains_.try_emplace(name);
    if (inserted) unread.push_back(entry->first);
    chains.push_back(&*entry);
  }
  if (!unread.empty()) {
    const std::vector<store::ChainHead> heads = transaction_->chain_heads(unread);
    for (std::size_t i = 0; i < unread.size(); ++i) chains_.find(std::string(unread[i]))->second = heads[i];
  }
  return chains;
}

std::size_t Committer::append(std::span<const event::Prepared* const> events, std::span<Chain* const> chains) {
  rows_.clear();
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto& [agent, head] = *chains[i];
    const Digest hash = ledger::chain_hash(events[i]->canonical, head.hash);
    rows_.push_back({events[i], agent, head.sequence + 1, hash, head.hash});
    head = {head.sequence + 1, hash};
  }
  const std::size_t appended = transaction_->append(rows_);
  for (std::size_t i = 0; i < appended; ++i) {
    if (with_tree_) tree_.append(rows_[i]);
    if (events[i]->system) put_context(*events[i]);
  }
  // The rest was not appended, so its chains end where they did before.
  for (std::size_t i = rows_.size(); i > appended; --i) {
    const store::NewRow& row = rows_[i - 1];
    chains[i - 1]->second = {row.sequence - 1, row.prev_hash};
  }
  return appended;
}

void Committer::put_context(const event::Prepared& event) {
  event::ContextChange change;
  if (event::read_context_change(event, change)) transaction_->put_context(change.key, change.value, change.context);
}

std::vector<spool::Receipt> Committer::add(std::span<const event::Prepared> events) {
  std::vector<spool::Receipt> receipts(events.size());
  std::vector<Chain*> chains = chains_of(events);
  // The events that are neither appended nor known to be duplicates, their chains, and their places in `events`.
  std::vector<const event::Prepared*> waiting;
  std::vector<std::size_t> places(events.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  for (const event::Prepared& event : events) waiting.push_back(&event);
  while (true) {
    const std::uint64_t first_index = transaction_->size();
    const std::size_t appended = append(waiting, chains);
    for (std::size_t i = 0; i < appended; ++i) {
      receipts[places[i]] = {spool::Outcome::kStored, first_index + i, rows_[i].sequence, rows_[i].hash, {}};
    }
    if (appended == waiting.size()) return receipts;
    // The next one is a duplicate. After a crash whole batches are, so all that wait are looked up at once.
    std::vector<store::EventKey> keys;
    for (std::size_t i = appended; i < waiting.size(); ++i) keys.push_back({chains[i]->first, waiting[i]->index.id});
    const auto existing = transaction_->existing(keys);
    std::size_t kept = 0;
    for (std::size_t i = appended; i < waiting.size(); ++i) {
      if (const auto& stored = existing[i - appended]) {
        const bool same = repeats(*waiting[i], stored->canonical);
        receipts[places[i]] = {same ? spool::Outcome::kDuplicate : spool::Outcome::kConflict,
                               stored->commit_index,
                               stored->sequence,
                               stored->hash,
                               {}};
        continue;
      }
      waiting[kept] = waiting[i];
      chains[kept] = chains[i];
      places[kept++] = places[i];
    }
    if (kept == waiting.size() - appended) {
      throw Error(Status::kInternal, "the store refused an event as a duplicate that it does not have");
    }
    waiting.resize(kept);
    chains.resize(kept);
    places.resize(kept);
  }
}

void Committer::commit(bool sync) {
  std::uint64_t size = 0;
  try {
    tree_.flush(*transaction_);
    if (const auto head = keeper_.take_unsaved()) transaction_->set_meta(store::kMetaHead, *head);
    size = transaction_->size();
    transaction_->commit(sync);
  } catch (...) {
    rollback();
    throw;
  }
  transaction_.reset();
  if (signal_ != nullptr) signal_->committed(size);
}

void Committer::rollback() noexcept {
  chains_.clear();
  known_ = false;
  transaction_.reset();
}

}  // namespace plog::writer
