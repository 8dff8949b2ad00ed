// Decides by the name of a value whether the value is hidden, both in text and for the keys of an event.
#include <algorithm>

#include "redact/checks.h"
#include "redact/compiled.h"
#include "redact/engine.h"
#include "redact/markers.h"
#include "redact/secrets.h"

namespace plog::redact {
namespace {

constexpr std::size_t kRuleKinds = 8;  // an encoded key rule is index * kRuleKinds + KeyKind + 1

std::size_t key_index(std::string_view name) {
  return static_cast<std::size_t>(std::find(std::begin(kKeyNames), std::end(kKeyNames), name) - std::begin(kKeyNames));
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = is_upper(c) ? static_cast<char>(c + 32) : c;
  return result;
}

// Returns the number of digits, or 0 if the text contains anything but digits, spaces and dashes.
std::size_t only_digits(std::string_view text) {
  std::size_t count = 0;
  for (char c : text) {
    if (is_digit(c)) {
      ++count;
    } else if (c != ' ' && c != '-') {
      return 0;
    }
  }
  return count;
}

bool is_number_of(KeyKind kind, std::string_view text) {
  const std::size_t count = only_digits(text);
  switch (kind) {
    case KeyKind::kCard: return count >= 12 && count <= 19;
    case KeyKind::kSsn: return count >= 7 && count <= 9;
    case KeyKind::kAccount: return count >= 5 && count <= 18;
    default: return false;
  }
}

bool is_card_code(std::string_view text) {
  return text.size() >= 3 && text.size() <= 4 && only_digits(text) == text.size();
}

bool is_numeric(KeyKind kind) { return kind == KeyKind::kCard || kind == KeyKind::kSsn || kind == KeyKind::kAccount; }

// Whether the text is a template or the name of a type, as schemas and documentation have in place of a value.
bool is_template(std::string_view text) {
  static constexpr std::string_view kTypes[] = {"string", "str",       "number",   "integer", "boolean",
                                                "object", "array",     "null",     "none",    "true",
                                                "false",  "undefined", "optional", "required"};
  const std::string low = lower(text.substr(0, 64));
  if (std::find(std::begin(kTypes), std::end(kTypes), low) != std::end(kTypes)) return true;
  for (std::string_view part : {"your-", "your_", "your ", "<", "${", "{{", "xxxx", "****", "placeholder",
                                "process.env", "os.environ", "example"}) {
    if (low.find(part) != low.npos) return true;
  }
  return false;
}

// The size of the scheme and the blanks after it ("Bearer " in "Bearer abc"), or 0 if there is no scheme.
std::size_t scheme_size(std::string_view text) {
  const std::size_t end = text.find(' ');
  if (end < 3 || end > 24) return 0;  // npos too
  for (char c : text.substr(0, end)) {
    if (!is_letter(c) && !is_digit(c) && c != '-') return 0;
  }
  const std::size_t begin = text.find_first_not_of(' ', end);
  return begin == text.npos ? 0 : begin;
}

// Whether the text begins with a common scheme of the Authorization header.
bool is_known_scheme(std::string_view text) {
  static constexpr std::string_view kSchemes[] = {"basic",
                                                  "bearer",
                                                  "token",
                                                  "digest",
                                                  "apikey",
                                                  "api-key",
                                                  "negotiate",
                                                  "ntlm",
                                                  "hawk",
                                                  "key",
                                                  "aws4-hmac-sha256",
                                                  "sso-key",
                                                  "geniekey",
                                                  "oauth",
                                                  "jwt",
                                                  "bot",
                                                  "sharedkey",
                                                  "sharedaccesssignature",
                                                  "splunk",
                                                  "dsn",
                                                  "zoho-oauthtoken",
                                                  "discogs",
                                                  "klaviyo-api-key",
                                                  "ssws"};
  const std::string low = lower(text.substr(0, std::min(text.find(' '), text.size())));
  return std::find(std::begin(kSchemes), std::end(kSchemes), low) != std::end(kSchemes);
}

}  // namespace

bool Engine::accepts(const Detector& detector, std::string_view text, Match& match) {
  return std::all_of(detector.checks.begin(), detector.checks.end(),
                     [&](const Check& check) { return check.accept(text, match, check.argument); });
}

bool Engine::is_on(const KeyRule& rule, std::size_t* index) const {
  if (rule.kind == KeyKind::kNone) return false;
  const std::size_t key = key_index(rule.name);
  if (key >= keys_.size() || !keys_[key]) return false;
  *index = options_.custom.size() + patterns().size() + key;
  return true;
}

void Engine::find_assigned(std::string_view piece, std::size_t offset, const Selection& selection,
                           std::vector<Hit>& hits) const {
  std::size_t done = 0;  // names before it have been checked
  for (std::uint32_t at : selection.words) {
    if (at < offset + done) continue;
    if (at >= offset + piece.size()) break;
    Assignment found;
    if (!find_assignment(piece, at - offset, found)) continue;
    done = found.name_end;
    std::size_t rule = 0;
    if (judge(piece, found, &rule)) hits.push_back({offset + found.begin, offset + found.end, rule});
  }
}

// Whether the value assigned to a name in a text is hidden, and by which rule. May narrow or widen the value.
bool Engine::judge(std::string_view text, Assignment& found, std::size_t* rule) const {
  const std::string_view name = text.substr(found.name_begin, found.name_end - found.name_begin);
  if (contextual_.any() && judge_context(text, found, rule)) return true;
  const KeyRule key = redact::key_rule(name);
  if (!is_on(key, rule) || allows_key(name)) return false;
  const std::string_view value = text.substr(found.begin, found.end - found.begin);
  if (is_numeric(key.kind)) return is_number_of(key.kind, value);
  if (key.name == "card_code") return is_card_code(value);
  if (found.called) return false;
  const bool strict = options_.profile == Profile::kStrict;
  // The value of a header extends to the end of the line.
  if (found.line && !found.quoted && (key.name == "authorization" || key.name == "cookie")) {
    const std::size_t stop = std::min(text.find_first_of("\r\n\"'`\\", found.begin), text.size());
    std::string_view rest = text.substr(found.begin, stop - found.begin);
    if (key.name == "cookie") {
      const std::size_t sign = rest.find('=');
      if (sign == rest.npos || sign == 0 || rest.substr(0, sign).find_first_of(" \t(") != rest.npos) return false;
      found.end = stop;
      return rest.size() - sign > 4 && !is_placeholder(rest.substr(sign + 1));
    }
    const std::size_t scheme = scheme_size(rest);
    if (scheme > 0 && is_known_scheme(rest)) {
      rest = rest.substr(scheme);
      // "Basic abc, and then": prose after a credential is kept.
      const std::size_t end = rest.find_first_of(" \t");
      if (end != rest.npos && rest.find('=') == rest.npos) rest = rest.substr(0, end);
      if (rest.size() < 8 || is_placeholder(rest)) return false;
      found.begin += scheme;
      found.end = found.begin + rest.size();
      return true;
    }
    return looks_secret(value);
  }
  if (key.kind == KeyKind::kWeak) return looks_secret(value) || ((strict || found.json) && looks_like_password(value));
  if (found.json && found.quoted) return !is_template(value);
  if (found.quoted && key.name == "cookie" && value.find('=') != value.npos) return value.size() >= 8;
  if (found.quoted && key.name == "authorization")
    return value.size() >= 8 && scheme_size(value) > 0 && !is_placeholder(value.substr(scheme_size(value)));
  if (found.quoted && (key.name == "connection_string" || key.name == "recovery_phrase")) {
    return value.size() >= 12 && value.find(key.name == "recovery_phrase" ? ' ' : '=') != value.npos;
  }
  if (strict && found.quoted) return value.size() >= 4 && !is_placeholder(value);
  if (key.name == "password" || strict) return looks_like_password(value) || looks_secret(value);
  return looks_secret(value);
}

bool Engine::judge_context(std::string_view text, const Assignment& found, std::size_t* rule) const {
  const std::string name = lower(text.substr(found.name_begin, found.name_end - found.name_begin));
  const std::string_view value = text.substr(found.begin, found.end - found.begin);
  const re2::StringPiece piece(value.data(), value.size());
  const auto& all = patterns();
  for (std::size_t i = contextual_._Find_first(); i < kMaxPatterns; i = contextual_._Find_next(i)) {
    const Detector& detector = *all[i].detector;
    const bool named = std::any_of(detector.context.begin(), detector.context.end(),
                                   [&](const std::string& word) { return name.find(word) != name.npos; });
    if (!named || !builtin_expression(i).Match(piece, 0, piece.size(), RE2::ANCHOR_BOTH, nullptr, 0)) continue;
    Match match{found.begin, found.end, found.begin + 1};
    if (!accepts(detector, text, match)) continue;
    *rule = options_.custom.size() + i;
    return true;
  }
  return false;
}

std::uint32_t Engine::key_rule(std::string_view key) const {
  if (!any_key_) return 0;
  // The name inside a marker in the key says nothing about the value.
  std::string without;
  std::size_t done = 0;
  for (std::size_t at = key.find(kMarkerStart); at != key.npos; at = key.find(kMarkerStart, at + 1)) {
    const std::size_t size = marker_at(key, at);
    if (size == 0) continue;
    without.append(key.substr(done, at - done)) += ' ';
    done = at + size;
  }
  if (done > 0) key = without.append(key.substr(done));
  const KeyRule rule = redact::key_rule(key);
  std::size_t index = 0;
  if (!is_on(rule, &index)) return 0;
  return static_cast<std::uint32_t>(index * kRuleKinds + static_cast<std::size_t>(rule.kind)) + 1;
}

std::size_t Engine::redact_value(std::uint32_t rule, std::string_view text, bool number, std::string& out) const {
  const std::size_t index = (rule - 1) / kRuleKinds;
  const auto kind = static_cast<KeyKind>((rule - 1) % kRuleKinds);
  if (number && !is_numeric(kind) && names_[index] != "card_code") return 0;
  // If a detector matches the whole value, its name is more specific than that of the key rule.
  const std::size_t hits = redact(text, out);
  if (hits == 1 && marker_at(out, 0) == out.size()) return 1;
  bool hidden = !text.empty() && marker_at(text, 0) != text.size() && !is_allowed(text);
  if (is_numeric(kind)) {
    hidden = hidden && is_number_of(kind, text);
  } else if (names_[index] == "card_code") {
    hidden = hidden && is_card_code(text);
  } else if (kind == KeyKind::kWeak) {
    hidden = hidden && (looks_secret(text) || looks_like_password(text));
  }
  if (!hidden) return hits;
  out.clear();
  append_marker(index, text, out);
  return 1;
}

bool Engine::allows_key(std::string_view key) const {
  return std::find(options_.allow_keys.begin(), options_.allow_keys.end(), key) != options_.allow_keys.end();
}

bool Engine::allows_path(std::string_view pointer) const {
  return std::any_of(options_.allow_paths.begin(), options_.allow_paths.end(),
                     [&](const std::string& path) { return pointer == path; });
}

}  // namespace plog::redact
