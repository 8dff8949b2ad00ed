#include "client/adopter.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>

#include "client/system_events.h"

namespace plog::client {
namespace {

struct Listing {
  std::map<Uuid, std::vector<std::uint64_t>> segments;
  std::vector<Uuid> owners;
  std::vector<std::string> unborn;
};

// Names are "<uuid>.owner", "<uuid>.owner.new" and "<uuid>.<hex number>.seg"; all others are none of ours.
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

// Empty also for a file of another user, who adopts it: it must not keep us from our own.
Fd open_permitted(const std::string& path, int flags) {
  if (::access(path.c_str(), (flags & O_ACCMODE) == O_RDONLY ? R_OK : R_OK | W_OK) != 0 && errno == EACCES) return Fd();
  return open_existing(path, flags);
}

// An owner that died before its first name: nothing was ever journalled.
void remove_unborn(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const Fd fd = open_permitted(path, O_RDWR);
    if (fd && try_lock(fd.get()) && same_file(fd.get(), path)) ::unlink(path.c_str());
  }
}

std::optional<DropAccount> read_account(int fd) {
  std::string octets(kOwnerBytes, '\0');
  octets.resize(pread_some(fd, octets.data(), octets.size(), 0));
  // A loss of power can leave the name without the content: nothing was counted then.
  if (octets.find_first_not_of('\0') == octets.npos) return DropAccount{};
  return decode_owner(octets);
}

// Whether a segment holds what is neither a record nor the torn end of one.
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
    // Unlinked between our open and our lock: another process adopted it.
    if (!fd || !try_lock(fd.get()) || !same_file(fd.get(), path)) continue;
    const auto account = read_account(fd.get());
    if (!account) continue;
    Orphan orphan;
    orphan.id = id;
    orphan.owner = std::move(fd);
    orphan.account = *account;
    // Listed again under the lock: the owner may have made segments since the first look.
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

Adopted adopt(Orphan& orphan, const std::string& directory, Committer& committer, std::size_t batch, bool sync) {
  Adopted adopted;
  store::Store& store = committer.store();
  event::Builder builder;
  std::vector<std::string> damaged;

  committer.begin();
  try {
    std::size_t in_batch = 0;
    std::uint64_t recovered = 0;
    const auto start = store.journal_position(orphan.id).value_or(store::JournalPosition{});
    const auto commit = [&](std::uint64_t segment, std::uint64_t offset) {
      store.set_journal_position(orphan.id, {segment, offset});
      committer.commit(sync);
      adopted.recovered += recovered;
      recovered = in_batch = 0;
    };
    for (const std::uint64_t number : orphan.segments) {
      const std::string path = segment_path(directory, orphan.id, number);
      if (number < start.segment) {
        // Its gap is in the ledger, but whoever recorded that died before it could rename the file.
        if (is_damaged(path)) damaged.push_back(path);
        continue;
      }
      const Fd fd = open_existing(path, O_RDONLY);
      if (!fd) continue;
      SegmentReader reader(fd.get(), number == start.segment ? start.offset : 0, file_size(fd.get()));
      std::string_view payload;
      std::uint64_t n = 0;
      SegmentReader::Result result;
      while ((result = reader.next(payload, n)) == SegmentReader::Result::kRecord) {
        event::Prepared event;
        try {
          event = event::decode(payload);
        } catch (const Error&) {
          result = SegmentReader::Result::kDamaged;
          break;
        }
        switch (committer.add(event)) {
          case Committer::Result::kStored: ++recovered; break;
          case Committer::Result::kConflict:
            adopted.errors.emplace_back(Status::kInvalid, "event " + format_uuid(event.index.id) +
                                                              " was given again with other content; the first stands");
            break;
          case Committer::Result::kDuplicate: break;
        }
        if (++in_batch >= batch) {
          commit(number, reader.offset());
          committer.begin();
        }
      }
      if (result == SegmentReader::Result::kDamaged) {
        if (committer.add(gap(builder, orphan.id, number, "journal_damaged", {})) == Committer::Result::kStored) {
          ++adopted.gaps;
        }
        damaged.push_back(path);
        adopted.errors.emplace_back(Status::kCorrupt, "a journal segment is damaged; kept as " + path + ".damaged");
      }
    }
    // The frozen account may be in the ledger already; its event's id says so.
    std::uint64_t generation = orphan.account.generation;
    for (const auto* table : {&orphan.account.frozen, &orphan.account.current}) {
      if (table->empty()) continue;
      if (committer.add(gap(builder, orphan.id, generation++, "journal_full", *table)) == Committer::Result::kStored) {
        ++adopted.gaps;
      }
    }
    const std::uint64_t last = orphan.segments.empty() ? 0 : orphan.segments.back();
    commit(last + 1, 0);
  } catch (...) {
    committer.rollback();
    throw;
  }

  for (const std::string& path : damaged) ::rename(path.c_str(), (path + ".damaged").c_str());
  for (const std::uint64_t number : orphan.segments) ::unlink(segment_path(directory, orphan.id, number).c_str());
  ::unlink(owner_path(directory, orphan.id).c_str());
  orphan.owner.reset();
  // The position is worth nothing now. Losing this to a crash leaves a few octets behind.
  committer.begin();
  try {
    store.forget_journal(orphan.id);
    committer.commit(false);
  } catch (...) {
    committer.rollback();
    throw;
  }
  return adopted;
}

}  // namespace plog::client
