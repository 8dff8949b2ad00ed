// The writer of a local ledger: the sink that commits events to it, and everything else that a process commits.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "event/system_events.h"
#include "heads/heads.h"
#include "redact/redactor.h"
#include "spool/orphans.h"
#include "spool/sink.h"
#include "store/driver.h"
#include "writer/adopter.h"
#include "writer/commit_signal.h"
#include "writer/committer.h"

namespace plog::writer {

// Group commit: one transaction takes everything that was submitted, by whomever, while the last one ran.
//
// Calls are for one thread at a time, except where they say otherwise. Those with a timeout wait that long for the
// ledger's writer lock and then throw kBusy; they also throw what the store throws.
class Writer final : public spool::Sink {
 public:
  // Is told about what went wrong without a call failing: a head that could not be published, a ledger that was
  // replaced. Must not throw.
  using Report = std::function<void(const Error&)>;

  // Opens the ledger, and creates it if it does not exist. `rules` are recorded in the first event of a new ledger.
  Writer(const store::LedgerAddress& address, const store::StoreOptions& store_options,
         const heads::HeadOptions& options, const std::optional<event::RedactionRules>& rules, Report report);
  ~Writer() override;

  store::Store& store() noexcept { return *store_; }                         // any thread
  std::shared_ptr<CommitSignal> signal() const noexcept { return signal_; }  // any thread

  // ---- Events, from any thread

  // Queues the batch for the next work(). If it has marks, the ledger stores them with its events.
  void submit(std::shared_ptr<const spool::Batch> batch, spool::Completion done) override PLOG_EXCLUDES(mutex_);
  bool has_work() const noexcept override PLOG_EXCLUDES(mutex_);
  // The number of gap events that the writer itself has recorded.
  std::uint64_t gaps() const noexcept { return gaps_.load(std::memory_order_relaxed); }
  // Announces the redaction rules of a client that begins to write. The next transaction records them.
  void announce(const event::RedactionRules& rules) PLOG_EXCLUDES(mutex_);

  // ---- Committing

  // Commits what is queued in one transaction, and answers it.
  void work(std::int64_t timeout_ms) override PLOG_EXCLUDES(mutex_);

  // Creates the schema and the first event of a new ledger, and publishes its first head. `sync`: on disk on return.
  void create(std::int64_t timeout_ms, bool sync);
  // Commits the journal of a dead process; see adopt().
  Adopted adopt_journal(spool::Orphan& orphan, const std::string& directory, std::int64_t timeout_ms, bool sync);
  // Removes the positions of deleted journals from the ledger.
  void forget_journals(const std::vector<Uuid>& journals, std::int64_t timeout_ms);
  // Publishes a head if one is due, and does the store's housekeeping. Without a head to publish, does not wait for the
  // lock.
  void maintain(std::int64_t timeout_ms);

  // Signs and publishes a head over everything committed, unless the newest head already covers it. Throws also as
  // HeadKeeper::publish.
  void publish_head(std::int64_t timeout_ms);
  // Replaces the signing key with a new one, which signs all later heads.
  void rotate_key(std::int64_t timeout_ms);
  // Records that an operator has seen these heads, which the ledger does not extend. `heads`: the SHA-256 of each
  // head's bytes, in hex. `redactor` redacts the comment and may be null.
  void acknowledge(const std::vector<std::string>& heads, std::string_view comment,
                   std::shared_ptr<const redact::Redactor> redactor, std::int64_t timeout_ms);
  // Records that this ledger was restored from a copy.
  void mark_restored(std::int64_t timeout_ms);

  void abandon() noexcept override;

 private:
  struct Submission {
    std::shared_ptr<const spool::Batch> batch;
    spool::Completion done;
    spool::Answer answer;
  };

  // Begins and commits a transaction that also records the announced rules. begin() returns what Committer::begin()
  // returns.
  bool begin() PLOG_EXCLUDES(mutex_);
  void commit(bool sync) PLOG_EXCLUDES(mutex_);
  // Runs `work` in a transaction of its own, which is rolled back if it throws, and `after` when it is on disk.
  void transact(std::int64_t timeout_ms, bool sync, const std::function<void()>& work,
                const std::function<void()>& after = nullptr);
  std::deque<Submission> take_queue() PLOG_EXCLUDES(mutex_);
  void commit_submissions(std::deque<Submission>& submissions, std::int64_t timeout_ms);
  void publish();

  const store::LedgerAddress address_;
  const Report report_;
  const std::shared_ptr<CommitSignal> signal_ = std::make_shared<CommitSignal>();
  std::unique_ptr<store::Store> store_;
  std::optional<Committer> committer_;
  bool founded_ = false;  // this writer created the ledger, which has no head yet
  bool known_ = false;    // the ledger has existed, so that a new one is a replacement
  std::atomic<std::uint64_t> gaps_{0};
  std::size_t announced_now_ = 0;  // number of elements of announced_ that this transaction records

  mutable Mutex mutex_;
  std::deque<Submission> queue_ PLOG_GUARDED_BY(mutex_);
  std::vector<event::RedactionRules> announced_ PLOG_GUARDED_BY(mutex_);
};

}  // namespace plog::writer
