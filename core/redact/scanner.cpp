#include "redact/scanner.h"
#include "redact/loose_shapes.h"

#include <array>
#include <cstring>

#include "redact/checks.h"
#include "redact/redactor.h"
#include "redact/shapes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace plog::redact {
namespace {

constexpr std::uint8_t kTrigger = 1;    // the byte starts a closer look
constexpr std::uint8_t kWord = 2;       // is_word
constexpr std::uint8_t kToken = 4;      // is_token
constexpr std::uint8_t kLocal = 8;      // may stand before the '@' of an address
constexpr std::uint8_t kDomain = 16;    // may stand after the '@'; '.' may too but is not in this class
constexpr std::uint8_t kTopLevel = 32;  // may begin the last part of the domain
constexpr std::uint8_t kBearerToken = 64;
constexpr std::uint8_t kJoiner = 128;  // may stand between groups of digits

constexpr std::ptrdiff_t kVatDigits = 7;
constexpr std::ptrdiff_t kShortest = 8;  // fewer digits count only together with their neighbours

constexpr auto kClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    std::uint8_t bits = 0;
    const bool foreign = i >= 0x80 && c != kSeparator;
    if (is_digit(c)) bits |= kTrigger;
    if (is_word(c)) bits |= kWord | kBearerToken;
    if (is_token(c)) bits |= kToken;
    if (is_word(c) || foreign) bits |= kLocal;
    if (is_letter(c) || is_digit(c) || c == '-' || foreign) bits |= kDomain;
    if (is_letter(c) || foreign) bits |= kTopLevel;
    table[static_cast<std::size_t>(i)] = bits;
  }
  for (char c : {'@', 'J', 'A', 'b', 'B', '-', '_', '\\'}) table[static_cast<unsigned char>(c)] |= kTrigger;
  for (char c : {'.', '%', '+', '\'', '-'}) table[static_cast<unsigned char>(c)] |= kLocal;
  for (char c : {'.', '~', '+', '/', '=', '-'}) table[static_cast<unsigned char>(c)] |= kBearerToken;
  for (char c : {' ', '.', '-', '(', ')'}) table[static_cast<unsigned char>(c)] |= kJoiner;
  return table;
}();

bool has(char c, std::uint8_t bits) noexcept { return (kClass[static_cast<unsigned char>(c)] & bits) != 0; }

// Examines the text around trigger bytes of one range. Each look stops at the end of the range or at a separator.
class Looker {
 public:
  Looker(const char* begin, const char* end) noexcept : begin_(begin), end_(end), resume_(begin) {}

  // The shapes that may stand around `at`, a byte of class kTrigger.
  std::uint32_t look(const char* at) noexcept {
    if (at < resume_) return 0;
    switch (*at) {
      case '@': return email(at) | url_password(at);
      case 'J': return jwt(at);
      case 'A': return aws_key(at);
      case 'b':
      case 'B': return bearer(at);
      case '-':
      case '_': return key(at);
      case '\\': return escape(at);
      default: return digits(at);
    }
  }

 private:
  char before(const char* at, std::ptrdiff_t count) const noexcept {
    return at - begin_ >= count ? at[-count] : kSeparator;
  }
  char after(const char* at, std::ptrdiff_t count) const noexcept { return end_ - at > count ? at[count] : kSeparator; }
  const char* run(const char* at, std::uint8_t bits) const noexcept {
    while (at < end_ && has(*at, bits)) ++at;
    return at;
  }
  // In text that is still escaped, the letter of "\\n" is not part of the word after it.
  bool escaped(const char* at) const noexcept { return before(at, 2) == '\\'; }
  bool starts_word(const char* at) const noexcept { return !has(before(at, 1), kWord) || escaped(at); }
  std::string_view all() const noexcept { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }

  std::uint32_t escape(const char* at) const noexcept {
    if (after(at, 1) != 'u') return 0;
    for (std::ptrdiff_t i = 2; i < 6; ++i) {
      const char c = static_cast<char>(after(at, i) | 0x20);
      if (!is_digit(c) && (c < 'a' || c > 'f')) return 0;
    }
    return kEscaped;
  }

