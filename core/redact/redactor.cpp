// Creates a redactor: checks the rules, chooses the patterns and builds the tables.
#include "redact/redactor.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "redact/checks.h"
#include "redact/compiled.h"
#include "redact/engine.h"
#include "redact/markers.h"

namespace plog::redact {
namespace {

constexpr std::size_t kMaxMarker = 1024;
constexpr std::size_t kMaxAllowed = 4096;
constexpr std::size_t kMaxKeepLast = 8;

std::atomic<std::uint64_t> next_id{1};

// Whether the expression can match the empty string at any position of any text. The samples contain every combination
// of the conditions that an empty match can depend on: edges of text, line and word.
bool matches_empty(const RE2& expression) {
  for (std::string_view sample : {"", "a", " ", "\n", "aa", "a ", " a", "  ", "a\n", "\na", " \n", "\n ", "\n\n"}) {
    const re2::StringPiece text(sample.data(), sample.size());
    for (std::size_t at = 0; at <= sample.size(); ++at) {
      if (expression.Match(text, at, at, RE2::ANCHOR_BOTH, nullptr, 0)) return true;
    }
  }
  return false;
}

bool has_octet_escape(std::string_view expression) {
  for (std::size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] != '\\') continue;
    if (expression[i + 1] == 'C') return true;
    ++i;
  }
  return false;
}

[[noreturn]] void refuse(const std::string& rule, const std::string& what) {
  throw Error(Status::kConfig, "redaction rule \"" + rule + "\": " + what);
}

void check_expression(const Rule& rule) {
  if (rule.pattern.empty()) refuse(rule.name, "the pattern is empty");
  if (rule.pattern.size() > kMaxPatternSize) {
    refuse(rule.name, "the pattern is longer than " + std::to_string(kMaxPatternSize) + " bytes");
  }
  if (!is_utf8(rule.pattern)) refuse(rule.name, "the pattern is not valid UTF-8");
  if (has_octet_escape(rule.pattern)) refuse(rule.name, "\\C (any byte) can split a character; use . or a class");
  const RE2 expression(rule.pattern, custom_options());
  if (expression.error_code() == RE2::ErrorPatternTooLarge || expression.ProgramSize() > kMaxProgramSize ||
      expression.ReverseProgramSize() > kMaxProgramSize) {
    refuse(rule.name, "the pattern is too large when compiled; make its repetitions or classes smaller");
  }
  if (!expression.ok()) {
    refuse(rule.name, "RE2 does not accept the pattern: " + expression.error() +
                          " (RE2 has no look-around and no back-references)");
  }
  if (matches_empty(expression)) {
    refuse(rule.name, "the pattern can match the empty string; change it to require at least one character");
  }
}

// Analyses expressions of the simple form that most tokens have: literals, groups of literals, character classes.
class Simple {
 public:
  explicit Simple(std::string_view expression) : text_(expression) {}

  static constexpr std::size_t kNever = std::string_view::npos;        // the expression does not match the word here
  static constexpr std::size_t kUnclear = std::string_view::npos - 1;  // the expression is too complex to tell

  // The position in the expression after the part that matches `word`, beginning at `at`; or kNever or kUnclear.
  std::size_t after(std::size_t at, std::string_view word) const {
    while (!word.empty()) {
      if (at >= text_.size()) return kUnclear;
      if (text_.substr(at, 3) == "(?:") return after_group(at, word);
      const char c = text_[at];
      OctetSet set;
      std::size_t end = at + 1;
      if (c == '[') {
        end = read_class(at, set);
        if (end == kNever) return kUnclear;
      } else if (c == '\\') {
        if (end >= text_.size() || is_letter(text_[end]) || is_digit(text_[end])) return kUnclear;
        set.set(static_cast<unsigned char>(text_[end++]));
      } else if (std::string_view("().^$|").find(c) != std::string_view::npos) {
        return kUnclear;
      } else {
        set.set(static_cast<unsigned char>(c));
      }
      const bool there = set.test(static_cast<unsigned char>(word[0]));
      if (there ? repeats(end) : optional(end)) return kUnclear;
      if (!there) return kNever;
      at = end;
      word.remove_prefix(1);
    }
    return at;
  }

