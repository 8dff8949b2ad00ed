// The journal: keeps an event safe from the death of its process until it is committed.
//
// Each process has two kinds of files in `<real path of the db>.journal/`. The owner file `<uuid>.owner` (4,096 bytes:
// magic, version, account of dropped events) is locked with flock as long as the process lives. The segments
// `<uuid>.<number>.seg` of about 16 MiB contain a header of 32 bytes, then records (length, CRC-32C, number, payload),
// each written by one write, then zeros, which later records overwrite. docs/formats.md describes the format.
//
// The ledger stores a position for each journal. Everything before it is committed, and segments before it are deleted.
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
#include "event/system_events.h"
#include "store/transaction.h"

namespace plog::spool {

inline constexpr std::uint32_t kJournalVersion = 1;
inline constexpr std::uint64_t kSegmentBytes = 16u << 20;
inline constexpr std::size_t kSegmentHeader = 32;
inline constexpr std::size_t kRecordHeader = 16;
inline constexpr std::size_t kOwnerBytes = 4096;
inline constexpr std::uint32_t kMaxRecordBytes = 256u << 20;

// The account of dropped events, as the owner file keeps it. `frozen` is being committed as the gap event number
// `generation`; later drops are counted in `current`. With these two, a crash at any point neither loses nor repeats a
// gap.
struct DropAccount {
  static constexpr std::size_t kAgents = 16;
  std::uint64_t generation = 1;
  std::vector<event::Dropped> frozen, current;

  void add(std::string_view agent, Micros time);
  bool empty() const noexcept { return frozen.empty() && current.empty(); }
  void freeze();  // current becomes frozen, unless one is frozen already
  void settle();  // the frozen account is in the ledger: clears it and begins the next generation
};

std::string encode_owner(const DropAccount& account);
// Nullopt for another version or foreign content. Such a journal must not be touched.
std::optional<DropAccount> decode_owner(std::string_view octets);

std::string owner_path(const std::string& directory, const Uuid& id);
std::string segment_path(const std::string& directory, const Uuid& id, std::uint64_t number);

// Reads the records of one segment, starting at an offset. Not thread-safe. Does not own the descriptor.
class SegmentReader {
 public:
  enum class Result {
    kRecord,   // a record was read
    kEnd,      // no more records, or the torn end of a write that was never acknowledged
    kDamaged,  // bytes that no crash of a process leaves behind
  };
  // `limit`: the offset where reading stops. This is the end of the last finished record while the writer lives, and
  // the file's size when it is dead.
  SegmentReader(int fd, std::uint64_t offset, std::uint64_t limit);
  // `payload` is borrowed until the next call.
  Result next(std::string_view& payload, std::uint64_t& number);
  // Makes next() return the last record once more.
  void unread() noexcept;
  std::uint64_t offset() const noexcept { return offset_; }  // the end of the last record that was read
  void extend(std::uint64_t limit) noexcept { limit_ = limit; }

 private:
  bool fill(std::size_t size);
  bool only_zeros_from(std::uint64_t offset) const;
  int fd_;
  std::uint64_t offset_, limit_;
  std::string buffer_;
  std::size_t last_ = 0;             // size of the last record
  std::size_t begin_ = 0, end_ = 0;  // the unread bytes in buffer_, which begin at file offset offset_
};

// A journal of this process. Not thread-safe: the spool's mutex guards it. The delivering thread reads a segment
// without the mutex, through the descriptor and up to the limit that segment() returned.
class Journal {
 public:
  // Creates the directory (mode 0700) and the owner file, and locks that file. Throws kIo, kFull.
  explicit Journal(const std::string& directory);
  ~Journal() = default;

  const Uuid& id() const noexcept { return id_; }

  // Appends a record: kRecordHeader bytes of room, which this fills in, then the payload. `crc` is the CRC-32C of the
  // payload. Throws kInvalid if the record is too large, kFull if the disk is full, kIo for other failures; the journal
  // then contains the same records as before.
  void append(std::string& record, std::uint32_t crc, std::uint64_t number);

  // The position after the last record; segment 0 before the first.
  store::JournalPosition end() const noexcept { return {segment_, offset_}; }

  struct Drained {
    std::string path;
    std::shared_ptr<Fd> fd;
  };
  // Removes the segments before `position` from this journal, but never the current one, and returns them. The caller
  // deletes the files without holding the lock, because freeing their pages takes time.
  std::vector<Drained> take_before(const store::JournalPosition& position);
  // The descriptor of a segment, and the offset up to which it may be read. Null if the journal does not have the
  // segment (any more).
  std::shared_ptr<Fd> segment(std::uint64_t number, std::uint64_t* limit) const;
  std::uint64_t first_segment() const noexcept { return segments_.empty() ? segment_ : segments_.begin()->first; }

  DropAccount& account() noexcept { return account_; }
  void save_account();  // throws

  // Whether the owner file and the current segment still exist under their paths.
  bool in_place() const noexcept;
  // Deletes all files. Everything in them must be in the ledger.
  void remove() noexcept;
  // Closes all descriptors without unlocking, in a forked child, where they belong to the parent.
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
  std::uint64_t grown_ = 0;  // size of the current segment, whose bytes after offset_ are zeros
  DropAccount account_;
};

}  // namespace plog::spool
