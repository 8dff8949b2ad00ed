#include "client/adopter.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>

#include "client/journal_batch.h"
#include "client/system_events.h"

namespace plog::client {
namespace {

struct Listing {
  std::map<Uuid, std::vector<std::uint64_t>> segments;
  std::vector<Uuid> owners;
  std::vector<std::string> unborn;
};

// Finds the files "<uuid>.owner", "<uuid>.owner.new" and "<uuid>.<hex number>.seg", and ignores all others.
Listing list(const std::string& directory) {
  Listing listing;
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) {
    if (errno == ENOENT) return listing;
    throw errno_error("cannot read " + directory, errno);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> close(dir, &::closedir);
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name.size() <= kUuidTextSize || name[kUuidTextSize] != '.') continue;
    const auto id = parse_uuid(name.substr(0, kUuidTextSize));
    if (!id) continue;
    const std::string_view rest = name.substr(kUuidTextSize + 1);
    if (rest == "owner") {
      listing.owners.push_back(*id);
    } else if (rest == "owner.new") {
      listing.unborn.emplace_back(directory + '/' + std::string(name));
    } else if (rest.size() > 4 && rest.substr(rest.size() - 4) == ".seg") {
      char* end = nullptr;
      const std::string digits(rest.substr(0, rest.size() - 4));
      const std::uint64_t number = std::strtoull(digits.c_str(), &end, 16);
      if (*end == '\0') listing.segments[*id].push_back(number);
    }
  }
  for (auto& [id, numbers] : listing.segments) std::sort(numbers.begin(), numbers.end());
  std::sort(listing.owners.begin(), listing.owners.end());
  return listing;
}

// Returns an empty Fd if the file does not exist, or if it belongs to another user and may not be opened. The other
// user adopts such a journal, and it must not keep this process from adopting the rest.
Fd open_permitted(const std::string& path, int flags) {
  if (::access(path.c_str(), (flags & O_ACCMODE) == O_RDONLY ? R_OK : R_OK | W_OK) != 0 && errno == EACCES) return Fd();
  return open_existing(path, flags);
}

// Deletes the owner files of processes that died before they gave the file its final name, and so journalled nothing.
void remove_unborn(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const Fd fd = open_permitted(path, O_RDWR);
    if (fd && try_lock(fd.get()) && same_file(fd.get(), path)) ::unlink(path.c_str());
  }
}

std::optional<DropAccount> read_account(int fd) {
  std::string octets(kOwnerBytes, '\0');
  octets.resize(pread_some(fd, octets.data(), octets.size(), 0));
  // A loss of power can leave the file without its content. No account of dropped events survives then.
  if (octets.find_first_not_of('\0') == octets.npos) return DropAccount{};
  return decode_owner(octets);
}

// Whether a segment contains bytes that are neither a valid record nor the torn end of one.
bool is_damaged(const std::string& path) {
  const Fd fd = open_existing(path, O_RDONLY);
  if (!fd) return false;
  SegmentReader reader(fd.get(), 0, file_size(fd.get()));
  std::string_view payload;
  std::uint64_t number = 0;
  SegmentReader::Result result;
  while ((result = reader.next(payload, number)) == SegmentReader::Result::kRecord) {
    try {
      event::decode(payload);
    } catch (const Error&) {
      return true;
    }
  }
  return result == SegmentReader::Result::kDamaged;
}

}  // namespace

std::vector<Orphan> find_orphans(const std::string& directory) {
  Listing listing = list(directory);
  remove_unborn(listing.unborn);
  std::vector<Orphan> orphans;
  for (const Uuid& id : listing.owners) {
    const std::string path = owner_path(directory, id);
    Fd fd = open_permitted(path, O_RDWR);
    // If the path is gone after the lock was taken, another process has adopted the journal.
    if (!fd || !try_lock(fd.get()) || !same_file(fd.get(), path)) continue;
    const auto account = read_account(fd.get());
    if (!account) continue;
    Orphan orphan;
    orphan.id = id;
    orphan.owner = std::move(fd);
    orphan.account = *account;
    // List again under the lock: the owner may have created segments since the first listing.
    orphan.segments = list(directory).segments[id];
    orphans.push_back(std::move(orphan));
  }
  return orphans;
}

