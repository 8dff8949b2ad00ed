#include "spool/orphans.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>

#include "base/error.h"
#include "event/prepared.h"

namespace plog::spool {
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

}  // namespace plog::spool
