#include "redact/redactor.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/encoding.h"
#include "base/error.h"
#include "redact/builtin.h"
#include "redact/checks.h"
#include "redact/compiled.h"
#include "redact/engine.h"
#include "redact/scanner.h"

namespace plog::redact {
namespace {

constexpr std::string_view kMarkerStart = "[REDACTED:";
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxMarker = 1024;
constexpr std::size_t kNoRule = static_cast<std::size_t>(-1);

// A marker changes the neighbours of what stands beside it, so a text is gone over until nothing is found. From the
// third round on, what still holds a hit goes as a whole: the time stays linear, and the result needs no redaction.
constexpr int kWholePieces = 3;
constexpr int kLastRound = 6;

// A custom rule such as "a.*b|a" may read on to the end of the text for each of many short hits. After this many hits
// in one piece it sees only so far ahead; a longer hit, if there is one, is left to the next round.
constexpr std::size_t kManyHits = 256;
constexpr std::size_t kShortView = 1024;

std::atomic<std::uint64_t> next_id{1};

std::string marker_of(std::string_view name) {
  std::string marker(kMarkerStart);
  marker.append(name).append("]");
  return marker;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), is_token);
}

// "[REDACTED:<name>]" and nothing else.
bool is_marker(std::string_view text) {
  return text.size() > kMarkerStart.size() + 1 && text.substr(0, kMarkerStart.size()) == kMarkerStart &&
         text.back() == ']' && is_name(text.substr(kMarkerStart.size(), text.size() - kMarkerStart.size() - 1));
}

// Whether the expression can match no characters, at any place of any text: the samples hold every combination of
// the conditions that an empty match can ask for (edges of text and line, and of words).
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
  if (has_octet_escape(rule.pattern)) refuse(rule.name, "\\C (any byte) could cut a character; use . or a class");
  const RE2 expression(rule.pattern, custom_options());
  if (expression.error_code() == RE2::ErrorPatternTooLarge || expression.ProgramSize() > kMaxProgramSize ||
      expression.ReverseProgramSize() > kMaxProgramSize) {
    refuse(rule.name, "the pattern is too large when compiled; make its repetitions or classes smaller");
  }
  if (!expression.ok()) {
    refuse(rule.name, "RE2 does not accept the pattern: " + expression.error() +
                          " (look-around and back-references do not exist in RE2)");
  }
  if (matches_empty(expression)) {
    refuse(rule.name, "the pattern can match the empty string; make it need at least one character");
  }
}

}  // namespace

std::shared_ptr<const Redactor> Redactor::make(Options options) {
  return std::make_shared<const Engine>(std::move(options));
}

Engine::Engine(Options options)
    : builtin_(options.builtin),
      custom_(std::move(options.custom)),
      id_(next_id.fetch_add(1, std::memory_order_relaxed)),
      alive_(std::make_shared<const int>(0)) {
  check_rules();
  std::vector<std::string> expressions;
  for (const Rule& rule : custom_) {
    markers_.push_back(rule.replace.empty() ? marker_of(rule.name) : rule.replace);
    if (is_marker(markers_.back())) known_.push_back(markers_.back());
    expressions.push_back(rule.pattern);
  }
  if (!custom_.empty()) literals_.emplace(expressions);
  // The built-in markers are known also where the patterns are off: the text may come from where they are on.
  for (const Pattern& pattern : builtin_patterns()) {
    markers_.push_back(marker_of(pattern.name));
    known_.push_back(markers_.back());
  }
  std::sort(known_.begin(), known_.end());
  known_.erase(std::unique(known_.begin(), known_.end()), known_.end());
  check_markers();
}

Engine::~Engine() = default;

void Engine::check_rules() const {
  if (custom_.size() > kMaxCustomRules) {
    throw Error(Status::kConfig, "more than " + std::to_string(kMaxCustomRules) + " redaction rules");
  }
  for (const Rule& rule : custom_) {
    if (!is_name(rule.name)) {
      throw Error(Status::kConfig,
                  "a redaction rule has a bad name: 1 to 64 letters, digits, \"_\" and \"-\" are needed");
    }
    check_expression(rule);
    if (rule.replace.size() > kMaxMarker) {
      refuse(rule.name, "the replacement is longer than " + std::to_string(kMaxMarker) + " bytes");
    }
    if (!is_utf8(rule.replace)) refuse(rule.name, "the replacement is not valid UTF-8");
  }
}

void Engine::check_markers() const {
  for (std::size_t i = 0; i < custom_.size(); ++i) {
    std::string out;
    std::size_t by = kNoRule;
    if (pass(markers_[i], everything(), false, out, &by) == 0) continue;
    const std::string name(by < custom_.size() ? custom_[by].name : builtin_patterns()[by - custom_.size()].name);
    refuse(custom_[i].name, "its replacement would itself be redacted by the rule \"" + name +
                                "\"; leave \"replace\" out or choose another text");
  }
}

void Engine::scan(std::string_view strings, std::vector<std::uint32_t>& candidates) const {
  const std::size_t before = candidates.size();
  if (builtin_) redact::scan_strings(strings, candidates);
  if (!literals_) return;
  const std::size_t middle = candidates.size();
  literals_->scan_strings(strings, candidates);
  if (middle == before || middle == candidates.size()) return;
  // Both found something: one offset for each string is enough.
  const auto first = candidates.begin() + static_cast<std::ptrdiff_t>(before);
  std::inplace_merge(first, candidates.begin() + static_cast<std::ptrdiff_t>(middle), candidates.end());
  candidates.erase(std::unique(first, candidates.end(),
                               [&](std::uint32_t left, std::uint32_t right) {
                                 return std::memchr(strings.data() + left, kSeparator, right - left) == nullptr;
                               }),
                   candidates.end());
}

