// The recorder, which all clients of one process share for one ledger: the journal, the thread that commits it, and the
// counters.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "heads/heads.h"
#include "spool/journal.h"
#include "spool/journal_batch.h"
#include "store/driver.h"
#include "writer/committer.h"

namespace plog::client {

// What append() does when the journal is full: wait up to block_timeout_ms and then drop the event; drop it at once (it
// is counted, and a gap event records the loss); or throw and leave the event to the caller. append() throws kFull in
// all three cases.
enum class OnFull { kBlock, kDrop, kRaise };

// If the clients of a recorder have different options, the smallest batch and interval and the largest limit apply, and
// durability against a loss of power applies to all if one client asks for it.
struct RecorderOptions {
  std::uint32_t batch_size = 100;
  std::uint32_t flush_interval_ms = 1000;
  std::uint64_t journal_limit_bytes = 256u << 20;
  bool power = false;
  // Only those of the client that opens the recorder apply:
  heads::HeadOptions heads;
  std::optional<event::RedactionRules> rules;  // recorded in the first event of a new ledger
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
  Recorder(store::LedgerAddress address, const RecorderOptions& options);
  // Stops the thread. Deletes the journal's files if everything is committed; otherwise the next process adopts them.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  const store::LedgerAddress& address() const noexcept { return address_; }
  store::Store& store();  // throws kUnsupported in a process that must not use SQLite (client/fork.h)

  // Announces the redaction rules of a client that begins to use this recorder. The next transaction records them.
  void announce(const event::RedactionRules& rules);

  // Journals one record: kRecordHeader bytes of room, then the encoded event. When this returns, the event survives the
  // death of the process, and with `power` also a loss of power. Throws kFull (the event was not recorded), kInvalid,
  // kIo; with `power` also as flush, and the event is in the journal then.
  std::uint64_t append(std::string& record, std::string_view agent, Micros time, const AppendOptions& options);

  // Creates the schema and the first event of a new ledger, and publishes its first head. Throws as flush.
  void create(std::int64_t timeout_ms);
  // Commits everything appended so far. Throws kTimeout, or the error that kept the commit from succeeding.
  void flush(std::int64_t timeout_ms);
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

  // One of this process's journals. Events are appended to the last one. Earlier ones, whose files were deleted or
  // could not be written, are only drained. The members after `journal` belong to the committing thread.
  struct Own {
    explicit Own(const std::string& directory) : journal(directory) {}
    spool::Journal journal;
    store::JournalPosition drained{1, 0};
    std::unique_ptr<spool::SegmentReader> reader;
    std::uint64_t reader_segment = 0;
    std::shared_ptr<Fd> reader_fd;
    bool gap_committed = false;  // this batch has recorded the frozen account

    // Whether everything appended is in the ledger. The caller holds the lock, and no commit is running.
    bool done() noexcept {
      const store::JournalPosition end = journal.end();
      const bool drained_all = end.segment == 0 || (drained.segment == end.segment && drained.offset >= end.offset);
      return drained_all && journal.account().empty();
    }
  };
  struct Batch {
    std::size_t events = 0;
    std::uint64_t last_number = 0, bytes = 0, stored = 0, duplicates = 0, conflicts = 0, gaps = 0;
    bool more = false;
    bool replaced = false;  // the ledger was deleted, and this batch created a new one
  };
  using Lock = std::unique_lock<std::mutex>;

