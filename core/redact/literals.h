// The prefilter of custom rules: texts that every match of a rule must hold one of, looked for in one pass.
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
  // Expressions must compile with RE2's defaults; at most kMaxCustomRules.
  explicit Literals(const std::vector<std::string>& expressions);

  // A superset of the rules that match somewhere in the text. Lock-free.
  RuleSet rules_in(std::string_view text) const;

  // Over strings each followed by kSeparator: appends one offset inside each string that rules_in is not empty for.
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

  // Rules without a required literal, and rules that a text beyond ASCII may match without one of their atoms (case
  // folding joins U+212A with "k", for instance).
  RuleSet always_;
  RuleSet foreign_;
  std::vector<Atom> atoms_;
  // A position is looked at when the three octets from it share a bucket; the last bucket is for octets beyond ASCII.
  std::array<std::uint8_t, 256> first_{}, second_{}, third_{};
  std::array<std::vector<std::uint16_t>, 8> buckets_;
};

}  // namespace plog::redact