std::size_t Engine::redact(std::string_view text, std::string& out) const { return run(text, out, true); }

std::size_t Engine::redact_plainly(std::string_view text, std::string& out) const { return run(text, out, false); }

Engine::Selection Engine::everything() const {
  Selection selection;
  selection.kinds = builtin_ ? kAllKinds : 0;
  for (std::size_t i = 0; i < custom_.size(); ++i) selection.custom.set(i);
  return selection;
}

Engine::Selection Engine::select(std::string_view text) const {
  Selection selection;
  if (builtin_) selection.kinds = scan_kinds(text);
  if (literals_) selection.custom = literals_->rules_in(text);
  return selection;
}

std::size_t Engine::run(std::string_view text, std::string& out, bool filtered) const {
  const CacheScope scope;
  std::size_t rule = kNoRule;
  const auto selection = [&](std::string_view of) { return filtered ? select(of) : everything(); };
  std::string result;
  std::size_t total = pass(text, selection(text), false, result, &rule);
  if (total == 0) return 0;
  for (int round = 2;; ++round) {
    std::string next;
    const std::size_t hits = pass(result, selection(result), round >= kWholePieces, next, &rule);
    if (hits == 0) break;
    total += hits;
    if (round == kLastRound) {
      result = markers_[rule];
      break;
    }
    result.swap(next);
  }
  out = std::move(result);
  return total;
}

// The size of the known marker that begins at `at`, or 0.
std::size_t Engine::marker_at(std::string_view text, std::size_t at) const {
  const std::size_t stop = text.substr(0, at + kMarkerStart.size() + kMaxName + 1).find(']', at);
  if (stop == text.npos) return 0;
  const std::string_view marker = text.substr(at, stop + 1 - at);
  return std::binary_search(known_.begin(), known_.end(), marker) ? marker.size() : 0;
}

// One round. The text is cut at the markers in it, and each piece is searched as a text of its own. With
// `whole_pieces` a piece that has a hit goes as a whole. `out` is written when there are hits, and `rule` is one of
// them.
std::size_t Engine::pass(std::string_view text, const Selection& selection, bool whole_pieces, std::string& out,
                         std::size_t* rule) const {
  if (selection.kinds == 0 && selection.custom.none()) return 0;
  std::vector<Hit> hits;
  std::size_t begin = 0;
  const auto piece = [&](std::size_t end) {
    const std::size_t known = hits.size();
    if (end > begin) find(text.substr(begin, end - begin), begin, selection, hits);
    if (!whole_pieces || hits.size() == known) return;
    hits.resize(known + 1);
    hits[known].begin = begin;
    hits[known].end = end;
  };
  for (std::size_t at = text.find(kMarkerStart); at != text.npos; at = text.find(kMarkerStart, at)) {
    const std::size_t size = marker_at(text, at);
    if (size == 0) {
      at += kMarkerStart.size();
      continue;
    }
    piece(at);
    at += size;
    begin = at;
  }
  piece(text.size());
  if (hits.empty()) return 0;

  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a.end != b.end) return a.end > b.end;
    return a.rule < b.rule;
  });
  std::size_t count = 0, done = 0;
  out.clear();
  for (std::size_t i = 0; i < hits.size();) {
    const Hit& hit = hits[i];
    std::size_t end = hit.end;
    // What overlaps is hidden behind the same marker.
    for (++i; i < hits.size() && hits[i].begin < end; ++i) end = std::max(end, hits[i].end);
    out.append(text.substr(done, hit.begin - done)).append(markers_[hit.rule]);
    done = end;
    *rule = hit.rule;
    ++count;
  }
  out.append(text.substr(done));
  return count;
}

void Engine::find(std::string_view piece, std::size_t offset, const Selection& selection,
                  std::vector<Hit>& hits) const {
  const re2::StringPiece text(piece.data(), piece.size());
  re2::StringPiece found;
  const auto search = [&](const RE2& expression, std::size_t from, std::size_t to, Match& match) {
    if (from > to || !expression.Match(text, from, to, RE2::UNANCHORED, &found, 1)) return false;
    match.begin = static_cast<std::size_t>(found.data() - piece.data());
    match.end = match.begin + found.size();
    match.resume = match.begin + 1;
    return true;
  };
  Match match;
  for (std::size_t i = 0; i < custom_.size(); ++i) {
    if (!selection.custom.test(i)) continue;
    const RE2& expression = custom_expression(id_, alive_, i, custom_[i].pattern);
    const std::size_t many = hits.size() + kManyHits;
    for (std::size_t from = 0; from < piece.size();) {
      const std::size_t to = hits.size() < many ? piece.size() : std::min(piece.size(), from + kShortView);
      if (search(expression, from, to, match)) {
        from = std::max(match.end, match.resume);
        if (match.end > match.begin) hits.push_back({offset + match.begin, offset + match.end, i});
      } else {
        from = to == piece.size() ? to : to - kShortView / 2;
      }
    }
  }
  const auto patterns = builtin_patterns();
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if ((selection.kinds & patterns[i].kind) == 0) continue;
    const RE2& expression = builtin_expression(i);
    for (std::size_t from = 0; search(expression, from, piece.size(), match);) {
      if (patterns[i].accept == nullptr || patterns[i].accept(piece, match)) {
        hits.push_back({offset + match.begin, offset + match.end, custom_.size() + i});
        from = match.end;
      } else {
        from = match.resume;
      }
    }
  }
}

}  // namespace plog::redact
