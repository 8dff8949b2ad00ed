#include "client/recorder.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include "base/encoding.h"
#include "base/fork.h"
#include "client/recorder_timing.h"
#include "client/registry.h"
#include "event/system_events.h"
#include "store/ledger_paths.h"
#include "writer/adopter.h"

namespace plog::client {
namespace {

constexpr std::size_t kMaxErrors = 64;

// Spins before it blocks: the committing thread holds the lock for less time than going to sleep and waking up takes.
void lock_soon(std::unique_lock<std::mutex>& lock) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    if (lock.try_lock()) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  lock.lock();
}

}  // namespace

Recorder::Recorder(store::LedgerAddress address, const RecorderOptions& options)
    : address_(std::move(address)),
      directory_(store::LedgerPaths(address_).journals()),
      batch_size_(options.batch_size),
      flush_interval_ms_(options.flush_interval_ms),
      journal_limit_(options.journal_limit_bytes),
      power_(options.power) {
  // In a child of a bare clone(2), SQLite does not know that its locks are shared with the parent. Such a child only
  // journals.
  if (cloned_without_handlers()) return;
  founded_ = store::driver_of(address_).create(address_, [&](store::Store& draft) {
    writer::Committer first(draft, address_.path(), heads::file_heads(address_, options.heads), options.heads.tree);
    first.begin(options.rules ? std::vector{*options.rules} : std::vector<event::RedactionRules>());
    first.commit(false);
  });
  store_ = store::open(address_, store::OpenMode::kReadWrite);
  committer_.emplace(*store_, address_.path(), heads::file_heads(address_, options.heads), options.heads.tree);
}

Recorder::~Recorder() {
  const std::unique_lock closing(RecorderRegistry::instance().closing);
  stop(-1);
  if (thread_.joinable()) thread_.join();
  discard_journals();
}

bool Recorder::stop(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  Lock lock(mutex_);
  stop_ = true;
  work_.notify_all();
  while (running_) {
    if (steady_millis() >= deadline) return false;
    changed_.wait_until(lock, time_point(deadline));
  }
  return true;
}

void Recorder::discard_journals() noexcept {
  std::vector<Uuid> gone;
  try {
    Lock lock(mutex_);
    if (leading_ || committed_ != number_ || gap_waits()) return;
    for (const auto& own : journals_) {
      gone.push_back(own->journal.id());
      own->journal.remove();
    }
    journals_.clear();
    if (gone.empty()) return;
    // The positions of deleted journals are useless. If removing them fails, a few bytes stay in the ledger.
    leading(lock, steady_millis(), [&] {
      locked(kAttemptMillis, [&] {
        try {
          committer_->begin();
          for (const Uuid& id : gone) committer_->transaction().forget_journal(id);
          committer_->commit(false);
        } catch (...) {
          committer_->rollback();
          throw;
        }
      });
    });
  } catch (const std::exception&) {
  }
}

store::Store& Recorder::store() {
  if (!store_)
    throw Error(Status::kUnsupported, "this process was cloned without fork handlers and cannot read the ledger");
  return *store_;
}

void Recorder::tighten(const RecorderOptions& options) {
  const Lock lock(mutex_);
  batch_size_ = std::min(batch_size_, options.batch_size);
  flush_interval_ms_ = std::min(flush_interval_ms_, options.flush_interval_ms);
  journal_limit_ = std::max(journal_limit_, options.journal_limit_bytes);
  power_ = power_ || options.power;
}

void Recorder::announce(const event::RedactionRules& rules) {
  const Lock lock(mutex_);
  announced_.push_back(rules);
}

// ---- Appending

spool::Journal& Recorder::writable_journal() {
  if (journals_.empty()) renew();
  return journals_.back()->journal;
}

void Recorder::renew() {
  journals_.push_back(std::make_unique<Own>(directory_));
  if (unjournalled_.empty()) return;
  journals_.back()->journal.account() = std::move(unjournalled_);
  unjournalled_ = spool::DropAccount{};
  save_account(journals_.back()->journal);
}

