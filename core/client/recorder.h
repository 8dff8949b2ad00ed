// The recorder, which all clients of one process share for one ledger: it appends their events to the spool and takes
// them from there to the sink, on a thread of its own or on the threads of callers that wait.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "heads/heads.h"
#include "spool/delivery.h"
#include "spool/sink.h"
#include "store/driver.h"
#include "writer/writer.h"

namespace plog::client {

// What append() does when the journal is full: wait up to block_timeout_ms and then drop the event; drop it at once (it
// is counted, and a gap event records the loss); or throw and leave the event to the caller. append() throws kFull in
// all three cases.
enum class OnFull { kBlock, kDrop, kRaise };

// If the clients of a recorder have different options, the smallest batch and interval and the largest limits apply,
// and durability against a loss of power applies to all if one client asks for it.
struct RecorderOptions {
  std::uint32_t batch_size = 100;
  std::uint32_t flush_interval_ms = 1000;
  std::uint64_t journal_limit_bytes = 256u << 20;
  bool power = false;
  store::StoreOptions store;
  // Only those of the client that opens the recorder apply:
  heads::HeadOptions heads;
  std::optional<event::RedactionRules> rules;  // recorded in the first event of a new ledger
  // Makes the sink. If empty, the recorder writes to the local ledger. Otherwise the recorder cannot read a ledger, and
  // calls that need one throw kUnsupported. A forked child calls it again.
  std::function<std::unique_ptr<spool::Sink>()> sink;
};

// How one event is appended.
struct AppendOptions {
  OnFull on_full = OnFull::kBlock;
  std::uint32_t block_timeout_ms = 5000;
  bool power = false;  // return only when the event is committed and on disk
};

// Totals since the recorder was opened, except `queued_*`: what is journalled and not yet committed.
struct RecorderStats {
  std::uint64_t accepted = 0, stored = 0, recovered = 0, duplicates = 0, conflicts = 0, dropped = 0, gaps = 0;
  std::uint64_t queued_events = 0, queued_bytes = 0, truncated = 0, redactions = 0, errors = 0;
  std::optional<Error> last_error;
};

// Thread-safe. Clients share it through open(), and the last one destroys it. A negative timeout means no deadline.
class Recorder {
 public:
  // The recorder of this process for a ledger. The first call opens the ledger, and creates it if it does not exist.
  static std::shared_ptr<Recorder> open(const store::LedgerAddress& address, const RecorderOptions& options);
  // The journals are beside `address` in any case.
  Recorder(store::LedgerAddress address, const RecorderOptions& options);
  // Stops the thread. Deletes the journal's files if everything is delivered; otherwise the next process adopts them.
  // Waits for no batch that the sink has.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  const store::LedgerAddress& address() const noexcept { return address_; }
  // The local ledger. Throws kUnsupported if the recorder has another sink, or in a process that must not use the
  // ledger (base/fork.h).
  store::Store& store();
  // Tells of commits by this process. Throws as store().
  std::shared_ptr<writer::CommitSignal> signal();

  // Announces the redaction rules of a client that begins to use this recorder. The next transaction records them.
  void announce(const event::RedactionRules& rules);

  // Journals one record: kRecordHeader bytes of room, then the encoded event. When this returns, the event survives the
  // death of the process, and with `power` also a loss of power. Throws kFull (the event was not recorded), kInvalid,
  // kIo; with `power` also as flush, and the event is in the journal then.
  std::uint64_t append(std::string& record, std::string_view agent, Micros time, const AppendOptions& options);

  // Submits events to the ledger without a journal, for a caller that acknowledges them only when `done` has said that
  // they are committed. They join the next commit. Any number of batches may wait. `done` must not throw and must not
  // call this recorder, except submit(). Throws as store(), and for a lack of memory.
  void submit(std::shared_ptr<const spool::Batch> batch, spool::Completion done);

  // Creates the schema and the first event of a new ledger, and publishes its first head. Throws as flush.
  void create(std::int64_t timeout_ms);
  // Delivers everything appended and submitted so far. Throws kTimeout, or the error that kept it from succeeding.
  void flush(std::int64_t timeout_ms);
  // The number of the newest record, 0 before the first.
  std::uint64_t newest();
  // Returns once the records up to `number` (an append() of this recorder) can be read from the store, and, if events
  // were dropped, once gap events record that. Does not wait for a commit of later records. Throws as flush.
  void make_visible(std::uint64_t number, std::int64_t timeout_ms);
  // As adopt_orphans, but looks for orphaned journals at most once a second, and waits for nothing if there are none.
  void adopt_new_orphans(std::int64_t timeout_ms);
  // Commits the journals of dead processes. Throws as flush.
  void adopt_orphans(std::int64_t timeout_ms);

  // Signs and publishes a head over everything committed, unless the newest head already covers it. Throws as flush and
  // as HeadKeeper::publish.
  void publish_head(std::int64_t timeout_ms);
  // As publish_head, but reports an error through next_error() instead of throwing it.
  void publish_last_head(std::int64_t timeout_ms) noexcept;
  // Replaces the signing key with a new one, which signs all later heads. Throws as publish_head.
  void rotate_key(std::int64_t timeout_ms);
  // Records that an operator has seen these heads, which the ledger does not extend. `heads`: the SHA-256 of each
  // head's bytes, in hex. `redactor` redacts the comment and may be null. Throws as flush.
  void acknowledge(const std::vector<std::string>& heads, std::string_view comment,
                   std::shared_ptr<const redact::Redactor> redactor, std::int64_t timeout_ms);
  // Records that this ledger was restored from a copy, and publishes a head. Throws as publish_head.
  void mark_restored(std::int64_t timeout_ms);

