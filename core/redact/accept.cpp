#include "redact/accept.h"

#include <algorithm>
#include <array>

#include "redact/checks.h"
#include "redact/numbers.h"
#include "redact/secrets.h"

namespace plog::redact {
namespace {

std::string_view inside(std::string_view text, const Match& match) {
  return text.substr(match.begin, match.end - match.begin);
}

std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_digit));
}

// Whether `text`, converted to lower case, equals `word`.
bool equal_lower(std::string_view text, std::string_view word) {
  return text.size() == word.size() && std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) {
           return (is_upper(a) ? a + ('a' - 'A') : a) == b;
         });
}

// Whether a password of a URL begins at `at`: "://user:" stands before it.
bool is_url_password(std::string_view text, std::size_t at) {
  constexpr std::size_t kFar = 128;
  if (at == 0 || text[at - 1] != ':') return false;
  std::size_t i = at - 1;
  while (i > 0 && at - i < kFar && (is_token(text[i - 1]) || std::string_view(".%+~").find(text[i - 1]) != text.npos)) {
    --i;
  }
  return i >= 3 && text.substr(i - 3, 3) == "://";
}

// "logo@2x.png" is a file, not an address. None of these extensions is a top-level domain.
bool accept_email(std::string_view text, Match& match, double) {
  constexpr std::string_view kExtensions[] = {"png", "jpg",  "jpeg", "gif",  "svg", "webp", "bmp",  "ico", "js",
                                              "jsx", "tsx",  "css",  "scss", "htm", "html", "json", "yml", "yaml",
                                              "xml", "toml", "txt",  "csv",  "pdf", "exe",  "dll",  "log", "lock"};
  const std::string_view found = inside(text, match);
  if (is_url_password(text, match.begin)) {
    match.resume = match.begin + found.find('@') + 1;
    return false;
  }
  const std::string_view last = found.substr(found.rfind('.') + 1);
  for (std::string_view extension : kExtensions) {
    if (equal_lower(last, extension)) {
      match.resume = match.begin + found.find('@') + 1;
      return false;
    }
  }
  return true;
}

// "RecipientEncryptedKey": only words that begin with a capital letter.
bool is_camel_case(std::string_view text) {
  std::size_t small = 2;
  for (char c : text) {
    if (is_upper(c)) {
      if (small < 2) return false;
      small = 0;
    } else if (is_letter(c)) {
      ++small;
    } else {
      return false;
    }
  }
  return small >= 2 && is_upper(text.front());
}

// Names such as "sk-toggleable__label-arrow" and "sk_ASN1_OBJECT_new" are not keys. A key contains a long run of
// characters without separators.
bool accept_api_key(std::string_view text, Match& match, double) {
  constexpr std::size_t kRunWithDigits = 12, kRun = 20;
  const std::string_view body = inside(text, match).substr(3);
  match.resume = match.end;
  for (std::size_t begin = 0; begin < body.size();) {
    const std::string_view run = body.substr(begin, body.find_first_of("-_", begin) - begin);
    if (run.size() >= (count_digits(run) > 0 ? kRunWithDigits : kRun) && !is_camel_case(run)) return true;
    begin += run.size() + 1;
  }
  return false;
}

// Hides the token but keeps the word "Bearer". "Bearer authentication" is prose: a token contains digits or is long.
bool accept_bearer(std::string_view text, Match& match, double) {
  constexpr std::size_t kMixedCase = 16, kAny = 24;
  const std::size_t word = match.begin;
  match.resume = word + 6;
  match.begin += 6;
  while (text[match.begin] == ' ' || text[match.begin] == '\t') ++match.begin;
  while (match.end > match.begin && text[match.end - 1] == '.') --match.end;
  const std::string_view token = inside(text, match);
  if (count_digits(token) > 0) return token.size() >= 8;
  const bool mixed = token.size() > 1 && std::any_of(token.begin() + 1, token.end(), is_upper) &&
                     std::any_of(token.begin(), token.end(), [](char c) { return is_letter(c) && !is_upper(c); });
  return token.size() >= (mixed ? kMixedCase : kAny);
}

bool accept_ssn(std::string_view text, Match& match, double) {
  return ssn_numbers(inside(text, match)) && stands_alone(text, match.begin, match.end, ".-");
}

// Nine digits without dashes count as an SSN or a SIN only after a word such as "SSN" or "SIN".
bool accept_bare_ssn(std::string_view text, Match& match, double) {
  return accept_ssn(text, match, 0) && ssn_word_before(text, match.begin);
}

bool accept_sin(std::string_view text, Match& match, double) {
  const std::string_view found = inside(text, match);
  return found != "000-000-000" && found != "000 000 000" && luhn(found) &&
         stands_alone(text, match.begin, match.end, found[3] == ' ' ? ".,- " : ".-");
}

