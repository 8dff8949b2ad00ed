// The journal: where an event is safe from the death of its process before it reaches the ledger.
//
// In `<real path of the db>.journal/` each process keeps an owner file `<uuid>.owner` (4,096 octets: magic, version,
// and the account of dropped events), locked by flock as long as the process lives, and segments `<uuid>.<number>.seg`
// of about 16 MiB: a header of 32 octets, then records (length, CRC-32C, number, payload), each written by one write,
// then zeros, in which the next records will stand.
// The format is described in docs/formats.md. Everything before the position that the ledger keeps for a journal is in
// the ledger; segments before it are unlinked.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/uuid.h"
#include "store/store.h"

namespace plog::client {

inline constexpr std::uint32_t kJournalVersion = 1;
inline constexpr std::uint64_t kSegmentBytes = 16u << 20;
inline constexpr std::size_t kSegmentHeader = 32;
inline constexpr std::size_t kRecordHeader = 16;
inline constexpr std::size_t kOwnerBytes = 4096;
inline constexpr std::uint32_t kMaxRecordBytes = 256u << 20;

// Events that were not recorded, of one agent.
struct Dropped {
  std::string agent;  // at most 87 bytes of its name; "other" beyond 16 agents
  std::uint64_t count = 0;
  Micros first = 0, last = 0;
};

// What the owner file says. Two accounts: a frozen one that is on its way into the ledger as the gap event of
// `generation`, and the current one. So a crash at any point neither loses nor repeats a gap.
struct DropAccount {
  static constexpr std::size_t kAgents = 16;
  std::uint64_t generation = 1;
  std::vector<Dropped> frozen, current;

  void add(std::string_view agent, Micros time);
  bool empty() const noexcept { return frozen.empty() && current.empty(); }
  void freeze();  // current becomes frozen, unless one is frozen already
  void settle();  // the frozen account is in the ledger
};

std::string encode_owner(const DropAccount& account);
// nullopt for another version or foreign content: such a journal is never touched.
std::optional<DropAccount> decode_owner(std::string_view octets);

std::string journal_directory(const std::string& db_path);
std::string owner_path(const std::string& directory, const Uuid& id);
std::string segment_path(const std::string& directory, const Uuid& id, std::uint64_t number);

// Reads the records of one segment from an offset on. Keeps one buffer.
class SegmentReader {
 public:
  enum class Result {
    kRecord,   // a record was read
    kEnd,      // nothing more, or the torn end of a write that was never acknowledged
    kDamaged,  // octets that no crash of a process leaves behind
  };
  // `limit`: read no further than this offset (what the live writer has finished); the file's size for dead ones.
  SegmentReader(int fd, std::uint64_t offset, std::uint64_t limit);
  // `payload` is borrowed until the next call.
  Result next(std::string_view& payload, std::uint64_t& number);
  std::uint64_t offset() const noexcept { return offset_; }  // behind the record last read
  void extend(std::uint64_t limit) noexcept { limit_ = limit; }

 private:
  bool fill(std::size_t size);
  bool only_zeros_from(std::uint64_t offset) const;
  int fd_;
  std::uint64_t offset_, limit_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of unread octets in buffer_, which start at file offset offset_
};

// The journal of this process for one ledger. Not locked: the recorder's mutex guards it, but for `segment_fd` and
// `written`, which the committing thread reads while others append.
class Journal {
 public:
  // Creates the directory (0700) and the owner file, and locks it. Throws.
  explicit Journal(const std::string& directory);
  ~Journal() = default;

  const Uuid& id() const noexcept { return id_; }

  // A record's octets with room for its header in front (kRecordHeader). `crc` is the CRC-32C of the payload; number
  // and header are filled in here. Throws kFull when the disk is full, kIo for other failures; the journal is then as
  // before.
  void append(std::string& record, std::uint32_t crc, std::uint64_t number);

  store::JournalPosition end() const noexcept { return {segment_, offset_}; }
  std::uint64_t bytes() const noexcept { return total_; }  // appended so far

  struct Drained {
    std::string path;
    std::shared_ptr<Fd> fd;
  };
  // Segments before `position`, which are this journal's no more: the caller unlinks them, without the lock, since
  // giving back their pages takes time.
  std::vector<Drained> take_before(const store::JournalPosition& position);
  // The descriptor of a segment that still exists, and how far it may be read.
  std::shared_ptr<Fd> segment(std::uint64_t number, std::uint64_t* limit) const;
  std::uint64_t first_segment() const noexcept { return segments_.empty() ? segment_ : segments_.begin()->first; }

  DropAccount& account() noexcept { return account_; }
  void save_account();  // throws

  // Whether the owner file and the current segment still stand where they were made.
  bool in_place() const noexcept;
  // Removes all files: everything is in the ledger.
  void remove() noexcept;
  // Forgets all descriptors in a forked child, where they belong to the parent: closes without unlocking.
  void abandon() noexcept;

 private:
  struct Segment {
    std::shared_ptr<Fd> fd;
    std::uint64_t size = 0;
  };
  void open_segment();
  void write(int fd, std::string_view record);

  std::string directory_;
  Uuid id_;
  Fd owner_;
  std::map<std::uint64_t, Segment> segments_;
  std::uint64_t segment_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t grown_ = 0;  // the current segment's size, of which zeros lie behind offset_
  std::uint64_t total_ = 0;
  DropAccount account_;
};

}  // namespace plog::client