  RecorderStats stats();
  void count_effects(const event::Effects& effects) noexcept;
  // The first error whose number is at least `next`, which is then set to the number after it. Waits until `deadline`
  // (a time of steady_millis; negative: no deadline), or until `closed` is set and wake() is called; nullopt then.
  std::optional<Error> next_error(std::atomic<std::uint64_t>& next, std::int64_t deadline,
                                  const std::atomic<bool>& closed);
  void wake();
  // Stops the thread; returns whether it ended in time. After that only callers commit events, for example by flush().
  bool stop(std::int64_t timeout_ms);
  // Deletes the journal's files if everything appended is in the ledger. The next event creates new ones.
  void discard_journals() noexcept;

 private:
  friend struct RecorderRegistry;

  void tighten(const RecorderOptions& options) PLOG_EXCLUDES(delivery_.spool.mutex);
  writer::Writer& writer() const;  // throws as store()
  void drop(std::string_view agent, Micros time, const char* why) PLOG_REQUIRES(delivery_.spool.mutex);
  void start_thread() PLOG_REQUIRES(delivery_.spool.mutex);
  void require_power() PLOG_EXCLUDES(delivery_.spool.mutex);
  void join() PLOG_NO_THREAD_ANALYSIS;  // after stop(), when nobody else uses the thread object
  bool requires_power() PLOG_EXCLUDES(delivery_.spool.mutex);
  // Runs `work` as the leading thread. While another process has the writer lock (kBusy), this gives up the lead after
  // each attempt and tries again, so that neither a fork nor another deadline waits for this one. Throws as writer()
  // and leading(), and what `work` throws.
  using WriterWork = std::function<void(writer::Writer&, std::int64_t attempt_ms)>;
  void lead_writer(std::int64_t deadline, const WriterWork& work) PLOG_EXCLUDES(delivery_.spool.mutex);

  // ---- The thread
  void run() PLOG_EXCLUDES(delivery_.spool.mutex);
  void maintain() PLOG_REQUIRES(delivery_.spool.mutex);

  void count(const spool::Delivery::Totals& totals) PLOG_REQUIRES(delivery_.spool.mutex);
  void report(const Error& error) noexcept PLOG_REQUIRES(delivery_.spool.mutex);

  // ---- Around fork()
  // Takes the mutex at a moment when nobody leads and the thread rests.
  void prepare_fork() PLOG_NO_THREAD_ANALYSIS;
  void end_fork() PLOG_NO_THREAD_ANALYSIS;          // in the parent: releases the mutex, and the thread goes on
  void abandon() noexcept PLOG_NO_THREAD_ANALYSIS;  // in a forked child, which has no other thread

  const store::LedgerAddress address_;
  const std::string directory_;  // of the journals
  Condition work_;               // wakes the thread

  // When the queue last became non-empty or was shortened.
  std::int64_t oldest_ PLOG_GUARDED_BY(delivery_.spool.mutex) = 0;
  std::uint32_t batch_size_ PLOG_GUARDED_BY(delivery_.spool.mutex);
  std::uint32_t flush_interval_ms_ PLOG_GUARDED_BY(delivery_.spool.mutex);
  std::uint64_t journal_limit_ PLOG_GUARDED_BY(delivery_.spool.mutex);
  // Batches of submit(), and those among them that have an answer. The writer answers in order.
  std::uint64_t submitted_ PLOG_GUARDED_BY(delivery_.spool.mutex) = 0;
  std::uint64_t answered_ PLOG_GUARDED_BY(delivery_.spool.mutex) = 0;
  bool stop_ PLOG_GUARDED_BY(delivery_.spool.mutex) = false;
  bool running_ PLOG_GUARDED_BY(delivery_.spool.mutex) = false;  // the thread is running or about to start
  bool pressed_ PLOG_GUARDED_BY(delivery_.spool.mutex) = false;  // a caller found no room since the last delivery
  bool gap_due_ PLOG_GUARDED_BY(delivery_.spool.mutex) = false;  // dropped events must be delivered as a gap event
  bool waiting_ PLOG_GUARDED_BY(delivery_.spool.mutex) = false;  // the thread is waiting for work
  // The thread waits, and so holds no lock of the process, such as the allocator's, that a forked child would need.
  bool resting_ PLOG_GUARDED_BY(delivery_.spool.mutex) = false;
  bool forking_ PLOG_GUARDED_BY(delivery_.spool.mutex) = false;  // a fork waits for the thread to rest
  bool failing_ PLOG_GUARDED_BY(delivery_.spool.mutex) = false;  // the last delivery failed, and that was reported
  std::thread thread_ PLOG_GUARDED_BY(delivery_.spool.mutex);

  RecorderStats counters_ PLOG_GUARDED_BY(delivery_.spool.mutex);
  std::atomic<std::int64_t> next_look_{0};  // for orphaned journals, by a query; steady_millis
  std::atomic<std::uint64_t> truncated_{0}, redactions_{0};
  std::deque<Error> errors_ PLOG_GUARDED_BY(delivery_.spool.mutex);
  std::uint64_t first_error_ PLOG_GUARDED_BY(delivery_.spool.mutex) = 0;  // number of errors_.front()
  std::int64_t last_drop_report_ PLOG_GUARDED_BY(delivery_.spool.mutex) = 0;

  // The sink, if it is a local ledger's. Null also in a process that must not use the ledger.
  writer::Writer* writer_ = nullptr;

  // The mutex of its spool guards the recorder too. Destroyed first, since its sink answers what is left then.
  spool::Delivery delivery_;
};

}  // namespace plog::client
