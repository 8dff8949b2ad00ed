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
// The time between two rounds of maintenance, and between two looks for orphaned journals.
constexpr std::int64_t kMaintainMillis = 1000;
// The shortest time between two attempts to deliver the same batch.
constexpr std::int64_t kRetryMillis = 20;
constexpr std::int64_t kMaxBackoffMillis = 5000;
constexpr std::chrono::nanoseconds kMaxGather = std::chrono::milliseconds(2);

// Whether a retry would fail in the same way.
bool permanent(const Error& error) {
  return error.status() == Status::kUnsupported || error.status() == Status::kCorrupt;
}

// Whether another process or thread was at work, which is not a failure until it lasts.
bool contended(const Error& error) { return error.status() == Status::kBusy || error.status() == Status::kTimeout; }

std::int64_t rest_of(std::int64_t deadline) { return std::max<std::int64_t>(0, deadline - steady_millis()); }

// A journal record of a gap event for the events that the sink refused; empty if it refused none. A refused event of
// the ledger's own agent leaves no gap, or a refused gap event would lead to another one.
std::string refused_record(const spool::Batch& batch, const spool::Answer& answer, std::uint64_t& refused) {
  spool::DropAccount account;
  std::string buffer;
  for (std::size_t i = 0; i < answer.receipts.size(); ++i) {
    if (answer.receipts[i].outcome != spool::Outcome::kRefused || batch[i].system) continue;
    account.add(event::text_of(batch[i], batch[i].index.agent, buffer), batch[i].index.time);
    ++refused;
  }
  if (refused == 0 || batch.marks.empty()) return {};
  // The position makes the gap's id unique, and the same if the batch is submitted again.
  const spool::Mark& mark = batch.marks.front();
  event::Builder builder;
  std::string record(spool::kRecordHeader, '\0');
  event::encode(event::gap(builder, mark.journal, (mark.position.segment << 40) + mark.position.offset, "refused",
                           account.current),
                record);
  return record;
}

}  // namespace

Recorder::Recorder(store::LedgerAddress address, const RecorderOptions& options)
    : address_(std::move(address)),
      directory_(store::LedgerPaths(address_).journals()),
      spool_(directory_),
      batch_size_(options.batch_size),
      flush_interval_ms_(options.flush_interval_ms),
      journal_limit_(options.journal_limit_bytes),
      power_(options.power) {
  // In a child of a bare clone(2), SQLite does not know that its locks are shared with the parent. Such a child only
  // journals.
  if (cloned_without_handlers()) return;
  if (options.sink) {
    sink_ = options.sink();
    return;
  }
  auto writer = std::make_unique<writer::Writer>(address_, options.store, options.heads, options.rules,
                                                 [this](const Error& error) {
                                                   const MutexLock lock(spool_.mutex);
                                                   report(error);
                                                 });
  writer_ = writer.get();
  sink_ = std::move(writer);
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
  const MutexLock lock(spool_.mutex);
  stop_ = true;
  work_.notify_all();
  while (running_) {
    if (steady_millis() >= deadline) return false;
    changed_.wait_until(spool_.mutex, time_point(deadline));
  }
  return true;
}