  // Reads the character class at `at` into `set`. Returns the position after it, or npos if there is no simple class.
  std::size_t read_class(std::size_t at, OctetSet& set) const {
    if (at >= text_.size() || text_[at] != '[') return std::string_view::npos;
    for (++at; at < text_.size() && text_[at] != ']'; ++at) {
      char c = text_[at];
      if (c == '^' || c == '[') return std::string_view::npos;
      if (c == '\\') {
        c = text_[++at];
        if (c == 'd') {
          for (char digit = '0'; digit <= '9'; ++digit) set.set(static_cast<unsigned char>(digit));
          continue;
        }
        if (is_letter(c) || is_digit(c)) return std::string_view::npos;
      }
      const auto from = static_cast<unsigned char>(c);
      unsigned char to = from;
      if (at + 2 < text_.size() && text_[at + 1] == '-' && text_[at + 2] != ']') {
        to = static_cast<unsigned char>(text_[at + 2]);
        at += 2;
      }
      for (unsigned i = from; i <= to; ++i) set.set(i);
    }
    return at < text_.size() ? at + 1 : std::string_view::npos;
  }

  // The minimum count of the repetition {n} or {n,m} at `at`; 1 if there is none.
  std::uint32_t least(std::size_t at) const {
    std::uint32_t count = 0;
    if (at >= text_.size() || text_[at] != '{') return 1;
    for (++at; at < text_.size() && is_digit(text_[at]); ++at) {
      count = count * 10 + static_cast<std::uint32_t>(text_[at] - '0');
    }
    return count;
  }
  bool repeats(std::size_t at) const {
    return at < text_.size() && std::string_view("?*+{").find(text_[at]) != std::string_view::npos;
  }
  bool optional(std::size_t at) const { return repeats(at) && (text_[at] == '?' || text_[at] == '*'); }

 private:
  std::size_t after_group(std::size_t at, std::string_view word) const {
    const std::size_t close = text_.find(')', at);
    if (close == std::string_view::npos || repeats(close + 1)) return kUnclear;
    std::size_t result = kNever;
    for (std::size_t begin = at + 3; begin <= close;) {
      const std::size_t end = std::min(text_.find('|', begin), close);
      const std::string_view branch = text_.substr(begin, end - begin);
      if (std::all_of(branch.begin(), branch.end(), is_token)) {
        const std::size_t common = std::min(branch.size(), word.size());
        if (word.substr(0, common) == branch.substr(0, common)) {
          const std::size_t next = common == branch.size() ? after(close + 1, word.substr(common)) : kUnclear;
          if (next < kUnclear) return next;
          if (next == kUnclear) result = kUnclear;
        }
      } else if (Simple(branch).after(0, word) != kNever) {
        result = kUnclear;
      }
      begin = end + 1;
    }
    return result;
  }

  std::string_view text_;
};

// Whether the expression has alternatives outside all groups.
bool branches(std::string_view expression) {
  int depth = 0;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\') {
      ++i;
    } else if (expression[i] == '[') {
      i = std::min(expression.find(']', i), expression.size());
    } else if (expression[i] == '(') {
      ++depth;
    } else if (expression[i] == ')') {
      --depth;
    } else if (expression[i] == '|' && depth == 0) {
      return true;
    }
  }
  return false;
}

// Whether the length of every match is bounded: the expression has no *, + or {n,}.
bool is_bounded(std::string_view expression) {
  bool in_class = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\') {
      ++i;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      if (expression[i + 1] == '^') ++i;
    } else if (c == '*' || c == '+' ||
               (c == '{' && expression[std::min(expression.find('}', i), expression.size()) - 1] == ',')) {
      return false;
    }
  }
  return true;
}

