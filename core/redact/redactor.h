// Redaction: replaces personal data and secrets in text by markers "[REDACTED:<name>]" that never echo what they hide.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plog::redact {

// A custom rule. `pattern` is RE2 syntax; `replace` stands for each hit, literally (no back-references), and defaults
// to "[REDACTED:<name>]" when empty.
struct Rule {
  std::string name;
  std::string pattern;
  std::string replace;
};

// Strings of one event are scanned laid side by side, each followed by this octet, which no valid UTF-8 contains.
inline constexpr char kSeparator = '\xFF';

struct Options {
  bool builtin = true;       // the 17 built-in patterns
  std::vector<Rule> custom;  // added to them
};

// Immutable; share it between threads. RE2 takes a lock inside a shared object, so each thread uses compiled patterns
// of its own, made at its first candidate.
class Redactor {
 public:
  // Throws Error(kConfig) naming the rule: a bad name ([A-Za-z0-9_-]{1,64}), a pattern that RE2 refuses (look-around,
  // back-references), one that matches the empty string, more than 256 rules, a pattern over 4 KiB or a compiled size
  // over the limit, a marker that its own rule set would hit again (redaction is idempotent).
  static std::shared_ptr<const Redactor> make(Options options);
  virtual ~Redactor() = default;

  // Looks once over strings laid side by side (each followed by kSeparator) and appends to `candidates` one offset
  // inside each string that may hold a hit, in ascending order. Lock-free; false positives are fine, misses are not.
  virtual void scan(std::string_view strings, std::vector<std::uint32_t>& candidates) const = 0;

  // Replaces every hit in one valid UTF-8 string. Returns the number of hits; `out` is overwritten when there are any,
  // else left alone. Idempotent. Linear time.
  virtual std::size_t redact(std::string_view text, std::string& out) const = 0;

  // Whether there is any rule at all.
  virtual bool active() const noexcept = 0;

 protected:
  Redactor() = default;
};

}  // namespace plog::redact
