// Takes the events of a spool to a sink, and lets callers wait until they are there.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/mutex.h"
#include "spool/sink.h"
#include "spool/spool.h"

namespace plog::spool {

// Whether a retry of a delivery would fail in the same way.
bool is_permanent(const Error& error) noexcept;

// One thread leads at a time: it hands batches to the sink, and lets a sink without a thread of its own work. It may be
// any thread that waits for its events. Thread-safe; `spool.mutex` guards everything.
class Delivery {
 public:
  // What one answer adds to the totals.
  struct Totals {
    std::uint64_t stored = 0, duplicates = 0, conflicts = 0, refused = 0;  // without gap events
    std::uint64_t gaps = 0;
  };
  // All are called with the mutex held, and must not throw.
  struct Listener {
    std::function<void(const Totals&)> delivered;
    std::function<void(const Error&)> trouble;  // an event that is a conflict or was refused
    std::function<void()> answered;             // an answer has come on a thread that does not lead
  };

  // `directory`: of the journals.
  Delivery(std::string directory, Listener listener);
  // Before everything else, once. Without a sink, events stay in the journal and nobody can lead.
  void open(std::unique_ptr<Sink> sink) PLOG_NO_THREAD_ANALYSIS { sink_ = std::move(sink); }

  Spool spool;
  // Signals deliveries, the end of a lead, and whatever else its owner wants to signal to waiting callers.
  Condition changed;

  // From now on each batch must be on disk before it is answered.
  void require_sync() PLOG_REQUIRES(spool.mutex) { sync_ = true; }
  bool requires_sync() const PLOG_REQUIRES(spool.mutex) { return sync_; }

  // Runs `work` as the leading thread, without the mutex. Throws kTimeout if its turn does not come before the
  // deadline, kUnsupported in a process that must not use the ledger (base/fork.h), and what `work` throws.
  void leading(std::int64_t deadline, const std::function<void()>& work) PLOG_REQUIRES(spool.mutex);
  bool has_leader() const PLOG_REQUIRES(spool.mutex) { return leading_; }

  // Whether deliver() has something to do and a thread can lead.
  bool can_deliver() const noexcept PLOG_REQUIRES(spool.mutex);
  // Hands the next batch to the sink and lets the sink work, but does not wait for an answer. A failure that the sink
  // answers with is not thrown; failures() counts it. Throws as leading() and Spool::take.
  void deliver(std::int64_t timeout_ms) PLOG_REQUIRES(spool.mutex);

  // Waits until all events up to `number` are delivered, and gap events for the first `dropped` drops; leads if nobody
  // does. Throws kTimeout, or the failure that lasted until the deadline or that a retry cannot mend.
  void wait(std::uint64_t number, std::int64_t deadline, std::uint64_t dropped = 0) PLOG_REQUIRES(spool.mutex);
  // As wait(), for many callers that each wait for their own event: the commits form groups.
  void wait_in_group(std::uint64_t number, std::int64_t deadline) PLOG_EXCLUDES(spool.mutex);

  // How many batches were answered with a failure, and the last failure; nullopt for a lack of memory.
  std::uint64_t failures() const PLOG_REQUIRES(spool.mutex) { return failures_; }
  const std::optional<Error>& failure() const PLOG_REQUIRES(spool.mutex) { return failure_; }

  // For a forked child: gives up what belongs to the parent.
  void abandon() noexcept PLOG_NO_THREAD_ANALYSIS;  // there is no other thread, and the mutex may be held for ever

 private:
  using ParcelPointer = std::shared_ptr<Spool::Parcel>;

  bool ready() const noexcept PLOG_REQUIRES(spool.mutex);
  void hand_over(const ParcelPointer& parcel) PLOG_EXCLUDES(spool.mutex);
  void answered(Spool::Parcel& parcel, const Answer& answer) noexcept PLOG_EXCLUDES(spool.mutex);
  void succeeded(Spool::Parcel& parcel, const Answer& answer, Spool::Leftovers& leftovers) PLOG_EXCLUDES(spool.mutex);
  void failed(Spool::Parcel& parcel, const std::optional<Error>& error) noexcept PLOG_EXCLUDES(spool.mutex);
  void wake_after_answer() noexcept PLOG_REQUIRES(spool.mutex);
  // Wakes the waiting callers, one of which must now lead in place of this thread.
  void give_up_lead() noexcept PLOG_REQUIRES(spool.mutex);
  // Lets more callers join the next commit.
  void gather() PLOG_REQUIRES(spool.mutex);

  const Listener listener_;
  Condition gathered_;  // wakes the caller in gather()

  bool sync_ PLOG_GUARDED_BY(spool.mutex) = false;
  bool leading_ PLOG_GUARDED_BY(spool.mutex) = false;
  std::thread::id leader_ PLOG_GUARDED_BY(spool.mutex);
  bool gathering_ PLOG_GUARDED_BY(spool.mutex) = false;      // a caller waits in gather() before it leads
  std::atomic<std::uint32_t> turn_{0};                       // how often give_up_lead() was called
  std::atomic<std::uint64_t> durable_{0};                    // as spool.delivered(), but readable without the mutex
  std::uint64_t expected_ PLOG_GUARDED_BY(spool.mutex) = 0;  // how many events the next group may have
  std::chrono::nanoseconds took_ PLOG_GUARDED_BY(spool.mutex){0};  // duration of the last delivery
  std::uint64_t failures_ PLOG_GUARDED_BY(spool.mutex) = 0;
  std::optional<Error> failure_ PLOG_GUARDED_BY(spool.mutex);
  std::int64_t failed_at_ PLOG_GUARDED_BY(spool.mutex) = 0;  // steady_millis

  std::unique_ptr<Sink> sink_;  // destroyed first, since it may answer batches until then
};

}  // namespace plog::spool
