#include "client/recorder.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include "base/encoding.h"
#include "client/adopter.h"
#include "client/fork.h"
#include "client/registry.h"
#include "client/system_events.h"

namespace plog::client {
namespace {

constexpr std::size_t kMaxBatch = 4096;
constexpr std::size_t kMaxErrors = 64;
constexpr std::int64_t kAttemptMillis = 250;  // one try at the writer lock, so that a fork never waits for long
constexpr std::int64_t kMaintainMillis = 1000;
constexpr std::uint64_t kWalBytes = 32u << 20;
constexpr std::chrono::nanoseconds kMaxGather = std::chrono::milliseconds(2);
constexpr std::int64_t kForever = INT64_MAX / 4;

std::int64_t deadline_after(std::int64_t timeout_ms) {
  return timeout_ms < 0 ? kForever : steady_millis() + timeout_ms;
}

std::chrono::steady_clock::time_point time_point(std::int64_t millis) {
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(std::min(millis, kForever / 1000000)));
}

// Failures that trying again does not cure.
bool permanent(const Error& error) {
  return error.status() == Status::kUnsupported || error.status() == Status::kCorrupt;
}

}  // namespace

Recorder::Recorder(std::string db_path, const RecorderOptions& options)
    : db_path_(std::move(db_path)),
      directory_(journal_directory(db_path_)),
      // A child of a bare clone(2) shares SQLite's locks with its parent without knowing it, so it only journals.
      store_(cloned_without_handlers() ? nullptr : store::open_sqlite(db_path_, store::OpenMode::kReadWrite)),
      writer_lock_(db_path_),
      batch_size_(options.batch_size),
      flush_interval_ms_(options.flush_interval_ms),
      journal_limit_(options.journal_limit_bytes),
      power_(options.power) {
  if (store_) committer_.emplace(*store_);
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
    // Without their files the positions are worth nothing; failing here leaves a few octets in the ledger.
    leading(lock, steady_millis(), [&] {
      locked(kAttemptMillis, [&] {
        try {
          committer_->begin();
          for (const Uuid& id : gone) store_->forget_journal(id);
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

// ---- Appending

Journal& Recorder::writable_journal() {
  if (journals_.empty()) renew();
  return journals_.back()->journal;
}

void Recorder::renew() {
  journals_.push_back(std::make_unique<Own>(directory_));
  if (unjournalled_.empty()) return;
  journals_.back()->journal.account() = std::move(unjournalled_);
  unjournalled_ = DropAccount{};
  save_account(journals_.back()->journal);
}

void Recorder::save_account(Journal& journal) noexcept {
  try {
    journal.save_account();
  } catch (const std::exception&) {
    // Kept in memory; written with the next change.
  }
}

bool Recorder::gap_waits() const noexcept {
  return std::any_of(journals_.begin(), journals_.end(),
                     [](const auto& own) { return !own->journal.account().empty(); });
}

void Recorder::drop(std::string_view agent, Micros time) {
  ++counters_.dropped;
  if (journals_.empty()) {
    // The disk has no room for a journal either: counted until there is one.
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

void Recorder::append(std::string& record, std::string_view agent, Micros time, const AppendOptions& options) {
  const std::string_view payload = std::string_view(record).substr(kRecordHeader);
  const std::uint32_t crc = crc32c(payload.data(), payload.size());
  std::int64_t deadline = 0;
  bool failed = false, renewed = false;

  Lock lock(mutex_);
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
        // One that took nothing is not kept: else each failure would leave files behind.
        if (renewed && journals_.size() > 1 && journals_.back()->journal.bytes() == 0) {
          journals_.back()->journal.remove();
          journals_.pop_back();
          renewed = false;
        }
        if (error.status() == Status::kInvalid) throw;
        if (error.status() != Status::kFull) {
          // The directory may have been deleted under us: once, a new journal in its place.
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
    // A disk that gets room tells nobody, so look again now and then.
    changed_.wait_until(lock, time_point(std::min(deadline, steady_millis() + 50)));
  }
  const bool first = number_ == committed_;
  if (first) oldest_ = steady_millis();
  ++number_;
  ++counters_.accepted;
  queued_bytes_ += record.size();
  if (!stop_ && !thread_.joinable() && !cloned_without_handlers()) {
    // The host's signal handlers run on its own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      running_ = true;
      thread_ = std::thread([this] { run(); });
    } catch (const std::exception&) {
      running_ = false;
      // No thread to be had now: flush commits, and the next event tries again.
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  } else if (waiting_ && (number_ - committed_ >= batch_size_ || queued_bytes_ >= journal_limit_ / 2 ||
                          (first && flush_interval_ms_ < kMaintainMillis))) {
    waiting_ = false;
    work_.notify_one();
  }
  if (!options.power) return;
  const std::uint64_t own = number_;
  const std::int64_t until = steady_millis() + options.block_timeout_ms;
  if (gathering_ && number_ - committed_ >= expected_) gathered_.notify_one();
  gather(lock);
  wait_committed(lock, own, until);
}

// ---- Committing

// Runs `work` as the committing thread, of which there is one at a time. The lock is held on entry and on exit, also by
// an exception, but not during the work.
template <typename Work>
void Recorder::leading(Lock& lock, std::int64_t deadline, Work&& work) {
  if (cloned_without_handlers()) {
    throw Error(Status::kUnsupported,
                "this process was cloned without fork handlers: its events stay in the journal until it ends");
  }
  while (leading_) {
    if (steady_millis() >= deadline) throw Error(Status::kTimeout, "the deadline passed while a commit was running");
    changed_.wait_until(lock, time_point(deadline));
  }
  leading_ = true;
  lock.unlock();
  std::exception_ptr failure;  // kept without memory: that may be what there is none of
  try {
    work();
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  leading_ = false;
  changed_.notify_all();
  if (failure) std::rethrow_exception(failure);
}

template <typename Work>
void Recorder::locked(std::int64_t timeout_ms, Work&& work) {
  make_directories(db_path_.substr(0, db_path_.rfind('/')));
  writer_lock_.lock(timeout_ms);
  try {
    work();
  } catch (...) {
    writer_lock_.unlock();
    throw;
  }
  writer_lock_.unlock();
}

void Recorder::create(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  Lock lock(mutex_);
  leading(lock, deadline, [&] {
    locked(deadline - steady_millis(), [&] {
      committer_->begin();
      committer_->commit(power_);
      ledger_known_ = true;
    });
  });
}

// The callers whom the last commit released are mostly on their way back with the next event. Who would lead the next
// commit lets them come, for a fraction of what a commit takes: half a group costs as much as a whole one. A caller who
// is alone waits for nobody.
void Recorder::gather(Lock& lock) {
  if (leading_ || gathering_ || number_ - committed_ >= expected_) return;
  gathering_ = true;
  gathered_.wait_for(lock, std::min(commit_time_ / 2, kMaxGather),
                     [&] { return leading_ || number_ - committed_ >= expected_; });
  gathering_ = false;
}

void Recorder::lead(Lock& lock, std::int64_t timeout_ms) {
  Batch batch;
  const auto start = std::chrono::steady_clock::now();
  leading(lock, steady_millis() + timeout_ms, [&] { batch = commit_batch(timeout_ms); });
  settle(batch);
  commit_time_ = std::chrono::steady_clock::now() - start;
  expected_ = batch.events + (number_ - committed_);
  failing_ = false;
  if (batch.replaced) {
    report(Error(Status::kIo, "the ledger " + db_path_ + " was deleted while in use; a new one was begun"));
  }
}

Recorder::Batch Recorder::commit_batch(std::int64_t timeout_ms) {
  Batch batch;
  std::vector<Own*> owns;
  bool power;
  {
    const Lock lock(mutex_);
    for (const auto& own : journals_) owns.push_back(own.get());
    power = power_;
  }
  if (owns.empty()) return batch;
  locked(timeout_ms, [&] {
    try {
      if (committer_->begin() && ledger_known_) {
        // Under a new ledger's first event: what was in the old file is not here.
        event::Builder builder;
        committer_->add(gap(builder, owns.front()->journal.id(), owns.front()->drained.offset, "ledger_deleted", {}));
        batch.replaced = true;
        ++batch.gaps;
      }
      for (Own* own : owns) {
        commit_gap(*own, batch);
        drain(*own, batch);
        if (batch.more) break;
      }
      committer_->commit(power);
      ledger_known_ = true;
    } catch (...) {
      committer_->rollback();
      for (Own* own : owns) {
        own->reader.reset();  // read again from what is committed
        own->gap_committed = false;
      }
      throw;
    }
    // A caller who waits for the disk waits for this too, since a log that only grows is slower to sync. There the log
    // holds the same pages over and over, so it is soon done.
    try {
      store_->checkpoint(kWalBytes);
    } catch (const std::exception&) {
      // The events are committed. The thread's next checkpoint fails too, and reports it.
    }
  });

  // The events are committed: nothing that fails from here on may hide that.
  std::vector<Journal::Drained> drained;
  try {
    const Lock lock(mutex_);
    for (Own* own : owns) {
      if (own->reader) own->drained = {own->reader_segment, own->reader->offset()};
      for (auto& segment : own->journal.take_before(own->drained)) drained.push_back(std::move(segment));
      if (!std::exchange(own->gap_committed, false)) continue;
      own->journal.account().settle();
      save_account(own->journal);  // if that fails, the gap's id keeps it from being recorded twice
    }
  } catch (const std::bad_alloc&) {
    // Files that could not be noted down stay until the ledger is opened again, which knows them to be done with.
  }
  for (const Journal::Drained& segment : drained) ::unlink(segment.path.c_str());
  return batch;
}

void Recorder::commit_gap(Own& own, Batch& batch) {
  std::vector<Dropped> frozen;
  std::uint64_t generation = 0;
  {
    const Lock lock(mutex_);
    DropAccount& account = own.journal.account();
    if (account.empty()) return;
    account.freeze();
    own.journal.save_account();
    frozen = account.frozen;
    generation = account.generation;
  }
  event::Builder builder;
  if (committer_->add(gap(builder, own.journal.id(), generation, "journal_full", frozen)) ==
      Committer::Result::kStored) {
    ++batch.gaps;
  }
  own.gap_committed = true;
}

void Recorder::drain(Own& own, Batch& batch) {
  std::uint64_t segment = own.reader ? own.reader_segment : own.drained.segment;
  while (true) {
    std::uint64_t limit = 0, end_segment = 0;
    std::shared_ptr<Fd> fd;
    {
      const Lock lock(mutex_);
      end_segment = own.journal.end().segment;
      segment = std::max(segment, own.journal.first_segment());
      fd = own.journal.segment(segment, &limit);
    }
    if (fd == nullptr) break;  // nothing was appended yet
    if (!own.reader || own.reader_segment != segment) {
      const std::uint64_t offset = segment == own.drained.segment ? own.drained.offset : 0;
      own.reader = std::make_unique<SegmentReader>(fd->get(), offset, limit);
      own.reader_segment = segment;
      own.reader_fd = fd;
    } else {
      own.reader->extend(limit);
    }
    std::string_view payload;
    std::uint64_t number = 0;
    auto result = SegmentReader::Result::kEnd;
    const std::uint64_t before = own.reader->offset();
    while (batch.events < kMaxBatch && (result = own.reader->next(payload, number)) == SegmentReader::Result::kRecord) {
      ++batch.events;
      batch.last_number = number;
      const event::Prepared event = event::decode(payload);
      switch (committer_->add(event)) {
        case Committer::Result::kStored: ++batch.stored; break;
        case Committer::Result::kDuplicate: ++batch.duplicates; break;
        case Committer::Result::kConflict: {
          ++batch.duplicates;
          ++batch.conflicts;
          const Lock lock(mutex_);
          report(Error(Status::kInvalid, "event " + format_uuid(event.index.id) +
                                             " was given again with other content; the first stands"));
          break;
        }
      }
    }
    batch.bytes += own.reader->offset() - before;
    if (batch.events >= kMaxBatch) {
      batch.more = true;
      break;
    }
    if (result == SegmentReader::Result::kDamaged) {
      throw Error(Status::kCorrupt, "the journal of this process was overwritten: " +
                                        segment_path(directory_, own.journal.id(), segment));
    }
    if (segment >= end_segment) break;
    ++segment;
  }
  if (own.reader)
    committer_->store().set_journal_position(own.journal.id(), {own.reader_segment, own.reader->offset()});
}

// The lock is held.
void Recorder::settle(const Batch& batch) {
  committed_ = std::max(committed_, batch.last_number);
  oldest_ = steady_millis();
  queued_bytes_ -= std::min(queued_bytes_, batch.bytes);
  counters_.stored += batch.stored;
  counters_.duplicates += batch.duplicates;
  counters_.conflicts += batch.conflicts;
  counters_.gaps += batch.gaps;
  // An earlier journal goes when all that was ever appended to it is in the ledger.
  while (journals_.size() > 1 && journals_.front()->done()) {
    journals_.front()->journal.remove();
    journals_.pop_front();
  }
  pressed_ = gap_due_ = false;
}

void Recorder::wait_committed(Lock& lock, std::uint64_t number, std::int64_t deadline, int gaps) {
  std::optional<Error> failure;
  while (committed_ < number || (gaps > 0 && gap_waits())) {
    const std::int64_t now = steady_millis();
    if (now >= deadline) {
      // Another process at work is a matter of time; a full disk is not.
      if (failure && failure->status() != Status::kBusy) throw *failure;
      throw Error(Status::kTimeout, "the deadline passed before all events were committed; they are in the journal");
    }
    if (leading_ || gathering_) {
      changed_.wait_until(lock, time_point(deadline));
      continue;
    }
    try {
      lead(lock, std::clamp<std::int64_t>(deadline - now, 0, kAttemptMillis));
      --gaps;
    } catch (const Error& error) {
      if (permanent(error)) throw;
      failure = error;
      changed_.wait_until(lock, time_point(std::min(deadline, steady_millis() + 20)));
    }
  }
}

void Recorder::flush(std::int64_t timeout_ms) {
  Lock lock(mutex_);
  if (journals_.empty() && !unjournalled_.empty()) renew();
  // The account that is on its way, and the one after it: whoever goes on dropping doesn't keep us.
  wait_committed(lock, number_, deadline_after(timeout_ms), 2);
}

void Recorder::adopt_orphans(std::int64_t timeout_ms) {
  if (cloned_without_handlers()) return;
  const std::int64_t deadline = deadline_after(timeout_ms);
  std::vector<Adopted> done;
  std::optional<Error> failure;
  Lock lock(mutex_);
  const bool power = power_;
  try {
    leading(lock, deadline, [&] {
      for (Orphan& orphan : find_orphans(directory_)) {
        locked(std::max<std::int64_t>(0, deadline - steady_millis()),
               [&] { done.push_back(adopt(orphan, directory_, *committer_, kMaxBatch, power)); });
      }
    });
  } catch (const Error& error) {
    failure = error;
  }
  for (const Adopted& adopted : done) {
    counters_.recovered += adopted.recovered;
    counters_.gaps += adopted.gaps;
    for (const Error& error : adopted.errors) report(error);
  }
  if (failure) throw *failure;
}

// ---- The thread

void Recorder::run() {
  Lock lock(mutex_);
  std::int64_t next_maintenance = steady_millis() + kMaintainMillis;
  std::int64_t retry = 0;  // no commit before this time
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
      // Another process or thread at work is no failure until it lasts.
      const bool contended = error.status() == Status::kBusy || error.status() == Status::kTimeout;
      if (!failing_ && (!contended || backoff >= 2000)) {
        report(error);
        failing_ = true;
      }
      backoff = std::clamp<std::int64_t>(backoff * 2, 20, 5000);
      retry = steady_millis() + backoff;
    } catch (const std::exception&) {
      // Out of memory: the events are in the journal, and wait there.
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

// Once a second: dead processes, deleted files, the WAL.
void Recorder::maintain(Lock& lock) {
  std::exception_ptr failure;
  try {
    if (journals_.empty() && !unjournalled_.empty()) renew();
    if (!journals_.empty() && !journals_.back()->journal.in_place()) {
      renew();
      report(Error(Status::kIo, "the journal " + directory_ + " was deleted while in use; a new one was made"));
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
    leading(lock, steady_millis(), [&] { locked(0, [&] { store_->checkpoint(kWalBytes); }); });
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    // Busy: somebody else is at work, and will see to it.
    if (error.status() != Status::kBusy && error.status() != Status::kTimeout) throw;
  }
}

// ---- Telling

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

// The lock is held.
void Recorder::report(const Error& error) noexcept {
  try {
    errors_.push_back(error);
  } catch (const std::bad_alloc&) {
    return;  // told when it happens the next time
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

// In the child the thread does not exist, and every lock and descriptor is the parent's.
void Recorder::abandon() noexcept {
  for (const auto& own : journals_) {
    own->journal.abandon();
    own->reader_fd.reset();
  }
  writer_lock_.abandon();
}

}  // namespace plog::client
