// What all clients of one process on one ledger share: the journal, the thread that commits it, and the counters.
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
#include "client/committer.h"
#include "client/journal.h"
#include "client/writer_lock.h"
#include "store/store.h"

namespace plog::client {

enum class OnFull { kBlock, kDrop, kRaise };

// Wishes of the clients; the smallest batch and interval and the largest limit apply, and one that wants power
// durability has it for all.
struct RecorderOptions {
  std::uint32_t batch_size = 100;
  std::uint32_t flush_interval_ms = 1000;
  std::uint64_t journal_limit_bytes = 256u << 20;
  bool power = false;
  // Of the client that opens the recorder:
  HeadOptions heads;
  std::optional<RedactionRules> rules;  // on record from a new ledger's first event on
};

// How one event is to be appended.
struct AppendOptions {
  OnFull on_full = OnFull::kBlock;
  std::uint32_t block_timeout_ms = 5000;
  bool power = false;
};

struct RecorderStats {
  std::uint64_t accepted = 0, stored = 0, recovered = 0, duplicates = 0, conflicts = 0, dropped = 0, gaps = 0;
  std::uint64_t queued_events = 0, queued_bytes = 0, truncated = 0, redactions = 0, errors = 0;
  std::optional<Error> last_error;
};

// Thread-safe. Lives while a client uses it; shared through open().
class Recorder {
 public:
  // The recorder of this process for the ledger at a real path; opens and creates the ledger when it is the first.
  static std::shared_ptr<Recorder> open(const std::string& db_path, const RecorderOptions& options);
  explicit Recorder(std::string db_path, const RecorderOptions& options);
  // Stops the thread. If all is committed, the journal's files go; else they stay for the next process.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  const std::string& db_path() const noexcept { return db_path_; }
  store::Store& store();  // throws kUnsupported in a process that may not use SQLite

  // What a client that comes to use this recorder redacts by: recorded with the next transaction.
  void announce(const RedactionRules& rules);

  // Journals one record (kRecordHeader octets of room, then the encoded event). When it returns, the event survives the
  // process; with `power`, the loss of power too. Throws kFull (not recorded) and kIo.
  void append(std::string& record, std::string_view agent, Micros time, const AppendOptions& options);

  // Makes the ledger's schema and first event, if it is new. Throws as flush.
  void create(std::int64_t timeout_ms);
  // Commits everything appended so far. Throws kTimeout, or what kept the commit from working.
  void flush(std::int64_t timeout_ms);
  // Commits the journals of dead processes. As flush.
  void adopt_orphans(std::int64_t timeout_ms);

  // Signs and publishes a head over all that is committed, unless there is one. Throws as flush, and what kept the head
  // from being published.
  void publish_head(std::int64_t timeout_ms);
  // The same for who closes: what keeps it from being published is reported like a failing commit.
  void publish_last_head(std::int64_t timeout_ms) noexcept;
  // From now on heads are signed by a new key, which takes the old one's place. Throws as publish_head.
  void rotate_key(std::int64_t timeout_ms);
  // Records that an operator has seen these heads (SHA-256 of their octets), which the ledger does not extend.
  void acknowledge(const std::vector<std::string>& heads, std::string_view comment,
                   std::shared_ptr<const redact::Redactor> redactor, std::int64_t timeout_ms);
  // Records that this ledger was restored from a copy. As publish_head.
  void mark_restored(std::int64_t timeout_ms);

  RecorderStats stats();
  void count_effects(const event::Effects& effects) noexcept;
  // The first error with a number of at least `next` (which is moved behind it); waits until `deadline` (steady_millis;
  // negative: for ever) or until `closed` is set and wake() called.
  std::optional<Error> next_error(std::atomic<std::uint64_t>& next, std::int64_t deadline,
                                  const std::atomic<bool>& closed);
  void wake();
  // Ends the thread; true when it has ended in time (negative: no deadline). Events are then committed by flush only.
  bool stop(std::int64_t timeout_ms);
  // Removes the journal's files, if all that was appended is in the ledger. The next event makes new ones.
  void discard_journals() noexcept;

 private:
  friend struct RecorderRegistry;