void Recorder::discard_journals() noexcept {
  try {
    const MutexLock lock(spool_.mutex);
    if (leading_) return;
    const std::vector<Uuid> gone = spool_.remove_if_delivered();
    if (gone.empty() || writer_ == nullptr) return;
    // The positions of deleted journals are useless. If removing them fails, a few bytes stay in the ledger.
    leading(steady_millis(), [&] { writer_->forget_journals(gone, kAttemptMillis); });
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
  const MutexLock lock(spool_.mutex);
  batch_size_ = std::min(batch_size_, options.batch_size);
  flush_interval_ms_ = std::min(flush_interval_ms_, options.flush_interval_ms);
  journal_limit_ = std::max(journal_limit_, options.journal_limit_bytes);
  power_ = power_ || options.power;
  if (writer_ != nullptr) writer_->store().raise_read_connections(options.store.read_connections);
}

void Recorder::announce(const event::RedactionRules& rules) {
  if (writer_ != nullptr) writer_->announce(rules);
}

// ---- Recording

void Recorder::drop(std::string_view agent, Micros time) {
  ++counters_.dropped;
  spool_.drop(agent, time);
  const std::int64_t now = steady_millis();
  if (now - last_drop_report_ >= 1000) {
    last_drop_report_ = now;
    report(
        Error(Status::kFull, "the journal is full: " + std::to_string(counters_.dropped) + " events dropped so far"));
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
    spool_.mutex.lock_soon();
    const MutexLock lock(spool_.mutex, kAdopt);
    while (number == 0) {
      const char* why = "the journal has reached its limit";
      if (spool_.queued_bytes() + record.size() <= journal_limit_ || spool_.queued() == 0) {
        try {
          number = spool_.append(record, crc);
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
        drop(agent, time);
        throw full;
      }
      // Nothing signals that a disk has room again, so retry at intervals.
      changed_.wait_until(spool_.mutex, time_point(std::min(deadline, steady_millis() + 50)));
    }
    ++counters_.accepted;
    const bool first = spool_.queued() == 1;
    if (first) oldest_ = steady_millis();
    if (!thread_.joinable()) {
      start_thread();
    } else if (waiting_ && (spool_.queued() >= batch_size_ || spool_.queued_bytes() >= journal_limit_ / 2 ||
                            (first && flush_interval_ms_ < kMaintainMillis))) {
      waiting_ = false;
      wake_thread = true;
    }
  }
  // Without the mutex, or the thread would wake up and wait for it.
  if (wake_thread) work_.notify_one();
  if (options.power) wait_for_power(number, steady_millis() + options.block_timeout_ms);
  return number;
}

void Recorder::wait_for_power(std::uint64_t number, std::int64_t deadline) {
  MutexLock lock(spool_.mutex);
  if (gathering_ && spool_.queued() >= expected_) gathered_.notify_one();
  while (spool_.delivered() < number) {
    if (!leading_ && !gathering_) {
      gather();
      if (!leading_) {
        if (spool_.delivered() >= number) give_up_lead();
        break;
      }
    }
    // A caller whose event is committed returns without the mutex, for which all callers would otherwise queue up.
    const std::uint32_t turn = turn_.load(std::memory_order_relaxed);
    lock.unlock();
    turn_.wait(turn);
    if (durable_.load(std::memory_order_acquire) >= number) return;
    lock.lock();
  }
  wait_delivered(number, deadline);
}

void Recorder::submit(std::shared_ptr<const spool::Batch> batch, spool::Completion done) {
  writer::Writer& writer = this->writer();
  {
    const MutexLock lock(spool_.mutex);
    ++submitted_;
    start_thread();
  }
  const auto answered = [this, done = std::move(done)](const spool::Answer& answer) {
    done(answer);
    const MutexLock lock(spool_.mutex);
    --submitted_;
    changed_.notify_all();
  };
  try {
    writer.submit(std::move(batch), answered);
  } catch (...) {
    const MutexLock lock(spool_.mutex);
    --submitted_;
    throw;
  }
  work_.notify_one();
}

// ---- Delivery

void Recorder::leading(std::int64_t deadline, const std::function<void()>& work) {
  if (cloned_without_handlers()) {
    throw Error(Status::kUnsupported,
                "this process was cloned without fork handlers and cannot write to the ledger; its events stay in the "
                "journal, and another process commits them after this one ends");
  }
  while (leading_) {
    if (steady_millis() >= deadline) throw Error(Status::kTimeout, "the deadline passed while a commit was running");
    changed_.wait_until(spool_.mutex, time_point(deadline));
  }
  leading_ = true;
  spool_.mutex.unlock();
  std::exception_ptr failure;  // holding the exception allocates nothing: `work` may have run out of memory
  try {
    work();
  } catch (...) {
    failure = std::current_exception();
  }
  spool_.mutex.lock();
  leading_ = false;
  give_up_lead();
  if (failure) std::rethrow_exception(failure);
}

// Waits for up to half the duration of the last delivery. Callers that a commit releases usually return soon with
// another event, and committing half a group costs as much as a whole one. A caller that is alone does not wait.
void Recorder::gather() {
  if (leading_ || gathering_ || spool_.queued() >= expected_) return;
  gathering_ = true;
  const auto until = std::chrono::steady_clock::now() + std::min(commit_time_ / 2, kMaxGather);
  while (!leading_ && spool_.queued() < expected_ && std::chrono::steady_clock::now() < until) {
    gathered_.wait_until(spool_.mutex, until);
  }
  gathering_ = false;
}

void Recorder::give_up_lead() noexcept {
  changed_.notify_all();
  turn_.fetch_add(1, std::memory_order_relaxed);
  turn_.notify_all();
}

bool Recorder::can_deliver() const noexcept {
  if (!sink_) return true;  // deliver() says why it cannot
  return (spool_.can_take() && spool_.out() < sink_->window()) || (writer_ != nullptr && writer_->has_work());
}

void Recorder::deliver(std::int64_t timeout_ms) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t before = spool_.delivered();
  leading(steady_millis() + timeout_ms, [&] {
    if (const auto delivery = spool_.take()) hand_over(delivery);
    sink_->work(timeout_ms);
  });
  if (spool_.delivered() == before) return;
  commit_time_ = std::chrono::steady_clock::now() - start;
  expected_ = spool_.delivered() - before + spool_.queued();
}

void Recorder::hand_over(const std::shared_ptr<spool::Spool::Delivery>& delivery) {
  {
    // Ask only now: a client with power durability may just have been opened, and its event may be in this batch.
    const MutexLock lock(spool_.mutex);
    delivery->batch.sync = power_;
  }
  try {
    sink_->submit(std::shared_ptr<const spool::Batch>(delivery, &delivery->batch),
                  [this, delivery](const spool::Answer& answer) { answered(*delivery, answer); });
  } catch (...) {
    const MutexLock lock(spool_.mutex);
    spool_.give_back(*delivery);
    throw;
  }
}

void Recorder::answered(spool::Spool::Delivery& delivery, const spool::Answer& answer) noexcept {
  spool::Spool::Leftovers leftovers;  // deletes files, after the mutex is released
  try {
    if (!answer.failure) {
      std::uint64_t refused = 0;
      std::string gap = refused_record(delivery.batch, answer, refused);
      const MutexLock lock(spool_.mutex);
      if (!gap.empty()) {
        const std::string_view payload = std::string_view(gap).substr(spool::kRecordHeader);
        spool_.append(gap, crc32c(payload.data(), payload.size()));
      }
      count(delivery, answer, refused);
      spool_.deliver(delivery, leftovers);
      durable_.store(spool_.delivered(), std::memory_order_release);
      oldest_ = steady_millis();
      pressed_ = gap_due_ = failing_ = false;
      wake_after_answer();
      return;
    }
    failed(delivery, *answer.failure);
  } catch (const Error& error) {
    failed(delivery, error);
  } catch (const std::exception&) {
    failed(delivery, std::nullopt);
  }
}

void Recorder::failed(spool::Spool::Delivery& delivery, const std::optional<Error>& error) noexcept {
  const MutexLock lock(spool_.mutex);
  spool_.give_back(delivery);
  ++failures_;
  failed_at_ = steady_millis();
  failure_ = error;
  wake_after_answer();
}

// A thread that leads wakes the others when it ends. If this is another thread, the sink's, it must do that itself.
void Recorder::wake_after_answer() noexcept {
  if (leading_ && writer_ != nullptr) return;
  give_up_lead();
  work_.notify_one();
}

void Recorder::count(const spool::Spool::Delivery& delivery, const spool::Answer& answer, std::uint64_t refused) {
  std::uint64_t stored = 0, duplicates = 0;
  for (std::size_t i = 0; i < answer.receipts.size(); ++i) {
    const spool::Receipt& receipt = answer.receipts[i];
    switch (receipt.outcome) {
      case spool::Outcome::kStored: ++stored; break;
      case spool::Outcome::kDuplicate: ++duplicates; break;
      case spool::Outcome::kConflict:
        ++duplicates;
        ++counters_.conflicts;
        report(writer::conflict(delivery.batch[i].index.id));
        break;
      case spool::Outcome::kRefused:
        report(Error(Status::kInvalid, "event " + format_uuid(delivery.batch[i].index.id) +
                                           " was refused and is lost: " + receipt.refusal));
        break;
    }
  }
  std::uint64_t gaps = 0;
  for (const std::size_t place : delivery.gaps) {
    if (answer.receipts[place].outcome == spool::Outcome::kStored) ++gaps;
    if (answer.receipts[place].outcome == spool::Outcome::kDuplicate) --duplicates;
  }
  counters_.stored += stored - gaps;
  counters_.gaps += gaps;
  counters_.duplicates += duplicates;
  counters_.dropped += refused;
}

void Recorder::wait_delivered(std::uint64_t number, std::int64_t deadline, int gaps) {
  std::optional<Error> failure;
  std::uint64_t seen = failures_;
  while (spool_.delivered() < number || (gaps > 0 && spool_.gap_waits())) {
    if (failures_ != seen) {
      seen = failures_;
      failure = failure_;
      if (failure && permanent(*failure)) throw *failure;
    }
    const std::int64_t now = steady_millis();
    if (now >= deadline) {
      // Contention with another process is a timeout; any other failure is reported as it is.
      if (failure && failure->status() != Status::kBusy) throw *failure;
      throw Error(Status::kTimeout,
                  "the deadline passed before all events were committed; the others stay in the journal");
    }
    if (leading_ || gathering_ || !can_deliver()) {
      changed_.wait_until(spool_.mutex, time_point(deadline));
      continue;
    }
    if (failure && now < failed_at_ + kRetryMillis) {
      changed_.wait_until(spool_.mutex, time_point(std::min(deadline, failed_at_ + kRetryMillis)));
      continue;
    }
    try {
      deliver(std::clamp<std::int64_t>(deadline - now, 0, kAttemptMillis));
      --gaps;
    } catch (const Error& error) {
      if (permanent(error)) throw;
      failure = error;
      failed_at_ = steady_millis();
    }
  }
}

void Recorder::flush(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  const MutexLock lock(spool_.mutex);
  spool_.journal_drops();
  // Two batches: one for the account that is being delivered, and one for the next. Events that are dropped after that
  // do not prolong this call.
  wait_delivered(spool_.newest(), deadline, 2);
  while (submitted_ > 0) {
    if (steady_millis() >= deadline) {
      throw Error(Status::kTimeout, "the deadline passed before all submitted events were committed");
    }
    if (!leading_ && writer_->has_work()) {
      deliver(std::clamp<std::int64_t>(deadline - steady_millis(), 0, kAttemptMillis));
    } else {
      changed_.wait_until(spool_.mutex, time_point(deadline));
    }
  }
}

std::uint64_t Recorder::newest() {
  const MutexLock lock(spool_.mutex);
  return spool_.newest();
}

void Recorder::make_visible(std::uint64_t number, std::int64_t timeout_ms) {
  const MutexLock lock(spool_.mutex);
  const bool gap = spool_.gap_waits();
  if (gap || spool_.delivered() < number) wait_delivered(number, deadline_after(timeout_ms), gap ? 2 : 0);
}

// ---- What else a process commits

void Recorder::lead_writer(std::int64_t deadline, const std::function<void(writer::Writer&)>& work) {
  writer::Writer& writer = this->writer();
  const MutexLock lock(spool_.mutex);
  leading(deadline, [&] { work(writer); });
}

void Recorder::create(std::int64_t timeout_ms) {
  if (sink_ && writer_ == nullptr) return;
  const std::int64_t deadline = deadline_after(timeout_ms);
  const MutexLock lock(spool_.mutex);
  const bool power = power_;
  leading(deadline, [&] { writer_->create(rest_of(deadline), power); });
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
  const MutexLock lock(spool_.mutex);
  const bool power = power_;
  try {
    leading(deadline, [&] {
      for (spool::Orphan& orphan : spool::find_orphans(directory_)) {
        done.push_back(writer_->adopt_journal(orphan, directory_, rest_of(deadline), power));
      }
    });
  } catch (const Error& error) {
    failure = error;
  }
  for (const writer::Adopted& adopted : done) {
    counters_.recovered += adopted.recovered;
    counters_.gaps += adopted.gaps;
    for (const Error& error : adopted.errors) report(error);
  }
  if (failure) throw *failure;
}

void Recorder::publish_head(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  lead_writer(deadline, [&](writer::Writer& writer) { writer.publish_head(rest_of(deadline)); });
}

void Recorder::publish_last_head(std::int64_t timeout_ms) noexcept {
  try {
    if (writer_ != nullptr) publish_head(timeout_ms);
  } catch (const Error& error) {
    const MutexLock lock(spool_.mutex);
    report(error);
  } catch (const std::exception&) {
    // Out of memory. The next process that writes publishes the head.
  }
}

void Recorder::rotate_key(std::int64_t timeout_ms) {
  // Let the old key sign a last head over everything committed so far.
  publish_head(timeout_ms);
  const std::int64_t deadline = deadline_after(timeout_ms);
  lead_writer(deadline, [&](writer::Writer& writer) { writer.rotate_key(rest_of(deadline)); });
  publish_last_head(timeout_ms);  // the rotation is committed even if this fails
}

void Recorder::acknowledge(const std::vector<std::string>& heads, std::string_view comment,
                           std::shared_ptr<const redact::Redactor> redactor, std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  lead_writer(deadline, [&](writer::Writer& writer) {
    writer.acknowledge(heads, comment, std::move(redactor), rest_of(deadline));
  });
  // The event is committed even if the signing key is missing, which only the next head needs.
  publish_last_head(timeout_ms);
}

void Recorder::mark_restored(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  lead_writer(deadline, [&](writer::Writer& writer) { writer.mark_restored(rest_of(deadline)); });
  publish_head(timeout_ms);
}

// ---- The thread

void Recorder::run() {
  const MutexLock lock(spool_.mutex);
  std::int64_t next_maintenance = steady_millis() + kMaintainMillis;
  std::int64_t retry = 0;  // time before which no delivery is tried
  std::int64_t backoff = 0;
  std::uint64_t seen = failures_;
  const auto failed = [&](const std::optional<Error>& error) PLOG_REQUIRES(spool_.mutex) {
    seen = failures_;
    if (error && !failing_ && (!contended(*error) || backoff >= 2000)) {
      report(*error);
      failing_ = true;
    }
    backoff = std::clamp<std::int64_t>(backoff * 2, kRetryMillis, kMaxBackoffMillis);
    retry = steady_millis() + backoff;
  };
  while (!stop_) {
    const std::int64_t now = steady_millis();
    // The sink of a server answers at any time. A local writer answers in deliver(), and callers whose own attempt
    // failed know it.
    if (writer_ == nullptr && failures_ != seen) failed(failure_);
    const std::uint64_t queued = spool_.queued();
    const bool direct = writer_ != nullptr && writer_->has_work();
    const bool urgent =
        direct || queued >= batch_size_ || spool_.queued_bytes() >= journal_limit_ / 2 || (pressed_ && queued > 0);
    const bool possible = !leading_ && can_deliver();
    const bool due = urgent || gap_due_ || (queued > 0 && now >= oldest_ + flush_interval_ms_);
    try {
      if (now >= next_maintenance) {
        next_maintenance = now + kMaintainMillis;
        maintain();
        continue;
      }
      if (due && possible && (direct || now >= retry)) {
        seen = failures_;
        deliver(kAttemptMillis);
        if (failures_ != seen) {
          failed(failure_);
        } else {
          backoff = 0;
        }
        continue;
      }
    } catch (const Error& error) {
      failed(error);
    } catch (const std::exception&) {
      failed(std::nullopt);  // out of memory; the events stay in the journal
    }
    std::int64_t until = next_maintenance;
    if (possible && queued > 0) until = std::min(until, std::max(oldest_ + flush_interval_ms_, retry));
    if (possible && (urgent || gap_due_)) until = std::min(until, std::max(now + 1, retry));
    waiting_ = retry <= steady_millis();
    work_.wait_until(spool_.mutex, time_point(until));
    waiting_ = false;
  }
  running_ = false;
  changed_.notify_all();
}

// Runs once a second: replaces a deleted journal, adopts orphaned journals, publishes a head, does the store's
// housekeeping.
void Recorder::maintain() {
  std::exception_ptr failure;
  try {
    if (spool_.repair()) {
      report(Error(Status::kIo, "the journal " + directory_ + " was deleted while in use; a new one was created"));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  gap_due_ = spool_.gap_waits();
  if (writer_ != nullptr) {
    spool_.mutex.unlock();
    try {
      adopt_orphans(kAttemptMillis);
    } catch (...) {
      failure = std::current_exception();
    }
    spool_.mutex.lock();
    try {
      leading(steady_millis(), [&] { writer_->maintain(kAttemptMillis); });
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
  const MutexLock lock(spool_.mutex);
  RecorderStats stats = counters_;
  stats.queued_events = spool_.queued();
  stats.queued_bytes = spool_.queued_bytes();
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
  changed_.notify_all();
}

std::optional<Error> Recorder::next_error(std::atomic<std::uint64_t>& next, std::int64_t deadline,
                                          const std::atomic<bool>& closed) {
  const MutexLock lock(spool_.mutex);
  while (true) {
    const std::uint64_t number = std::max(next.load(), first_error_);
    if (number < first_error_ + errors_.size()) {
      next.store(number + 1);
      return errors_[number - first_error_];
    }
    if (closed.load() || (deadline >= 0 && steady_millis() >= deadline)) return std::nullopt;
    changed_.wait_until(spool_.mutex, time_point(deadline < 0 ? kForever : deadline));
  }
}

void Recorder::wake() {
  const MutexLock lock(spool_.mutex);
  changed_.notify_all();
}

// The thread does not exist in a child, and all locks and descriptors belong to the parent.
void Recorder::abandon() noexcept {
  spool_.abandon();
  if (sink_) sink_->abandon();
}

}  // namespace plog::client
