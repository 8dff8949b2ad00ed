#include "redact/builtin.h"

#include <algorithm>
#include <array>

#include "redact/checks.h"

namespace plog::redact {
namespace {

std::string_view inside(std::string_view text, const Match& match) {
  return text.substr(match.begin, match.end - match.begin);
}

std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_digit));
}

// Whether `text` in lower case is `word`.
bool equal_lower(std::string_view text, std::string_view word) {
  return text.size() == word.size() && std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) {
           return (is_upper(a) ? a + ('a' - 'A') : a) == b;
         });
}

// "logo@2x.png" is a file, not an address: extensions that are no top-level domain.
bool accept_email(std::string_view text, Match& match) {
  constexpr std::string_view kExtensions[] = {"png", "jpg",  "jpeg", "gif",  "svg", "webp", "bmp",  "ico", "js",
                                              "jsx", "tsx",  "css",  "scss", "htm", "html", "json", "yml", "yaml",
                                              "xml", "toml", "txt",  "csv",  "pdf", "exe",  "dll",  "log", "lock"};
  const std::string_view found = inside(text, match);
  const std::string_view last = found.substr(found.rfind('.') + 1);
  for (std::string_view extension : kExtensions) {
    if (equal_lower(last, extension)) {
      match.resume = match.begin + found.find('@') + 1;
      return false;
    }
  }
  return true;
}

