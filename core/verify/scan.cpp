#include "verify/scan.h"

#include <algorithm>
#include <exception>
#include <thread>

#include "base/error.h"
#include "base/fork.h"
#include "base/mutex.h"
#include "event/prepared.h"
#include "event/system_events.h"
#include "store/stored_tiles.h"

namespace plog::verify {
namespace {

ledger::BlockOptions block_options(const ScanOptions& options, std::uint64_t leaves) {
  ledger::BlockOptions block;
  block.agent = options.agent.value_or("");
  block.tree = options.tree;
  block.columns = options.columns;
  block.leaves = leaves;
  block.checks = options.checks;
  return block;
}

}  // namespace

Digest context_key(std::string_view key, std::string_view value) {
  return sha256(std::to_string(key.size()) + ":" + std::string(key), value);
}

// Passes a block's rows to its verifier, and keeps the key events and contexts.
class Scan::Visitor final : public store::RowVisitor {
 public:
  explicit Visitor(ledger::BlockOptions options) : verifier_(std::move(options)) {}

  void place(std::uint64_t first, std::uint64_t end) {
    first_ = first;
    end_ = end;
  }
  void start() override {
    verifier_.start(first_, end_);
    keys.clear();
    contexts.clear();
  }
  void row(const ledger::StoredEvent& event) override {
    verifier_.add(event);
    if (event.agent == event::kSystemAgent) note(event);
  }
  void tile(std::uint64_t index, std::string_view hashes) override { verifier_.add_tile(index, hashes); }
  void fault(std::uint64_t commit_index, std::string_view what) override { verifier_.add_fault(commit_index, what); }
  ledger::Block& finish() { return verifier_.finish(); }

  std::vector<SystemEvent> keys;
  std::vector<std::pair<Digest, Digest>> contexts;

 private:
  void note(const ledger::StoredEvent& stored) {
    event::Prepared event;
    event.canonical = stored.canonical;
    event.system = true;
    try {
      event.index = event::index_of(stored.canonical);
      const std::string_view name = event.raw(event.index.name);
      if (ledger::Epochs::is_key_event(name)) {
        keys.push_back({stored.commit_index, stored.sequence, std::string(stored.canonical)});
      }
      event::ContextChange change;
      if (event::read_context_change(event, change)) {
        contexts.emplace_back(context_key(change.key, change.value), sha256(change.context));
      }
    } catch (const Error& error) {
      // The block's verifier reports bytes that are not an event.
      if (error.status() != Status::kCorrupt) throw;
    }
  }

  ledger::BlockVerifier verifier_;
  std::uint64_t first_ = 0, end_ = 0;
};

// The state that the threads of one run share. Each thread takes the next block, and waits for its turn to link it.
struct Scan::Crew {
  explicit Crew(std::uint64_t begin) : next(begin) {}

  Mutex mutex;
  Condition changed;
  std::uint64_t next PLOG_GUARDED_BY(mutex);       // commit index where the next block to take begins
  std::uint64_t taken PLOG_GUARDED_BY(mutex) = 0;  // number of blocks taken
  std::uint64_t turn PLOG_GUARDED_BY(mutex) = 0;   // number of blocks linked
  std::exception_ptr failure PLOG_GUARDED_BY(mutex);

