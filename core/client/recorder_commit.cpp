// Commits journalled events to the ledger. One thread commits at a time; it may be any thread that waits for a commit.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include "base/fork.h"
#include "client/recorder.h"
#include "client/recorder_timing.h"
#include "event/system_events.h"
#include "writer/adopter.h"

namespace plog::client {
namespace {

constexpr std::size_t kMaxBatch = 4096;
constexpr std::chrono::nanoseconds kMaxGather = std::chrono::milliseconds(2);

// Whether a retry would fail in the same way.
bool permanent(const Error& error) {
  return error.status() == Status::kUnsupported || error.status() == Status::kCorrupt;
}

}  // namespace

// Runs `work` as the committing thread, of which there is one at a time. The lock is held on entry and on exit, even if
// this throws, but not during the work.
void Recorder::leading(Lock& lock, std::int64_t deadline, const std::function<void()>& work) {
  if (cloned_without_handlers()) {
    throw Error(Status::kUnsupported,
                "this process was cloned without fork handlers and cannot write to the ledger; its events stay in the "
                "journal, and another process commits them after this one ends");
  }
  while (leading_) {
    if (steady_millis() >= deadline) throw Error(Status::kTimeout, "the deadline passed while a commit was running");
    changed_.wait_until(lock, time_point(deadline));
  }
  leading_ = true;
  lock.unlock();
  std::exception_ptr failure;  // holding the exception allocates nothing: `work` may have run out of memory
  try {
    work();
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  leading_ = false;
  give_up_lead();
  if (failure) std::rethrow_exception(failure);
}

void Recorder::locked(std::int64_t timeout_ms, const std::function<void()>& work) {
  const auto lease = store_->lock_writer(timeout_ms);
  work();
}

bool Recorder::begin() {
  std::vector<event::RedactionRules> rules;
  {
    const Lock lock(mutex_);
    rules = announced_;
  }
  announced_now_ = rules.size();
  const bool created = committer_->begin(rules);
  if (const auto trouble = committer_->keeper().take_trouble()) {
    const Lock lock(mutex_);
    report(*trouble);
  }
  return created;
}

void Recorder::commit(bool power) {
  committer_->commit(power);
  const Lock lock(mutex_);
  announced_.erase(announced_.begin(), announced_.begin() + static_cast<std::ptrdiff_t>(announced_now_));
}

void Recorder::create(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  Lock lock(mutex_);
  leading(lock, deadline, [&] {
    locked(deadline - steady_millis(), [&] {
      const bool created = begin();
      commit(power_);
      ledger_known_ = true;
      if (created || founded_) {
        try {
          publish();
        } catch (const Error& error) {
          // Events can be recorded without a head. The thread keeps trying to publish one.
          const Lock reporting(mutex_);
          report(error);
        }
      }
      founded_ = false;
    });
  });
}

// Lets more callers join the next commit, for up to half the duration of the last one. Callers that a commit releases
// usually return soon with another event, and committing half a group costs as much as a whole one. A caller that is
// alone does not wait.
void Recorder::gather(Lock& lock) {
  if (leading_ || gathering_ || number_ - committed_ >= expected_) return;
  gathering_ = true;
  gathered_.wait_for(lock, std::min(commit_time_ / 2, kMaxGather),
                     [&] { return leading_ || number_ - committed_ >= expected_; });
  gathering_ = false;
}

// Wakes the waiting callers, one of which must now commit in place of this thread.
void Recorder::give_up_lead() noexcept {
  changed_.notify_all();
  turn_.fetch_add(1, std::memory_order_relaxed);
  turn_.notify_all();
}

bool Recorder::wants_power() {
  const Lock lock(mutex_);
  return power_;
}

void Recorder::lead(Lock& lock, std::int64_t timeout_ms) {
  Batch batch;
  const auto start = std::chrono::steady_clock::now();
  leading(lock, steady_millis() + timeout_ms, [&] {
    batch = commit_batch(timeout_ms);
    durable_.store(std::max(durable_.load(std::memory_order_relaxed), batch.last_number), std::memory_order_release);
  });
  settle(batch);
  commit_time_ = std::chrono::steady_clock::now() - start;
  expected_ = batch.events + (number_ - committed_);
  failing_ = false;
  if (batch.replaced) {
    report(Error(Status::kIo, "the ledger " + address_.path() + " was deleted while in use; a new one was created"));
  }
}

Recorder::Batch Recorder::commit_batch(std::int64_t timeout_ms) {
  Batch batch;
  std::vector<Own*> owns;
  {
    const Lock lock(mutex_);
    for (const auto& own : journals_) owns.push_back(own.get());
  }
  if (owns.empty()) return batch;
  locked(timeout_ms, [&] {
    try {
      if (begin() && ledger_known_) {
        // The gap follows the new ledger's first event, because the events of the old file are missing here.
        event::Builder builder;
        committer_->add(
            event::gap(builder, owns.front()->journal.id(), owns.front()->drained.offset, "ledger_deleted", {}));
        batch.replaced = true;
        ++batch.gaps;
      }
      for (Own* own : owns) {
        commit_gap(*own, batch);
        drain(*own, batch);
        if (batch.more) break;
      }
      // Ask only now: a client with power durability may just have been opened, and its event may be in this batch.
      commit(wants_power());
      ledger_known_ = true;
    } catch (...) {
      committer_->rollback();
      pending_.clear();
      for (Own* own : owns) {
        own->reader.reset();  // read again from the committed position
        own->gap_committed = false;
      }
      throw;
    }
    // Callers that wait for the disk wait for this too, because a WAL that only grows gets slower to sync. With small
    // commits the WAL contains the same pages over and over, so the checkpoint is short.
    try {
      store_->maintain();
    } catch (const std::exception&) {
      // The events are committed. If the problem persists, the thread's next checkpoint reports it.
    }
  });

  // The events are committed. A failure from here on must not hide that.
  std::vector<spool::Journal::Drained> drained;
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
    // Out of memory. Segments that could not be listed stay; the stored position says that they are committed.
  }
  for (const spool::Journal::Drained& segment : drained) ::unlink(segment.path.c_str());
  return batch;
}

void Recorder::commit_gap(Own& own, Batch& batch) {
  std::vector<event::Dropped> frozen;
  std::uint64_t generation = 0;
  {
    const Lock lock(mutex_);
    spool::DropAccount& account = own.journal.account();
    if (account.empty()) return;
    account.freeze();
    own.journal.save_account();
    frozen = account.frozen;
    generation = account.generation;
  }
  event::Builder builder;
  if (committer_->add(event::gap(builder, own.journal.id(), generation, "journal_full", frozen)) ==
      writer::Committer::Result::kStored) {
    ++batch.gaps;
  }
  own.gap_committed = true;
}

// Appends the events read from the journal to the ledger.
void Recorder::store_pending(Batch& batch) {
  const std::vector<writer::Committer::Result> results = committer_->add(pending_.events());
  for (std::size_t i = 0; i < results.size(); ++i) {
    switch (results[i]) {
      case writer::Committer::Result::kStored: ++batch.stored; break;
      case writer::Committer::Result::kDuplicate: ++batch.duplicates; break;
      case writer::Committer::Result::kConflict: {
        ++batch.duplicates;
        ++batch.conflicts;
        const Lock lock(mutex_);
        report(writer::conflict(pending_.events()[i].index.id));
        break;
      }
    }
  }
  pending_.clear();
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
      own.reader = std::make_unique<spool::SegmentReader>(fd->get(), offset, limit);
      own.reader_segment = segment;
      own.reader_fd = fd;
    } else {
      own.reader->extend(limit);
    }
    std::string_view payload;
    std::uint64_t number = 0;
    auto result = spool::SegmentReader::Result::kEnd;
    const std::uint64_t before = own.reader->offset();
    while (batch.events < kMaxBatch &&
           (result = own.reader->next(payload, number)) == spool::SegmentReader::Result::kRecord) {
      ++batch.events;
      batch.last_number = number;
      if (pending_.add(payload)) continue;
      store_pending(batch);
      pending_.add(payload);
    }
    store_pending(batch);
    batch.bytes += own.reader->offset() - before;
    if (batch.events >= kMaxBatch) {
      batch.more = true;
      break;
    }
    if (result == spool::SegmentReader::Result::kDamaged) {
      throw Error(Status::kCorrupt, "the journal of this process was damaged by another program: " +
                                        spool::segment_path(directory_, own.journal.id(), segment));
    }
    if (segment >= end_segment) break;
    ++segment;
  }
  if (own.reader)
    committer_->transaction().set_journal_position(own.journal.id(), {own.reader_segment, own.reader->offset()});
}

