// The only place where an event is redacted: all keys and values of the free content, and the warnings. Content that
// the capture policy omits is replaced here too.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "event/builder.h"
#include "json/quote.h"
#include "json/text.h"

namespace plog::event {
namespace {
std::optional<Content> content_of(Field field) noexcept {
  switch (field) {
    case Field::kActionInput: return Content::kActionInput;
    case Field::kActionOutput: return Content::kActionOutput;
    case Field::kErrorMessage: return Content::kErrorMessage;
    case Field::kLabels: return Content::kLabels;
    case Field::kMetadata: return Content::kMetadata;
    case Field::kUnknown: return Content::kUnknown;
    default: return std::nullopt;
  }
}
}  // namespace

// ---- Capture policy

void Builder::choose_captures(const CapturePolicy& policy) {
  captures_usual_ = policy.usual();
  if (captures_usual_) return;
  const std::string_view type = text_of_slot(Field::kActionType);
  for (std::size_t i = 0; i < captures_.size(); ++i) captures_[i] = policy.of(static_cast<Content>(i), type);
}

// The capture of a top-level field or, if `inside`, of a value inside it. Such a value in a field that is not content
// has the wrong type and is kept in the metadata, so the capture of the metadata applies.
Capture Builder::capture_of(Field field, bool inside) const noexcept {
  const std::optional<Content> content = content_of(field);
  if (!content && !inside) return Capture::kRedacted;
  return capture_of(content.value_or(Content::kMetadata));
}

bool Builder::is_full(std::uint32_t index) const {
  for (const Field field :
       {Field::kActionInput, Field::kActionOutput, Field::kErrorMessage, Field::kLabels, Field::kMetadata}) {
    if (slot(field) == index) return capture_of(*content_of(field)) == Capture::kFull;
  }
  return capture_of(Content::kUnknown) == Capture::kFull &&
         std::find(unknown_.begin(), unknown_.end(), index) != unknown_.end();
}

// If the policy omits the value that was just emitted, from `begin` on, replaces it with its marker. A value that was
// omitted before keeps its marker.
void Builder::omit(Field field, std::size_t begin) {
  constexpr std::string_view kMember = "{\"_omitted\":";
  const Capture capture = capture_of(field, false);
  if (capture < Capture::kDigest) return;
  const bool text = field == Field::kErrorMessage || field == Field::kLabels;
  const bool member = field_kind(field) == Kind::kObject;
  const std::string_view value = canonical_.view().substr(begin);
  std::string before(value);
  if (member && value.starts_with(kMember)) before = value.substr(kMember.size(), value.size() - kMember.size() - 1);
  if (text) {
    const std::string quoted = std::exchange(before, {});
    json::append_unescaped(before, std::string_view(quoted).substr(1, quoted.size() - 2), nullptr);
  }
  const std::string marker = omission_marker(is_omission_marker(before) ? std::string_view(before) : value, capture);
  canonical_.set_end(canonical_.data() + begin);
  if (member) canonical_ += kMember;
  if (text) {
    json::append_quoted(canonical_, marker);
  } else {
    canonical_ += marker;
  }
  if (member) canonical_ += '}';
}

// ---- Redaction

// Whether the node is an object that describes a value instead of containing it, as a JSON schema does:
// {"type": "string", ...}.
bool Builder::is_schema(std::uint32_t index) const {
  if (nodes_[index].type != Type::kObject) return false;
  for (std::uint32_t i = index + 1; i < nodes_[index].size; i = following(i)) {
    if (nodes_[i].key == kNone || node_key(nodes_[i]) != "type") continue;
    if (nodes_[i].type == Type::kArray) return true;
    if (nodes_[i].type != Type::kString) return false;
    const std::string_view type = node_text(nodes_[i]);
    return type == "string" || type == "number" || type == "integer" || type == "boolean" || type == "object" ||
           type == "array" || type == "null";
  }
  return false;
}

// Returns the indexes of the nodes that must not be redacted, including their descendants, in ascending order.
std::vector<std::uint32_t> Builder::allowed_nodes(const redact::Redactor& redactor) const {
  struct Level {
    std::uint32_t end;
    bool array;
    std::size_t position;
    std::size_t pointer_size;
  };
  std::vector<std::uint32_t> allowed;
  std::vector<Level> levels;
  std::string pointer;
  for (std::uint32_t i = 0; i < nodes_.size();) {
    while (!levels.empty() && i >= levels.back().end) levels.pop_back();
    const Node& node = nodes_[i];
    pointer.resize(levels.empty() ? 0 : levels.back().pointer_size);
    bool key_allowed = false;
    if (node.key != kNone) {
      key_allowed = redactor.allows_key(node_key(node));
      pointer += '/';
      json::append_pointer_token(pointer, node_key(node));
    } else if (!levels.empty() && levels.back().array) {
      pointer.append("/").append(std::to_string(levels.back().position++));
    } else {
      const auto* const found = std::find(std::begin(slots_), std::end(slots_), i);
      // A document of its own has the root pointer "".
      if (found != std::end(slots_) && !document_) {
        pointer.append("/").append(field_name(static_cast<Field>(found - std::begin(slots_))));
      }
    }
    const bool full = !captures_usual_ && levels.empty() && is_full(i);
    if (full || key_allowed || redactor.allows_path(pointer)) {
      allowed.push_back(i);
      i = following(i);
      continue;
    }
    if (node.type == Type::kObject || node.type == Type::kArray) {
      levels.push_back({node.size, node.type == Type::kArray, 0, pointer.size()});
    }
    ++i;
  }
  return allowed;
}

void Builder::redact(const redact::Redactor& redactor, Effects& effects) {
  std::vector<std::uint32_t> allowed;
  if (redactor.allows_places() || !captures_usual_) allowed = allowed_nodes(redactor);
  redact_nodes(redactor, allowed, effects);
  redact_label_texts(redactor, allowed, effects);
}

void Builder::redact_nodes(const redact::Redactor& redactor, const std::vector<std::uint32_t>& allowed,
                           Effects& effects) {
  constexpr std::uint32_t kShortestNumber = 9;
  candidates_.clear();
  redactor.scan(free_.view(), candidates_);
  const bool numbers = redactor.searches_numbers();
  if (candidates_.empty() && !numbers) return;
  const auto may_hit = [&](std::uint32_t offset, std::uint32_t size) {
    const auto found = std::lower_bound(candidates_.begin(), candidates_.end(), offset);
    return found != candidates_.end() && *found < offset + size;
  };
  const auto replaced = [&](std::size_t hits) {
    effects.redactions += static_cast<std::uint32_t>(hits);
    const auto at = static_cast<std::uint32_t>(free_.size());
    free_.append(scratch_);
    return at;
  };
  std::size_t next_allowed = 0;
  // Open nodes whose key has a rule for all values below it, outermost first.
  struct Ruled {
    std::uint32_t end, rule;
  };
  std::vector<Ruled> ruled;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (next_allowed < allowed.size() && allowed[next_allowed] == i) {
      ++next_allowed;
      i = following(i) - 1;
      continue;
    }
    Node& node = nodes_[i];
    while (!ruled.empty() && i >= ruled.back().end) ruled.pop_back();
    if (node.key != kNone && may_hit(node.key, node.key_size)) {
      const std::size_t hits = redactor.redact(node_key(node), scratch_);
      if (hits > 0) {
        changed_keys_.push_back({i, node.key, node.key_size});
        node.changed_key = true;
        node.key = replaced(hits);
        node.key_size = static_cast<std::uint32_t>(scratch_.size());
      }
      // Use the redacted key, so that redacting the result again changes nothing.
      const std::uint32_t rule = redactor.key_rule(node_key(node));
      if (rule != 0 && !is_schema(i)) ruled.push_back({following(i), rule});
    }
    const bool number = node.type == Type::kNumber && i != slot(Field::kDurationMs);
    if (node.type != Type::kString && !number) continue;
    std::size_t hits = 0;
    if (!ruled.empty() && (!node.fixed || number)) {
      hits = redactor.redact_value(ruled.back().rule, node_text(node), number, scratch_);
    } else if ((!node.fixed && may_hit(node.text, node.size)) || (numbers && number && node.size >= kShortestNumber)) {
      hits = redactor.redact(node_text(node), scratch_);
    }
    if (hits == 0) continue;
    node.type = Type::kString;
    node.fixed = false;
    node.text = replaced(hits);
    node.size = static_cast<std::uint32_t>(scratch_.size());
  }
}

