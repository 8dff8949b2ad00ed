#include "writer/adopter.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "event/system_events.h"
#include "spool/batch.h"

namespace plog::writer {
namespace {

class Adoption {
 public:
  Adoption(spool::Orphan& orphan, const std::string& directory, Committer& committer, std::size_t batch, bool sync)
      : orphan_(orphan), directory_(directory), committer_(committer), sync_(sync), pending_(batch) {}

  Adopted run() {
    committer_.begin();
    try {
      start_ = committer_.transaction().journal_position(orphan_.id).value_or(store::JournalPosition{});
      for (const std::uint64_t number : orphan_.segments) read_segment(number);
      record_drops();
      const std::uint64_t last = orphan_.segments.empty() ? 0 : orphan_.segments.back();
      commit(last + 1, 0);
    } catch (...) {
      committer_.rollback();
      throw;
    }
    delete_files();
    return std::move(adopted_);
  }

 private:
  void read_segment(std::uint64_t number) {
    const std::string path = spool::segment_path(directory_, orphan_.id, number);
    if (number < start_.segment) {
      // The gap is already in the ledger, but the process that recorded it died before it could rename the file.
      if (spool::is_damaged(path)) damaged_.push_back(path);
      return;
    }
    const Fd fd = open_existing(path, O_RDONLY);
    if (!fd) return;
    spool::SegmentReader reader(fd.get(), number == start_.segment ? start_.offset : 0, file_size(fd.get()));
    std::string_view payload;
    std::uint64_t ignored = 0;
    spool::SegmentReader::Result result;
    while ((result = reader.next(payload, ignored)) == spool::SegmentReader::Result::kRecord) {
      try {
        if (!pending_.add(payload)) {
          reader.unread();
          store_pending();
          commit(number, reader.offset());
          committer_.begin();
          continue;
        }
      } catch (const Error& error) {
        if (error.status() != Status::kCorrupt) throw;
        result = spool::SegmentReader::Result::kDamaged;
        break;
      }
    }
    store_pending();
    if (result == spool::SegmentReader::Result::kDamaged) record_damage(number, path);
  }

  void store_pending() {
    for (std::size_t part = 0; part < pending_.parts(); ++part) {
      const std::vector<spool::Receipt> receipts = committer_.add(pending_.part(part));
      for (std::size_t i = 0; i < receipts.size(); ++i) {
        if (receipts[i].outcome == spool::Outcome::kStored) ++recovered_;
        if (receipts[i].outcome == spool::Outcome::kConflict) {
          adopted_.errors.push_back(spool::conflict(pending_.part(part)[i].index.id));
        }
      }
    }
    pending_.clear();
  }

  void record_gap(std::uint64_t number, const char* reason, const std::vector<event::Dropped>& dropped) {
    const event::Prepared event = event::gap(builder_, orphan_.id, number, reason, dropped);
    if (committer_.add(event).outcome == spool::Outcome::kStored) ++adopted_.gaps;
  }

  void record_damage(std::uint64_t number, const std::string& path) {
    record_gap(number, "journal_damaged", {});
    damaged_.push_back(path);
    adopted_.errors.emplace_back(Status::kCorrupt, "a journal segment is damaged; it is kept as " + path +
                                                       ".damaged, and a gap event records the loss");
  }

  // The frozen account may already be in the ledger. Its event id is deterministic, so it is not recorded twice.
  void record_drops() {
    std::uint64_t generation = orphan_.account.generation;
    for (const auto* dropped : {&orphan_.account.frozen, &orphan_.account.current}) {
      if (!dropped->empty()) record_gap(generation++, "journal_full", *dropped);
    }
  }

  void commit(std::uint64_t segment, std::uint64_t offset) {
    committer_.transaction().set_journal_position(orphan_.id, {segment, offset});
    committer_.commit(sync_);
    adopted_.recovered += recovered_;
    recovered_ = 0;
  }

  // Everything is committed.
  void delete_files() {
    for (const std::string& path : damaged_) ::rename(path.c_str(), (path + ".damaged").c_str());
    for (const std::uint64_t number : orphan_.segments)
      ::unlink(spool::segment_path(directory_, orphan_.id, number).c_str());
    ::unlink(spool::owner_path(directory_, orphan_.id).c_str());
    orphan_.owner.reset();
    // The stored position is no longer needed. If a crash prevents this commit, a few bytes stay in the ledger.
    committer_.begin();
    try {
      committer_.transaction().forget_journal(orphan_.id);
      committer_.commit(false);
    } catch (...) {
      committer_.rollback();
      throw;
    }
  }

  spool::Orphan& orphan_;
  const std::string& directory_;
  Committer& committer_;
  const bool sync_;
  store::JournalPosition start_;
  spool::Batch pending_;
  std::uint64_t recovered_ = 0;  // in this transaction
  event::Builder builder_;
  std::vector<std::string> damaged_;
  Adopted adopted_;
};

}  // namespace

Adopted adopt(spool::Orphan& orphan, const std::string& directory, Committer& committer, std::size_t batch, bool sync) {
  return Adoption(orphan, directory, committer, batch, sync).run();
}

}  // namespace plog::writer
