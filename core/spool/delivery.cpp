#include "spool/delivery.h"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/encoding.h"
#include "base/fork.h"
#include "event/system_events.h"

namespace plog::spool {
namespace {

// Limit of one wait for the writer lock, so that a fork is not delayed.
constexpr std::int64_t kAttemptMillis = 250;
// The shortest time between two attempts to deliver the same batch.
constexpr std::int64_t kRetryMillis = 20;
constexpr std::chrono::nanoseconds kMaxGather = std::chrono::milliseconds(2);

// A journal record of a gap event for the events that the sink refused; empty if it refused none. A refused event of
// the ledger's own agent leaves no gap, or a refused gap event would lead to another one.
std::string refused_record(const Batch& batch, const Answer& answer, std::uint64_t& refused) {
  DropAccount account;
  std::string buffer;
  for (std::size_t i = 0; i < answer.receipts.size(); ++i) {
    if (answer.receipts[i].outcome != Outcome::kRefused || batch[i].system) continue;
    account.add(event::text_of(batch[i], batch[i].index.agent, buffer), batch[i].index.time);
    ++refused;
  }
  if (refused == 0 || batch.marks.empty()) return {};
  // The position makes the gap's id unique, and the same if the batch is submitted again.
  const Mark& mark = batch.marks.front();
  event::Builder builder;
  std::string record(kRecordHeader, '\0');
  event::encode(event::gap(builder, mark.journal, (mark.position.segment << 40) + mark.position.offset, "refused",
                           account.current),
                record);
  return record;
}

// Adds up the receipts, and collects the errors that they mean for the user. Gap events are counted apart.
void count(const Spool::Parcel& parcel, const Answer& answer, Delivery::Totals& totals, std::vector<Error>& troubles) {
  auto gap = parcel.gaps.begin();
  for (std::size_t i = 0; i < answer.receipts.size(); ++i) {
    const Receipt& receipt = answer.receipts[i];
    if (gap != parcel.gaps.end() && *gap == i) {
      ++gap;
      if (receipt.outcome == Outcome::kStored) ++totals.gaps;
      continue;
    }
    switch (receipt.outcome) {
      case Outcome::kStored: ++totals.stored; break;
      case Outcome::kDuplicate: ++totals.duplicates; break;
      case Outcome::kConflict:
        ++totals.duplicates;
        ++totals.conflicts;
        troubles.push_back(conflict(parcel.batch[i].index.id));
        break;
      case Outcome::kRefused:
        troubles.emplace_back(Status::kInvalid, "event " + format_uuid(parcel.batch[i].index.id) +
                                                    " was refused and is lost: " + receipt.refusal);
        break;
    }
  }
}

}  // namespace

bool is_permanent(const Error& error) noexcept {
  return error.status() == Status::kUnsupported || error.status() == Status::kCorrupt;
}

Delivery::Delivery(std::string directory, Listener listener)
    : spool(std::move(directory)), listener_(std::move(listener)) {}

void Delivery::leading(std::int64_t deadline, const std::function<void()>& work) {
  if (cloned_without_handlers()) {
    throw Error(Status::kUnsupported,
                "this process was cloned without fork handlers and cannot write to the ledger; its events stay in the "
                "journal, and another process commits them after this one ends");
  }
  while (leading_) {
    if (steady_millis() >= deadline) throw Error(Status::kTimeout, "the deadline passed while a commit was running");
    changed.wait_until(spool.mutex, time_point(deadline));
  }
  leading_ = true;
  leader_ = std::this_thread::get_id();
  spool.mutex.unlock();
  std::exception_ptr failure;  // holding the exception allocates nothing: `work` may have run out of memory
  try {
    work();
  } catch (...) {
    failure = std::current_exception();
  }
  spool.mutex.lock();
  leading_ = false;
  give_up_lead();
  if (failure) std::rethrow_exception(failure);
}

// Waits for up to half the duration of the last delivery. Callers that a commit releases usually return soon with
// another event, and committing half a group costs as much as a whole one. A caller that is alone does not wait.
void Delivery::gather() {
  if (leading_ || gathering_ || spool.queued() >= expected_) return;
  gathering_ = true;
  const auto until = std::chrono::steady_clock::now() + std::min(took_ / 2, kMaxGather);
  while (!leading_ && spool.queued() < expected_ && std::chrono::steady_clock::now() < until) {
    gathered_.wait_until(spool.mutex, until);
  }
  gathering_ = false;
}

void Delivery::give_up_lead() noexcept {
  changed.notify_all();
  turn_.fetch_add(1, std::memory_order_relaxed);
  turn_.notify_all();
}

bool Delivery::ready() const noexcept {
  if (!sink_) return true;  // deliver() says why it cannot
  return (spool.can_take() && spool.out() < sink_->window()) || sink_->has_work();
}

bool Delivery::can_deliver() const noexcept { return !leading_ && ready(); }

void Delivery::deliver(std::int64_t timeout_ms) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t before = spool.delivered();
  leading(steady_millis() + timeout_ms, [&] {
    if (const auto parcel = spool.take()) hand_over(parcel);
    sink_->work(timeout_ms);
  });
  if (spool.delivered() == before) return;
  took_ = std::chrono::steady_clock::now() - start;
  expected_ = spool.delivered() - before + spool.queued();
}

