// The spool of a process for one ledger: keeps recorded events in journals, hands them out in batches, and forgets them
// when a sink has answered.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/uuid.h"
#include "event/builder.h"
#include "spool/batch.h"
#include "spool/journal.h"

namespace plog::spool {

// The events appended are numbered from 1. Batches may be answered in any order, but an event counts as delivered only
// when all earlier ones are, and the positions of the journals move in order too.
class Spool {
  struct Own;

 public:
  // `directory`: of the journals. Nothing is created before the first event.
  explicit Spool(std::string directory);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Guards the spool, and whatever else its owner wants to change together with it: recording an event takes one lock.
  Mutex mutex;

  // ---- Recording

  // Appends a record to the journal: kRecordHeader bytes of room, then the payload, whose CRC-32C is `crc`. Returns its
  // number. If the files of the journal were deleted, it goes to a new one. Throws kInvalid (too large), kFull (the
  // disk is full), kIo; nothing is appended then.
  std::uint64_t append(std::string& record, std::uint32_t crc) PLOG_REQUIRES(mutex);
  // Counts an event that was not appended. A gap event will say so.
  void drop(std::string_view agent, Micros time) PLOG_REQUIRES(mutex);
  // Creates a journal if dropped events wait for one. Throws kIo, kFull.
  void journal_drops() PLOG_REQUIRES(mutex);
  // Creates a journal if dropped events wait for one, or if the files of the current one were deleted. Returns whether
  // they were. Throws kIo, kFull.
  bool repair() PLOG_REQUIRES(mutex);

  std::uint64_t newest() const PLOG_REQUIRES(mutex) { return newest_; }        // number of the last event appended
  std::uint64_t delivered() const PLOG_REQUIRES(mutex) { return delivered_; }  // all events up to this one are
  std::uint64_t queued() const PLOG_REQUIRES(mutex) { return newest_ - delivered_; }
  std::uint64_t queued_bytes() const PLOG_REQUIRES(mutex) { return queued_bytes_; }
  // Whether dropped events are not yet delivered as a gap event.
  bool gap_waits() const noexcept PLOG_REQUIRES(mutex);
  // How many events were dropped, and up to which of these drops all are delivered as gap events.
  std::uint64_t dropped() const PLOG_REQUIRES(mutex) { return dropped_; }
  std::uint64_t dropped_delivered() const noexcept PLOG_REQUIRES(mutex);

  // ---- Handing out

  // A batch that was handed out.
  struct Parcel {
    Batch batch;
    std::vector<std::size_t> gaps;  // the places of its gap events

   private:
    friend class Spool;
    enum class State : std::uint8_t { kOut, kReturned, kDelivered };
    struct Source {
      std::shared_ptr<Own> own;    // may be done, and no longer one of the spool's, while a batch is taken
      store::JournalPosition end;  // the position after the batch
      bool used = false;           // the batch has something of this journal
      bool gap = false;            // the batch has the frozen account
    };
    void reset() noexcept;
    State state_ = State::kOut;
    std::vector<Source> sources_;
    std::uint64_t last_number_ = 0;  // 0 if it has only gap events
    std::uint64_t bytes_ = 0;        // of the records
  };

  // Hands out a batch: one that was returned, or else the oldest events that were never handed out. Null if
  // nothing waits. One thread at a time. Throws kCorrupt if the next record was damaged, kIo; nothing is handed out
  // then.
  std::shared_ptr<Parcel> take() PLOG_EXCLUDES(mutex);
  // Whether take() would hand out something.
  bool can_take() const noexcept PLOG_REQUIRES(mutex);
  // The number of batches that are handed out and neither returned nor delivered.
  std::size_t out() const noexcept PLOG_REQUIRES(mutex);

  // Segment files without any undelivered event. Deleting them frees pages, which takes time; so it waits until the
  // caller has released the mutex.
  class Leftovers {
   public:
    Leftovers() = default;
    ~Leftovers();
    Leftovers(Leftovers&&) = default;
    Leftovers& operator=(Leftovers&&) = default;
    Leftovers(const Leftovers&) = delete;
    Leftovers& operator=(const Leftovers&) = delete;

   private:
    friend class Spool;
    std::vector<Journal::Drained> segments_;
  };
  // The batch is in the ledger.
  void deliver(Parcel& parcel, Leftovers& leftovers) noexcept PLOG_REQUIRES(mutex);
  // The batch was not delivered, and take() hands it out again.
  void give_back(Parcel& parcel) noexcept PLOG_REQUIRES(mutex);

  // ---- The end

  // Deletes the journals if everything is delivered, and returns their ids. The next event creates a new one.
  std::vector<Uuid> remove_if_delivered() PLOG_REQUIRES(mutex);
  // For a forked child: gives up the parent's descriptors.
  void abandon() noexcept PLOG_NO_THREAD_ANALYSIS;  // there is no other thread, and the mutex may be held for ever

 private:
  void open_journal() PLOG_REQUIRES(mutex);
  void save_account(Journal& journal) noexcept PLOG_REQUIRES(mutex);
  bool take_gap(Parcel::Source& source, Parcel& parcel) PLOG_EXCLUDES(mutex);
  bool take_events(Parcel::Source& source, Parcel& parcel) PLOG_EXCLUDES(mutex);
  void put_back(Parcel& parcel) noexcept PLOG_EXCLUDES(mutex);
  void finish(Parcel& parcel, Leftovers& leftovers) noexcept PLOG_REQUIRES(mutex);

  const std::string directory_;
  std::deque<std::shared_ptr<Own>> journals_ PLOG_GUARDED_BY(mutex);
  std::deque<std::shared_ptr<Parcel>> handed_out_ PLOG_GUARDED_BY(mutex);  // in the order of their events
  std::shared_ptr<Parcel> spare_ PLOG_GUARDED_BY(mutex);
  DropAccount unjournalled_ PLOG_GUARDED_BY(mutex);               // events dropped while no journal could be created
  std::uint64_t before_unjournalled_ PLOG_GUARDED_BY(mutex) = 0;  // the number of drops before these
  std::uint64_t newest_ PLOG_GUARDED_BY(mutex) = 0;
  std::uint64_t taken_ PLOG_GUARDED_BY(mutex) = 0;  // all events up to this one were handed out
  std::uint64_t delivered_ PLOG_GUARDED_BY(mutex) = 0;
  std::uint64_t queued_bytes_ PLOG_GUARDED_BY(mutex) = 0;
  std::uint64_t dropped_ PLOG_GUARDED_BY(mutex) = 0;
  event::Builder builder_;  // of gap events; the delivering thread's
};

}  // namespace plog::spool