// Converts a keyword of a pattern to a word for the prefilter, with the conditions on its surroundings that follow from
// the expression. In "\\bghp_[A-Za-z0-9]{36}" the keyword begins a word and 36 bytes of a class follow it. Sets `never`
// if no match contains the keyword.
Word word_of(const Pattern& pattern, const std::string& keyword, std::uint32_t id, bool& never) {
  never = false;
  Word word;
  word.id = id;
  for (char c : keyword) word.text += is_upper(c) ? static_cast<char>(c + 32) : c;
  const std::string_view expression = pattern.expression;
  if (expression.find("(?i") != expression.npos) return word;
  word.exact = keyword;
  if (branches(expression)) return word;
  const Simple simple(expression);
  // Skips "\\b", or the alternatives "start of text" and "one character outside a token" before a group.
  std::size_t begin = expression.substr(0, 2) == "\\b" ? 2 : 0;
  constexpr std::string_view kBefore = "(?:^|[^A-Za-z0-9_";
  if (expression.substr(0, kBefore.size()) == kBefore) begin = expression.find("])(") + 3;
  const bool starts = begin > 0;
  const std::size_t next = simple.after(begin, keyword);
  never = next == Simple::kNever && expression.find(keyword) == expression.npos;
  if (next >= Simple::kUnclear) return word;
  word.starts = starts && is_word(keyword[0]);
  word.begins = is_bounded(expression);
  OctetSet set;
  const std::size_t end = simple.read_class(next, set);
  if (end == expression.npos || simple.optional(end)) return word;
  word.run = set;
  word.run_size = simple.least(end);
  return word;
}

// The word tables of the profiles with no detector disabled. They are built once and never freed.
std::atomic<const WordTable*> shared_words[std::size(kProfileNames)];

}  // namespace

std::shared_ptr<const Redactor> Redactor::make(Options options) {
  return std::make_shared<const Engine>(std::move(options));
}

Engine::Engine(Options options)
    : options_(std::move(options)),
      id_(next_id.fetch_add(1, std::memory_order_relaxed)),
      alive_(std::make_shared<const int>(0)) {
  check_rules();
  add_names();
  choose_patterns();
  build_tables();
  check_markers();
}

Engine::~Engine() = default;

void Engine::check_rules() const {
  if (options_.custom.size() > kMaxCustomRules) {
    throw Error(Status::kConfig,
                "more than " + std::to_string(kMaxCustomRules) + " redaction rules; combine or remove some");
  }
  for (const Rule& rule : options_.custom) {
    if (!is_name(rule.name)) {
      throw Error(Status::kConfig, "a redaction rule has a bad name; use 1 to 64 of A-Z, a-z, 0-9, \"_\" and \"-\"");
    }
    check_expression(rule);
    if (rule.replace.size() > kMaxMarker) {
      refuse(rule.name, "the replacement is longer than " + std::to_string(kMaxMarker) + " bytes");
    }
    if (!is_utf8(rule.replace)) refuse(rule.name, "the replacement is not valid UTF-8");
  }
  const auto limited = [](const std::vector<std::string>& list, const char* what) {
    if (list.size() > kMaxAllowed) {
      throw Error(Status::kConfig,
                  std::string(what) + ": too many entries; use at most " + std::to_string(kMaxAllowed));
    }
  };
  limited(options_.allow_values, "redaction.allow.values");
  limited(options_.allow_patterns, "redaction.allow.patterns");
  limited(options_.allow_keys, "redaction.allow.keys");
  limited(options_.allow_paths, "redaction.allow.paths");
}

// Collects the names, their markers and the known markers. The markers of disabled detectors are known too, because the
// text may have been redacted elsewhere with these detectors enabled.
void Engine::add_names() {
  const auto add = [&](std::string_view name, std::string_view replace) {
    names_.emplace_back(name);
    markers_.emplace_back(replace);
    if (replace.empty()) {
      known_.emplace_back(name);
    } else if (is_plain_marker(replace)) {
      known_.emplace_back(replace.substr(kMarkerStart.size(), replace.size() - kMarkerStart.size() - 1));
    }
  };
  for (const Rule& rule : options_.custom) add(rule.name, rule.replace);
  for (const Pattern& pattern : patterns()) add(pattern.detector->name, "");
  for (std::string_view name : kKeyNames) add(name, "");
  std::sort(known_.begin(), known_.end());
  known_.erase(std::unique(known_.begin(), known_.end()), known_.end());

  keep_last_.resize(names_.size());
  const auto named = [&](const std::string& name, const char* what) {
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) return;
    throw Error(Status::kConfig, std::string(what) + ": there is no detector or rule \"" + name +
                                     "\"; `plog redact --list` prints the names");
  };
  for (const std::string& name : options_.disabled) named(name, "redaction.disable");
  for (const KeepLast& keep : options_.keep_last) {
    named(keep.name, "redaction.keep_last");
    if (keep.characters == 0 || keep.characters > kMaxKeepLast) {
      throw Error(Status::kConfig, "redaction.keep_last: " + keep.name + ": " + std::to_string(keep.characters) +
                                       " is out of range; use 1 to 8");
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == keep.name) keep_last_[i] = keep.characters;
    }
  }
  for (const std::string& pattern : options_.allow_patterns) {
    allow_patterns_.push_back(std::make_unique<RE2>(pattern, custom_options()));
    if (pattern.size() > kMaxPatternSize || !allow_patterns_.back()->ok() ||
        allow_patterns_.back()->ProgramSize() > kMaxProgramSize) {
      throw Error(Status::kConfig, "redaction.allow.patterns: \"" + pattern.substr(0, 64) +
                                       "\": RE2 does not accept the pattern, or it is too large");
    }
  }
}