void Delivery::hand_over(const std::shared_ptr<Spool::Parcel>& parcel) {
  {
    // Ask only now: a client with power durability may just have been opened, and its event may be in this batch.
    const MutexLock lock(spool.mutex);
    parcel->batch.sync = sync_;
  }
  try {
    sink_->submit(std::shared_ptr<const Batch>(parcel, &parcel->batch),
                  [this, parcel](const Answer& answer) { answered(*parcel, answer); });
  } catch (...) {
    const MutexLock lock(spool.mutex);
    spool.give_back(*parcel);
    throw;
  }
}

void Delivery::answered(Spool::Parcel& parcel, const Answer& answer) noexcept {
  Spool::Leftovers leftovers;  // deletes files, after the mutex is released
  try {
    if (answer.failure) {
      failed(parcel, *answer.failure);
    } else {
      succeeded(parcel, answer, leftovers);
    }
  } catch (const Error& error) {
    failed(parcel, error);
  } catch (const std::exception&) {
    failed(parcel, std::nullopt);
  }
}

void Delivery::succeeded(Spool::Parcel& parcel, const Answer& answer, Spool::Leftovers& leftovers) {
  Totals totals;
  std::string gap = refused_record(parcel.batch, answer, totals.refused);
  std::vector<Error> troubles;
  count(parcel, answer, totals, troubles);
  const MutexLock lock(spool.mutex);
  if (!gap.empty()) {
    const std::string_view payload = std::string_view(gap).substr(kRecordHeader);
    spool.append(gap, crc32c(payload.data(), payload.size()));
  }
  spool.deliver(parcel, leftovers);
  durable_.store(spool.delivered(), std::memory_order_release);
  for (const Error& trouble : troubles) listener_.trouble(trouble);
  listener_.delivered(totals);
  wake_after_answer();
}

void Delivery::failed(Spool::Parcel& parcel, const std::optional<Error>& error) noexcept {
  const MutexLock lock(spool.mutex);
  spool.give_back(parcel);
  ++failures_;
  failed_at_ = steady_millis();
  failure_ = error;
  wake_after_answer();
}

// The leading thread wakes the others when it ends. Another thread, a sink's, must do that itself.
void Delivery::wake_after_answer() noexcept {
  if (leading_ && leader_ == std::this_thread::get_id()) return;
  give_up_lead();
  listener_.answered();
}

void Delivery::wait(std::uint64_t number, std::int64_t deadline, std::uint64_t dropped) {
  std::optional<Error> failure;
  std::uint64_t seen = failures_;
  while (spool.delivered() < number || spool.dropped_delivered() < dropped) {
    if (failures_ != seen) {
      seen = failures_;
      failure = failure_;
      if (failure && is_permanent(*failure)) throw *failure;
    }
    const std::int64_t now = steady_millis();
    if (now >= deadline) {
      // Contention with another process is a timeout; any other failure is reported as it is.
      if (failure && failure->status() != Status::kBusy) throw *failure;
      throw Error(Status::kTimeout,
                  "the deadline passed before all events were committed; the others stay in the journal");
    }
    if (leading_ || gathering_ || !ready()) {
      changed.wait_until(spool.mutex, time_point(deadline));
      continue;
    }
    if (failure && now < failed_at_ + kRetryMillis) {
      changed.wait_until(spool.mutex, time_point(std::min(deadline, failed_at_ + kRetryMillis)));
      continue;
    }
    try {
      deliver(std::clamp<std::int64_t>(deadline - now, 0, kAttemptMillis));
    } catch (const Error& error) {
      if (is_permanent(error)) throw;
      failure = error;
      failed_at_ = steady_millis();
    }
  }
}

void Delivery::wait_in_group(std::uint64_t number, std::int64_t deadline) {
  MutexLock lock(spool.mutex);
  if (gathering_ && spool.queued() >= expected_) gathered_.notify_one();
  while (spool.delivered() < number && steady_millis() < deadline) {
    if (!leading_ && !gathering_) {
      gather();
      if (!leading_) {
        if (spool.delivered() >= number) give_up_lead();
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
  wait(number, deadline);
}

void Delivery::abandon() noexcept {
  spool.abandon();
  if (sink_) sink_->abandon();
}

}  // namespace plog::spool
