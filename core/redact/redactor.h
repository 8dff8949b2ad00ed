// Redaction: replaces personal data and secrets in text by markers "[REDACTED:<name>]" that never echo what they hide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redact/detectors.h"

namespace plog::redact {

// A custom rule. `pattern` is RE2 syntax; `replace` stands for each hit, literally (no back-references), and defaults
// to "[REDACTED:<name>]" when empty.
struct Rule {
  std::string name;
  std::string pattern;
  std::string replace;
};

// The last characters of what a rule hides stand in its marker: "[REDACTED:visa:****1111]".
struct KeepLast {
  std::string name;
  std::size_t characters = 0;
};

// Strings of one event are scanned laid side by side, each followed by this octet, which no valid UTF-8 contains.
inline constexpr char kSeparator = '\xFF';

struct Options {
  bool builtin = true;         // the built-in detectors and the rules for keys
  std::vector<Rule> custom{};  // added to them
  Profile profile = Profile::kDefault;
  std::vector<std::string> disabled{};        // detectors and rules for keys, by name
  std::vector<std::string> allow_values{};    // never hidden
  std::vector<std::string> allow_patterns{};  // RE2; what matches as a whole is never hidden
  std::vector<std::string> allow_keys{};      // what stands under such a key is left alone
  std::vector<std::string> allow_paths{};     // RFC 6901 pointers into an event; so is what stands at or below them
  std::vector<KeepLast> keep_last{};
  std::string pseudonym_key{};  // not empty: markers are "[REDACTED:<name>:<6 hex digits>]", equal for equal texts
};

// What would be hidden: octets [begin, end) of the text.
struct Finding {
  std::string_view name;  // lives as long as the redactor
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A set of rules in short.
struct RulesInForce {
  std::string_view profile = "off";  // "off" also without the built-in detectors
  std::size_t detectors = 0;         // that are on, and rules for keys
  std::size_t custom = 0;
  std::string digest;  // SHA-256, hex; of two sets the same if they and the library's version are
};

// Immutable; share it between threads. RE2 takes a lock inside a shared object, so each thread uses compiled patterns
// of its own, made at its first candidate.
class Redactor {
 public:
  // Throws Error(kConfig) naming the rule: a bad name ([A-Za-z0-9_-]{1,64}), a pattern that RE2 refuses (look-around,
  // back-references), one that matches the empty string, more than 256 rules, a pattern over 4 KiB or a compiled size
  // over the limit, a marker that its own rule set would hit again (redaction is idempotent), an unknown name.
  static std::shared_ptr<const Redactor> make(Options options);
  virtual ~Redactor() = default;

  // Looks once over strings laid side by side (each followed by kSeparator) and appends to `candidates` one offset
  // inside each string that may hold a hit, or that is a key with a rule, in ascending order. Lock-free; false
  // positives are fine, misses are not.
  virtual void scan(std::string_view strings, std::vector<std::uint32_t>& candidates) const = 0;

  // Replaces every hit in one valid UTF-8 string. Returns the number of markers written; `out` is overwritten when
  // there are any, else left alone. Idempotent. Linear time.
  virtual std::size_t redact(std::string_view text, std::string& out) const = 0;

  // What redact would replace, in ascending order, apart from each other.
  virtual std::vector<Finding> findings(std::string_view text) const = 0;

  // What a key says about its value: 0 for nothing, else what redact_value takes. A key with a rule is a candidate of
  // scan.
  virtual std::uint32_t key_rule(std::string_view key) const = 0;

  // redact for a string (or, `number`, for the digits of a number) whose key has the rule. A number is changed only if
  // it is what the key names.
  virtual std::size_t redact_value(std::uint32_t rule, std::string_view text, bool number, std::string& out) const = 0;

  // Whether a value of that key, or at that path (RFC 6901), is left alone.
  virtual bool allows_key(std::string_view key) const = 0;
  virtual bool allows_path(std::string_view pointer) const = 0;
  // Whether there is any such key or path.
  virtual bool allows_places() const noexcept = 0;

  // Whether numbers are searched for cards as strings are, whatever their key.
  virtual bool searches_numbers() const noexcept = 0;

  virtual RulesInForce rules_in_force() const = 0;

  // Whether there is any rule at all.
  virtual bool active() const noexcept = 0;

 protected:
  Redactor() = default;
};

}  // namespace plog::redact
