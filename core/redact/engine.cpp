// Implements search and replacement.
#include "redact/engine.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "redact/checks.h"
#include "redact/compiled.h"
#include "redact/escapes.h"
#include "redact/markers.h"
#include "redact/pseudonym.h"
#include "redact/scanner.h"

namespace plog::redact {
namespace {

// A marker changes the neighbours of the text next to it, so a text is searched again until there are no more hits.
// From the third round on, a piece between markers that still has a hit is hidden whole. This keeps the time linear,
// and redacting the result again finds nothing.
constexpr int kWholePieces = 3;
constexpr int kLastRound = 6;

// A custom rule such as "a.*b|a" may read to the end of the text for each of many short hits. After kManyHits hits in
// one piece, each search sees only kShortView bytes ahead. The next round finds any longer hit.
constexpr std::size_t kManyHits = 256;
constexpr std::size_t kShortView = 1024;

}  // namespace

bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), is_token);
}

bool is_plain_marker(std::string_view text) noexcept {
  return text.size() > kMarkerStart.size() + 1 && text.substr(0, kMarkerStart.size()) == kMarkerStart &&
         text.back() == ']' && is_name(text.substr(kMarkerStart.size(), text.size() - kMarkerStart.size() - 1));
}

bool is_marker_tail(std::string_view text) noexcept {
  if (text.empty() || text[0] != ':' || text.size() > kMaxMarkerTail) return false;
  text.remove_prefix(1);
  if (text.size() == kPseudonym && text.find_first_not_of("0123456789abcdef") == text.npos) return true;
  constexpr std::string_view kStars = "****";
  return text.substr(0, kStars.size()) == kStars && text.size() <= kStars.size() + 8 &&
         std::all_of(text.begin() + kStars.size(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

void Engine::scan(std::string_view strings, std::vector<std::uint32_t>& candidates) const {
  const std::size_t before = candidates.size();
  scan_strings(strings, shapes_ | kEscaped, candidates);
  const auto merge_from = [&](std::size_t middle) {
    if (middle == before || middle == candidates.size()) return;
    // Both passes found candidates; one offset per string is enough.
    const auto first = candidates.begin() + static_cast<std::ptrdiff_t>(before);
    std::inplace_merge(first, candidates.begin() + static_cast<std::ptrdiff_t>(middle), candidates.end());
    candidates.erase(std::unique(first, candidates.end(),
                                 [&](std::uint32_t left, std::uint32_t right) {
                                   return std::memchr(strings.data() + left, kSeparator, right - left) == nullptr;
                                 }),
                     candidates.end());
  };
  std::size_t middle = candidates.size();
  if (words_) {
    const char* const begin = strings.data();
    const char* const end = begin + strings.size();
    const char* next = begin;  // the end of the last string that is a candidate
    words_->scan(begin, end, [&](const char* at, std::uint32_t id) {
      if (at < next) return next;
      if (id >= kAssigned && !may_be_assigned(begin, at, end)) return at;
      if (id == kAssigned && redact::key_rule(assigned_name(begin, at, end)).kind == KeyKind::kNone) return at;
      candidates.push_back(static_cast<std::uint32_t>(at - begin));
      const void* separator = std::memchr(at, kSeparator, static_cast<std::size_t>(end - at));
      next = separator == nullptr ? end : static_cast<const char*>(separator) + 1;
      return next;
    });
    merge_from(middle);
  }
  middle = candidates.size();
  if (literals_) literals_->scan_strings(strings, candidates);
  merge_from(middle);
}

std::size_t Engine::redact(std::string_view text, std::string& out) const { return resolve(text, true, &out).size(); }

std::size_t Engine::redact_plainly(std::string_view text, std::string& out) const {
  return resolve(text, false, &out).size();
}

std::vector<Finding> Engine::findings(std::string_view text) const {
  std::vector<Finding> found;
  for (const Hit& hit : resolve(text, true, nullptr)) found.push_back({names_[hit.rule], hit.begin, hit.end});
  return found;
}

Engine::Selection Engine::everything(std::string_view text) const {
  Selection selection;
  selection.patterns = enabled_ & ~contextual_;
  for (std::size_t i = 0; i < options_.custom.size(); ++i) selection.custom.set(i);
  if (!words_) return selection;
  words_->scan(text.data(), text.data() + text.size(), [&](const char* at, std::uint32_t id) {
    if (id >= kAssigned) selection.words.push_back(static_cast<std::uint32_t>(at - text.data()));
    return at;
  });
  return selection;
}

Engine::Selection Engine::select(std::string_view text) const {
  Selection selection;
  for (Shapes shapes = shapes_ != 0 ? scan_shapes(text, shapes_) : 0; shapes != 0; shapes &= shapes - 1) {
    selection.patterns |= by_shape_[__builtin_ctz(shapes)];
  }
  if (words_) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    words_->scan(begin, end, [&](const char* at, std::uint32_t id) {
      if (id < kAssigned) {
        if (placed_.test(id)) {
          selection.places.push_back({id, static_cast<std::uint32_t>(at - begin)});
        } else {
          selection.patterns.set(id);
        }
      } else if (may_be_assigned(begin, at, end)) {
        selection.words.push_back(static_cast<std::uint32_t>(at - begin));
      }
      return at;
    });
  }
  if (literals_) selection.custom = literals_->rules_in(text);
  return selection;
}

// Returns the hits of all rounds as positions in `text`. If there are any and `out` is not null, sets `out` to the text
// with markers in their place.
std::vector<Engine::Hit> Engine::resolve(std::string_view text, bool filtered, std::string* out) const {
  const CacheScope scope;
  std::vector<Hit> hits = pass(text, filtered, false);
  if (hits.empty()) return hits;
  std::string result = apply(text, hits);
  for (int round = 2;; ++round) {
    std::vector<Hit> more = pass(result, filtered, round >= kWholePieces);
    if (more.empty()) break;
    if (round == kLastRound) {
      hits = {{0, text.size(), more[0].rule}};
      result = apply(text, hits);
      break;
    }
    hits = merge(text, hits, more);
    result = apply(text, hits);
  }
  if (out != nullptr) *out = std::move(result);
  return hits;
}

// Merges `hits` in `text` with `more`, the hits in apply(text, hits). Returns all of them as hits in `text`.
std::vector<Engine::Hit> Engine::merge(std::string_view text, const std::vector<Hit>& hits,
                                       const std::vector<Hit>& more) const {
  struct Piece {
    std::size_t begin, end;  // of a marker in apply(text, hits)
  };
  std::vector<Piece> markers;
  std::string marker;
  std::size_t at = 0, done = 0;
  for (const Hit& hit : hits) {
    at += hit.begin - done;
    marker.clear();
    append_marker(hit.rule, text.substr(hit.begin, hit.end - hit.begin), marker);
    markers.push_back({at, at + marker.size()});
    at += marker.size();
    done = hit.end;
  }
  std::vector<Hit> all;
  std::size_t old = 0;
  const auto origin = [&](std::size_t place, std::size_t next) {
    return next == 0 ? place : hits[next - 1].end + (place - markers[next - 1].end);
  };
  for (const Hit& hit : more) {
    while (old < hits.size() && markers[old].end <= hit.begin) all.push_back(hits[old++]);
    Hit joined = hit;
    joined.begin = old < hits.size() && markers[old].begin <= hit.begin ? hits[old].begin : origin(hit.begin, old);
    while (old < hits.size() && markers[old].end <= hit.end) ++old;
    if (old < hits.size() && markers[old].begin < hit.end) {
      joined.end = hits[old++].end;
    } else {
      joined.end = origin(hit.end, old);
    }
    if (!all.empty() && all.back().end > joined.begin) {
      all.back().end = std::max(all.back().end, joined.end);
    } else {
      all.push_back(joined);
    }
  }
  for (; old < hits.size(); ++old) all.push_back(hits[old]);
  return all;
}

std::string Engine::apply(std::string_view text, const std::vector<Hit>& hits) const {
  std::string out;
  std::size_t done = 0;
  for (const Hit& hit : hits) {
    out.append(text.substr(done, hit.begin - done));
    append_marker(hit.rule, text.substr(hit.begin, hit.end - hit.begin), out);
    done = hit.end;
  }
  return out.append(text.substr(done));
}

void Engine::append_marker(std::size_t rule, std::string_view hidden, std::string& out) const {
  if (!markers_[rule].empty()) {
    out.append(markers_[rule]);
    return;
  }
  out.append(kMarkerStart).append(names_[rule]);
  if (keep_last_[rule] > 0) {
    // Keeps only letters and digits, and at most a third of them.
    std::string kept;
    std::size_t count = 0;
    for (char c : hidden) count += is_letter(c) || is_digit(c);
    const std::size_t keep = std::min(keep_last_[rule], count / 3);
    for (std::size_t i = hidden.size(); i-- > 0 && kept.size() < keep;) {
      if (is_letter(hidden[i]) || is_digit(hidden[i])) kept.insert(kept.begin(), hidden[i]);
    }
    out.append(":****").append(kept);
  } else if (!options_.pseudonym_key.empty() && !hidden.empty()) {
    out.append(":").append(pseudonym(options_.pseudonym_key, names_[rule], hidden));
  }
  out.append("]");
}

// The size of the known marker that begins at `at`, or 0 if there is none.
std::size_t Engine::marker_at(std::string_view text, std::size_t at) const {
  if (text.substr(at, kMarkerStart.size()) != kMarkerStart) return 0;
  const std::size_t stop = text.substr(0, at + kMarkerStart.size() + kMaxName + kMaxMarkerTail + 1).find(']', at);
  if (stop == text.npos) return 0;
  std::string_view name = text.substr(at + kMarkerStart.size(), stop - at - kMarkerStart.size());
  const std::size_t tail = name.find(':');
  if (tail != name.npos) {
    if (!is_marker_tail(name.substr(tail))) return 0;
    name = name.substr(0, tail);
  }
  return std::binary_search(known_.begin(), known_.end(), name) ? stop + 1 - at : 0;
}

bool Engine::is_allowed(std::string_view hidden) const {
  if (std::find(options_.allow_values.begin(), options_.allow_values.end(), hidden) != options_.allow_values.end()) {
    return true;
  }
  const re2::StringPiece text(hidden.data(), hidden.size());
  return std::any_of(allow_patterns_.begin(), allow_patterns_.end(), [&](const std::unique_ptr<RE2>& pattern) {
    return pattern->Match(text, 0, text.size(), RE2::ANCHOR_BOTH, nullptr, 0);
  });
}

// Runs one round. Returns the hits in ascending order, without overlaps. With `whole_pieces`, a piece between markers
// that has a hit is one hit.
std::vector<Engine::Hit> Engine::pass(std::string_view text, bool filtered, bool whole_pieces) const {
  std::vector<Hit> hits;
  search(text, filtered, whole_pieces, hits);
  // The content of string literals and documents inside this text is searched too.
  if (const Unescaped inner(text); inner.changed()) {
    const std::size_t outer = hits.size();
    search(inner.text(), filtered, whole_pieces, hits);
    for (std::size_t i = outer; i < hits.size(); ++i) {
      hits[i].begin = inner.origin(hits[i].begin);
      hits[i].end = inner.origin(hits[i].end);
    }
  }
  if (!options_.allow_values.empty() || !allow_patterns_.empty()) {
    hits.erase(std::remove_if(hits.begin(), hits.end(),
                              [&](const Hit& hit) { return is_allowed(text.substr(hit.begin, hit.end - hit.begin)); }),
               hits.end());
  }
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a.end != b.end) return a.end > b.end;
    return a.rule < b.rule;
  });
  // Overlapping hits share one marker.
  std::size_t count = 0;
  for (const Hit& hit : hits) {
    if (count > 0 && hit.begin < hits[count - 1].end) {
      hits[count - 1].end = std::max(hits[count - 1].end, hit.end);
    } else {
      hits[count++] = hit;
    }
  }
  hits.resize(count);
  return hits;
}