bool accept_bare_sin(std::string_view text, Match& match, double) {
  const std::string_view found = inside(text, match);
  return found != "000000000" && luhn(found) && stands_alone(text, match.begin, match.end, ".-") &&
         sin_word_before(text, match.begin);
}

bool accept_nino(std::string_view text, Match& match, double) {
  return nino_prefix(text[match.begin], text[match.begin + 1]);
}

// The fraction of a decimal number is not a card number.
bool accept_card(std::string_view text, Match& match, double) {
  return luhn(inside(text, match)) && stands_alone(text, match.begin, match.end, ".");
}

// Whether the number formed by the first `size` digits is between kFrom and kTo.
template <int kFrom, int kTo>
bool leading(std::string_view text, std::size_t size) {
  int value = 0;
  for (char c : text) {
    if (!is_digit(c)) continue;
    value = value * 10 + (c - '0');
    if (--size == 0) break;
  }
  return value >= kFrom && value <= kTo;
}

bool accept_mastercard(std::string_view text, Match& match, double) {
  const std::string_view found = inside(text, match);
  return (found[0] == '5' || leading<2221, 2720>(found, 4)) && accept_card(text, match, 0);
}

bool accept_discover(std::string_view text, Match& match, double) {
  const std::string_view found = inside(text, match);
  return (found[1] != '2' || leading<622126, 622925>(found, 6)) && accept_card(text, match, 0);
}

// The expression also matches words after the number. The country code determines the length of the number.
bool accept_iban(std::string_view text, Match& match, double) {
  std::size_t left = iban_length(text[match.begin], text[match.begin + 1]);
  if (left == 0) return false;
  std::size_t end = match.begin;
  for (; end < match.end && left > 0; ++end) {
    if (text[end] != ' ' && text[end] != '-') --left;
  }
  if (left > 0 || (end < text.size() && is_word(text[end]))) return false;
  match.end = end;
  return iban_checksum(inside(text, match));
}

// Takes whole groups of up to 15 digits in total (E.164). Country code 1 requires exactly 11.
bool accept_e164(std::string_view text, Match& match, double) {
  if (match.begin > 0 && (is_word(text[match.begin - 1]) || text[match.begin - 1] == '+')) return false;
  const std::size_t limit = text[match.begin + 1] == '1' ? 11 : 15;
  char digits[16];
  std::size_t count = 0, end = match.begin + 1, points = 0, separators = 0;
  for (std::size_t at = match.begin + 1; at < match.end;) {
    const std::size_t group = at;
    while (at < match.end && is_digit(text[at])) ++at;
    if (count + (at - group) > limit) break;
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(group), text.begin() + static_cast<std::ptrdiff_t>(at),
              digits + count);
    count += at - group;
    end = at;
    for (; at < match.end && !is_digit(text[at]); ++at) {
      ++separators;
      if (text[at] == '.') ++points;
    }
  }
  match.end = end;
  if (count < 8 || country_code({digits, count}) == 0) return false;
  if (digits[0] == '1' && (count != 11 || digits[1] < '2')) return false;
  if (points == 1 && separators == 1) return false;  // a signed decimal number
  return end == text.size() ||
         (!is_word(text[end]) && !(text[end] == '.' && end + 1 < text.size() && is_digit(text[end + 1])));
}

// Three, three and four digits, with parentheses or with equal separators. "555 123-4567" is common too.
bool accept_us_phone(std::string_view text, Match& match, double) {
  const std::string_view found = inside(text, match);
  const char last = found[found.size() - 5];
  const char middle = found[found.size() - 9];
  if (middle != ')' && found[0] != '(' && found.find(')') == found.npos && middle != last &&
      !(middle == ' ' && last == '-')) {
    return false;
  }
  return stands_alone(text, match.begin, match.end, last == ' ' ? ".- " : ".-");
}

// Version and section numbers can have four parts too. The neighbouring characters and the word before distinguish
// them.
bool accept_ipv4(std::string_view text, Match& match, double) {
  const std::string_view found = inside(text, match);
  int octet = 0;
  std::size_t size = 0;
  for (std::size_t i = 0; i <= found.size(); ++i) {
    if (i < found.size() && is_digit(found[i])) {
      octet = octet * 10 + (found[i] - '0');
      ++size;
      continue;
    }
    if (octet > 255 || (size > 1 && found[i - size] == '0')) return false;
    octet = 0;
    size = 0;
  }
  if (!stands_alone(text, match.begin, match.end, ".")) return false;
  std::string_view before = text.substr(0, match.begin);
  // A product token, such as "Chrome/1.2.3.4".
  if (before.size() >= 2 && before.back() == '/' && is_letter(before[before.size() - 2])) return false;
  while (!before.empty() && std::string_view(" :=\"").find(before.back()) != before.npos) before.remove_suffix(1);
  for (std::string_view word : {"version", "release", "section", "chapter", "clause"}) {
    if (before.size() >= word.size() && equal_lower(before.substr(before.size() - word.size()), word)) return false;
  }
  return true;
}

