#include "spool/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/encoding.h"
#include "base/error.h"

namespace plog::spool {
namespace {

constexpr char kOwnerMagic[8] = {'P', 'L', 'O', 'G', 'O', 'W', 'N', 'R'};
constexpr char kSegmentMagic[8] = {'P', 'L', 'O', 'G', 'S', 'E', 'G', 'M'};
constexpr std::size_t kNameBytes = 87;
constexpr std::size_t kDroppedBytes = 8 + 8 + 8 + 1 + kNameBytes;
constexpr std::size_t kAccountStart = 64;
constexpr std::size_t kAccountEntries = DropAccount::kAgents + 1;
static_assert(kAccountStart + 2 * kAccountEntries * kDroppedBytes <= kOwnerBytes);

// A segment grows in steps of this many bytes. Writing to a page that is already in the page cache costs a third of
// adding a new one, and adding many pages at once costs less than one by one. Larger steps save nothing more, but make
// the call that grows the segment slower.
constexpr std::uint64_t kGrowth = 32u << 10;
char zeros[kGrowth];  // never written

void put_u32(char* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> (8 * i));
}
void put_u64(char* at, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) at[i] = static_cast<char>(value >> (8 * i));
}
std::uint32_t get_u32(const char* at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<std::uint8_t>(at[i])} << (8 * i);
  return value;
}
std::uint64_t get_u64(const char* at) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<std::uint8_t>(at[i])} << (8 * i);
  return value;
}

void put_table(char* at, const std::vector<event::Dropped>& table) {
  for (const event::Dropped& entry : table) {
    put_u64(at, entry.count);
    put_u64(at + 8, static_cast<std::uint64_t>(entry.first));
    put_u64(at + 16, static_cast<std::uint64_t>(entry.last));
    at[24] = static_cast<char>(entry.agent.size());
    std::memcpy(at + 25, entry.agent.data(), entry.agent.size());
    at += kDroppedBytes;
  }
}

std::vector<event::Dropped> get_table(const char* at) {
  std::vector<event::Dropped> table;
  for (std::size_t i = 0; i < kAccountEntries; ++i, at += kDroppedBytes) {
    const std::uint64_t count = get_u64(at);
    const auto size = static_cast<std::uint8_t>(at[24]);
    if (count == 0 || size > kNameBytes) break;
    // Repairing a damaged name makes it longer.
    const std::string name = repair_utf8({at + 25, size});
    table.push_back({std::string(utf8_prefix(name, kNameBytes)), count, static_cast<Micros>(get_u64(at + 8)),
                     static_cast<Micros>(get_u64(at + 16))});
  }
  return table;
}

}  // namespace

void DropAccount::add(std::string_view agent, Micros time) {
  const std::string name(utf8_prefix(agent, kNameBytes));
  const auto find = [&](std::string_view wanted) {
    return std::find_if(current.begin(), current.end(),
                        [&](const event::Dropped& entry) { return entry.agent == wanted; });
  };
  auto entry = find(name);
  if (entry == current.end() && current.size() >= kAgents) entry = find("other");
  if (entry == current.end()) {
    current.push_back({current.size() < kAgents ? name : "other", 0, time, time});
    entry = current.end() - 1;
  }
  ++entry->count;
  entry->first = std::min(entry->first, time);
  entry->last = std::max(entry->last, time);
}

void DropAccount::freeze() {
  if (!frozen.empty() || current.empty()) return;
  frozen.swap(current);
}

void DropAccount::settle() {
  if (frozen.empty()) return;
  frozen.clear();
  ++generation;
}

std::string encode_owner(const DropAccount& account) {
  std::string octets(kOwnerBytes, '\0');
  std::memcpy(octets.data(), kOwnerMagic, sizeof kOwnerMagic);
  put_u32(octets.data() + 8, kJournalVersion);
  put_u64(octets.data() + 16, account.generation);
  put_table(octets.data() + kAccountStart, account.frozen);
  put_table(octets.data() + kAccountStart + kAccountEntries * kDroppedBytes, account.current);
  return octets;
}