// The caller holds the lock.
void Recorder::settle(const Batch& batch) {
  committed_ = std::max(committed_, batch.last_number);
  oldest_ = steady_millis();
  queued_bytes_ -= std::min(queued_bytes_, batch.bytes);
  counters_.stored += batch.stored;
  counters_.duplicates += batch.duplicates;
  counters_.conflicts += batch.conflicts;
  counters_.gaps += batch.gaps;
  // Delete an earlier journal when everything that was appended to it is in the ledger.
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
      // Contention with another process is a timeout; any other failure is reported as it is.
      if (failure && failure->status() != Status::kBusy) throw *failure;
      throw Error(Status::kTimeout,
                  "the deadline passed before all events were committed; the others stay in the journal");
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
  // Two batches: one for the account that is being committed, and one for the next. Events that are dropped after that
  // do not prolong this call.
  wait_committed(lock, number_, deadline_after(timeout_ms), 2);
}

void Recorder::make_visible(std::uint64_t number, std::int64_t timeout_ms) {
  Lock lock(mutex_);
  if (!gap_waits()) {
    if (committed_ < number) wait_committed(lock, number, deadline_after(timeout_ms));
    return;
  }
  wait_committed(lock, number, deadline_after(timeout_ms), 2);
}

void Recorder::adopt_new_orphans(std::int64_t timeout_ms) {
  const std::int64_t now = steady_millis();
  std::int64_t due = next_look_.load(std::memory_order_relaxed);
  if (now < due || !next_look_.compare_exchange_strong(due, now + kMaintainMillis, std::memory_order_relaxed)) return;
  if (!spool::find_orphans(directory_).empty()) adopt_orphans(timeout_ms);
}

void Recorder::adopt_orphans(std::int64_t timeout_ms) {
  if (cloned_without_handlers()) return;
  const std::int64_t deadline = deadline_after(timeout_ms);
  std::vector<writer::Adopted> done;
  std::optional<Error> failure;
  Lock lock(mutex_);
  const bool power = power_;
  try {
    leading(lock, deadline, [&] {
      for (spool::Orphan& orphan : spool::find_orphans(directory_)) {
        locked(std::max<std::int64_t>(0, deadline - steady_millis()),
               [&] { done.push_back(adopt(orphan, directory_, *committer_, kMaxBatch, power)); });
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

}  // namespace plog::client
