// Redaction: replaces personal data and secrets in text with markers "[REDACTED:<name>]". A marker does not contain the
// hidden text, except for its last characters if keep_last asks for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redact/detectors.h"

namespace plog::redact {

// A custom rule. `pattern` is RE2 syntax. `replace` literally replaces each hit (back-references are not expanded); if
// it is empty, the replacement is "[REDACTED:<name>]".
struct Rule {
  std::string name;
  std::string pattern;
  std::string replace;
};

// Keeps the last 1 to 8 letters and digits of a hidden text in its marker, but at most a third of them:
// "[REDACTED:visa:****1111]".
struct KeepLast {
  std::string name;
  std::size_t characters = 0;
};

// The strings of an event are scanned in one buffer, each followed by this byte, which valid UTF-8 never contains.
inline constexpr char kSeparator = '\xFF';

struct Options {
  bool builtin = true;         // use the built-in detectors and the rules for keys
  std::vector<Rule> custom{};  // rules in addition to them
  Profile profile = Profile::kDefault;
  std::vector<std::string> disabled{};        // names of detectors and rules for keys
  std::vector<std::string> allow_values{};    // texts that are never hidden
  std::vector<std::string> allow_patterns{};  // RE2; a hit that matches as a whole is never hidden
  std::vector<std::string> allow_keys{};      // values of these keys are never changed
  std::vector<std::string> allow_paths{};     // RFC 6901; values at or below these paths of an event, likewise
  std::vector<KeepLast> keep_last{};
  std::string pseudonym_key{};  // if not empty, markers are "[REDACTED:<name>:<6 hex digits>]", equal for equal texts
};

// One hit: redact would replace the bytes [begin, end) of the text.
struct Finding {
  std::string_view name;  // of the marker; lives as long as the redactor
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A summary of the rules of a redactor.
struct RulesInForce {
  std::string_view profile = "off";  // "off" without the built-in detectors
  std::size_t detectors = 0;         // enabled detectors and rules for keys
  std::size_t custom = 0;
  std::string digest;  // SHA-256, hex, of the rules and the library's version
};

// Immutable and thread-safe. A search locks a mutex in its RE2 object, so each thread compiles its own patterns when it
// first needs them.
class Redactor {
 public:
  // Throws Error(kConfig), with the name of the rule, for a bad name (names are [A-Za-z0-9_-]{1,64}) or an unknown one;
  // for a pattern that RE2 rejects (look-around, back-references), that contains \C, that can match the empty string,
  // that is longer than 4 KiB or whose compiled program is too large; for a replacement that is longer than 1 KiB or
  // that the same rules would redact again (redaction is idempotent); and for more than 256 rules.
  static std::shared_ptr<const Redactor> make(Options options);
  virtual ~Redactor() = default;

  // Scans a buffer of strings, each followed by kSeparator. Appends to `candidates`, in ascending order, one byte
  // offset inside each string that may contain a hit or that is a key with a rule. There may be false positives, but no
  // misses. Lock-free.
  virtual void scan(std::string_view strings, std::vector<std::uint32_t>& candidates) const = 0;

  // Replaces every hit in `text`, which must be valid UTF-8. Returns the number of hits. Overwrites `out` if there are
  // any, otherwise leaves it unchanged. Idempotent. Takes linear time.
  virtual std::size_t redact(std::string_view text, std::string& out) const = 0;

  // The hits that redact would replace, in ascending order and without overlaps.
  virtual std::vector<Finding> findings(std::string_view text) const = 0;

  // The rule for values of this key, to be passed to redact_value; 0 if there is none. scan reports every key with a
  // rule as a candidate.
  virtual std::uint32_t key_rule(std::string_view key) const = 0;

  // Like redact, for a value whose key has `rule`, which must not be 0. With `number`, `text` is the text of a JSON
  // number; it is hidden only if the rule is one for numbers and the number has a fitting length.
  virtual std::size_t redact_value(std::uint32_t rule, std::string_view text, bool number, std::string& out) const = 0;

  // Whether values of this key, or the value at this path (RFC 6901), are never changed.
  virtual bool allows_key(std::string_view key) const = 0;
  virtual bool allows_path(std::string_view pointer) const = 0;
  // Whether there are any such keys or paths.
  virtual bool allows_places() const noexcept = 0;

  // Whether numbers are searched for card numbers like strings, whatever their key.
  virtual bool searches_numbers() const noexcept = 0;

  virtual RulesInForce rules_in_force() const = 0;

  // Whether there are any detectors or rules.
  virtual bool active() const noexcept = 0;

 protected:
  Redactor() = default;
};

}  // namespace plog::redact