void Recorder::save_account(spool::Journal& journal) noexcept {
  try {
    journal.save_account();
  } catch (const std::exception&) {
    // The account stays in memory and is written with the next change.
  }
}

bool Recorder::gap_waits() const noexcept {
  return std::any_of(journals_.begin(), journals_.end(),
                     [](const auto& own) { return !own->journal.account().empty(); });
}

void Recorder::drop(std::string_view agent, Micros time) {
  ++counters_.dropped;
  if (journals_.empty()) {
    // No journal could be created. Count the event here until one exists.
    unjournalled_.add(agent, time);
  } else {
    journals_.back()->journal.account().add(agent, time);
    save_account(journals_.back()->journal);
  }
  const std::int64_t now = steady_millis();
  if (now - last_drop_report_ >= 1000) {
    last_drop_report_ = now;
    report(
        Error(Status::kFull, "the journal is full: " + std::to_string(counters_.dropped) + " events dropped so far"));
  }
}

std::uint64_t Recorder::append(std::string& record, std::string_view agent, Micros time, const AppendOptions& options) {
  const std::string_view payload = std::string_view(record).substr(spool::kRecordHeader);
  const std::uint32_t crc = crc32c(payload.data(), payload.size());
  std::int64_t deadline = 0;
  bool failed = false, renewed = false, wake_thread = false;

  Lock lock(mutex_, std::defer_lock);
  lock_soon(lock);
  while (true) {
    const char* why = "the journal has reached its limit";
    if (queued_bytes_ + record.size() <= journal_limit_ || number_ == committed_) {
      try {
        if (failed && !renewed) {
          renew();
          renewed = true;
        }
        writable_journal().append(record, crc, number_ + 1);
        break;
      } catch (const Error& error) {
        // Do not keep a new journal without a record, or each failure would leave files behind.
        if (renewed && journals_.size() > 1 && journals_.back()->journal.bytes() == 0) {
          journals_.back()->journal.remove();
          journals_.pop_back();
          renewed = false;
        }
        if (error.status() == Status::kInvalid) throw;
        if (error.status() != Status::kFull) {
          // The directory may have been deleted while in use. Try once with a new journal.
          if (failed) throw;
          failed = true;
          continue;
        }
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
    changed_.wait_until(lock, time_point(std::min(deadline, steady_millis() + 50)));
  }
  const bool first = number_ == committed_;
  if (first) oldest_ = steady_millis();
  ++number_;
  ++counters_.accepted;
  queued_bytes_ += record.size();
  if (!stop_ && !thread_.joinable() && !cloned_without_handlers()) {
    // Block all signals in the thread: the application's signal handlers must run on its own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      running_ = true;
      thread_ = std::thread([this] { run(); });
    } catch (const std::exception&) {
      running_ = false;
      // The thread cannot be created now. flush() still commits, and the next event tries again.
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  } else if (waiting_ && (number_ - committed_ >= batch_size_ || queued_bytes_ >= journal_limit_ / 2 ||
                          (first && flush_interval_ms_ < kMaintainMillis))) {
    waiting_ = false;
    wake_thread = true;
  }
  const std::uint64_t own = number_;
  if (!options.power) lock.unlock();  // before the notification, or the thread would wake up and wait for the lock
  if (wake_thread) work_.notify_one();
  if (!options.power) return own;
  const std::int64_t until = steady_millis() + options.block_timeout_ms;
  if (gathering_ && number_ - committed_ >= expected_) gathered_.notify_one();
  while (committed_ < own) {
    if (!leading_ && !gathering_) {
      gather(lock);
      if (!leading_) {
        if (committed_ >= own) give_up_lead();
        break;
      }
    }
    // A caller whose event is committed returns without the lock, for which all callers would otherwise queue up.
    const std::uint32_t turn = turn_.load(std::memory_order_relaxed);
    lock.unlock();
    turn_.wait(turn);
    if (durable_.load(std::memory_order_acquire) >= own) return own;
    lock.lock();
  }
  wait_committed(lock, own, until);
  return own;
}

// ---- The thread

void Recorder::run() {
  Lock lock(mutex_);
  std::int64_t next_maintenance = steady_millis() + kMaintainMillis;
  std::int64_t retry = 0;  // time before which no commit is tried
  std::int64_t backoff = 0;
  while (!stop_) {
    const std::int64_t now = steady_millis();
    const std::uint64_t queued = number_ - committed_;
    const bool urgent = queued >= batch_size_ || queued_bytes_ >= journal_limit_ / 2 || (pressed_ && queued > 0);
    const bool due = urgent || gap_due_ || (queued > 0 && now >= oldest_ + flush_interval_ms_);
    try {
      if (now >= next_maintenance) {
        next_maintenance = now + kMaintainMillis;
        maintain(lock);
        continue;
      }
      if (due && now >= retry && !leading_) {
        lead(lock, kAttemptMillis);
        backoff = 0;
        continue;
      }
    } catch (const Error& error) {
      // Contention with another process or thread is not a failure until it lasts.
      const bool contended = error.status() == Status::kBusy || error.status() == Status::kTimeout;
      if (!failing_ && (!contended || backoff >= 2000)) {
        report(error);
        failing_ = true;
      }
      backoff = std::clamp<std::int64_t>(backoff * 2, 20, 5000);
      retry = steady_millis() + backoff;
    } catch (const std::exception&) {
      // Out of memory. The events stay in the journal.
      backoff = std::clamp<std::int64_t>(backoff * 2, 20, 5000);
      retry = steady_millis() + backoff;
    }
    std::int64_t until = next_maintenance;
    if (number_ > committed_) until = std::min(until, std::max(oldest_ + flush_interval_ms_, retry));
    if (urgent || gap_due_) until = std::min(until, std::max(now + 1, retry));
    waiting_ = retry <= steady_millis();
    work_.wait_until(lock, time_point(until));
    waiting_ = false;
  }
  running_ = false;
  changed_.notify_all();
}

// Runs once a second: replaces a deleted journal, adopts orphaned journals, publishes a head, checkpoints the WAL.
void Recorder::maintain(Lock& lock) {
  std::exception_ptr failure;
  try {
    if (journals_.empty() && !unjournalled_.empty()) renew();
    if (!journals_.empty() && !journals_.back()->journal.in_place()) {
      renew();
      report(Error(Status::kIo, "the journal " + directory_ + " was deleted while in use; a new one was created"));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  gap_due_ = gap_waits();
  lock.unlock();
  try {
    adopt_orphans(kAttemptMillis);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  try {
    leading(lock, steady_millis(), [&] {
      const bool due = committer_->keeper().due();
      locked(due ? kAttemptMillis : 0, [&] {
        if (due) publish();
        store_->maintain();
      });
    });
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    // Another thread or process is working on the ledger. The next run tries again.
    if (error.status() != Status::kBusy && error.status() != Status::kTimeout) throw;
  }
}

// ---- Counters and errors

RecorderStats Recorder::stats() {
  const Lock lock(mutex_);
  RecorderStats stats = counters_;
  stats.queued_events = number_ - committed_;
  stats.queued_bytes = queued_bytes_;
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

// The caller holds the lock.
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
  Lock lock(mutex_);
  while (true) {
    const std::uint64_t number = std::max(next.load(), first_error_);
    if (number < first_error_ + errors_.size()) {
      next.store(number + 1);
      return errors_[number - first_error_];
    }
    if (closed.load() || (deadline >= 0 && steady_millis() >= deadline)) return std::nullopt;
    changed_.wait_until(lock, time_point(deadline < 0 ? kForever : deadline));
  }
}

void Recorder::wake() {
  const Lock lock(mutex_);
  changed_.notify_all();
}

// Called in a forked child, where the thread does not exist and all locks and descriptors belong to the parent.
void Recorder::abandon() noexcept {
  for (const auto& own : journals_) {
    own->journal.abandon();
    own->reader_fd.reset();
  }
  if (store_) store_->abandon();
}

}  // namespace plog::client