// Names such as "sk-toggleable__label-arrow" are no keys: a key has a long run without separators.
bool accept_api_key(std::string_view text, Match& match) {
  constexpr std::size_t kRunWithDigits = 12, kRun = 20;
  const std::string_view body = inside(text, match).substr(3);
  const bool digits = count_digits(body) > 0;
  std::size_t longest = 0, run = 0;
  for (char c : body) {
    run = c == '-' || c == '_' ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  match.resume = match.end;
  return longest >= (digits ? kRunWithDigits : kRun);
}

// Hides the token, not the word before it. "Bearer authentication" is prose: a token has digits, or is long.
bool accept_bearer(std::string_view text, Match& match) {
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

bool accept_ssn(std::string_view text, Match& match) {
  return ssn_numbers(inside(text, match)) && stands_alone(text, match.begin, match.end, ".-");
}

// Nine digits without dashes are an SSN or a SIN only where the text says so.
bool accept_bare_ssn(std::string_view text, Match& match) {
  return accept_ssn(text, match) && ssn_word_before(text, match.begin);
}

bool accept_sin(std::string_view text, Match& match) {
  const std::string_view found = inside(text, match);
  return found != "000-000-000" && found != "000 000 000" && luhn(found) &&
         stands_alone(text, match.begin, match.end, found[3] == ' ' ? ".,- " : ".-");
}

bool accept_bare_sin(std::string_view text, Match& match) {
  const std::string_view found = inside(text, match);
  return found != "000000000" && luhn(found) && stands_alone(text, match.begin, match.end, ".-") &&
         sin_word_before(text, match.begin);
}

bool accept_nino(std::string_view text, Match& match) { return nino_prefix(text[match.begin], text[match.begin + 1]); }

// The fraction of a decimal number is no card.
bool accept_card(std::string_view text, Match& match) {
  return luhn(inside(text, match)) && stands_alone(text, match.begin, match.end, ".");
}

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

bool accept_mastercard(std::string_view text, Match& match) {
  const std::string_view found = inside(text, match);
  return (found[0] == '5' || leading<2221, 2720>(found, 4)) && accept_card(text, match);
}

bool accept_discover(std::string_view text, Match& match) {
  const std::string_view found = inside(text, match);
  return (found[1] != '2' || leading<622126, 622925>(found, 6)) && accept_card(text, match);
}

// The expression runs on over words that follow; the country says where the number ends.
bool accept_iban(std::string_view text, Match& match) {
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

// Takes whole groups up to the 15 digits of E.164, for country code 1 exactly 11.
bool accept_e164(std::string_view text, Match& match) {
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
  if (points == 1 && separators == 1) return false;  // a decimal number with its sign
  return end == text.size() ||
         (!is_word(text[end]) && !(text[end] == '.' && end + 1 < text.size() && is_digit(text[end + 1])));
}

// Three, three and four digits: with parentheses, or with separators that are the same ("555 123-4567" is usual too).
bool accept_us_phone(std::string_view text, Match& match) {
  const std::string_view found = inside(text, match);
  const char last = found[found.size() - 5];
  const char middle = found[found.size() - 9];
  if (middle != ')' && found[0] != '(' && found.find(')') == found.npos && middle != last &&
      !(middle == ' ' && last == '-')) {
    return false;
  }
  return stands_alone(text, match.begin, match.end, last == ' ' ? ".- " : ".-");
}

// Versions and sections may have four numbers too: the neighbours and the word before tell.
bool accept_ipv4(std::string_view text, Match& match) {
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

// Letters of the scripts that separate words by spaces: in others an address may follow a word directly.
#define PLOG_LETTER R"(\p{Latin}\p{Greek}\p{Cyrillic})"

constexpr Pattern kPatterns[] = {
    {kJwt, "jwt", R"(eyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*)", nullptr},
    {kGithubToken, "github_token", R"(\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{22,}))", nullptr},
    {kAwsKey, "aws_key", R"(\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}\b)", nullptr},
    {kApiKey, "api_key", R"(\b[spr]k[-_][A-Za-z0-9_-]{16,})", accept_api_key},
    {kBearer, "bearer_token", R"(\b(?i:bearer)[ \t]{1,8}[A-Za-z0-9._~+/=-]{8,})", accept_bearer},
    {kEmail, "email",
     "[" PLOG_LETTER "0-9_+][" PLOG_LETTER "0-9._%+'-]*@(?:[" PLOG_LETTER "0-9][" PLOG_LETTER
     "0-9-]*\\.)+(?:xn--[A-Za-z0-9-]{2,59}|[" PLOG_LETTER "][" PLOG_LETTER "]+)",
     accept_email},
    {kIban, "iban", R"(\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30})", accept_iban},
    {kCard, "visa", R"(\b4\d{3}(?:[ -]?\d{4}){3}[ -]?\d{3}\b)", accept_card},
    {kCard, "visa", R"(\b4\d{3}(?:[ -]?\d{4}){3}\b)", accept_card},
    {kCard, "visa", R"(\b4\d{3}(?:[ -]?\d{3}){3}\b)", accept_card},
    {kCard, "mastercard", R"(\b(?:5[1-5]|2[2-7])\d{2}(?:[ -]?\d{4}){3}\b)", accept_mastercard},
    {kCard, "amex", R"(\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b)", accept_card},
    {kCard, "discover", R"(\b6(?:011|5\d{2}|4[4-9]\d|22\d)(?:[ -]?\d{4}){3}[ -]?\d{3}\b)", accept_discover},
    {kCard, "discover", R"(\b6(?:011|5\d{2}|4[4-9]\d|22\d)(?:[ -]?\d{4}){3}\b)", accept_discover},
    {kSsn, "ssn", R"(\b\d{3}-\d{2}-\d{4}\b)", accept_ssn},
    {kSsn, "ssn", R"(\b(?:\d{3} \d{2} \d{4}|\d{9})\b)", accept_bare_ssn},
    {kSin, "sin", R"(\b(?:\d{3}-\d{3}-\d{3}|\d{3} \d{3} \d{3})\b)", accept_sin},
    {kSin, "sin", R"(\b\d{9}\b)", accept_bare_sin},
    {kNino, "nino", R"(\b[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]\b)", accept_nino},
    {kPhone, "phone", R"(\+[1-9]\d{0,14}(?:(?:[ .-]| ?\(|\)[ .-]?)\d{1,14}){0,7})", accept_e164},
    {kPhone, "phone", R"((?:\b1[ .-]?)?(?:\([2-9]\d{2}\)[ .-]?|\b[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}\b)", accept_us_phone},
    {kIpv4, "ipv4", R"(\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b)", accept_ipv4},
};

#undef PLOG_LETTER

constexpr std::string_view kNames[] = {"email",    "aws_key", "github_token", "api_key", "bearer_token", "jwt",
                                       "ssn",      "sin",     "nino",         "visa",    "mastercard",   "amex",
                                       "discover", "iban",    "phone",        "ipv4"};

}  // namespace

std::span<const Pattern> builtin_patterns() noexcept { return kPatterns; }

std::span<const std::string_view> builtin_names() noexcept { return kNames; }

}  // namespace plog::redact
