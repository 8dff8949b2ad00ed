// The prefilter of custom rules: finds, in one pass, the literal texts of which every match of a rule contains one.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plog::redact {

inline constexpr std::size_t kMaxCustomRules = 256;
using RuleSet = std::bitset<kMaxCustomRules>;

// Immutable after construction.
class Literals {
 public:
  // At most kMaxCustomRules expressions, which must compile with the default options of RE2.
  explicit Literals(const std::vector<std::string>& expressions);

  // Returns a superset of the rules that match somewhere in the text. Thread-safe and lock-free.
  RuleSet rules_in(std::string_view text) const;

  // For strings that are each followed by kSeparator: appends to `candidates` one offset inside each non-empty string
  // in which a rule may match, in ascending order.
  void scan_strings(std::string_view strings, std::vector<std::uint32_t>& candidates) const;

 private:
  struct Atom {
    std::string text;  // lower case, ASCII
    RuleSet rules;
  };
  void add_expression(std::size_t rule, const std::string& expression);
  void add_atom(const std::string& text, std::size_t rule);
  void build_tables();
  bool atom_at(const Atom& atom, const char* at, const char* end) const noexcept;

  // Rules without a required literal, and rules that non-ASCII text may match without containing one of their atoms
  // (for example, case folding makes U+212A equal to "k").
  RuleSet always_;
  RuleSet foreign_;
  std::vector<Atom> atoms_;
  // A position needs a comparison if the three bytes from it share a bucket. The last bucket is for non-ASCII bytes.
  std::array<std::uint8_t, 256> first_{}, second_{}, third_{};
  std::array<std::vector<std::uint16_t>, 8> buckets_;
};

}  // namespace plog::redact