// Splits the text at its markers and searches each piece separately.
void Engine::search(std::string_view text, bool filtered, bool whole_pieces, std::vector<Hit>& hits) const {
  const Selection selection = filtered ? select(text) : everything(text);
  if (selection.none()) return;
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
}

void Engine::find(std::string_view piece, std::size_t offset, const Selection& selection,
                  std::vector<Hit>& hits) const {
  if (selection.custom.any()) find_custom(piece, offset, selection, hits);
  const re2::StringPiece text(piece.data(), piece.size());
  re2::StringPiece found[2];
  const auto& all = patterns();
  for (std::size_t i = selection.patterns._Find_first(); i < kMaxPatterns; i = selection.patterns._Find_next(i)) {
    const RE2& expression = builtin_expression(i);
    const int groups = all[i].group ? 2 : 1;
    for (std::size_t from = 0; from < piece.size();) {
      if (!expression.Match(text, from, piece.size(), RE2::UNANCHORED, found, groups)) break;
      const re2::StringPiece& hidden = all[i].group && found[1].data() != nullptr ? found[1] : found[0];
      const auto whole = static_cast<std::size_t>(found[0].data() - piece.data());
      Match match;
      match.begin = static_cast<std::size_t>(hidden.data() - piece.data());
      match.end = match.begin + hidden.size();
      match.resume = whole + 1;
      if (match.end > match.begin && accepts(*all[i].detector, piece, match)) {
        hits.push_back({offset + match.begin, offset + match.end, options_.custom.size() + i});
        from = std::max(match.end, match.resume);
      } else {
        from = match.resume;
      }
    }
  }
  if (!selection.places.empty()) find_placed(piece, offset, selection, hits);
  if (!selection.words.empty()) find_assigned(piece, offset, selection, hits);
}

