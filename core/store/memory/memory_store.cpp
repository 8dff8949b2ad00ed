#include "store/memory/memory_store.h"

#include <utility>

#include "base/error.h"
#include "store/memory/backup.h"
#include "store/memory/ledgers.h"

namespace plog::store::memory {

// Works on a copy of the committed state, which commit() makes the committed one.
class MemoryTransaction final : public Transaction {
 public:
  MemoryTransaction(MemoryStore& store, std::shared_ptr<Ledger> ledger) : store_(store), ledger_(std::move(ledger)) {
    ledger_->begin(&store_);
    const StatePointer committed = ledger_->committed();
    changed_ = committed != store_.last_commit_;
    state_ = std::make_shared<State>(*committed);
  }
  ~MemoryTransaction() override {
    if (state_) ledger_->end(nullptr);
  }

  bool changed() const noexcept override { return changed_; }
  std::uint64_t size() const noexcept override { return state_->rows.size(); }

  std::vector<ChainHead> chain_heads(std::span<const std::string_view> agents) override {
    std::vector<ChainHead> heads;
    for (const std::string_view agent : agents) {
      const RowPointer newest = state_->newest_of(agent);
      heads.push_back(newest ? ChainHead{newest->sequence, newest->hash} : ChainHead());
    }
    return heads;
  }
  std::vector<std::optional<StoredEvent>> existing(std::span<const EventKey> keys) override {
    std::vector<std::optional<StoredEvent>> events;
    for (const EventKey& key : keys) {
      const RowPointer row = state_->find(key.agent, key.id);
      events.emplace_back();
      if (row) events.back() = {row->canonical, row->commit_index, row->sequence, row->hash};
    }
    return events;
  }
  std::size_t append(std::span<const NewRow> rows) override {
    std::size_t appended = 0;
    while (appended < rows.size() && state_->append(rows[appended])) ++appended;
    return appended;
  }

  std::uint64_t tree_size() override {
    const auto next = state_->tiles.lower_bound({1, 0});
    if (next == state_->tiles.begin()) return 0;
    const auto& [place, hashes] = *std::prev(next);
    return place.second * ledger::kTileWidth + hashes.size() / ledger::kHashSize;
  }
  std::string tile(unsigned level, std::uint64_t index) override { return state_->tile(level, index); }
  void put_tile(unsigned level, std::uint64_t index, std::string_view hashes) override {
    state_->tiles[{level, index}] = hashes;
  }
  void cut_tiles(unsigned level, std::uint64_t index) override {
    state_->tiles.erase(state_->tiles.lower_bound({level, index}), state_->tiles.lower_bound({level + 1, 0}));
  }

  std::string meta(std::string_view key) override { return state_->meta_text(key); }
  void set_meta(std::string_view key, std::string_view value) override { state_->meta[std::string(key)] = value; }
  void put_context(std::string_view key, std::string_view value, std::string_view context) override {
    state_->contexts[{std::string(key), std::string(value)}] = context;
  }
  std::optional<JournalPosition> journal_position(const Uuid& journal) override {
    const auto found = state_->journals.find(journal);
    return found == state_->journals.end() ? std::nullopt : std::optional(found->second);
  }
  void set_journal_position(const Uuid& journal, const JournalPosition& position) override {
    state_->journals[journal] = position;
  }
  void forget_journal(const Uuid& journal) override { state_->journals.erase(journal); }

  void commit(bool /*sync*/) override {
    if (!state_) throw Error(Status::kInternal, "commit() was called outside a transaction");
    store_.last_commit_ = std::move(state_);
    ledger_->end(store_.last_commit_);
  }

 private:
  MemoryStore& store_;
  const std::shared_ptr<Ledger> ledger_;
  bool changed_ = true;
  std::shared_ptr<State> state_;  // null once the transaction is committed
};

MemoryStore::MemoryStore(std::string path, OpenMode mode) : path_(std::move(path)), mode_(mode) {
  if (mode_ == OpenMode::kReadWrite) Ledgers::instance().find_or_create(path_);
  committed();
}

StatePointer MemoryStore::committed() const {
  const std::shared_ptr<Ledger> ledger = Ledgers::instance().find(path_);
  if (!ledger) throw Error(Status::kNotFound, "there is no ledger in memory at " + path_);
  return ledger->committed();
}

void MemoryStore::check_writable() const {
  if (mode_ == OpenMode::kReadOnly) {
    throw Error(Status::kInvalid, "cannot write to " + path_ + ": the ledger was opened read-only");
  }
}

void MemoryStore::check_no_transaction(const char* call) const {
  const std::shared_ptr<Ledger> ledger = Ledgers::instance().find(path_);
  if (ledger && ledger->has_transaction(this)) {
    throw Error(Status::kInternal, std::string(call) + "() was called inside a transaction");
  }
}

std::unique_ptr<WriterLease> MemoryStore::lock_writer(std::int64_t timeout_ms) {
  return Ledgers::instance().lock(path_, timeout_ms);
}

std::unique_ptr<Transaction> MemoryStore::begin() {
  check_writable();
  return std::make_unique<MemoryTransaction>(*this, Ledgers::instance().find_or_create(path_));
}

void MemoryStore::sync() { check_no_transaction("sync"); }

void MemoryStore::maintain() {
  check_writable();
  check_no_transaction("maintain");
}

void MemoryStore::backup(const std::string& path, const CopyProgress& progress) {
  write_backup(*committed(), path, progress);
}

}  // namespace plog::store::memory