  std::uint32_t email(const char* at) const noexcept {
    if (!has(before(at, 1), kLocal) || !has(after(at, 1), kDomain)) return 0;
    for (const char* p = at + 1; p < end_ && (has(*p, kDomain) || *p == '.'); ++p) {
      if (*p == '.' && has(after(p, 1), kTopLevel)) return kEmail;
    }
    return 0;
  }

  // Two colons stand before the '@', the first directly before a slash or a backslash.
  Shapes url_password(const char* at) const noexcept {
    constexpr std::ptrdiff_t kFar = 512;
    bool colon = false;
    for (const char* p = at; p > begin_ && at - p < kFar;) {
      const char c = *--p;
      if (c == ' ' || c == '\n' || c == kSeparator) return 0;
      if (c != ':') continue;
      if (colon && (p[1] == '/' || p[1] == '\\')) return kUrlPassword;
      colon = true;
    }
    return 0;
  }

  std::uint32_t jwt(const char* at) noexcept {
    if (before(at, 1) != 'y' || before(at, 2) != 'e' || at < jwt_done_) return 0;
    const char* dot = run(at + 1, kToken);
    jwt_done_ = dot;  // later starts in this run end at the same place
    return after(dot, 0) == '.' && after(dot, 1) == 'e' && after(dot, 2) == 'y' && after(dot, 3) == 'J' ? kJwt : 0;
  }

  std::uint32_t aws_key(const char* at) const noexcept {
    if (end_ - at < 20 || !starts_word(at)) return 0;
    const bool prefix = std::memcmp(at, "AKIA", 4) == 0 || std::memcmp(at, "ASIA", 4) == 0 ||
                        std::memcmp(at, "ABIA", 4) == 0 || std::memcmp(at, "ACCA", 4) == 0 ||
                        std::memcmp(at, "A3T", 3) == 0;
    if (!prefix) return 0;
    for (int i = 3; i < 20; ++i) {
      if (!is_digit(at[i]) && !is_upper(at[i])) return 0;
    }
    return kAwsKey;
  }

  std::uint32_t bearer(const char* at) const noexcept {
    constexpr char kRest[] = "earer";
    if (end_ - at < 15 || !starts_word(at)) return 0;
    for (int i = 0; i < 5; ++i) {
      if ((at[i + 1] | 0x20) != kRest[i]) return 0;
    }
    const char* p = at + 6;
    while (p < end_ && (*p == ' ' || *p == '\t')) ++p;
    if (p == at + 6 || end_ - p < 8) return 0;
    for (int i = 0; i < 8; ++i) {
      if (!has(p[i], kBearerToken)) return 0;
    }
    return kBearer;
  }

  // '-' or '_' after "sk", "pk" or "rk", or '_' after the prefix of a GitHub token.
  std::uint32_t key(const char* at) const noexcept {
    const char last = before(at, 1);
    const char second = before(at, 2);
    if (last == 'k' && (second == 's' || second == 'p' || second == 'r') && starts_word(at - 2)) {
      return end_ - at > 16 && run_of(at + 1, 16, kToken) ? kApiKey : 0;
    }
    if (*at != '_') return 0;
    if (second == 'h' && before(at, 3) == 'g' && starts_word(at - 3)) {
      return run_of(at + 1, 20, kWord) ? kGithubToken : 0;
    }
    constexpr std::string_view kRest = "pat_";
    if (last == 'b' && at - begin_ >= 6 && std::memcmp(at - 6, "github", 6) == 0 && starts_word(at - 6)) {
      return end_ - at > 5 && std::memcmp(at + 1, kRest.data(), 4) == 0 && run_of(at + 5, 22, kWord) ? kGithubToken : 0;
    }
    return 0;
  }

