#include "redact/words.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "redact/checks.h"

namespace plog::redact {
namespace {

constexpr std::ptrdiff_t kEscape = 6;  // "\u0022"

// Roughly how common a byte is in text and JSON. A word is found by its rarest three adjacent bytes.
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

WordTable::WordTable(std::vector<Word> words) : words_(std::move(words)), first_(std::size_t{1} << kBits) {
  const auto folded = [](char c) { return std::uint64_t{static_cast<unsigned char>(c)} | 0x20U; };
  for (std::size_t n = 0; n < words_.size(); ++n) {
    const std::string& text = words_[n].text;
    if (text.size() < kMinWord) throw Error(Status::kInternal, "a word to look for is too short: " + text);
    Probe probe{0, 0, 0, static_cast<std::uint16_t>(n), 0};
    int best = 1 << 20;
    for (std::size_t i = 0; i + 3 <= text.size(); ++i) {
      const int cost = commonness(text[i]) * commonness(text[i + 1]) * commonness(text[i + 2]);
      if (cost >= best) continue;
      best = cost;
      probe.offset = static_cast<std::uint16_t>(i);
    }
    probe.slot =
        slot(folded(text[probe.offset]) | folded(text[probe.offset + 1U]) << 8 | folded(text[probe.offset + 2U]) << 16);
    for (std::size_t i = 0; i < std::min<std::size_t>(text.size(), 8); ++i) {
      probe.head |= folded(text[i]) << (8 * i);
      probe.mask |= std::uint64_t{0xFF} << (8 * i);
    }
    probes_.push_back(probe);
  }
  std::stable_sort(probes_.begin(), probes_.end(), [](const Probe& a, const Probe& b) { return a.slot < b.slot; });
  for (std::size_t i = probes_.size(); i-- > 0;) {
    first_[probes_[i].slot] = static_cast<std::uint16_t>(i);
    bitmap_[probes_[i].slot >> 6] |= std::uint64_t{1} << (probes_[i].slot & 63);
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