// A label that is not a string becomes text, which can have a hit although none of its values has one.
void Builder::redact_label_texts(const redact::Redactor& redactor, const std::vector<std::uint32_t>& allowed,
                                 Effects& effects) {
  const std::uint32_t labels = slot(Field::kLabels);
  if (labels == kNone || std::binary_search(allowed.begin(), allowed.end(), labels)) return;
  for (std::uint32_t i = labels + 1; i < nodes_[labels].size; i = following(i)) {
    const Type type = nodes_[i].type;
    if (type == Type::kString || std::binary_search(allowed.begin(), allowed.end(), i)) continue;
    const std::uint32_t rule = redactor.key_rule(node_key(nodes_[i]));
    if (type == Type::kNumber && rule == 0) continue;  // it was searched as text
    Buffer text;
    field_ = Field::kLabels;
    path_.assign({labels, i});
    append_silently(i, text);
    path_.clear();
    const std::size_t hits =
        rule != 0 ? redactor.redact_value(rule, text.view(), false, scratch_) : redactor.redact(text.view(), scratch_);
    if (hits == 0) continue;
    effects.redactions += static_cast<std::uint32_t>(hits);
    label_texts_.emplace_back(i, scratch_);
  }
}

std::string Builder::redact_text(const redact::Redactor* redactor, std::string_view text, Effects& effects) const {
  std::string clean;
  const std::size_t hits = redactor != nullptr ? redactor->redact(text, clean) : 0;
  effects.redactions += static_cast<std::uint32_t>(hits);
  return hits > 0 ? clean : std::string(text);
}

