#include "event/builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/encoding.h"
#include "base/error.h"
#include "json/number.h"

namespace plog::event {
namespace {
// Buffers beyond this are given back after the event that needed them.
constexpr std::size_t kKeepBytes = 256 * 1024;
constexpr std::size_t kKeepNodes = 8 * 1024;

template <typename Container>
void recycle(Container& buffer, std::size_t keep) {
  if (buffer.capacity() > keep) {
    Container().swap(buffer);
  } else {
    buffer.clear();
  }
}
}  // namespace

void Builder::reset() {
  recycle(free_, kKeepBytes);
  recycle(fixed_, kKeepBytes);
  recycle(nodes_, kKeepNodes);
  recycle(canonical_, kKeepBytes);
  recycle(warning_octets_, kKeepBytes);
  recycle(scratch_, kKeepBytes);
  recycle(candidates_, kKeepNodes);
  recycle(unknown_, kKeepNodes);
  recycle(members_, kKeepNodes);
  stack_.clear();
  std::memset(slots_, 0xFF, sizeof slots_);  // kNone
  present_ = 0;
  invalid_.clear();
  warnings_.clear();
  more_warnings_ = 0;
  changed_keys_.clear();
  path_.clear();
  misuse_ = nullptr;
  field_ = Field::kUnknown;
  in_object_ = true;
  have_key_ = false;
  key_coerced_ = false;
  system_ = false;
  skip_ = 0;
  key_ = kNone;
  key_size_ = 0;
}

void Builder::misuse(const char* what) {
  if (misuse_ == nullptr) misuse_ = what;
}

// A text and the separator behind it.
inline std::uint32_t Builder::append_free(std::string_view text, bool* repaired) {
  const auto offset = static_cast<std::uint32_t>(free_.size());
  if (free_.size() + text.size() > 0xFFFFFFF0u) {
    misuse("an event's text is limited to 4 GiB");
    text = {};
  }
  char* to = free_.room(text.size() + 1);
  if (copy_text(to, text) || is_utf8(text)) [[likely]] {
    to += text.size();
    *to++ = redact::kSeparator;
    free_.set_end(to);
  } else {
    free_.append(repair_utf8(text));
    free_.push_back(redact::kSeparator);
    *repaired = true;
  }
  return offset;
}

void Builder::add_key(std::string_view text, bool coerced) {
  if (skip_ > 0) return;
  if (!in_object_) {
    misuse("a key was written outside an object");
    return;
  }
  if (have_key_) {
    misuse("a key was written where a value must stand");
    return;
  }
  have_key_ = true;
  key_coerced_ = coerced;
  key_ = kNone;
  key_size_ = 0;
  if (stack_.empty()) {
    field_ = coerced ? Field::kUnknown : find_field(text);
    if (field_ != Field::kUnknown) return;
  }
  bool repaired = false;
  key_ = append_free(text, &repaired);
  key_size_ = static_cast<std::uint32_t>(free_.size() - key_ - 1);
  if (repaired) warning("invalid_utf8", "in the key: replaced by U+FFFD");
  if (coerced) warning("key_not_string", "the key became its JSON text");
}

// Gives the top-level value that was just written its place.
void Builder::place(std::uint32_t index) {
  if (field_ == Field::kUnknown) {
    unknown_.push_back(index);
  } else if (field_kind(field_) == Kind::kLedger) {
    invalid_.emplace_back(field_, index);
  } else {
    if (slot(field_) != kNone) field_warning(field_, "duplicate_key", "the last value stands");
    set_slot(field_, index);
  }
}

inline std::uint32_t Builder::add_node(Type type) {
  if (misuse_ != nullptr) return kNone;
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  const bool member = in_object_;
  if (member && !have_key_) {
    misuse("a value was written where a key must stand");
    return kNone;
  }
  Node& node = nodes_.emplace_back();
  node.type = type;
  if (member) {
    node.key = key_;
    node.key_size = key_size_;
    node.coerced_key = key_coerced_;
    have_key_ = false;
  }
  if (!stack_.empty()) {
    ++stack_.back().children;
  } else {
    place(index);
  }
  return index;
}

bool Builder::text_is_fixed() const noexcept {
  if (stack_.empty()) return field_kind(field_) == Kind::kString;
  return stack_.size() == 1 && field_ == Field::kParents;
}

void Builder::add_text(std::string_view text) {
  const bool fixed = text_is_fixed();
  const std::uint32_t index = add_node(Type::kString);
  if (index == kNone) return;
  bool repaired = false;
  Node& node = nodes_[index];
  node.fixed = fixed;
  if (fixed) {
    node.text = static_cast<std::uint32_t>(fixed_.size());
    char* to = fixed_.room(text.size());
    if (copy_text(to, text) || is_utf8(text)) [[likely]] {
      fixed_.set_end(to + text.size());
    } else {
      fixed_.append(repair_utf8(text));
      repaired = true;
    }
    node.size = static_cast<std::uint32_t>(fixed_.size() - node.text);
  } else {
    node.text = append_free(text, &repaired);
    node.size = static_cast<std::uint32_t>(free_.size() - node.text - 1);
  }
  if (repaired) [[unlikely]]
    repair_warning(index);
}

// The value at `index` is written: the path to it ends with its own key or index.
void Builder::repair_warning(std::uint32_t index) {
  std::vector<std::string> path = current_path();
  if (!stack_.empty()) {
    if (nodes_[stack_.back().node].type == Type::kArray) {
      path.back() = std::to_string(stack_.back().children - 1);
    } else {
      path.emplace_back(node_key(nodes_[index]));
    }
  }
  add_warning(std::move(path), "invalid_utf8", "replaced by U+FFFD");
}

void Builder::string(std::string_view text) {
  if (skip_ > 0) return;
  add_text(text);
}

// A label's number becomes a string in the end, so the redactor has to see it.
void Builder::add_number(std::string_view text) {
  const bool label = stack_.size() == 1 && field_ == Field::kLabels;
  const std::uint32_t index = add_node(Type::kNumber);
  if (index == kNone) return;
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

// A number that became text is still no value for a field that takes a string.
void Builder::add_number_text(std::string_view text) {
  const Kind kind = stack_.empty() ? field_kind(field_) : Kind::kAny;
  if (kind != Kind::kString && kind != Kind::kText) {
    add_text(text);
    return;
  }
  const std::uint32_t index = add_node(Type::kString);
  if (index == kNone) return;
  bool repaired = false;
  nodes_[index].text = append_free(text, &repaired);
  nodes_[index].size = static_cast<std::uint32_t>(text.size());
  invalidate(field_, index);
}

void Builder::integer(std::int64_t value) {
  if (skip_ > 0) return;
  char digits[24];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  const std::string_view text(digits, static_cast<std::size_t>(result.ptr - digits));
  if (!json::integer_is_exact(value)) {
    number_literal(text);
    return;
  }
  add_number(text);
}

void Builder::number(double value) {
  if (skip_ > 0) return;
  if (!std::isfinite(value)) {
    const std::string_view text = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    warning("not_finite", "the number became a string");
    add_number_text(text);
    return;
  }
  char text[json::kNumberSize];
  const std::size_t size = json::format_double(value, text);
  add_number({text, size});
}

void Builder::number_literal(std::string_view literal) {
  if (skip_ > 0) return;
  // Most numbers are short integers, which are their own canonical form.
  if (literal.size() <= 15 && literal[0] != '-' &&
      std::all_of(literal.begin(), literal.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    add_number(literal);
    return;
  }
  char buffer[json::kNumberSize];
  const json::Number number = json::canonical_number(literal, buffer);
  if (number.is_text) {
    warning("number_as_text", "as a number it would have other digits");
    add_number_text(number.text);
    return;
  }
  add_number(number.text);
}

void Builder::boolean(bool value) {
  if (skip_ == 0) add_node(value ? Type::kTrue : Type::kFalse);
}

void Builder::null() {
  if (skip_ == 0) add_node(Type::kNull);
}

void Builder::begin(Type type) {
  if (skip_ > 0) {
    ++skip_;
    return;
  }
  if (static_cast<int>(stack_.size()) + 2 > kMaxDepth) {
    truncated("depth");
    skip_ = 1;
    return;
  }
  const std::uint32_t index = add_node(type);
  if (index == kNone) {
    ++skip_;  // keeps begin and end paired after a misuse
    return;
  }
  stack_.push_back({index, 0});
  in_object_ = type == Type::kObject;
}

void Builder::end(Type type) {
  if (skip_ > 0) {
    --skip_;
    return;
  }
  if (stack_.empty() || nodes_[stack_.back().node].type != type) {
    misuse("an end was written without its begin");
    return;
  }
  if (have_key_) {
    misuse("a key was written without its value");
    return;
  }
  Node& node = nodes_[stack_.back().node];
  node.text = stack_.back().children;
  node.size = static_cast<std::uint32_t>(nodes_.size());
  stack_.pop_back();
  in_object_ = stack_.empty() || nodes_[stack_.back().node].type == Type::kObject;
}

void Builder::truncated(std::string_view reason) {
  if (skip_ > 0) return;
  warning(reason, "the value was left out");
  const std::uint32_t index = add_node(Type::kObject);
  if (index == kNone) return;
  stack_.push_back({index, 0});
  in_object_ = true;
  add_key("reason", false);
  add_text(reason);
  add_key("truncated", false);
  add_node(Type::kTrue);
  end(Type::kObject);
}

std::vector<std::string> Builder::current_path() const {
  std::vector<std::string> path;
  if (stack_.empty() && !have_key_ && field_ == Field::kUnknown && unknown_.empty()) return path;
  const auto top_key = [&]() -> std::string {
    if (field_ != Field::kUnknown) return std::string(field_name(field_));
    if (stack_.empty()) {
      if (have_key_) return std::string(free_.view().substr(key_, key_size_));
      return std::string(node_key(nodes_[unknown_.back()]));
    }
    return std::string(node_key(nodes_[stack_.front().node]));
  };
  path.push_back(top_key());
  for (std::size_t i = 1; i < stack_.size(); ++i) {
    if (nodes_[stack_[i - 1].node].type == Type::kArray) {
      path.push_back(std::to_string(stack_[i - 1].children - 1));
    } else {
      path.emplace_back(node_key(nodes_[stack_[i].node]));
    }
  }
  if (stack_.empty()) return path;
  if (nodes_[stack_.back().node].type == Type::kArray) {
    path.push_back(std::to_string(stack_.back().children));
  } else if (have_key_) {
    path.emplace_back(free_.view().substr(key_, key_size_));
  }
  return path;
}

void Builder::add_warning(std::vector<std::string> path, std::string_view code, std::string_view detail) {
  if (warnings_.size() >= kMaxWarnings) {
    ++more_warnings_;
    return;
  }
  Warning& warning = warnings_.emplace_back();
  warning.path = std::move(path);
  warning.code = code;
  warning.detail = detail;
}

void Builder::field_warning(Field field, std::string_view code, std::string_view detail) {
  if (warnings_.size() >= kMaxWarnings) {
    ++more_warnings_;
    return;
  }
  add_warning({std::string(field_name(field))}, code, detail);
}

void Builder::warning(std::string_view code, std::string_view detail) {
  if (skip_ > 0) return;
  if (warnings_.size() >= kMaxWarnings) {
    ++more_warnings_;
    return;
  }
  add_warning(current_path(), is_utf8(code) ? std::string(code) : repair_utf8(code),
              is_utf8(detail) ? std::string(detail) : repair_utf8(detail));
}

std::uint32_t Builder::following(std::uint32_t node) const noexcept {
  const Node& n = nodes_[node];
  return n.type == Type::kObject || n.type == Type::kArray ? n.size : node + 1;
}

}  // namespace plog::event