  bool run_of(const char* at, std::ptrdiff_t count, std::uint8_t bits) const noexcept {
    if (end_ - at < count) return false;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      if (!has(at[i], bits)) return false;
    }
    return true;
  }

  // The shapes for two capital letters before the digits at `at`: a NINO or an IBAN.
  std::uint32_t after_capitals(const char* at) const noexcept {
    const bool spaced = before(at, 1) == ' ' || before(at, 1) == '-';
    const char* first = at - (spaced ? 3 : 2);
    if (first < begin_ || !is_upper(first[0]) || !is_upper(first[1]) || !starts_word(first)) return 0;
    std::uint32_t kinds = 0;
    int digits = 0;
    const char* p = at;
    for (; p < end_ && (is_digit(*p) || ((*p == ' ' || *p == '-') && is_digit(after(p, 1)))); ++p) {
      if (is_digit(*p) && ++digits > 6) break;
    }
    if (digits == 6) {
      if (p < end_ && (*p == ' ' || *p == '-')) ++p;
      if (p < end_ && *p >= 'A' && *p <= 'D' && nino_prefix(first[0], first[1])) kinds |= kNino;
    }
    const std::size_t length = spaced ? 0 : iban_length(first[0], first[1]);
    if (length > 0 && is_digit(after(at, 1))) {
      std::size_t found = 4;
      bool gap = false;
      for (p = at + 2; p < end_ && found < length; ++p) {
        if (is_digit(*p) || is_upper(*p)) {
          ++found;
          gap = false;
        } else if ((*p == ' ' || *p == '-') && !gap) {
          gap = true;
        } else {
          break;
        }
      }
      if (found == length) kinds |= kIban;
    }
    return kinds;
  }

  // Follows groups of digits joined by separators, and compares the lengths of the last four groups with the shapes of
  // the patterns. Most numbers end after the first group.
  std::uint32_t digits(const char* at) noexcept {
    const char left = before(at, 1);
    if (has(left, kWord) && !escaped(at)) {
      if (!is_upper(left)) return 0;
      return after_capitals(at) | (vat_number(at) ? kVat : 0);
    }
    std::uint32_t kinds = 0;
    if ((left == ' ' || left == '-') && is_upper(before(at, 2))) kinds = after_capitals(at);
    const char* stop = at + 1;
    while (stop < end_ && is_digit(*stop)) ++stop;
    resume_ = stop;
    if (stop - at < kShortest && !has(after(stop, 0), kJoiner)) return kinds;
    return kinds | groups(at);
  }

  static bool is_vat_country(char first, char second) noexcept {
    constexpr std::string_view kCountries = "ATBEBGCYCZDEDKEEELGRESFIFRHRHUIEITLTLULVMTNLPLPTROSESISKGBXICHNO";
    for (std::size_t i = 0; i < kCountries.size(); i += 2) {
      if (kCountries[i] == first && kCountries[i + 1] == second) return true;
    }
    return false;
  }

  // Whether a word begins two to four characters before the digits, and begins with the letters of a country.
  bool vat_number(const char* at) const noexcept {
    if (!is_digit(after(at, 1)) || !run_of(at, kVatDigits, kWord)) return false;
    for (std::ptrdiff_t i = 2; i <= 4; ++i) {
      if (is_upper(before(at, i)) && starts_word(at - i) && is_vat_country(before(at, i), before(at, i - 1)))
        return true;
    }
    return false;
  }

  std::uint32_t groups(const char* at) noexcept {
    std::uint32_t kinds = 0;
    std::size_t size[4] = {};  // [0] is the current group; a size of 0 means none, or part of a word
    char joint[3] = {};        // [i] is the separator between the groups of size[i + 1] and size[i]
    std::size_t card = 0;      // digits since a group that may begin a card number
    bool short_card = false;   // the card number may have only 12 digits
    std::size_t phone = 0;     // digits since a '+'
    for (;;) {
      const char* stop = at + 1;
      while (stop < end_ && is_digit(*stop)) ++stop;
      const std::size_t length = static_cast<std::size_t>(stop - at);
      const bool whole = !has(after(stop, 0), kWord);
      size[0] = whole ? length : 0;
      const char lead = before(at, 1);
      if (phone > 0 || (lead == '+' && *at != '0')) phone += length;
      if (card > 0) {
        card += length;
      } else if (length >= 4 && may_begin_card(at) && !(lead == '.' && is_digit(before(at, 2)))) {
        card = length;
        short_card = *at == '0' || *at == '5' || *at == '6';
      }
      if (whole) kinds |= shape(at, size, joint, card, short_card, phone);

      // Groups are joined by a separator, a parenthesis, or both.
      const char* next = stop;
      if (after(next, 0) == ')') ++next;
      if (after(next, 0) == ' ' || after(next, 0) == '.' || after(next, 0) == '-') ++next;
      if (after(next, 0) == '(') ++next;
      resume_ = stop;
      if (next == stop || !is_digit(after(next, 0))) return kinds;
      const char by = *stop == ')' || next[-1] == '(' ? '(' : *stop;
      if (by != ' ' && by != '-') card = 0;
      size[3] = size[2], size[2] = size[1], size[1] = size[0];
      joint[2] = joint[1], joint[1] = joint[0], joint[0] = by;
      at = next;
    }
  }

  // Whether the digits may begin a card number. Few card numbers begin with 0 or 1, but most timestamps do.
  static bool may_begin_card(const char* at) noexcept {
    if (*at == '0') return at[1] == '6' && at[2] == '0' && at[3] == '4';
    if (*at == '1') return at[1] == '8' && at[2] == '0' && at[3] == '0';
    return *at <= '6' || *at == '8' || *at == '9';
  }

  std::uint32_t shape(const char* at, const std::size_t (&size)[4], const char (&joint)[3], std::size_t card,
                      bool short_card, std::size_t phone) const noexcept {
    std::uint32_t kinds = 0;
    if (card > 12 || (card == 12 && short_card)) kinds |= kCard;
    if (phone >= 8) kinds |= kPhone;
    if (size[0] == 9) {
      const std::size_t position = static_cast<std::size_t>(at - begin_);
      if (ssn_word_before(all(), position)) kinds |= kSsn;
      if (sin_word_before(all(), position)) kinds |= kSin;
    }
    if (size[0] == 4 && size[2] == 3) {
      if (size[1] == 2 && joint[0] == joint[1] && (joint[0] == '-' || joint[0] == ' ')) kinds |= kSsn;
      if (size[1] == 3 && joint[0] != '(') kinds |= kPhone;
    }
    if (size[0] == 4 && size[1] == 4 && size[2] == 4 && joint[0] != '.') kinds |= kFours;
    if (size[0] == 3 && size[1] == 3 && size[2] == 3 && joint[0] == joint[1] && (joint[0] == '-' || joint[0] == ' ')) {
      kinds |= kSin;
    }
    if (size[0] - 1 < 3 && size[1] - 1 < 3 && size[2] - 1 < 3 && size[3] - 1 < 3 && joint[0] == '.' &&
        joint[1] == '.' && joint[2] == '.') {
      kinds |= kIpv4;
    }
    return kinds;
  }

  const char* const begin_;
  const char* const end_;
  const char* resume_;              // digits before it have been examined
  const char* jwt_done_ = nullptr;  // likewise the tokens before it
};