// Puts the warnings of the first preparation in the place of those that were found when the event was read again. Of
// the latter, only those are kept that the first preparation did not report, because it lists fewer with the same code.
void Builder::adopt_warnings(const WarningList& given) {
  std::vector<Warning> found;
  found.swap(warnings_);
  const std::size_t more_found = more_warnings_;
  more_warnings_ = given.more;
  for (const WarningList::Entry& entry : given.entries) {
    warnings_.push_back({json::pointer_tokens(entry.field), entry.code, entry.detail, entry.field});
  }
  if (given.more > 0) return;  // it does not say what the others were
  std::map<std::string, int> unlisted;
  for (const Warning& warning : found) ++unlisted[warning.code];
  for (const Warning& warning : warnings_) --unlisted[warning.code];
  for (const Warning& warning : found) {
    const bool listed = std::any_of(warnings_.begin(), warnings_.end(), [&](const Warning& other) {
      return other.code == warning.code && other.path == warning.path;
    });
    if (unlisted[warning.code] > 0 && !listed) add_warning(warning.path, warning.code, warning.detail);
  }
  more_warnings_ += more_found;
}

// The pointer of a warning, redacted.
std::string Builder::warning_pointer(const Warning& warning, bool omitted, const redact::Redactor* redactor,
                                     Effects& effects) const {
  std::string pointer;
  const std::uint32_t before = effects.redactions;
  // Redact each token before it is escaped: a "~1" must not hide a hit.
  for (const std::string& token : warning.path) {
    pointer += '/';
    json::append_pointer_token(pointer, redact_text(redactor, token, effects));
    if (omitted) return pointer;  // the other tokens are keys of omitted content
  }
  return warning.pointer.empty() || effects.redactions != before ? pointer : warning.pointer;
}

void Builder::finish_warnings(const redact::Redactor* redactor, Effects& effects) {
  if (warnings_.empty()) return;
  const auto append = [&](std::string_view code, std::string_view detail, std::string_view field) {
    warning_octets_ += warning_octets_.empty() ? "[{\"code\":" : ",{\"code\":";
    json::append_quoted(warning_octets_, code);
    warning_octets_ += ",\"detail\":";
    json::append_quoted(warning_octets_, detail);
    warning_octets_ += ",\"field\":";
    json::append_quoted(warning_octets_, field);
    warning_octets_ += '}';
  };
  for (const Warning& warning : warnings_) {
    const bool omitted =
        !warning.path.empty() && capture_of(find_field(warning.path[0]), warning.path.size() > 1) >= Capture::kDigest;
    const std::string pointer = warning_pointer(warning, omitted, redactor, effects);
    const std::string code = redact_text(redactor, warning.code, effects);
    const std::string detail = omitted ? "not kept" : redact_text(redactor, warning.detail, effects);
    append(utf8_prefix(code, kMaxWarningCodeBytes), utf8_prefix(detail, kMaxWarningDetailBytes),
           utf8_prefix(pointer, kMaxWarningFieldBytes));
  }
  if (more_warnings_ > 0) append("more_warnings", std::to_string(more_warnings_), "");
  warning_octets_ += ']';
}

}  // namespace plog::event
