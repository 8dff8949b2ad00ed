#include "client/recorder.h"

#include <signal.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "base/deadline.h"
#include "base/encoding.h"
#include "base/fork.h"
#include "client/registry.h"
#include "event/system_events.h"
#include "spool/orphans.h"
#include "store/ledger_paths.h"

namespace plog::client {
namespace {

constexpr std::size_t kMaxErrors = 64;
// Limit of one wait for the writer lock, so that a fork is not delayed.
constexpr std::int64_t kAttemptMillis = 250;
// The pause between two such waits.
constexpr std::int64_t kRetryMillis = 20;
// The time between two rounds of maintenance, and between two looks for orphaned journals.
constexpr std::int64_t kMaintainMillis = 1000;
constexpr std::int64_t kFirstBackoffMillis = 20;
constexpr std::int64_t kMaxBackoffMillis = 5000;

// Whether another process or thread was at work, which is not a failure until it lasts.
bool contended(const Error& error) { return error.status() == Status::kBusy || error.status() == Status::kTimeout; }

std::int64_t rest_of(std::int64_t deadline) { return std::max<std::int64_t>(0, deadline - steady_millis()); }

}  // namespace

Recorder::Recorder(store::LedgerAddress address, const RecorderOptions& options)
    : address_(std::move(address)),
      directory_(store::LedgerPaths(address_).journals()),
      batch_size_(options.batch_size),
      flush_interval_ms_(options.flush_interval_ms),
      journal_limit_(options.journal_limit_bytes),
      delivery_(directory_,
                {.delivered = [this](const spool::Delivery::Totals& totals)
                                  PLOG_REQUIRES(delivery_.spool.mutex) { count(totals); },
                 .trouble = [this](const Error& error) PLOG_REQUIRES(delivery_.spool.mutex) { report(error); },
                 .answered = [this] { work_.notify_one(); }}) {
  if (options.power) require_power();
  // In a child of a bare clone(2), SQLite does not know that its locks are shared with the parent. Such a child only
  // journals.
  if (cloned_without_handlers()) return;
  if (options.sink) {
    delivery_.open(options.sink());
    return;
  }
  auto writer = std::make_unique<writer::Writer>(address_, options.store, options.heads, options.rules,
                                                 [this](const Error& error) {
                                                   const MutexLock lock(delivery_.spool.mutex);
                                                   report(error);
                                                 });
  writer_ = writer.get();
  delivery_.open(std::move(writer));
}

Recorder::~Recorder() {
  const MutexLock closing(RecorderRegistry::instance().closing);
  stop(-1);
  join();
  discard_journals();
}

// Nobody starts the thread after stop().
void Recorder::join() {
  if (thread_.joinable()) thread_.join();
}

bool Recorder::stop(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  const MutexLock lock(delivery_.spool.mutex);
  stop_ = true;
  work_.notify_all();
  while (running_) {
    if (steady_millis() >= deadline) return false;
    delivery_.changed.wait_until(delivery_.spool.mutex, time_point(deadline));
  }
  return true;
}

void Recorder::discard_journals() noexcept {
  try {
    const MutexLock lock(delivery_.spool.mutex);
    if (delivery_.has_leader()) return;
    const std::vector<Uuid> gone = delivery_.spool.remove_if_delivered();
    if (gone.empty() || writer_ == nullptr) return;
    // The positions of deleted journals are useless. If removing them fails, a few bytes stay in the ledger.
    delivery_.leading(steady_millis(), [&] { writer_->forget_journals(gone, kAttemptMillis); });
  } catch (const std::exception&) {
  }
}

writer::Writer& Recorder::writer() const {
  if (writer_ != nullptr) return *writer_;
  if (cloned_without_handlers()) {
    throw Error(Status::kUnsupported, "this process was cloned without fork handlers and cannot read the ledger");
  }
  throw Error(Status::kUnsupported, "this client records into a server and has no ledger here");
}

store::Store& Recorder::store() { return writer().store(); }

std::shared_ptr<writer::CommitSignal> Recorder::signal() { return writer().signal(); }

void Recorder::tighten(const RecorderOptions& options) {
  const MutexLock lock(delivery_.spool.mutex);
  batch_size_ = std::min(batch_size_, options.batch_size);
  flush_interval_ms_ = std::min(flush_interval_ms_, options.flush_interval_ms);
  journal_limit_ = std::max(journal_limit_, options.journal_limit_bytes);
  if (options.power) delivery_.require_sync();
  if (writer_ != nullptr) writer_->store().raise_read_connections(options.store.read_connections);
}

void Recorder::require_power() {
  const MutexLock lock(delivery_.spool.mutex);
  delivery_.require_sync();
}

bool Recorder::requires_power() {
  const MutexLock lock(delivery_.spool.mutex);
  return delivery_.requires_sync();
}

void Recorder::announce(const event::RedactionRules& rules) {
  if (writer_ != nullptr) writer_->announce(rules);
}

// ---- Recording

void Recorder::drop(std::string_view agent, Micros time, const char* why) {
  ++counters_.dropped;
  delivery_.spool.drop(agent, time);
  const std::int64_t now = steady_millis();
  if (now - last_drop_report_ >= 1000) {
    last_drop_report_ = now;
    report(Error(Status::kFull, std::string(why) + "; events dropped so far: " + std::to_string(counters_.dropped)));
  }
}

void Recorder::start_thread() {
  if (stop_ || thread_.joinable() || cloned_without_handlers()) return;
  // Block all signals in the thread: the application's signal handlers must run on its own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    running_ = true;
    resting_ = false;
    thread_ = std::thread([this] { run(); });
  } catch (const std::exception&) {
    running_ = false;
    // The thread cannot be created now. flush() still delivers, and the next event tries again.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::uint64_t Recorder::append(std::string& record, std::string_view agent, Micros time, const AppendOptions& options) {
  const std::string_view payload = std::string_view(record).substr(spool::kRecordHeader);
  const std::uint32_t crc = crc32c(payload.data(), payload.size());
  std::int64_t deadline = 0;
  std::uint64_t number = 0;
  bool wake_thread = false;
  {
    // The leading thread holds the mutex for less time than going to sleep and waking up takes.
    delivery_.spool.mutex.lock_soon();
    const MutexLock lock(delivery_.spool.mutex, kAdopt);
    while (number == 0) {
      const char* why = "the journal has reached its limit";
      if (delivery_.spool.queued_bytes() + record.size() <= journal_limit_ || delivery_.spool.queued() == 0) {
        try {
          number = delivery_.spool.append(record, crc);
          break;
        } catch (const Error& error) {
          if (error.status() != Status::kFull) throw;
          why = "the disk is full";
        }
      }
      const Error full(Status::kFull, std::string("the event was not recorded: ") + why);
      pressed_ = true;
      work_.notify_one();
      if (options.on_full == OnFull::kRaise) throw full;
      if (deadline == 0) deadline = steady_millis() + options.block_timeout_ms;
      if (options.on_full == OnFull::kDrop || steady_millis() >= deadline) {
        drop(agent, time, why);
        throw full;
      }
      // Nothing signals that a disk has room again, so retry at intervals.
      delivery_.changed.wait_until(delivery_.spool.mutex, time_point(std::min(deadline, steady_millis() + 50)));
    }
    ++counters_.accepted;
    const bool first = delivery_.spool.queued() == 1;
    if (first) oldest_ = steady_millis();
    if (!thread_.joinable()) {
      start_thread();
    } else if (waiting_ &&
               (delivery_.spool.queued() >= batch_size_ || delivery_.spool.queued_bytes() >= journal_limit_ / 2 ||
                (first && flush_interval_ms_ < kMaintainMillis))) {
      waiting_ = false;
      wake_thread = true;
    }
  }
  // Without the mutex, or the thread would wake up and wait for it.
  if (wake_thread) work_.notify_one();
  if (options.power) delivery_.wait_in_group(number, steady_millis() + options.block_timeout_ms);
  return number;
}

void Recorder::submit(std::shared_ptr<const spool::Batch> batch, spool::Completion done) {
  writer::Writer& writer = this->writer();
  {
    const MutexLock lock(delivery_.spool.mutex);
    ++submitted_;
    start_thread();
  }
  const auto answered = [this, done = std::move(done)](const spool::Answer& answer) {
    done(answer);
    const MutexLock lock(delivery_.spool.mutex);
    ++answered_;
    delivery_.changed.notify_all();
  };
  try {
    writer.submit(std::move(batch), answered);
  } catch (...) {
    const MutexLock lock(delivery_.spool.mutex);
    ++answered_;
    delivery_.changed.notify_all();
    throw;
  }
  work_.notify_one();
}

void Recorder::flush(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  const MutexLock lock(delivery_.spool.mutex);
  delivery_.spool.journal_drops();
  // Events that are recorded, dropped or submitted from now on do not prolong this call.
  const std::uint64_t submitted = submitted_;
  delivery_.wait(delivery_.spool.newest(), deadline, delivery_.spool.dropped());
  while (answered_ < submitted) {
    if (steady_millis() >= deadline) {
      throw Error(Status::kTimeout, "the deadline passed before all submitted events were committed");
    }
    if (delivery_.can_deliver()) {
      delivery_.deliver(std::clamp<std::int64_t>(deadline - steady_millis(), 0, kAttemptMillis));
    } else {
      delivery_.changed.wait_until(delivery_.spool.mutex, time_point(deadline));
    }
  }
}

std::uint64_t Recorder::newest() {
  const MutexLock lock(delivery_.spool.mutex);
  return delivery_.spool.newest();
}

void Recorder::make_visible(std::uint64_t number, std::int64_t timeout_ms) {
  const MutexLock lock(delivery_.spool.mutex);
  delivery_.wait(number, deadline_after(timeout_ms), delivery_.spool.gap_waits() ? delivery_.spool.dropped() : 0);
}

void Recorder::count(const spool::Delivery::Totals& totals) {
  counters_.stored += totals.stored;
  counters_.duplicates += totals.duplicates;
  counters_.conflicts += totals.conflicts;
  counters_.gaps += totals.gaps;
  counters_.dropped += totals.refused;
  oldest_ = steady_millis();
  pressed_ = gap_due_ = failing_ = false;
}

// ---- What else a process commits

void Recorder::lead_writer(std::int64_t deadline, const WriterWork& work) {
  writer::Writer& writer = this->writer();
  const MutexLock lock(delivery_.spool.mutex);
  while (true) {
    try {
      delivery_.leading(deadline, [&] { work(writer, std::min(kAttemptMillis, rest_of(deadline))); });
      return;
    } catch (const Error& error) {
      if (error.status() != Status::kBusy || steady_millis() >= deadline) throw;
    }
    // Between two attempts others may lead, and a fork may happen.
    delivery_.changed.wait_until(delivery_.spool.mutex, time_point(std::min(deadline, steady_millis() + kRetryMillis)));
  }
}

void Recorder::create(std::int64_t timeout_ms) {
  if (writer_ == nullptr && !cloned_without_handlers()) return;
  lead_writer(deadline_after(timeout_ms),
              [&](writer::Writer& writer, std::int64_t attempt_ms) { writer.create(attempt_ms, requires_power()); });
}

void Recorder::adopt_new_orphans(std::int64_t timeout_ms) {
  const std::int64_t now = steady_millis();
  std::int64_t due = next_look_.load(std::memory_order_relaxed);
  if (now < due || !next_look_.compare_exchange_strong(due, now + kMaintainMillis, std::memory_order_relaxed)) return;
  if (!spool::find_orphans(directory_).empty()) adopt_orphans(timeout_ms);
}

void Recorder::adopt_orphans(std::int64_t timeout_ms) {
  if (writer_ == nullptr) return;
  const std::int64_t deadline = deadline_after(timeout_ms);
  std::vector<writer::Adopted> done;
  std::optional<Error> failure;
  try {
    lead_writer(deadline, [&](writer::Writer& writer, std::int64_t attempt_ms) {
      const bool power = requires_power();
      for (spool::Orphan& orphan : spool::find_orphans(directory_)) {
        done.push_back(writer.adopt_journal(orphan, directory_, attempt_ms, power));
      }
    });
  } catch (const Error& error) {
    failure = error;
  }
  const MutexLock lock(delivery_.spool.mutex);
  for (const writer::Adopted& adopted : done) {
    counters_.recovered += adopted.recovered;
    counters_.gaps += adopted.gaps;
    for (const Error& error : adopted.errors) report(error);
  }
  if (failure) throw *failure;
}

void Recorder::publish_head(std::int64_t timeout_ms) {
  lead_writer(deadline_after(timeout_ms),
              [](writer::Writer& writer, std::int64_t attempt_ms) { writer.publish_head(attempt_ms); });
}

void Recorder::publish_last_head(std::int64_t timeout_ms) noexcept {
  try {
    if (writer_ != nullptr) publish_head(timeout_ms);
  } catch (const Error& error) {
    const MutexLock lock(delivery_.spool.mutex);
    report(error);
  } catch (const std::exception&) {
    // Out of memory. The next process that writes publishes the head.
  }
}

void Recorder::rotate_key(std::int64_t timeout_ms) {
  // Let the old key sign a last head over everything committed so far.
  publish_head(timeout_ms);
  lead_writer(deadline_after(timeout_ms),
              [](writer::Writer& writer, std::int64_t attempt_ms) { writer.rotate_key(attempt_ms); });
  publish_last_head(timeout_ms);  // the rotation is committed even if this fails
}

void Recorder::acknowledge(const std::vector<std::string>& heads, std::string_view comment,
                           std::shared_ptr<const redact::Redactor> redactor, std::int64_t timeout_ms) {
  lead_writer(deadline_after(timeout_ms), [&](writer::Writer& writer, std::int64_t attempt_ms) {
    writer.acknowledge(heads, comment, redactor, attempt_ms);
  });
  // The event is committed even if the signing key is missing, which only the next head needs.
  publish_last_head(timeout_ms);
}

void Recorder::mark_restored(std::int64_t timeout_ms) {
  lead_writer(deadline_after(timeout_ms),
              [](writer::Writer& writer, std::int64_t attempt_ms) { writer.mark_restored(attempt_ms); });
  publish_head(timeout_ms);
}

// ---- The thread

void Recorder::run() {
  const MutexLock lock(delivery_.spool.mutex);
  std::int64_t next_maintenance = steady_millis() + kMaintainMillis;
  std::int64_t retry = 0;  // time before which no delivery is tried
  std::int64_t backoff = 0;
  std::uint64_t seen = delivery_.failures();
  const auto failed = [&](const std::optional<Error>& error) PLOG_REQUIRES(delivery_.spool.mutex) {
    seen = delivery_.failures();
    if (error && !failing_ && (!contended(*error) || backoff >= 2000)) {
      report(*error);
      failing_ = true;
    }
    backoff = std::clamp<std::int64_t>(backoff * 2, kFirstBackoffMillis, kMaxBackoffMillis);
    retry = steady_millis() + backoff;
  };
  while (!stop_) {
    if (forking_) {
      resting_ = true;
      delivery_.changed.notify_all();
      delivery_.changed.wait(delivery_.spool.mutex);
      resting_ = false;
      continue;
    }
    const std::int64_t now = steady_millis();
    // The sink of a server answers at any time. A local writer answers in deliver(), and callers whose own attempt
    // failed know it.
    if (writer_ == nullptr && delivery_.failures() != seen) failed(delivery_.failure());
    const std::uint64_t queued = delivery_.spool.queued();
    const bool direct = writer_ != nullptr && writer_->has_work();
    const bool urgent = direct || queued >= batch_size_ || delivery_.spool.queued_bytes() >= journal_limit_ / 2 ||
                        (pressed_ && queued > 0);
    const bool possible = delivery_.can_deliver();
    const bool due = urgent || gap_due_ || (queued > 0 && now >= oldest_ + flush_interval_ms_);
    try {
      if (now >= next_maintenance) {
        next_maintenance = now + kMaintainMillis;
        maintain();
        continue;
      }
      if (due && possible && (direct || now >= retry)) {
        seen = delivery_.failures();
        delivery_.deliver(kAttemptMillis);
        if (delivery_.failures() != seen) {
          failed(delivery_.failure());
        } else {
          backoff = 0;
        }
        continue;
      }
    } catch (const Error& error) {
      failed(error);
      continue;
    } catch (const std::exception&) {
      failed(std::nullopt);  // out of memory; the events stay in the journal
      continue;
    }
    std::int64_t until = next_maintenance;
    if (possible && queued > 0) until = std::min(until, std::max(oldest_ + flush_interval_ms_, retry));
    if (possible && (urgent || gap_due_)) until = std::min(until, std::max(now + 1, retry));
    waiting_ = retry <= steady_millis();
    resting_ = true;
    work_.wait_until(delivery_.spool.mutex, time_point(until));
    waiting_ = resting_ = false;
  }
  running_ = false;
  delivery_.changed.notify_all();
}

// Runs once a second: replaces a deleted journal, adopts orphaned journals, publishes a head, does the store's
// housekeeping.
void Recorder::maintain() {
  std::exception_ptr failure;
  try {
    if (delivery_.spool.repair()) {
      report(Error(Status::kIo, "the journal " + directory_ + " was deleted while in use; a new one was created"));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  gap_due_ = delivery_.spool.gap_waits();
  if (writer_ != nullptr) {
    delivery_.spool.mutex.unlock();
    try {
      adopt_orphans(kAttemptMillis);
    } catch (...) {
      failure = std::current_exception();
    }
    delivery_.spool.mutex.lock();
    try {
      delivery_.leading(steady_millis(), [&] { writer_->maintain(kAttemptMillis); });
    } catch (...) {
      failure = std::current_exception();
    }
  }
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    if (!contended(error)) throw;  // the next run tries again
  }
}

// ---- Counters and errors

RecorderStats Recorder::stats() {
  const MutexLock lock(delivery_.spool.mutex);
  RecorderStats stats = counters_;
  stats.queued_events = delivery_.spool.queued();
  stats.queued_bytes = delivery_.spool.queued_bytes();
  if (writer_ != nullptr) stats.gaps += writer_->gaps();
  stats.truncated = truncated_.load(std::memory_order_relaxed);
  stats.redactions = redactions_.load(std::memory_order_relaxed);
  stats.errors = first_error_ + errors_.size();
  if (!errors_.empty()) stats.last_error = errors_.back();
  return stats;
}

void Recorder::count_effects(const event::Effects& effects) noexcept {
  if (effects.truncated) truncated_.fetch_add(1, std::memory_order_relaxed);
  if (effects.redactions > 0) redactions_.fetch_add(effects.redactions, std::memory_order_relaxed);
}

void Recorder::report(const Error& error) noexcept {
  try {
    errors_.push_back(error);
  } catch (const std::bad_alloc&) {
    return;  // reported when it happens again
  }
  if (errors_.size() > kMaxErrors) {
    errors_.pop_front();
    ++first_error_;
  }
  delivery_.changed.notify_all();
}

std::optional<Error> Recorder::next_error(std::atomic<std::uint64_t>& next, std::int64_t deadline,
                                          const std::atomic<bool>& closed) {
  const MutexLock lock(delivery_.spool.mutex);
  while (true) {
    const std::uint64_t number = std::max(next.load(), first_error_);
    if (number < first_error_ + errors_.size()) {
      next.store(number + 1);
      return errors_[number - first_error_];
    }
    if (closed.load() || (deadline >= 0 && steady_millis() >= deadline)) return std::nullopt;
    delivery_.changed.wait_until(delivery_.spool.mutex, time_point(deadline < 0 ? kForever : deadline));
  }
}

void Recorder::wake() {
  const MutexLock lock(delivery_.spool.mutex);
  delivery_.changed.notify_all();
}

// ---- Around fork()

// A child has only the forking thread. A lock that another thread held at that moment, for example the allocator's
// while it started, stays locked there for ever. glibc's allocator takes precautions; others do not.
void Recorder::prepare_fork() {
  delivery_.spool.mutex.lock();
  forking_ = true;
  while (delivery_.has_leader() || (running_ && !resting_)) delivery_.changed.wait(delivery_.spool.mutex);
}

void Recorder::end_fork() {
  forking_ = false;
  delivery_.changed.notify_all();
  delivery_.spool.mutex.unlock();
}

// The thread does not exist in a child, and all locks and descriptors belong to the parent.
void Recorder::abandon() noexcept { delivery_.abandon(); }

}  // namespace plog::client
