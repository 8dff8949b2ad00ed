#include "redact/words.h"

#include <algorithm>

#include "base/error.h"
#include "redact/checks.h"

namespace plog::redact {
namespace {

constexpr std::ptrdiff_t kEscape = 6;  // "\u0022"

// How often an octet turns up in text and JSON, roughly: the rarest three octets of a word stand for it.
int commonness(char c) noexcept {
  constexpr std::string_view kCommon = "etaoinsr";
  constexpr std::string_view kUsual = "hldcumfpgwyb";
  if (kCommon.find(c) != std::string_view::npos) return 8;
  if (kUsual.find(c) != std::string_view::npos) return 5;
  if (c == ' ' || c == '-') return 6;
  if (is_digit(c)) return 4;
  return 1;
}

char lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c + 32) : c; }

}  // namespace

WordTable::WordTable(std::vector<Word> words) : first_(std::size_t{1} << kBits) {
  for (Word& word : words) {
    if (word.text.size() < kMinWord) throw Error(Status::kInternal, "a word to look for is too short: " + word.text);
    Entry entry{std::move(word), 0, 0};
    const std::string& text = entry.word.text;
    int best = 1 << 20;
    for (std::size_t i = 0; i + 3 <= text.size(); ++i) {
      const int cost = commonness(text[i]) * commonness(text[i + 1]) * commonness(text[i + 2]);
      if (cost >= best) continue;
      best = cost;
      entry.offset = static_cast<std::ptrdiff_t>(i);
    }
    std::uint64_t octets = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      octets |= static_cast<std::uint64_t>(
                    static_cast<unsigned char>(text[static_cast<std::size_t>(entry.offset) + i]) | 0x20U)
                << (8 * i);
    }
    entry.slot = slot(octets);
    words_.push_back(std::move(entry));
  }
  std::stable_sort(words_.begin(), words_.end(), [](const Entry& a, const Entry& b) { return a.slot < b.slot; });
  for (std::size_t i = words_.size(); i-- > 0;) {
    first_[words_[i].slot] = static_cast<std::uint16_t>(i);
    bitmap_[words_[i].slot >> 6] |= std::uint64_t{1} << (words_[i].slot & 63);
  }
}

bool WordTable::stands_at(const Word& word, const char* begin, const char* at, const char* end) noexcept {
  const auto size = static_cast<std::ptrdiff_t>(word.text.size());
  if (end - at < size) return false;
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (word.exact.empty() ? lower(at[i]) != word.text[k] : at[i] != word.exact[k]) return false;
  }
  if (word.starts && at > begin && is_word(at[-1])) {
    bool escaped = false;
    for (const char* p = at - 1; p >= begin && at - p <= kEscape; --p) escaped = escaped || *p == '\\';
    if (!escaped) return false;
  }
  for (std::uint32_t i = 0; i < word.run_size; ++i) {
    const char* const p = at + size + i;
    if (p >= end) return false;
    if (*p == '\\') return true;
    if (!word.run.test(static_cast<unsigned char>(*p))) return false;
  }
  return true;
}

}  // namespace plog::redact