std::uint64_t count_pending(const std::string& directory, store::Store& store) {
  const Listing listing = list(directory);
  if (listing.segments.empty()) return 0;
  const auto known = store.journals();
  std::uint64_t pending = 0;
  for (const auto& [id, numbers] : listing.segments) {
    store::JournalPosition position;
    for (const auto& entry : known) {
      if (entry.first == id) position = entry.second;
    }
    for (const std::uint64_t number : numbers) {
      if (number < position.segment) continue;
      const Fd fd = open_permitted(segment_path(directory, id, number), O_RDONLY);
      if (!fd) continue;
      SegmentReader reader(fd.get(), number == position.segment ? position.offset : 0, file_size(fd.get()));
      std::string_view payload;
      for (std::uint64_t n; reader.next(payload, n) == SegmentReader::Result::kRecord;) ++pending;
    }
  }
  return pending;
}

namespace {

class Adoption {
 public:
  Adoption(Orphan& orphan, const std::string& directory, Committer& committer, std::size_t batch, bool sync)
      : orphan_(orphan), directory_(directory), committer_(committer), batch_(batch), sync_(sync) {}

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
    const std::string path = segment_path(directory_, orphan_.id, number);
    if (number < start_.segment) {
      // The gap is already in the ledger, but the process that recorded it died before it could rename the file.
      if (is_damaged(path)) damaged_.push_back(path);
      return;
    }
    const Fd fd = open_existing(path, O_RDONLY);
    if (!fd) return;
    SegmentReader reader(fd.get(), number == start_.segment ? start_.offset : 0, file_size(fd.get()));
    std::string_view payload;
    std::uint64_t ignored = 0;
    SegmentReader::Result result;
    while ((result = reader.next(payload, ignored)) == SegmentReader::Result::kRecord) {
      try {
        if (!pending_.add(payload)) {
          store_pending();
          pending_.add(payload);
        }
      } catch (const Error& error) {
        if (error.status() != Status::kCorrupt) throw;
        result = SegmentReader::Result::kDamaged;
        break;
      }
      if (++in_transaction_ >= batch_) {
        store_pending();
        commit(number, reader.offset());
        committer_.begin();
      }
    }
    store_pending();
    if (result == SegmentReader::Result::kDamaged) record_damage(number, path);
  }

  void store_pending() {
    const std::vector<Committer::Result> results = committer_.add(pending_.events());
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i] == Committer::Result::kStored) ++recovered_;
      if (results[i] == Committer::Result::kConflict) {
        adopted_.errors.push_back(conflict(pending_.events()[i].index.id));
      }
    }
    pending_.clear();
  }

  void record_gap(std::uint64_t number, const char* reason, const std::vector<Dropped>& dropped) {
    const event::Prepared event = gap(builder_, orphan_.id, number, reason, dropped);
    if (committer_.add(event) == Committer::Result::kStored) ++adopted_.gaps;
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
    recovered_ = in_transaction_ = 0;
  }

  // Everything is committed.
  void delete_files() {
    for (const std::string& path : damaged_) ::rename(path.c_str(), (path + ".damaged").c_str());
    for (const std::uint64_t number : orphan_.segments) ::unlink(segment_path(directory_, orphan_.id, number).c_str());
    ::unlink(owner_path(directory_, orphan_.id).c_str());
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

  Orphan& orphan_;
  const std::string& directory_;
  Committer& committer_;
  const std::size_t batch_;
  const bool sync_;
  store::JournalPosition start_;
  JournalBatch pending_;
  std::uint64_t recovered_ = 0;  // in this transaction
  std::size_t in_transaction_ = 0;
  event::Builder builder_;
  std::vector<std::string> damaged_;
  Adopted adopted_;
};

}  // namespace

Adopted adopt(Orphan& orphan, const std::string& directory, Committer& committer, std::size_t batch, bool sync) {
  return Adoption(orphan, directory, committer, batch, sync).run();
}

}  // namespace plog::client