std::optional<DropAccount> decode_owner(std::string_view octets) {
  if (octets.size() < kOwnerBytes || std::memcmp(octets.data(), kOwnerMagic, sizeof kOwnerMagic) != 0) return {};
  if (get_u32(octets.data() + 8) != kJournalVersion) return {};
  DropAccount account;
  account.generation = get_u64(octets.data() + 16);
  account.frozen = get_table(octets.data() + kAccountStart);
  account.current = get_table(octets.data() + kAccountStart + kAccountEntries * kDroppedBytes);
  return account;
}

std::string owner_path(const std::string& directory, const Uuid& id) {
  return directory + '/' + format_uuid(id) + ".owner";
}

std::string segment_path(const std::string& directory, const Uuid& id, std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, ".%08llx.seg", static_cast<unsigned long long>(number));
  return directory + '/' + format_uuid(id) + text;
}

// ---- Reading

SegmentReader::SegmentReader(int fd, std::uint64_t offset, std::uint64_t limit)
    : fd_(fd), offset_(std::max<std::uint64_t>(offset, kSegmentHeader)), limit_(limit) {}

// Makes `size` bytes available at begin_; false if the segment does not have that many.
bool SegmentReader::fill(std::size_t size) {
  constexpr std::size_t kChunk = 1u << 20;
  if (end_ - begin_ >= size) return true;
  if (offset_ + size > limit_) return false;
  if (buffer_.size() - begin_ < size) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < size) buffer_.resize(std::max(size, kChunk));
  }
  const std::size_t have = end_ - begin_;
  const std::size_t want = std::min<std::uint64_t>(buffer_.size() - end_, limit_ - offset_ - have);
  end_ += pread_some(fd_, buffer_.data() + end_, want, static_cast<off_t>(offset_ + have));
  return end_ - begin_ >= size;
}

// Whether nothing was ever written at or after `offset`. A write that the process did not live to finish also leaves
// zeros at the end of its own record, and no complete record ends in a zero byte.
bool SegmentReader::only_zeros_from(std::uint64_t offset) const {
  char octets[4096];
  while (offset < limit_) {
    const std::size_t want = std::min<std::uint64_t>(sizeof octets, limit_ - offset);
    const std::size_t got = pread_some(fd_, octets, want, static_cast<off_t>(offset));
    if (std::any_of(octets, octets + got, [](char c) { return c != '\0'; })) return false;
    if (got < want) break;
    offset += got;
  }
  return true;
}

SegmentReader::Result SegmentReader::next(std::string_view& payload, std::uint64_t& number) {
  if (!fill(kRecordHeader)) return Result::kEnd;
  const std::uint32_t size = get_u32(buffer_.data() + begin_);
  // The segment was grown by these zeros, or a loss of power left them where a write was not synced.
  if (size == 0 && get_u32(buffer_.data() + begin_ + 4) == 0) return Result::kEnd;
  if (size > kMaxRecordBytes) return Result::kDamaged;
  if (!fill(kRecordHeader + size)) return Result::kEnd;
  const char* record = buffer_.data() + begin_;
  const std::uint32_t crc = crc32c(record + 8, 8, crc32c(record + kRecordHeader, size));
  if (crc != get_u32(record + 4)) {
    const bool torn = record[kRecordHeader + size - 1] == '\0' && only_zeros_from(offset_ + kRecordHeader + size);
    return torn ? Result::kEnd : Result::kDamaged;
  }
  number = get_u64(record + 8);
  payload = {record + kRecordHeader, size};
  last_ = kRecordHeader + size;
  begin_ += last_;
  offset_ += last_;
  return Result::kRecord;
}

void SegmentReader::unread() noexcept {
  begin_ -= last_;
  offset_ -= last_;
  last_ = 0;
}

// ---- Writing

Journal::Journal(const std::string& directory) : directory_(directory), id_(uuid_v7()) {
  make_directories(directory_);
  // Lock the file under a temporary name: when the name that adopters look for appears, the lock is already held.
  const std::string path = owner_path(directory_, id_);
  const std::string unborn = path + ".new";
  owner_ = open_file(unborn, O_RDWR | O_CREAT | O_EXCL, 0600);
  try {
    if (!try_lock(owner_.get())) throw Error(Status::kIo, "cannot lock " + unborn);
    save_account();
    if (::rename(unborn.c_str(), path.c_str()) != 0) throw errno_error("cannot rename " + unborn, errno);
  } catch (...) {
    ::unlink(unborn.c_str());
    throw;
  }
}

