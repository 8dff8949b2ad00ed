#include "spool/spool.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <new>
#include <utility>

#include "base/error.h"
#include "event/system_events.h"

namespace plog::spool {

// One of this process's journals. Events are appended to the last one. Earlier ones, whose files were deleted or could
// not be written, are only read. The mutex guards the members up to `gap_out`; the others belong to the thread that
// takes batches.
struct Spool::Own {
  explicit Own(const std::string& directory) : journal(directory) {}
  Journal journal;
  store::JournalPosition delivered{1, 0};
  bool gap_out = false;               // the frozen account is in a batch
  std::uint64_t frozen_drops = 0;     // the frozen account has the drops up to this one
  std::uint64_t delivered_drops = 0;  // those up to this one are delivered

  store::JournalPosition taken{1, 0};
  std::unique_ptr<SegmentReader> reader;  // in segment `taken.segment`, which `fd` keeps open
  std::shared_ptr<Fd> fd;

  bool done() noexcept {
    const store::JournalPosition end = journal.end();
    const bool all = end.segment == 0 || (delivered.segment == end.segment && delivered.offset >= end.offset);
    return all && journal.account().empty();
  }
};

namespace {

// Whether nobody else refers to an answered batch. Until then a sink may read it.
bool is_only_owner(const std::shared_ptr<Spool::Parcel>& parcel) noexcept {
#if defined(__SANITIZE_THREAD__)  // which does not know fences
  return false;
#else
  if (parcel.use_count() > 1) return false;
  // use_count() alone does not order the reads of the others before our writes.
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
#endif
}

}  // namespace

Spool::Spool(std::string directory) : directory_(std::move(directory)) {}
Spool::~Spool() = default;

// ---- Recording

void Spool::open_journal() {
  journals_.push_back(std::make_shared<Own>(directory_));
  journals_.back()->delivered_drops = unjournalled_.empty() ? dropped_ : before_unjournalled_;
  if (unjournalled_.empty()) return;
  journals_.back()->journal.account() = std::exchange(unjournalled_, DropAccount{});
  save_account(journals_.back()->journal);
}

std::uint64_t Spool::append(std::string& record, std::uint32_t crc) {
  try {
    if (journals_.empty()) open_journal();
    journals_.back()->journal.append(record, crc, newest_ + 1);
  } catch (const Error& error) {
    if (error.status() == Status::kInvalid || error.status() == Status::kFull) throw;
    // The directory may have been deleted while in use. Try once with a new journal.
    open_journal();
    try {
      journals_.back()->journal.append(record, crc, newest_ + 1);
    } catch (...) {
      // Do not keep a new journal without a record, or each failure would leave files behind.
      if (journals_.size() > 1) {
        journals_.back()->journal.remove();
        journals_.pop_back();
      }
      throw;
    }
  }
  queued_bytes_ += record.size();
  return ++newest_;
}

void Spool::save_account(Journal& journal) noexcept {
  try {
    journal.save_account();
  } catch (const std::exception&) {
    // The account stays in memory and is written with the next change.
  }
}

void Spool::drop(std::string_view agent, Micros time) {
  const std::uint64_t before = dropped_++;
  if (journals_.empty()) {
    if (unjournalled_.empty()) before_unjournalled_ = before;
    unjournalled_.add(agent, time);
    return;
  }
  Own& own = *journals_.back();
  if (own.journal.account().empty()) own.delivered_drops = before;
  own.journal.account().add(agent, time);
  save_account(own.journal);
}

void Spool::journal_drops() {
  if (journals_.empty() && !unjournalled_.empty()) open_journal();
}

bool Spool::repair() {
  journal_drops();
  if (journals_.empty() || journals_.back()->journal.in_place()) return false;
  open_journal();
  return true;
}

bool Spool::gap_waits() const noexcept {
  return std::any_of(journals_.begin(), journals_.end(),
                     [](const auto& own) { return !own->journal.account().empty(); });
}

std::uint64_t Spool::dropped_delivered() const noexcept {
  std::uint64_t all_up_to = unjournalled_.empty() ? dropped_ : before_unjournalled_;
  for (const auto& own : journals_) {
    if (!own->journal.account().empty()) all_up_to = std::min(all_up_to, own->delivered_drops);
  }
  return all_up_to;
}

// ---- Handing out

bool Spool::can_take() const noexcept {
  if (taken_ < newest_) return true;
  const bool returned = std::any_of(handed_out_.begin(), handed_out_.end(),
                                    [](const auto& parcel) { return parcel->state_ == Parcel::State::kReturned; });
  return returned || std::any_of(journals_.begin(), journals_.end(),
                                 [](const auto& own) { return !own->gap_out && !own->journal.account().empty(); });
}

std::size_t Spool::out() const noexcept {
  return static_cast<std::size_t>(std::count_if(handed_out_.begin(), handed_out_.end(), [](const auto& parcel) {
    return parcel->state_ == Parcel::State::kOut;
  }));
}

std::shared_ptr<Spool::Parcel> Spool::take() {
  std::shared_ptr<Parcel> parcel;
  {
    const MutexLock lock(mutex);
    for (const auto& each : handed_out_) {
      if (each->state_ != Parcel::State::kReturned) continue;
      each->state_ = Parcel::State::kOut;
      return each;
    }
    parcel = std::exchange(spare_, nullptr);
    if (!parcel || !is_only_owner(parcel)) parcel = std::make_shared<Parcel>();
    parcel->reset();
    for (const auto& own : journals_) parcel->sources_.push_back({own, own->taken});
  }
  try {
    for (Parcel::Source& source : parcel->sources_) {
      if (!take_gap(source, *parcel) || !take_events(source, *parcel)) break;
    }
    for (const Parcel::Source& source : parcel->sources_) {
      if (source.own->reader) parcel->batch.marks.push_back({source.own->journal.id(), source.end});
    }
    const MutexLock lock(mutex);
    if (parcel->batch.empty()) {
      spare_ = std::move(parcel);
      return nullptr;
    }
    handed_out_.push_back(parcel);
    for (const Parcel::Source& source : parcel->sources_) source.own->taken = source.end;
    // A journal of which the batch has nothing may be deleted before the batch is delivered.
    std::erase_if(parcel->sources_, [](const Parcel::Source& source) { return !source.used; });
    taken_ = std::max(taken_, parcel->last_number_);
  } catch (...) {
    put_back(*parcel);
    throw;
  }
  return parcel;
}

// Undoes an unfinished take().
void Spool::put_back(Parcel& parcel) noexcept {
  const MutexLock lock(mutex);
  for (const Parcel::Source& source : parcel.sources_) {
    source.own->reader.reset();  // the next one starts at `taken`
    if (source.gap) source.own->gap_out = false;
  }
}

// Adds a gap event for the frozen account. False if the batch is full.
bool Spool::take_gap(Parcel::Source& source, Parcel& parcel) {
  std::vector<event::Dropped> frozen;
  std::uint64_t generation = 0;
  {
    const MutexLock lock(mutex);
    Journal& journal = source.own->journal;
    if (journal.account().empty() || source.own->gap_out) return true;
    if (journal.account().frozen.empty()) source.own->frozen_drops = dropped_;
    journal.account().freeze();
    journal.save_account();
    frozen = journal.account().frozen;
    generation = journal.account().generation;
  }
  std::string payload;
  event::encode(event::gap(builder_, source.own->journal.id(), generation, "journal_full", frozen), payload);
  if (!parcel.batch.add(payload)) return false;
  parcel.gaps.push_back(parcel.batch.size() - 1);
  const MutexLock lock(mutex);
  source.used = source.gap = source.own->gap_out = true;
  return true;
}

// Adds the events of one journal. False if the batch is full.
bool Spool::take_events(Parcel::Source& source, Parcel& parcel) {
  Own& own = *source.own;
  while (true) {
    std::uint64_t limit = 0, last_segment = 0;
    std::shared_ptr<Fd> fd;
    std::uint64_t segment = source.end.segment;
    {
      const MutexLock lock(mutex);
      last_segment = own.journal.end().segment;
      segment = std::max(segment, own.journal.first_segment());
      fd = own.journal.segment(segment, &limit);
    }
    if (fd == nullptr) return true;  // nothing was appended yet
    if (!own.reader || own.fd != fd) {
      const std::uint64_t offset = source.end.segment == segment ? source.end.offset : 0;
      own.reader = std::make_unique<SegmentReader>(fd->get(), offset, limit);
      own.fd = fd;
    } else {
      own.reader->extend(limit);
    }
    const std::uint64_t start = own.reader->offset();
    std::string_view payload;
    std::uint64_t number = 0;
    auto result = SegmentReader::Result::kEnd;
    bool full = false;
    while ((result = own.reader->next(payload, number)) == SegmentReader::Result::kRecord) {
      if (!parcel.batch.add(payload)) {
        own.reader->unread();
        full = true;
        break;
      }
      parcel.last_number_ = number;
      source.used = true;
    }
    parcel.bytes_ += own.reader->offset() - start;
    source.end = {segment, own.reader->offset()};
    if (full) return false;
    if (result == SegmentReader::Result::kDamaged) {
      if (!parcel.batch.empty()) return false;  // deliver first what precedes the damage
      throw Error(Status::kCorrupt, "the journal of this process was damaged by another program: " +
                                        segment_path(directory_, own.journal.id(), segment));
    }
    if (segment >= last_segment) return true;
    source.end = {segment + 1, 0};
  }
}

void Spool::Parcel::reset() noexcept {
  batch.clear();
  gaps.clear();
  sources_.clear();
  state_ = State::kOut;
  last_number_ = bytes_ = 0;
}

void Spool::give_back(Parcel& parcel) noexcept { parcel.state_ = Parcel::State::kReturned; }

void Spool::deliver(Parcel& parcel, Leftovers& leftovers) noexcept {
  parcel.state_ = Parcel::State::kDelivered;
  while (!handed_out_.empty() && handed_out_.front()->state_ == Parcel::State::kDelivered) {
    finish(*handed_out_.front(), leftovers);
    spare_ = std::move(handed_out_.front());
    handed_out_.pop_front();
  }
  // Delete an earlier journal when everything that was appended to it is in the ledger.
  while (journals_.size() > 1 && journals_.front()->done()) {
    journals_.front()->journal.remove();
    journals_.pop_front();
  }
}

void Spool::finish(Parcel& parcel, Leftovers& leftovers) noexcept {
  for (const Parcel::Source& source : parcel.sources_) {
    Own& own = *source.own;
    own.delivered = source.end;
    try {
      for (auto& segment : own.journal.take_before(source.end)) leftovers.segments_.push_back(std::move(segment));
    } catch (const std::bad_alloc&) {
      // Segments that could not be listed stay; the stored position says that they are committed.
    }
    if (!source.gap) continue;
    own.gap_out = false;
    own.delivered_drops = own.frozen_drops;
    own.journal.account().settle();
    save_account(own.journal);  // if that fails, the gap's id keeps it from being recorded twice
  }
  delivered_ = std::max(delivered_, parcel.last_number_);
  queued_bytes_ -= std::min(queued_bytes_, parcel.bytes_);
}

Spool::Leftovers::~Leftovers() {
  for (const Journal::Drained& segment : segments_) ::unlink(segment.path.c_str());
}

// ---- The end

std::vector<Uuid> Spool::remove_if_delivered() {
  std::vector<Uuid> gone;
  if (delivered_ != newest_ || gap_waits() || !handed_out_.empty()) return gone;
  gone.reserve(journals_.size());
  for (const auto& own : journals_) {
    gone.push_back(own->journal.id());
    own->journal.remove();
  }
  journals_.clear();
  return gone;
}

void Spool::abandon() noexcept {
  for (const auto& own : journals_) {
    own->journal.abandon();
    own->fd.reset();
  }
}

}  // namespace plog::spool
