// Values as a whole: documents, which belong to no event, copies of them, and the elements of sets.
#include <algorithm>
#include <string>

#include "base/error.h"
#include "event/builder.h"

namespace plog::event {

void Builder::begin_document(int depth) {
  key(field_name(Field::kActionInput));
  outer_depth_ = depth;
}

void Builder::check_document() const {
  const auto refuse = [](const char* why) { throw Error(Status::kInvalid, why); };
  if (misuse_ != nullptr) refuse(misuse_);
  if (!stack_.empty() || skip_ > 0) refuse("an object or array was not ended");
  if (!sets_.empty()) refuse("a set was ended as an array");
  if (slot(Field::kActionInput) == kNone) refuse("no value was written");
  const bool alone = present_ == 1u << static_cast<unsigned>(Field::kActionInput) && unknown_.empty() &&
                     invalid_.empty() && !have_key_;
  if (!alone) refuse("a key was written outside an object");
}

// Appends the canonical form of a value. What the emission would warn about is said again when the event is emitted.
void Builder::append_silently(std::uint32_t node, Buffer& out) {
  const std::size_t warnings = warnings_.size(), more = more_warnings_;
  emit_value(node, out);
  warnings_.erase(warnings_.begin() + static_cast<std::ptrdiff_t>(warnings), warnings_.end());
  more_warnings_ = more;
}

std::string Builder::canonical_value(const redact::Redactor* redactor, Effects& effects) {
  check_document();
  const std::uint32_t index = slot(Field::kActionInput);
  document_ = true;
  if (redactor != nullptr && redactor->active()) redact(*redactor, effects);
  document_ = false;
  Buffer out;
  field_ = Field::kActionInput;
  path_.assign(1, index);
  append_silently(index, out);
  path_.clear();
  return std::string(out.view());
}

std::string Builder::document_key() {
  check_document();
  const Node& node = nodes_[slot(Field::kActionInput)];
  if (node.type == Type::kString) return std::string(node_text(node));
  Effects effects;
  return canonical_value(nullptr, effects);
}

void Builder::copy_of(const Builder& other) {
  other.check_document();
  if (skip_ > 0) return;
  const std::vector<std::string> place = current_path();
  for (const Warning& warning : other.warnings_) {
    std::vector<std::string> path = place;
    path.insert(path.end(), warning.path.begin() + 1, warning.path.end());  // the first token is action_input
    add_warning(std::move(path), warning.code, warning.detail);
  }
  more_warnings_ += other.more_warnings_;

  std::vector<std::uint32_t> ends;  // the index after the last descendant of each container that is open here
  const std::uint32_t root = other.slot(Field::kActionInput);
  for (std::uint32_t i = root; i < other.following(root);) {
    const Node& node = other.nodes_[i++];
    if (node.key != kNone) {
      add_key(other.node_key(node), false);
      key_coerced_ = node.coerced_key;
    }
    switch (node.type) {
      case Type::kNull: null(); break;
      case Type::kTrue: boolean(true); break;
      case Type::kFalse: boolean(false); break;
      case Type::kNumber: add_number(other.node_text(node)); break;
      case Type::kString: string(other.node_text(node)); break;
      case Type::kTooDeep: add_marker("depth"); break;
      case Type::kObject:
      case Type::kArray:
        begin(node.type);
        if (skip_ > 0) i = node.size;  // it became a marker
        ends.push_back(node.size);
        break;
    }
    for (; !ends.empty() && ends.back() == i; ends.pop_back()) end(innermost());
  }
}

void Builder::begin_set() {
  begin(Type::kArray);
  if (skip_ == 0) sets_.push_back({stack_.back().node, warnings_.size()});
}

void Builder::end_set() {
  if (skip_ == 0 && misuse_ == nullptr) {
    if (sets_.empty() || stack_.empty() || sets_.back().node != stack_.back().node) {
      misuse("a set was ended that is not the innermost open container");
      return;
    }
    const OpenSet set = sets_.back();
    sets_.pop_back();
    if (stack_.back().children > 1) sort_elements(set);
  }
  end(Type::kArray);
}

void Builder::sort_elements(const OpenSet& set) {
  Buffer texts;
  std::vector<Element> elements;
  path_.clear();
  for (const Open& open : stack_) path_.push_back(open.node);
  const auto count = static_cast<std::uint32_t>(nodes_.size());
  for (std::uint32_t i = set.node + 1, next = 0; i < count; i = next) {
    next = following(i);
    const std::size_t begin = texts.size();
    path_.push_back(i);
    append_silently(i, texts);
    path_.pop_back();
    elements.push_back({i, next, static_cast<std::uint32_t>(elements.size()), begin, texts.size() - begin});
  }
  path_.clear();
  const auto text = [&](const Element& element) { return texts.view().substr(element.text, element.size); };
  const auto less = [&](const Element& a, const Element& b) { return text(a) < text(b); };
  if (std::is_sorted(elements.begin(), elements.end(), less)) return;
  std::stable_sort(elements.begin(), elements.end(), less);

  std::vector<Node> nodes;
  nodes.reserve(count - set.node - 1);
  for (const Element& element : elements) {
    // Modulo 2^32, as the shift may be negative.
    const std::uint32_t shift = set.node + 1 + static_cast<std::uint32_t>(nodes.size()) - element.begin;
    for (std::uint32_t i = element.begin; i < element.end; ++i) {
      Node& node = nodes.emplace_back(nodes_[i]);
      if (node.type == Type::kObject || node.type == Type::kArray) node.size += shift;
    }
  }
  std::copy(nodes.begin(), nodes.end(), nodes_.begin() + set.node + 1);
  if (warnings_.size() > set.warnings) renumber_warnings(set, elements);
}

// Makes the paths of the warnings about elements name their new positions.
void Builder::renumber_warnings(const OpenSet& set, const std::vector<Element>& elements) {
  std::vector<std::string> positions(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) positions[elements[i].position] = std::to_string(i);
  const std::size_t token = current_path().size() - 1;  // the current path ends with the position of the next element
  for (std::size_t i = set.warnings; i < warnings_.size(); ++i) {
    std::vector<std::string>& path = warnings_[i].path;
    if (path.size() <= token) continue;
    // A warning that no value followed has the position after the last element.
    const std::size_t position = std::stoul(path[token]);
    if (position < positions.size()) path[token] = positions[position];
  }
}

}  // namespace plog::event