void Journal::open_segment() {
  const std::uint64_t number = segment_ + 1;
  const std::string path = segment_path(directory_, id_, number);
  Fd fd = open_file(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  char header[kSegmentHeader] = {};
  std::memcpy(header, kSegmentMagic, sizeof kSegmentMagic);
  put_u32(header + 8, kJournalVersion);
  put_u64(header + 16, number);
  try {
    pwrite_all(fd.get(), header, sizeof header, 0);
    segments_.emplace(number, Segment{std::make_shared<Fd>(std::move(fd)), kSegmentHeader});
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
  segment_ = number;
  offset_ = grown_ = kSegmentHeader;
}

// Writes the record with one call, which also grows the segment if the record does not fit into it.
void Journal::write(int fd, std::string_view record) {
  std::uint64_t written = 0;
  if (offset_ + record.size() > grown_) {
    const std::uint64_t end = offset_ + record.size();
    iovec parts[2] = {{const_cast<char*>(record.data()), record.size()}, {zeros, (kGrowth - end % kGrowth) % kGrowth}};
    ssize_t done = 0;
    do {
      done = ::pwritev(fd, parts, 2, static_cast<off_t>(offset_));
    } while (done < 0 && errno == EINTR);
    if (done < 0) throw errno_error("cannot write", errno);
    written = static_cast<std::uint64_t>(done);
    grown_ = std::max(end, offset_ + written);
    if (written >= record.size()) return;  // a disk that has no room for the zeros is not an error yet
  }
  pwrite_all(fd, record.data() + written, record.size() - written, static_cast<off_t>(offset_ + written));
}

void Journal::append(std::string& record, std::uint32_t crc, std::uint64_t number) {
  if (record.size() - kRecordHeader > kMaxRecordBytes) throw Error(Status::kInvalid, "the event is too large");
  if (segment_ == 0 || (offset_ + record.size() > kSegmentBytes && offset_ > kSegmentHeader)) open_segment();
  char* header = record.data();
  put_u32(header, static_cast<std::uint32_t>(record.size() - kRecordHeader));
  put_u64(header + 8, number);
  put_u32(header + 4, crc32c(header + 8, 8, crc));
  Segment& segment = segments_.rbegin()->second;
  try {
    write(segment.fd->get(), record);
  } catch (...) {
    // The part that was written must not look like the start of the next record.
    if (::ftruncate(segment.fd->get(), static_cast<off_t>(offset_)) != 0) open_segment();
    grown_ = offset_;
    throw;
  }
  offset_ += record.size();
  segment.size = offset_;
}

std::vector<Journal::Drained> Journal::take_before(const store::JournalPosition& position) {
  std::vector<Drained> drained;
  while (!segments_.empty() && segments_.begin()->first < position.segment && segments_.begin()->first < segment_) {
    drained.push_back({segment_path(directory_, id_, segments_.begin()->first), segments_.begin()->second.fd});
    segments_.erase(segments_.begin());
  }
  return drained;
}

std::shared_ptr<Fd> Journal::segment(std::uint64_t number, std::uint64_t* limit) const {
  const auto found = segments_.find(number);
  if (found == segments_.end()) return nullptr;
  *limit = found->second.size;
  return found->second.fd;
}

void Journal::save_account() {
  const std::string octets = encode_owner(account_);
  pwrite_all(owner_.get(), octets.data(), octets.size(), 0);
}

bool Journal::in_place() const noexcept {
  try {
    if (!same_file(owner_.get(), owner_path(directory_, id_))) return false;
    return segments_.empty() ||
           same_file(segments_.rbegin()->second.fd->get(), segment_path(directory_, id_, segment_));
  } catch (const std::bad_alloc&) {
    return true;  // unknown, and checked again soon
  }
}

void Journal::remove() noexcept {
  try {
    // Delete the owner file last: a crash in between then leaves an orphan without records.
    for (const auto& [number, segment] : segments_) ::unlink(segment_path(directory_, id_, number).c_str());
    ::unlink(owner_path(directory_, id_).c_str());
  } catch (const std::bad_alloc&) {
    // This leaves an orphaned journal whose records are all in the ledger. The next process deletes it.
  }
  segments_.clear();
  owner_.reset();
}

void Journal::abandon() noexcept {
  owner_.reset();
  segments_.clear();
}

}  // namespace plog::spool