const char* next_trigger(const char* at, const char* end) noexcept {
  while (at < end && !has(*at, kTrigger)) ++at;
  return at;
}

#if defined(__SSE2__)

__m128i load(const char* at) noexcept { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
__m128i is(__m128i octets, char c) noexcept { return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c)); }

// Sets one bit for each of the 16 bytes at `at` that needs a closer look. kBack bytes before and kAhead bytes after
// them must be readable.
unsigned interesting(const char* at) noexcept {
  const __m128i here = load(at), back = load(at - 1), back2 = load(at - 2);
  const __m128i ahead = load(at + 1), ahead2 = load(at + 2);
  const auto is_number = [](__m128i octets) {
    const __m128i value = _mm_sub_epi8(octets, _mm_set1_epi8('0'));
    return _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
  };
  const auto is_small_word = [](__m128i octets) {  // lower case, or '_'
    const __m128i value = _mm_sub_epi8(octets, _mm_set1_epi8('a'));
    return _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(25)), value), is(octets, '_'));
  };
  // A number counts at its first digit, unless a lower-case letter or '_' stands before it. A lone digit counts only
  // before a joiner.
  const __m128i first = _mm_andnot_si128(
      _mm_or_si128(is_number(back), _mm_andnot_si128(is(back2, '\\'), is_small_word(back))), is_number(here));
  const __m128i joins = _mm_or_si128(_mm_or_si128(is_number(ahead), _mm_or_si128(is(ahead, ' '), is(ahead, '.'))),
                                     _mm_or_si128(is(ahead, '-'), _mm_or_si128(is(ahead, '('), is(ahead, ')'))));
  const __m128i numbers = _mm_and_si128(first, joins);
  const __m128i dash = _mm_or_si128(is(here, '-'), is(here, '_'));
  const __m128i keys = _mm_and_si128(dash, _mm_or_si128(_mm_or_si128(is(back, 'k'), is(back, 'b')), is(back2, 'h')));
  const __m128i jwt = _mm_and_si128(is(here, 'J'), is(back, 'y'));
  const __m128i aws =
      _mm_and_si128(is(here, 'A'), _mm_or_si128(_mm_or_si128(is(ahead2, 'I'), is(ahead2, 'C')), is(ahead2, 'T')));
  const __m128i small = _mm_set1_epi8(0x20);
  const __m128i bearer =
      _mm_and_si128(_mm_and_si128(is(_mm_or_si128(here, small), 'b'), is(_mm_or_si128(ahead, small), 'e')),
                    is(_mm_or_si128(ahead2, small), 'a'));
  const __m128i escape = _mm_and_si128(is(here, '\\'), is(ahead, 'u'));
  const __m128i any = _mm_or_si128(_mm_or_si128(_mm_or_si128(numbers, keys), _mm_or_si128(jwt, aws)),
                                   _mm_or_si128(_mm_or_si128(bearer, escape), is(here, '@')));
  return static_cast<unsigned>(_mm_movemask_epi8(any));
}