// Like find, for the patterns whose matches can begin only at known places.
void Engine::find_placed(std::string_view piece, std::size_t offset, const Selection& selection,
                         std::vector<Hit>& hits) const {
  const re2::StringPiece text(piece.data(), piece.size());
  re2::StringPiece found[2];
  const auto& all = patterns();
  std::unordered_map<std::uint32_t, std::size_t> done;  // by pattern: where the last hit ends
  for (const Place& place : selection.places) {
    if (place.at < offset || place.at >= offset + piece.size()) continue;
    std::size_t begin = place.at - offset;
    // The expression also matches one character before its group.
    if (all[place.pattern].group && all[place.pattern].expression.substr(0, 4) == "(?:^" && begin > 0) {
      do {
        --begin;
      } while (begin > 0 && (static_cast<unsigned char>(piece[begin]) & 0xC0U) == 0x80);
    }
    std::size_t& from = done[place.pattern];
    if (begin < from) continue;
    const int groups = all[place.pattern].group ? 2 : 1;
    if (!builtin_expression(place.pattern).Match(text, begin, piece.size(), RE2::ANCHOR_START, found, groups)) continue;
    const re2::StringPiece& hidden = groups > 1 && found[1].data() != nullptr ? found[1] : found[0];
    Match match;
    match.begin = static_cast<std::size_t>(hidden.data() - piece.data());
    match.end = match.begin + hidden.size();
    match.resume = begin + 1;
    if (match.end == match.begin || !accepts(*all[place.pattern].detector, piece, match)) continue;
    hits.push_back({offset + match.begin, offset + match.end, options_.custom.size() + place.pattern});
    from = std::max(match.end, match.resume);
  }
}

void Engine::find_custom(std::string_view piece, std::size_t offset, const Selection& selection,
                         std::vector<Hit>& hits) const {
  const re2::StringPiece text(piece.data(), piece.size());
  re2::StringPiece found;
  for (std::size_t i = 0; i < options_.custom.size(); ++i) {
    if (!selection.custom.test(i)) continue;
    const RE2& expression = custom_expression(id_, alive_, i, options_.custom[i].pattern);
    const std::size_t many = hits.size() + kManyHits;
    for (std::size_t from = 0; from < piece.size();) {
      const std::size_t to = hits.size() < many ? piece.size() : std::min(piece.size(), from + kShortView);
      if (expression.Match(text, from, to, RE2::UNANCHORED, &found, 1)) {
        const auto begin = static_cast<std::size_t>(found.data() - piece.data());
        from = std::max(begin + found.size(), begin + 1);
        if (!found.empty()) hits.push_back({offset + begin, offset + begin + found.size(), i});
      } else {
        from = to == piece.size() ? to : to - kShortView / 2;
      }
    }
  }
}

}  // namespace plog::redact