// Narrows a run of digits to whole groups that form a card number: `fewest` to 19 digits, one separator throughout, and
// at least three digits in each group except the last. A number of fewer than 16 digits must be the whole run.
bool accept_card_groups(std::string_view text, Match& match, double fewest) {
  const std::string_view found = inside(text, match);
  char separator = 0;
  std::size_t digits = 0, group = 0, best = 0;
  for (std::size_t i = 0; i <= found.size(); ++i) {
    if (i < found.size() && is_digit(found[i])) {
      ++digits;
      ++group;
      continue;
    }
    if (static_cast<double>(digits) >= fewest && digits <= 19 && (digits >= 16 || i == found.size()) &&
        luhn(found.substr(0, i)) && stands_alone(text, match.begin, match.begin + i, separator == 0 ? "." : ".-")) {
      best = i;
    }
    if (i == found.size() || group < 3 || (separator != 0 && found[i] != separator)) break;
    separator = found[i];
    group = 0;
  }
  match.end = match.begin + best;
  return best > 0;
}

bool accept_entropy(std::string_view text, Match& match, double floor) { return entropy(inside(text, match)) >= floor; }

bool accept_digit(std::string_view text, Match& match, double) { return count_digits(inside(text, match)) > 0; }

bool accept_mixed(std::string_view text, Match& match, double) { return mixes_letters_and_digits(inside(text, match)); }

bool accept_alone(std::string_view text, Match& match, double) {
  const auto joins = [&](std::size_t i) { return i < text.size() && is_token(text[i]); };
  return (match.begin == 0 || !joins(match.begin - 1)) && !joins(match.end);
}

bool accept_real(std::string_view text, Match& match, double) { return !is_placeholder(inside(text, match)); }

bool accept_secret(std::string_view text, Match& match, double) { return looks_secret(inside(text, match)); }

bool accept_aba(std::string_view text, Match& match, double) { return aba(inside(text, match)); }

bool accept_verhoeff(std::string_view text, Match& match, double) {
  return verhoeff(inside(text, match)) && stands_alone(text, match.begin, match.end, ".- ");
}

bool accept_vat(std::string_view text, Match& match, double) { return vat(inside(text, match)); }

bool accept_ipv6(std::string_view text, Match& match, double) {
  const auto part = [&](std::size_t i) { return i < text.size() && (is_word(text[i]) || text[i] == ':'); };
  return ipv6(inside(text, match)) && (match.begin == 0 || !part(match.begin - 1)) && !part(match.end);
}

// Addresses of only zeros or only ones identify no device.
bool accept_mac(std::string_view text, Match& match, double) {
  const std::string_view found = inside(text, match);
  const auto all = [&](char a, char b) {
    return std::all_of(found.begin(), found.end(), [&](char c) { return c == a || c == b || c == found[2]; });
  };
  const auto part = [&](std::size_t i) {
    return i < text.size() && (is_word(text[i]) || text[i] == ':' || text[i] == '-');
  };
  return !all('0', '0') && !all('f', 'F') && (match.begin == 0 || !part(match.begin - 1)) && !part(match.end);
}

bool accept_national_phone(std::string_view text, Match& match, double) {
  return stands_alone(text, match.begin, match.end, ".-/ ");
}

bool accept_luhn(std::string_view text, Match& match, double) { return luhn(inside(text, match)); }

struct NamedAccept {
  std::string_view name;
  Accept accept;
};

constexpr NamedAccept kNamed[] = {
    {"email", accept_email},       {"api_key", accept_api_key},
    {"bearer", accept_bearer},     {"ssn", accept_ssn},
    {"bare_ssn", accept_bare_ssn}, {"sin", accept_sin},
    {"bare_sin", accept_bare_sin}, {"nino", accept_nino},
    {"card", accept_card},         {"mastercard", accept_mastercard},
    {"discover", accept_discover}, {"card_groups", accept_card_groups},
    {"iban", accept_iban},         {"e164", accept_e164},
    {"us_phone", accept_us_phone}, {"national_phone", accept_national_phone},
    {"ipv4", accept_ipv4},         {"ipv6", accept_ipv6},
    {"mac", accept_mac},           {"luhn", accept_luhn},
    {"aba", accept_aba},           {"verhoeff", accept_verhoeff},
    {"vat", accept_vat},           {"entropy", accept_entropy},
    {"digit", accept_digit},       {"mixed", accept_mixed},
    {"alone", accept_alone},       {"real", accept_real},
    {"secret", accept_secret},
};

}  // namespace

Accept accept_named(std::string_view name) noexcept {
  for (const NamedAccept& named : kNamed) {
    if (named.name == name) return named.accept;
  }
  return nullptr;
}

}  // namespace plog::redact