constexpr std::ptrdiff_t kBlock = 16, kBack = 2, kAhead = 2;

#endif

// Calls found(trigger, kinds) for each look that finds a shape. The call returns the position, after the trigger, at
// which the scan continues.
template <bool kVector, typename Found>
void scan(const char* begin, const char* end, Found found) {
  Looker looker(begin, end);
  const char* at = begin;
#if defined(__SSE2__)
  if constexpr (kVector) {
    const auto step = [&](const char* trigger, const char*& next) {
      const std::uint32_t kinds = looker.look(trigger);
      if (kinds != 0) next = found(trigger, kinds);
      return kinds != 0;
    };
    while (end - at >= kBlock + kAhead) {
      if (at - begin < kBack) {
        if (has(*at, kTrigger)) {
          const char* next = at + 1;
          step(at, next);
          at = next;
        } else {
          ++at;
        }
        continue;
      }
      const char* next = at + kBlock;
      for (unsigned mask = interesting(at); mask != 0; mask &= mask - 1) {
        if (step(at + __builtin_ctz(mask), next)) break;
      }
      at = next;
    }
  }
#endif
  while ((at = next_trigger(at, end)) < end) {
    const std::uint32_t kinds = looker.look(at);
    at = kinds != 0 ? found(at, kinds) : at + 1;
  }
}

template <bool kVector>
std::uint32_t kinds_of(std::string_view text) noexcept {
  std::uint32_t all = 0;
  scan<kVector>(text.data(), text.data() + text.size(), [&](const char* at, std::uint32_t kinds) {
    all |= kinds;
    return at + 1;
  });
  return all;
}

}  // namespace

Shapes scan_shapes(std::string_view text, Shapes wanted) noexcept {
  return (kinds_of<true>(text) | scan_loose(text.data(), text.data() + text.size(), wanted)) & wanted;
}

Shapes scan_shapes_portable(std::string_view text, Shapes wanted) noexcept {
  return (kinds_of<false>(text) | scan_loose(text.data(), text.data() + text.size(), wanted)) & wanted;
}

void scan_strings(std::string_view strings, Shapes wanted, std::vector<std::uint32_t>& candidates) {
  const char* const begin = strings.data();
  const char* const end = begin + strings.size();
  const auto next_string = [&](const char* at) {
    const void* separator = std::memchr(at, kSeparator, static_cast<std::size_t>(end - at));
    return separator == nullptr ? end : static_cast<const char*>(separator) + 1;
  };
  if ((wanted & kLooseShapes) != 0) {
    for (const char* at = begin; at < end;) {
      const char* const next = next_string(at);
      if (scan_shapes({at, static_cast<std::size_t>(next - at)}, wanted) != 0) {
        candidates.push_back(static_cast<std::uint32_t>(at - begin));
      }
      at = next;
    }
    return;
  }
  scan<true>(begin, end, [&](const char* at, std::uint32_t kinds) {
    if ((kinds & wanted) == 0) return at + 1;
    candidates.push_back(static_cast<std::uint32_t>(at - begin));
    return next_string(at);
  });
}

}  // namespace plog::redact
