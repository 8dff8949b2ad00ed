// The hot part of builder.h, inlined into the code that walks over values, since every value of an event passes here.
// Only builder.h includes this file, after the class.
#pragma once

#include <algorithm>

namespace plog::event {

// Appends a text and the separator after it. Returns the offset of the text.
inline std::uint32_t Builder::append_free(std::string_view text, bool* repaired) {
  const auto offset = static_cast<std::uint32_t>(free_.size());
  if (free_.size() + text.size() > 0xFFFFFFF0u) [[unlikely]] {
    misuse("the text of an event is limited to 4 GiB");
    text = {};
  }
  char* to = free_.room(text.size() + 1);
  if (copy_text(to, text) || is_utf8(text)) [[likely]] {
    to += text.size();
    *to++ = redact::kSeparator;
    free_.set_end(to);
  } else {
    append_repaired(free_, text);
    free_.push_back(redact::kSeparator);
    *repaired = true;
  }
  return offset;
}

inline void Builder::add_key(std::string_view text, bool coerced) {
  if (skip_ > 0) return;
  if (!in_object_ || have_key_) [[unlikely]] {
    misplaced_key();
    return;
  }
  have_key_ = true;
  key_coerced_ = coerced;
  if (stack_.empty()) {
    key_ = kNone;
    key_size_ = 0;
    field_ = coerced ? Field::kUnknown : find_field(text);
    if (field_ != Field::kUnknown) [[likely]]
      return;
  }
  bool repaired = false;
  key_ = append_free(text, &repaired);
  key_size_ = static_cast<std::uint32_t>(free_.size() - key_ - 1);
  if (repaired || coerced) [[unlikely]]
    key_warnings(repaired);
}

inline std::uint32_t Builder::add_node(Type type) {
  if (misuse_ != nullptr) [[unlikely]]
    return kNone;
  if (in_object_ && !have_key_) [[unlikely]] {
    misuse("a value was written where a key is expected");
    return kNone;
  }
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  Node& node = nodes_.emplace_back();
  node.type = type;
  if (in_object_) {
    node.key = key_;
    node.key_size = key_size_;
    node.coerced_key = key_coerced_;
    have_key_ = false;
  }
  if (!stack_.empty()) {
    ++stack_.back().children;
  } else if (field_ < Field::kHash && slot(field_) == kNone) [[likely]] {
    set_slot(field_, index);
  } else {
    place(index);
  }
  return index;
}

inline bool Builder::text_is_fixed() const noexcept {
  if (stack_.empty()) return field_kind(field_) == Kind::kString;
  return stack_.size() == 1 && field_ == Field::kParents;
}

inline void Builder::add_text(std::string_view text) {
  const bool fixed = text_is_fixed();
  const std::uint32_t index = add_node(Type::kString);
  if (index == kNone) [[unlikely]]
    return;
  bool repaired = false;
  Node& node = nodes_[index];
  node.fixed = fixed;
  if (fixed) {
    node.text = static_cast<std::uint32_t>(fixed_.size());
    char* to = fixed_.room(text.size());
    if (copy_text(to, text) || is_utf8(text)) [[likely]] {
      fixed_.set_end(to + text.size());
    } else {
      append_repaired(fixed_, text);
      repaired = true;
    }
    node.size = static_cast<std::uint32_t>(fixed_.size() - node.text);
    if (node.size > kMaxStructuralBytes) [[unlikely]]
      long_structural_ = true;
  } else {
    node.text = append_free(text, &repaired);
    node.size = static_cast<std::uint32_t>(free_.size() - node.text - 1);
  }
  if (repaired) [[unlikely]]
    repair_warning(index);
}

inline void Builder::string(std::string_view text) {
  if (skip_ > 0) return;
  add_text(text);
}

// A number in a label later becomes a string, so the redactor must see it.
inline void Builder::add_number(std::string_view text) {
  const bool label = stack_.size() == 1 && field_ == Field::kLabels;
  const std::uint32_t index = add_node(Type::kNumber);
  if (index == kNone) [[unlikely]]
    return;
  Node& node = nodes_[index];
  node.fixed = !label;
  Buffer& arena = label ? free_ : fixed_;
  node.text = static_cast<std::uint32_t>(arena.size());
  node.size = static_cast<std::uint32_t>(text.size());
  char* to = arena.room(text.size());
  copy_text(to, text);
  arena.set_end(to + text.size());
  if (label) arena.push_back(redact::kSeparator);
}

inline void Builder::number_literal(std::string_view literal) {
  if (skip_ > 0) return;
  // Most numbers are short integers, which are their own canonical form.
  if (literal.size() <= 15 && literal[0] != '-' &&
      std::all_of(literal.begin(), literal.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    add_number(literal);
  } else {
    other_number(literal);
  }
}

inline void Builder::boolean(bool value) {
  if (skip_ == 0) add_node(value ? Type::kTrue : Type::kFalse);
}

inline void Builder::null() {
  if (skip_ == 0) add_node(Type::kNull);
}

inline void Builder::begin(Type type) {
  if (skip_ > 0) {
    ++skip_;
    return;
  }
  if (static_cast<int>(stack_.size()) + outer_depth_ >= kMaxDepth - kInvalidDepth && is_too_deep()) [[unlikely]] {
    truncated("depth");
    skip_ = 1;
    return;
  }
  const std::uint32_t index = add_node(type);
  if (index == kNone) [[unlikely]] {
    ++skip_;  // keeps begin and end calls paired after misuse
    return;
  }
  stack_.push_back({index, 0});
  in_object_ = type == Type::kObject;
}

inline void Builder::end(Type type) {
  if (skip_ > 0) {
    --skip_;
    return;
  }
  if (stack_.empty() || nodes_[stack_.back().node].type != type || have_key_) [[unlikely]] {
    misplaced_end(type);
    return;
  }
  Node& node = nodes_[stack_.back().node];
  node.text = stack_.back().children;
  node.size = static_cast<std::uint32_t>(nodes_.size());
  stack_.pop_back();
  in_object_ = stack_.empty() || nodes_[stack_.back().node].type == Type::kObject;
}

}  // namespace plog::event
