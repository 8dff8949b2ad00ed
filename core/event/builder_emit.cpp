// Writes the canonical form (RFC 8785) of the event in one pass. Sorts the members of objects on the way.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "base/encoding.h"
#include "base/error.h"
#include "event/builder.h"
#include "event/truncate.h"
#include "json/quote.h"

namespace plog::event {
namespace {

constexpr std::uint64_t kNotAscii = 0x8080808080808080u;

// The first eight bytes as a number that, if all are ASCII, compares as the bytes do. A shorter text is padded with
// zeros. The text must be in a Buffer, whose slack lets a whole word be read past the end.
std::uint64_t start_of(std::string_view text) noexcept {
  if constexpr (std::endian::native != std::endian::little) return kNotAscii;
  if (text.empty()) return 0;
  std::uint64_t word;
  std::memcpy(&word, text.data(), sizeof word);
  word = __builtin_bswap64(word);
  return text.size() >= sizeof word ? word : word & ~(~std::uint64_t{0} >> (8 * text.size()));
}

// What precedes the value of a field that is not the first member: `,"name":`.
struct Prefix {
  static constexpr std::size_t kCopied = 24;
  char text[kCopied + 1] = {};
  std::size_t size = 0;
};
constexpr auto kPrefixes = [] {
  std::array<Prefix, kFieldCount> prefixes;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    Prefix& prefix = prefixes[i];
    for (const std::string_view part : {std::string_view(",\""), kFieldNames[i], std::string_view("\":")}) {
      for (const char c : part) prefix.text[prefix.size++] = c;
    }
  }
  return prefixes;
}();

}  // namespace

// Appends the sibling members in [first, end) to members_.
void Builder::gather(std::uint32_t first, std::uint32_t end) {
  for (std::uint32_t i = first; i < end; i = following(i)) {
    const std::string_view key = node_key(nodes_[i]);
    members_.push_back({i, key, start_of(key)});
  }
}

int Builder::compare(const Member& a, const Member& b) noexcept {
  if (a.start != b.start && ((a.start | b.start) & kNotAscii) == 0) return a.start < b.start ? -1 : 1;
  return json::compare_keys(a.key, b.key);
}

// As gather, but sorted by key. Returns false, with an unspecified part of the members appended, if resolve_keys must
// handle them: a key occurs twice, was not a string, or was changed by redaction.
bool Builder::gather_sorted(std::uint32_t first, std::uint32_t end) {
  constexpr std::size_t kFew = 16;
  const std::size_t begin = members_.size();
  bool sorted = true;
  const Node* const nodes = nodes_.data();
  const char* const texts = free_.data();
  for (std::uint32_t i = first; i < end;) {
    const Node& node = nodes[i];
    if (node.coerced_key || node.changed_key) return false;
    const std::string_view key(texts + node.key, node.key_size);
    Member& member = members_.emplace_back(Member{i, key, start_of(key)});
    i = node.type == Type::kObject || node.type == Type::kArray ? node.size : i + 1;
    if (members_.size() - begin == 1) continue;
    const int order = compare((&member)[-1], member);
    if (order < 0) continue;
    if (order == 0) return false;
    sorted = false;
    if (members_.size() - begin > kFew) continue;
    // Insert the member at its place.
    const Member moved = member;
    Member* place = &member;
    int above = order;
    do {
      *place = place[-1];
      --place;
      above = place == &members_[begin] ? -1 : compare(place[-1], moved);
    } while (above > 0);
    *place = moved;
    if (above == 0) return false;
  }
  if (sorted || members_.size() - begin <= kFew) return true;
  const auto start = members_.begin() + static_cast<std::ptrdiff_t>(begin);
  std::sort(start, members_.end(), [](const Member& a, const Member& b) { return compare(a, b) < 0; });
  return std::adjacent_find(start, members_.end(),
                            [](const Member& a, const Member& b) { return compare(a, b) == 0; }) == members_.end();
}

// Returns the tokens of the path to the value being written. path_ contains its node and the nodes above it.
std::vector<std::string> Builder::emit_path() const {
  std::vector<std::string> path;
  for (std::size_t i = 0; i < path_.size(); ++i) {
    const Node& node = nodes_[path_[i]];
    if (i == 0) {
      path.emplace_back(node.key == kNone ? field_name(field_) : node_key(node));
    } else if (nodes_[path_[i - 1]].type == Type::kArray) {
      std::size_t position = 0;
      for (std::uint32_t n = path_[i - 1] + 1; n != path_[i]; n = following(n)) ++position;
      path.push_back(std::to_string(position));
    } else {
      path.emplace_back(node_key(node));
    }
  }
  return path;
}