  void fail(std::exception_ptr error) {
    const MutexLock lock(mutex);
    if (!failure) failure = std::move(error);
    changed.notify_all();
  }
  // When the other threads have ended, or do not exist in a forked child, where the mutex may be held for ever.
  void rethrow() PLOG_NO_THREAD_ANALYSIS {
    if (failure) std::rethrow_exception(failure);
  }
};

Scan::Scan(store::Store& store, const store::Extent& extent, ScanOptions options, ledger::Findings& findings)
    : store_(store),
      options_(std::move(options)),
      total_(extent.rows()),
      leaves_(options_.tree ? extent.leaves() : 0),
      findings_(findings),
      chain_(options_.agent.value_or(""), options_.checks, findings),
      tree_(leaves_, options_.checks, findings),
      epochs_(options_.checks) {}

Scan::~Scan() = default;

void Scan::resume(const ledger::CompactRange& tree, ledger::ChainVerifier::Before before) {
  next_ = tree.size();
  chain_.resume(next_, std::move(before));
  store::StoredTiles tiles(store_);
  tree_.resume(tree, tiles);
}

void Scan::add_key_event(std::string_view canonical, std::uint64_t commit_index, std::uint64_t sequence) {
  epochs_.add(canonical, commit_index, sequence, findings_);
}

void Scan::sequence(const ledger::Block& block, const Visitor& visitor, const store::FilterRows& rows) {
  chain_.add(block);
  if (options_.tree) {
    store::StoredTiles tiles(store_);
    tree_.add(block, tiles);
  }
  for (const SystemEvent& event : visitor.keys) {
    epochs_.add(event.canonical, event.commit_index, event.sequence, findings_);
  }
  for (const auto& [key, context] : visitor.contexts) contexts_[key] = context;
  filter_rows_.labels += rows.labels;
  filter_rows_.references += rows.references;
}

void Scan::work(Crew& crew, bool leader) {
  const std::uint64_t generation = process_generation();
  const auto reader = store_.audit().row_reader({options_.tree, options_.columns, options_.checks});
  Visitor visitor(block_options(options_, leaves_));
  for (;;) {
    std::uint64_t first = 0, end = 0, number = 0;
    {
      const MutexLock lock(crew.mutex);
      if (crew.failure || crew.next >= total_) break;
      first = crew.next;
      end = std::min(total_, (first / ledger::kBlockRows + 1) * ledger::kBlockRows);
      crew.next = end;
      number = crew.taken++;
    }
    visitor.place(first, end);
    const std::optional<std::uint64_t> following = reader->read(first, end, visitor);
    const ledger::Block& block = visitor.finish();
    {
      const MutexLock lock(crew.mutex);
      while (!crew.failure && crew.turn != number) crew.changed.wait(crew.mutex);
      if (crew.failure) break;
      sequence(block, visitor, reader->filter_rows());
      if (block.rows.empty()) {
        // A large range of missing rows, or the end.
        crew.next = following ? std::max(crew.next, *following / ledger::kBlockRows * ledger::kBlockRows) : total_;
      }
      ++crew.turn;
      crew.changed.notify_all();
    }
    if (!leader || !options_.progress) continue;
    if (!options_.progress(std::min(end, total_), total_))
      throw Error(Status::kCancelled, "the verification was stopped");
    if (generation != process_generation()) {
      throw Error(Status::kUnsupported, "a verification cannot continue in a forked child; start it again there");
    }
  }
}

void Scan::run() {
  Crew crew(next_);
  const std::uint64_t blocks = (total_ - std::min(next_, total_)) / ledger::kBlockRows + 1;
  const auto helpers = static_cast<std::size_t>(std::min<std::uint64_t>(options_.threads, blocks)) - 1;
  const auto join = [](std::vector<std::thread>* threads) {
    for (std::thread& thread : *threads) thread.join();
    delete threads;
  };
  const std::uint64_t generation = process_generation();
  std::unique_ptr<std::vector<std::thread>, decltype(join)> threads(new std::vector<std::thread>, join);
  const auto guarded = [&](bool leader) {
    try {
      work(crew, leader);
    } catch (...) {
      crew.fail(std::current_exception());
    }
  };
  for (std::size_t i = 0; i < helpers; ++i) threads->emplace_back(guarded, false);
  guarded(true);
  if (generation != process_generation()) {
    static_cast<void>(threads.release());  // they exist in the parent only
  } else {
    threads.reset();
  }
  crew.rethrow();
  if (options_.tree) {
    store::StoredTiles tiles(store_);
    tree_.finish(tiles);
  }
  if (options_.progress && !options_.progress(total_, total_)) {
    throw Error(Status::kCancelled, "the verification was stopped");
  }
}

}  // namespace plog::verify