  void tighten(const RecorderOptions& options);
  // The caller of these holds the lock.
  spool::Journal& writable_journal();
  void renew();  // creates a new journal to append to; throws
  void save_account(spool::Journal& journal) noexcept;
  bool gap_waits() const noexcept;  // whether dropped events are not yet recorded in a gap event
  void drop(std::string_view agent, Micros time);
  // Commits one batch as the committing thread. Holds the lock on entry and exit, but not during the work. Throws.
  void lead(Lock& lock, std::int64_t timeout_ms);
  void gather(Lock& lock);
  void give_up_lead() noexcept;
  bool wants_power();  // takes the lock
  void leading(Lock& lock, std::int64_t deadline, const std::function<void()>& work);
  // Runs `work` under the ledger's writer lock.
  void locked(std::int64_t timeout_ms, const std::function<void()>& work);
  // Begin and commit a transaction that also records the announced rules. Called by the committing thread under the
  // writer lock. begin() returns what Committer::begin() returns.
  bool begin();
  void commit(bool power);
  Batch commit_batch(std::int64_t timeout_ms);
  // Commits the events that `add` adds in a transaction of their own, then runs `after` (may be empty) under the writer
  // lock.
  void commit_alone(std::int64_t timeout_ms, const std::function<void(writer::Committer&)>& add,
                    const std::function<void()>& after);
  void publish();  // called by the committing thread under the writer lock
  void drain(Own& own, Batch& batch);
  void store_pending(Batch& batch);
  void commit_gap(Own& own, Batch& batch);
  void settle(const Batch& batch);
  // Waits until all records up to `number` are committed. Also waits for dropped events to be recorded in gap events,
  // but commits at most `gaps` batches for that.
  void wait_committed(Lock& lock, std::uint64_t number, std::int64_t deadline, int gaps = 0);
  void run();
  void maintain(Lock& lock);
  void report(const Error& error) noexcept;
  void abandon() noexcept;  // in a forked child

  const store::LedgerAddress address_;
  const std::string directory_;  // of the journals
  std::unique_ptr<store::Store> store_;
  std::optional<writer::Committer> committer_;  // used by the committing thread only

  // Used by the committing thread only.
  spool::JournalBatch pending_;    // read from a journal and not yet appended to the ledger
  bool founded_ = false;           // this recorder created the ledger, which has no head yet
  bool ledger_known_ = false;      // the ledger has existed, so that a new one is a replacement
  std::size_t announced_now_ = 0;  // number of elements of announced_ that this transaction records

  std::mutex mutex_;
  std::condition_variable changed_;   // signals committed_, leading_, free space, errors
  std::condition_variable work_;      // wakes the thread
  std::condition_variable gathered_;  // wakes the caller in gather()
  std::deque<std::unique_ptr<Own>> journals_;
  std::vector<event::RedactionRules> announced_;
  spool::DropAccount unjournalled_;  // events dropped while no journal could be created
  std::uint64_t number_ = 0;         // number of the last appended record
  std::uint64_t committed_ = 0;      // all records up to this one are in the ledger
  std::uint64_t queued_bytes_ = 0;
  std::int64_t oldest_ = 0;  // steady_millis when the queue last became non-empty or was shortened
  std::uint32_t batch_size_, flush_interval_ms_;
  std::uint64_t journal_limit_;
  bool power_;
  bool leading_ = false;
  bool gathering_ = false;                   // a caller waits in gather() before it commits
  std::atomic<std::uint32_t> turn_{0};       // how often give_up_lead() was called
  std::atomic<std::uint64_t> durable_{0};    // as committed_, but readable without the lock
  std::uint64_t expected_ = 0;               // how many events the next group may have
  std::chrono::nanoseconds commit_time_{0};  // duration of the last commit
  bool stop_ = false;
  bool running_ = false;  // the thread is running or about to start
  bool pressed_ = false;  // a caller found no room since the last commit
  bool gap_due_ = false;  // dropped events must be recorded in a gap event
  bool waiting_ = false;  // the thread is waiting for work
  bool failing_ = false;  // the last commit failed, and that was reported
  std::thread thread_;

  RecorderStats counters_;
  std::atomic<std::int64_t> next_look_{0};  // for orphaned journals, by a query; steady_millis
  std::atomic<std::uint64_t> truncated_{0}, redactions_{0};
  std::deque<Error> errors_;
  std::uint64_t first_error_ = 0;  // number of errors_.front()
  std::int64_t last_drop_report_ = 0;
};

}  // namespace plog::client