void Engine::choose_patterns() {
  const auto on = [&](std::string_view name) {
    return options_.builtin &&
           std::find(options_.disabled.begin(), options_.disabled.end(), name) == options_.disabled.end();
  };
  const auto& all = patterns();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Detector& detector = *all[i].detector;
    if (!on(detector.name) || !detector.in(options_.profile)) continue;
    enabled_.set(i);
    if (!detector.context.empty()) contextual_.set(i);
    shapes_ |= detector.shapes;
    for (std::size_t bit = 0; bit < std::size(by_shape_); ++bit) {
      if ((detector.shapes >> bit & 1U) != 0) by_shape_[bit].set(i);
    }
  }
  for (std::string_view name : kKeyNames) {
    const bool number = is_number_key(name);
    const bool in_profile = options_.profile == Profile::kPii       ? number
                            : options_.profile == Profile::kSecrets ? !number
                                                                    : true;
    keys_.push_back(in_profile && on(name));
    any_key_ = any_key_ || keys_.back();
  }
}

void Engine::build_tables() {
  std::vector<std::string> expressions;
  for (const Rule& rule : options_.custom) expressions.push_back(rule.pattern);
  if (!expressions.empty()) literals_.emplace(expressions);
  if (!options_.builtin) return;
  const bool usual = options_.disabled.empty();
  std::atomic<const WordTable*>& shared = shared_words[static_cast<std::size_t>(options_.profile)];
  words_ = usual ? shared.load() : nullptr;
  if (words_ != nullptr) {
    placed_ = words_->placed;
    return;
  }
  std::vector<Word> words;
  std::set<std::string> contexts;
  const auto& all = patterns();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!enabled_.test(i)) continue;
    std::vector<Word> own, others;
    for (const std::string& keyword : all[i].detector->keywords) {
      bool never = false;
      Word word = word_of(all[i], keyword, static_cast<std::uint32_t>(i), never);
      (never ? others : own).push_back(std::move(word));
    }
    // If every match of this expression begins with one of its keywords, the keywords of the detector's other
    // expressions are irrelevant to it.
    if (!own.empty() && std::all_of(own.begin(), own.end(), [](const Word& word) { return word.begins; })) {
      placed_.set(i);
    } else {
      std::move(others.begin(), others.end(), std::back_inserter(own));
    }
    std::move(own.begin(), own.end(), std::back_inserter(words));
    contexts.insert(all[i].detector->context.begin(), all[i].detector->context.end());
  }
  const auto add = [&](std::string_view name, std::uint32_t id) {
    Word word;
    word.text = name;
    word.id = id;
    words.push_back(std::move(word));
  };
  for (const std::string& name : contexts) add(name, kContext);
  for (std::string_view name : kKeyWords) {
    if (any_key_) add(name, kAssigned);
  }
  auto table = std::make_unique<WordTable>(std::move(words));
  table->placed = placed_;
  words_ = table.get();
  const WordTable* none = nullptr;
  if (usual && shared.compare_exchange_strong(none, words_)) {
    static_cast<void>(table.release());
  } else {
    own_words_ = std::move(table);
  }
}

void Engine::check_markers() const {
  for (std::size_t i = 0; i < options_.custom.size(); ++i) {
    std::string marker;
    append_marker(i, "", marker);
    const std::vector<Hit> hits = pass(marker, false, false);
    if (hits.empty()) continue;
    refuse(options_.custom[i].name, "its replacement would itself be redacted by the rule \"" + names_[hits[0].rule] +
                                        "\"; leave \"replace\" out or choose another text");
  }
}

}  // namespace plog::redact