  // One of this process's journals: the last is appended to, earlier ones (whose files were deleted under us) only
  // drained. What follows the journal belongs to the committing thread.
  struct Own {
    explicit Own(const std::string& directory) : journal(directory) {}
    Journal journal;
    store::JournalPosition drained{1, 0};
    std::unique_ptr<SegmentReader> reader;
    std::uint64_t reader_segment = 0;
    std::shared_ptr<Fd> reader_fd;
    bool gap_committed = false;  // the frozen account, in this batch

    // Whether all that was appended is in the ledger. The lock is held, and nobody is committing.
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
    bool replaced = false;  // the ledger was gone, and a new one was begun
  };
  using Lock = std::unique_lock<std::mutex>;

  void tighten(const RecorderOptions& options);
  // The lock is held in these.
  Journal& writable_journal();
  void renew();  // a new journal to append to; throws
  void save_account(Journal& journal) noexcept;
  bool gap_waits() const noexcept;
  void drop(std::string_view agent, Micros time);
  // Becomes the committing thread for one batch. The lock is held on entry and exit, not during the work. Throws.
  void lead(Lock& lock, std::int64_t timeout_ms);
  void gather(Lock& lock);
  void give_up_lead() noexcept;
  bool wants_power();  // takes the lock
  void leading(Lock& lock, std::int64_t deadline, const std::function<void()>& work);
  // Runs `work` under the ledger's writer lock.
  void locked(std::int64_t timeout_ms, const std::function<void()>& work);
  // A transaction, with what was announced; by the committing thread, under the writer lock. begin() as Committer's.
  bool begin();
  void commit(bool power);
  Batch commit_batch(std::int64_t timeout_ms);
  // Commits what `add` adds to a transaction of its own, then runs `after` (may be empty).
  void commit_alone(std::int64_t timeout_ms, const std::function<void(Committer&)>& add,
                    const std::function<void()>& after);
  void publish();  // by the committing thread, under the writer lock
  void drain(Own& own, Batch& batch);
  void commit_gap(Own& own, Batch& batch);
  void settle(const Batch& batch);
  // Waits for all records up to `number`, and for dropped events to be recorded as gaps, as far as `gaps` batches do
  // it.
  void wait_committed(Lock& lock, std::uint64_t number, std::int64_t deadline, int gaps = 0);
  void run();
  void maintain(Lock& lock);
  void report(const Error& error) noexcept;
  void abandon() noexcept;  // in a forked child

  const std::string db_path_, directory_;
  std::unique_ptr<store::Store> store_;
  WriterLock writer_lock_;
  std::optional<Committer> committer_;  // of the committing thread

  // Of the committing thread.
  bool founded_ = false;           // here, and it has no head yet
  bool ledger_known_ = false;      // it was there before
  std::size_t announced_now_ = 0;  // in this transaction

  std::mutex mutex_;
  std::condition_variable changed_;   // committed_, leading_, space, errors
  std::condition_variable work_;      // for the thread
  std::condition_variable gathered_;  // for who gathers a group
  std::deque<std::unique_ptr<Own>> journals_;
  std::vector<RedactionRules> announced_;
  DropAccount unjournalled_;     // while no journal could be made
  std::uint64_t number_ = 0;     // of the record last appended
  std::uint64_t committed_ = 0;  // all records up to this one are in the ledger
  std::uint64_t queued_bytes_ = 0;
  std::int64_t oldest_ = 0;  // steady_millis when the queue stopped being empty, or was last shortened
  std::uint32_t batch_size_, flush_interval_ms_;
  std::uint64_t journal_limit_;
  bool power_;
  bool leading_ = false;
  bool gathering_ = false;                   // a caller waits for others before it leads
  std::atomic<std::uint32_t> turn_{0};       // how often leading_ ended
  std::atomic<std::uint64_t> durable_{0};    // committed_, for those who don't hold the lock
  std::uint64_t expected_ = 0;               // how many events the next group may have
  std::chrono::nanoseconds commit_time_{0};  // of the last commit
  bool stop_ = false;
  bool running_ = false;  // the thread is, or is about to
  bool pressed_ = false;  // a caller found no room since the last commit
  bool gap_due_ = false;
  bool waiting_ = false;  // the thread is
  bool failing_ = false;  // the last commit failed, and that was reported
  std::thread thread_;

  RecorderStats counters_;
  std::atomic<std::uint64_t> truncated_{0}, redactions_{0};
  std::deque<Error> errors_;
  std::uint64_t first_error_ = 0;  // number of errors_.front()
  std::int64_t last_drop_report_ = 0;
};

}  // namespace plog::client