// Keeps the last of duplicate keys, numbers colliding keys that were not strings or that redaction changed, and sorts
// the members by key. `names` owns the numbered keys.
void Builder::resolve_keys(std::vector<Member>& members, std::vector<std::string>& names) {
  const auto original = [&](std::uint32_t node) {
    const auto found = std::lower_bound(changed_keys_.begin(), changed_keys_.end(), node,
                                        [](const ChangedKey& changed, std::uint32_t n) { return changed.node < n; });
    if (found == changed_keys_.end() || found->node != node) return node_key(nodes_[node]);
    return free_.view().substr(found->key, found->key_size);
  };
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (nodes_[members[i].node].coerced_key) continue;
    const auto [entry, inserted] = last.emplace(original(members[i].node), i);
    if (inserted) continue;
    if (warnings_.size() < kMaxWarnings) {
      std::vector<std::string> path = emit_path();
      path.emplace_back(members[i].key);
      add_warning(std::move(path), "duplicate_key", "the last value stands");
    } else {
      ++more_warnings_;
    }
    members[entry->second].node = kNone;
    entry->second = i;
  }
  std::erase_if(members, [](const Member& member) { return member.node == kNone; });

  std::unordered_set<std::string_view> taken;
  bool renamed = false;
  for (const Member& member : members) {
    const Node& node = nodes_[member.node];
    if (node.coerced_key || node.changed_key) {
      renamed = true;
    } else {
      taken.insert(member.key);
    }
  }
  if (renamed) {
    const bool top = path_.empty();
    names.reserve(members.size());  // the members' keys point into it
    for (Member& member : members) {
      const Node& node = nodes_[member.node];
      if (!node.coerced_key && !node.changed_key) continue;
      const auto is_taken = [&](std::string_view name) {
        return taken.count(name) > 0 || (top && find_field(name) != Field::kUnknown);
      };
      if (is_taken(member.key)) {
        std::string name;
        std::size_t number = 2;
        do {
          name = std::string(member.key) + '~' + std::to_string(number++);
        } while (is_taken(name));
        member.key = names.emplace_back(std::move(name));
      }
      taken.insert(member.key);
    }
  }
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return json::compare_keys(a.key, b.key) < 0; });
}

void Builder::emit_value(std::uint32_t index, Buffer& out) {
  const Node& node = nodes_[index];
  switch (node.type) {
    case Type::kString: json::append_quoted(out, node_text(node)); return;
    case Type::kNumber: {
      const std::string_view text = node_text(node);
      char* to = out.room(text.size());
      copy_text(to, text);
      out.set_end(to + text.size());
      return;
    }
    case Type::kNull: out += "null"; return;
    case Type::kTrue: out += "true"; return;
    case Type::kFalse: out += "false"; return;
    case Type::kTooDeep: out += R"({"reason":"depth","truncated":true})"; return;
    case Type::kObject: emit_object(index, out, nullptr, false); return;
    case Type::kArray: {
      out += '[';
      const std::uint32_t end = node.size;
      for (std::uint32_t i = index + 1; i < end; i = following(i)) {
        if (i != index + 1) out += ',';
        emit_inner(i, out);
      }
      out += ']';
      return;
    }
  }
}

// Writes a value inside another one. Only containers use the path, so others leave it as it is.
inline void Builder::emit_inner(std::uint32_t index, Buffer& out) {
  const Node& node = nodes_[index];
  if (node.type == Type::kString) {
    json::append_quoted(out, node_text(node));
  } else if (node.type != Type::kObject && node.type != Type::kArray) {
    emit_value(index, out);
  } else {
    path_.push_back(index);
    emit_value(index, out);
    path_.pop_back();
  }
}

// Writes the value of a label. A value that is not a string becomes its canonical text.
void Builder::emit_label(std::uint32_t index, Buffer& out) {
  if (nodes_[index].type == Type::kString) {
    json::append_quoted(out, node_text(nodes_[index]));
    return;
  }
  const auto redacted =
      std::find_if(label_texts_.begin(), label_texts_.end(), [&](const auto& entry) { return entry.first == index; });
  Buffer text;
  if (redacted == label_texts_.end()) {
    emit_value(index, text);
  } else {
    text += redacted->second;
  }
  json::append_quoted(out, text.view());
  add_warning({"labels", std::string(node_key(nodes_[index]))}, "label_not_string", "became its JSON text");
}

