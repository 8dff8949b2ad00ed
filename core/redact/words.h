// Searches for many literal texts at once, in any case.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace plog::redact {

// A set of byte values.
using OctetSet = std::bitset<256>;

// A literal of at least kMinWord bytes, and the conditions on the text around it.
struct Word {
  std::string text;      // lower case, ASCII
  std::uint32_t id = 0;  // chosen by the caller
  std::string exact;     // if not empty, the only accepted spelling
  bool starts = false;   // no word character may stand before it
  bool begins = false;   // a match begins with it, or one character before it
  OctetSet run;          // `run_size` bytes of this set must follow
  std::uint32_t run_size = 0;
};

inline constexpr std::size_t kMinWord = 3;

// Immutable after construction; thread-safe and lock-free. The hash of the three bytes at each position is looked up in
// a bitmap, so only a few positions need a comparison.
class WordTable {
 public:
  explicit WordTable(std::vector<Word> words);

  // For use by the caller.
  std::bitset<512> placed;

  // Calls found(position, id) for each occurrence, in ascending order of the three bytes by which a word is found. The
  // call returns the position at which the scan continues, at least `position`. A separator ends a word like the end of
  // the text does. Next to a backslash, the conditions on the surroundings are not checked, because the text may be
  // escaped.
  template <typename Found>
  void scan(const char* begin, const char* end, Found found) const {
    if (probes_.empty()) return;
    const char* at = begin;
    while (end - at >= 8) {
      std::uint64_t octets;
      std::memcpy(&octets, at, 8);
      octets |= kFold;
      const bool any = hit(octets) | hit(octets >> 8) | hit(octets >> 16) | hit(octets >> 24) | hit(octets >> 32) |
                       hit(octets >> 40);
      if (!any) {
        at += 6;
        continue;
      }
      const char* const stop = at + 6;
      while (at < stop) at = look(begin, at, end, found);
    }
    while (end - at >= 3) at = look(begin, at, end, found);
  }

 private:
  static constexpr unsigned kBits = 15;
  static constexpr std::uint64_t kFold = 0x2020202020202020;
  static std::uint32_t slot(std::uint64_t octets) noexcept {
    return static_cast<std::uint32_t>(octets & 0xFFFFFF) * 2654435761U >> (32 - kBits);
  }
  bool hit(std::uint64_t octets) const noexcept {
    const std::uint32_t s = slot(octets);
    return (bitmap_[s >> 6] >> (s & 63) & 1) != 0;
  }
  template <typename Found>
  const char* look(const char* begin, const char* at, const char* end, Found& found) const {
    std::uint32_t octets = static_cast<unsigned char>(at[0]) |
                           static_cast<std::uint32_t>(static_cast<unsigned char>(at[1])) << 8 |
                           static_cast<std::uint32_t>(static_cast<unsigned char>(at[2])) << 16;
    octets |= static_cast<std::uint32_t>(kFold & 0xFFFFFF);
    const std::uint32_t s = slot(octets);
    if ((bitmap_[s >> 6] >> (s & 63) & 1) == 0) return at + 1;
    const char* next = at + 1;
    for (std::uint32_t i = first_[s]; i < probes_.size() && probes_[i].slot == s; ++i) {
      const Probe& probe = probes_[i];
      if (at - begin < probe.offset) continue;
      const char* const start = at - probe.offset;
      if (end - start >= 8) {
        std::uint64_t head;
        std::memcpy(&head, start, 8);
        if (((head | kFold) & probe.mask) != probe.head) continue;
      }
      const Word& word = words_[probe.word];
      if (stands_at(word, begin, start, end)) next = std::max(next, found(start, word.id));
    }
    return next;
  }

  // The part of a word that most comparisons need.
  struct Probe {
    std::uint64_t head, mask;  // up to the first eight bytes, folded
    std::uint32_t slot;
    std::uint16_t word;    // index in words_
    std::uint16_t offset;  // of the three bytes in the word
  };
  static bool stands_at(const Word& word, const char* begin, const char* at, const char* end) noexcept;

  std::vector<Word> words_;
  std::vector<Probe> probes_;  // sorted by slot
  std::array<std::uint64_t, (1U << kBits) / 64> bitmap_{};
  std::vector<std::uint16_t> first_;
};

}  // namespace plog::redact
