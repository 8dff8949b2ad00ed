#include "redact/literals.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstring>

#include "redact/checks.h"
#include "redact/redactor.h"

namespace plog::redact {
namespace {

constexpr std::size_t kMinAtom = 2;
constexpr std::size_t kAtomBuckets = 7;
constexpr std::uint8_t kForeignBit = 1U << kAtomBuckets;

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// Whether the expression matches only the ASCII characters that it spells, in this case: it contains no flags and no
// escapes that can match other characters.
bool is_plain(const std::string& expression) {
  if (!is_ascii(expression)) return false;
  for (std::size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] == '\\') {
      const char escape = expression[i + 1];
      if (escape == 'x' || escape == 'p' || escape == 'P' || is_digit(escape)) return false;
      ++i;
    } else if (expression[i] == '(' && expression[i + 1] == '?') {
      if (i + 2 >= expression.size() || (expression[i + 2] != ':' && expression[i + 2] != 'P')) return false;
    }
  }
  return true;
}

std::uint8_t lower(char c) noexcept { return static_cast<std::uint8_t>(is_upper(c) ? c + ('a' - 'A') : c); }

}  // namespace

Literals::Literals(const std::vector<std::string>& expressions) {
  for (std::size_t rule = 0; rule < expressions.size(); ++rule) add_expression(rule, expressions[rule]);
  build_tables();
}

void Literals::add_expression(std::size_t rule, const std::string& expression) {
  RE2::Options options;
  options.set_log_errors(false);
  re2::FilteredRE2 filter(kMinAtom);
  int id = 0;
  std::vector<std::string> atoms;
  if (filter.Add(expression, options, &id) != RE2::NoError) {
    always_.set(rule);
    return;
  }
  filter.Compile(&atoms);
  std::vector<int> without_atoms;
  filter.AllPotentials({}, &without_atoms);
  if (!without_atoms.empty() || atoms.empty()) {
    always_.set(rule);
    return;
  }
  if (!is_plain(expression)) foreign_.set(rule);
  for (const std::string& atom : atoms) {
    if (is_ascii(atom) && atom.size() >= kMinAtom) {
      add_atom(atom, rule);
    } else {
      foreign_.set(rule);
    }
  }
}

void Literals::add_atom(const std::string& text, std::size_t rule) {
  auto same = std::find_if(atoms_.begin(), atoms_.end(), [&](const Atom& atom) { return atom.text == text; });
  if (same == atoms_.end()) {
    atoms_.push_back({text, {}});
    same = atoms_.end() - 1;
  }
  same->rules.set(rule);
}

void Literals::build_tables() {
  // Atoms that begin alike share a bucket.
  std::sort(atoms_.begin(), atoms_.end(), [](const Atom& a, const Atom& b) { return a.text < b.text; });
  for (std::size_t i = 0; i < atoms_.size(); ++i) {
    const std::size_t bucket = i * kAtomBuckets / atoms_.size();
    const auto bit = static_cast<std::uint8_t>(1U << bucket);
    buckets_[bucket].push_back(static_cast<std::uint16_t>(i));
    const std::string& text = atoms_[i].text;
    for (int octet = 0; octet < 256; ++octet) {
      const std::uint8_t c = lower(static_cast<char>(octet));
      const auto at = static_cast<std::size_t>(octet);
      if (c == static_cast<std::uint8_t>(text[0])) first_[at] |= bit;
      if (c == static_cast<std::uint8_t>(text[1])) second_[at] |= bit;
      if (text.size() < 3 || c == static_cast<std::uint8_t>(text[2])) third_[at] |= bit;
    }
  }
  if (foreign_.none()) return;
  for (std::size_t octet = 0; octet < 256; ++octet) {
    if (octet >= 0x80 && octet != static_cast<unsigned char>(kSeparator)) first_[octet] |= kForeignBit;
    second_[octet] |= kForeignBit;
    third_[octet] |= kForeignBit;
  }
}

bool Literals::atom_at(const Atom& atom, const char* at, const char* end) const noexcept {
  if (static_cast<std::size_t>(end - at) < atom.text.size()) return false;
  for (std::size_t i = 0; i < atom.text.size(); ++i) {
    if (lower(at[i]) != static_cast<std::uint8_t>(atom.text[i])) return false;
  }
  return true;
}

RuleSet Literals::rules_in(std::string_view text) const {
  RuleSet rules = always_;
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at < end; ++at) {
    const auto octet = [&](std::ptrdiff_t i) { return static_cast<unsigned char>(at + i < end ? at[i] : kSeparator); };
    unsigned hits = first_[octet(0)] & second_[octet(1)] & third_[octet(2)];
    for (; hits != 0; hits &= hits - 1) {
      const auto bucket = static_cast<std::size_t>(__builtin_ctz(hits));
      if (bucket == kAtomBuckets) rules |= foreign_;
      for (std::uint16_t i : buckets_[bucket]) {
        if (atom_at(atoms_[i], at, end)) rules |= atoms_[i].rules;
      }
    }
  }
  return rules;
}

void Literals::scan_strings(std::string_view strings, std::vector<std::uint32_t>& candidates) const {
  const char* begin = strings.data();
  const char* end = begin + strings.size();
  const auto next_string = [&](const char* at) {
    const void* separator = std::memchr(at, kSeparator, static_cast<std::size_t>(end - at));
    return separator == nullptr ? end : static_cast<const char*>(separator) + 1;
  };
  if (always_.any()) {
    for (const char* at = begin; at < end; at = next_string(at)) {
      if (*at != kSeparator) candidates.push_back(static_cast<std::uint32_t>(at - begin));
    }
    return;
  }
  const auto found = [&](const char* at, unsigned hits) {
    for (; hits != 0; hits &= hits - 1) {
      const auto bucket = static_cast<std::size_t>(__builtin_ctz(hits));
      if (bucket == kAtomBuckets) return true;
      for (std::uint16_t i : buckets_[bucket]) {
        if (atom_at(atoms_[i], at, end)) return true;
      }
    }
    return false;
  };
  // The last string ends with a separator, which no atom contains, so a position needs at least three bytes to the end.
  const char* at = begin;
  while (end - at >= 3) {
    const unsigned hits = first_[static_cast<unsigned char>(at[0])] & second_[static_cast<unsigned char>(at[1])] &
                          third_[static_cast<unsigned char>(at[2])];
    if (hits != 0 && found(at, hits)) {
      candidates.push_back(static_cast<std::uint32_t>(at - begin));
      at = next_string(at);
    } else {
      ++at;
    }
  }
  for (; at < end; ++at) {
    if (*at == kSeparator) continue;
    const auto octet = [&](std::ptrdiff_t i) { return static_cast<unsigned char>(at + i < end ? at[i] : kSeparator); };
    const unsigned hits = first_[octet(0)] & second_[octet(1)] & third_[octet(2)];
    if (hits != 0 && found(at, hits)) {
      candidates.push_back(static_cast<std::uint32_t>(at - begin));
      at = next_string(at) - 1;
    }
  }
}

}  // namespace plog::redact