void Builder::emit_object(std::uint32_t index, Buffer& out, const std::vector<DefaultMember>* defaults, bool labels) {
  const std::size_t begin = members_.size();
  std::vector<std::string> names;
  if (index != kNone) {
    const std::uint32_t end = nodes_[index].size;
    if (!gather_sorted(index + 1, end)) {
      members_.resize(begin);
      gather(index + 1, end);
      std::vector<Member> members(members_.begin() + static_cast<std::ptrdiff_t>(begin), members_.end());
      resolve_keys(members, names);
      members_.resize(begin);
      members_.insert(members_.end(), members.begin(), members.end());
    }
  }
  const std::size_t end = members_.size();
  out += '{';
  bool first = true;
  const auto comma = [&] {
    if (!first) out += ',';
    first = false;
  };
  std::size_t next_default = 0;
  const std::size_t default_count = defaults != nullptr ? defaults->size() : 0;
  const auto emit_default = [&] {
    const DefaultMember& member = (*defaults)[next_default++];
    comma();
    json::append_quoted(out, member.key);
    out += ':';
    out += member.value;
  };
  for (std::size_t i = begin; i < end; ++i) {
    const Member member = members_[i];
    while (next_default < default_count) {
      const int order = json::compare_keys((*defaults)[next_default].key, member.key);
      if (order < 0) {
        emit_default();
      } else {
        if (order == 0) ++next_default;  // the event's own key wins
        break;
      }
    }
    comma();
    json::append_quoted(out, member.key);
    out += ':';
    if (labels) {
      emit_label(member.node, out);
    } else {
      emit_inner(member.node, out);
    }
  }
  while (next_default < default_count) emit_default();
  members_.resize(begin);
  out += '}';
}

void Builder::emit_invalid(Buffer& out, const std::vector<std::uint32_t>& entries) {
  std::vector<std::uint32_t> sorted = entries;
  std::stable_sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) {
    return field_name(invalid_[a].first) < field_name(invalid_[b].first);
  });
  out += '{';
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto& [field, node] = invalid_[sorted[i]];
    if (i + 1 < sorted.size() && invalid_[sorted[i + 1]].first == field) continue;  // the last value of a field wins
    if (out.back() != '{') out += ',';
    out += '"';
    out += field_name(field);
    out += "\":";
    path_.assign(1, node);
    field_ = field;
    emit_value(node, out);
  }
  out += '}';
}

void Builder::set_span(Field field, std::size_t begin, std::size_t end) {
  const Span inside{static_cast<std::uint32_t>(begin + 1), static_cast<std::uint32_t>(end - begin - 2)};
  const Span whole{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
  const auto reference = [&](Reference kind) { index_.references[static_cast<std::size_t>(kind)] = inside; };
  switch (field) {
    case Field::kAgentId: index_.agent = inside; break;
    case Field::kSessionId: index_.session = inside; break;
    case Field::kSource: index_.source = inside; break;
    case Field::kActionType: index_.type = inside; break;
    case Field::kActionName: index_.name = inside; break;
    case Field::kActionStatus: index_.status = inside; break;
    case Field::kLabels: index_.labels = whole; break;
    case Field::kParents: index_.parents = whole; break;
    case Field::kProvenanceId: reference(Reference::kProvenanceId); break;
    case Field::kParentEventId: reference(Reference::kParentEventId); break;
    case Field::kToolCallId: reference(Reference::kToolCallId); break;
    case Field::kArtifactId: reference(Reference::kArtifactId); break;
    case Field::kAuditId: reference(Reference::kAuditId); break;
    case Field::kInterventionId: reference(Reference::kInterventionId); break;
    default: break;
  }
}

void Builder::emit_field(Field field, const Defaults& defaults) {
  const std::uint32_t index = slot(field);
  const bool labels = field == Field::kLabels && !defaults.labels.empty();
  const bool metadata = field == Field::kMetadata && (!defaults.metadata.empty() || !invalid_.empty());
  if (index == kNone && !labels && !metadata) return;
  const Prefix& prefix = kPrefixes[static_cast<std::size_t>(field)];
  const std::size_t skip = canonical_.size() > 1 ? 0 : 1;  // the comma
  char* to = canonical_.room(Prefix::kCopied);
  std::memcpy(to, prefix.text + skip, Prefix::kCopied);  // a fixed size is faster; excess bytes are overwritten
  canonical_.set_end(to + prefix.size - skip);
  const std::size_t begin = canonical_.size();
  if (field_kind(field) == Kind::kString) {
    json::append_quoted(canonical_, text_of_slot(field));
    set_span(field, begin, canonical_.size());
    return;
  }
  field_ = field;
  if (index != kNone) path_.push_back(index);
  if (field == Field::kLabels) {
    emit_object(index, canonical_, &defaults.labels, true);
  } else if (field == Field::kMetadata && !invalid_.empty()) {
    std::vector<DefaultMember> members = defaults.metadata;
    std::string name = "_invalid";
    const auto taken = [&](std::string_view wanted) {
      if (index == kNone) return false;
      for (std::uint32_t i = index + 1; i < nodes_[index].size; i = following(i)) {
        if (node_key(nodes_[i]) == wanted) return true;
      }
      return false;
    };
    for (std::size_t number = 2; taken(name); ++number) name = "_invalid~" + std::to_string(number);
    std::erase_if(members, [&](const DefaultMember& member) { return member.key == name; });
    std::vector<std::uint32_t> entries(invalid_.size());
    for (std::uint32_t i = 0; i < entries.size(); ++i) entries[i] = i;
    Buffer invalid;
    emit_invalid(invalid, entries);
    members.push_back({name, std::string(invalid.view())});
    std::sort(members.begin(), members.end(),
              [](const DefaultMember& a, const DefaultMember& b) { return json::compare_keys(a.key, b.key) < 0; });
    path_.clear();
    if (index != kNone) path_.push_back(index);
    field_ = field;
    emit_object(index, canonical_, &members, false);
  } else if (field == Field::kMetadata) {
    emit_object(index, canonical_, &defaults.metadata, false);
  } else {
    emit_value(index, canonical_);
  }
  path_.clear();
  if (!captures_usual_) omit(field, begin);
  set_span(field, begin, canonical_.size());
}

void Builder::emit(const Defaults& defaults) {
  canonical_ += '{';
  if (unknown_.empty()) {
    std::uint32_t fields = present_;
    if (!defaults.labels.empty()) fields |= 1u << static_cast<unsigned>(Field::kLabels);
    if (!defaults.metadata.empty() || !invalid_.empty()) fields |= 1u << static_cast<unsigned>(Field::kMetadata);
    for (; fields != 0; fields &= fields - 1) emit_field(static_cast<Field>(std::countr_zero(fields)), defaults);
    canonical_ += '}';
    return;
  }
  std::vector<Member> unknown;
  std::vector<std::string> names;
  for (const std::uint32_t node : unknown_) unknown.push_back({node, node_key(nodes_[node]), 0});
  resolve_keys(unknown, names);
  std::size_t next = 0;
  for (std::size_t i = 0; i <= kFieldCount; ++i) {
    while (next < unknown.size() && (i == kFieldCount || json::compare_keys(unknown[next].key, kFieldNames[i]) < 0)) {
      if (canonical_.size() > 1) canonical_ += ',';
      json::append_quoted(canonical_, unknown[next].key);
      canonical_ += ':';
      const std::size_t begin = canonical_.size();
      path_.push_back(unknown[next].node);
      emit_value(unknown[next].node, canonical_);
      path_.pop_back();
      if (!captures_usual_) omit(Field::kUnknown, begin);
      ++next;
    }
    if (i < kFieldCount) emit_field(static_cast<Field>(i), defaults);
  }
  canonical_ += '}';
}

void Builder::check_complete() {
  if (misuse_ == nullptr && (!stack_.empty() || skip_ > 0)) misuse("an object or array was not ended");
  if (misuse_ == nullptr && !sets_.empty()) misuse("a set was ended as an array");
  if (misuse_ == nullptr && have_key_) misuse("a key was written without a value");
  if (misuse_ != nullptr) throw Error(Status::kInvalid, misuse_);
}

Prepared Builder::prepare(const Defaults& defaults, Effects& effects) {
  check_complete();
  index_ = Index{};
  validate(defaults);
  choose_captures(defaults.capture);
  const redact::Redactor* redactor = defaults.redactor.get();
  if (redactor != nullptr && redactor->active()) redact(*redactor, effects);
  emit(defaults);
  return finish(defaults, effects);
}

std::string_view Builder::restate() {
  check_complete();
  index_ = Index{};
  Defaults none;
  none.salt = false;
  validate(none);
  emit(none);
  return canonical_.view();
}

Prepared Builder::prepare_again(const WarningList& warnings, const Defaults& defaults, Effects& effects) {
  adopt_warnings(warnings);
  choose_captures(defaults.capture);
  const redact::Redactor* redactor = defaults.redactor.get();
  const std::uint32_t before = effects.redactions;
  if (redactor != nullptr && redactor->active()) redact(*redactor, effects);
  if (effects.redactions != before || !captures_usual_) {
    canonical_.clear();
    emit(Defaults());
  }
  return finish(defaults, effects);
}

// Cuts the event to its size limit and writes the warnings.
Prepared Builder::finish(const Defaults& defaults, Effects& effects) {
  if (canonical_.size() > defaults.max_event_bytes) {
    std::string octets(canonical_.view());
    for (const Truncated& cut : truncate_event(octets, defaults.max_event_bytes)) {
      add_warning({}, "truncated", std::to_string(cut.bytes) + " bytes became a marker");
      if (!warnings_.empty() && more_warnings_ == 0) warnings_.back().pointer = cut.field;
      effects.truncated = true;
    }
    canonical_.clear();
    canonical_.append(octets);
    const Index whole = index_of(octets);
    index_ = whole;
  }
  finish_warnings(defaults.redactor.get(), effects);
  Prepared prepared;
  prepared.index = index_;
  prepared.canonical = canonical_.view();
  prepared.warnings = warning_octets_;
  prepared.system = system_;
  return prepared;
}

}  // namespace plog::event
