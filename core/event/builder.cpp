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
// Buffers larger than this are released after the event that needed them.
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
  sets_.clear();
  std::memset(slots_, 0xFF, sizeof slots_);  // kNone
  present_ = 0;
  captures_usual_ = true;
  long_structural_ = false;
  invalid_.clear();
  warnings_.clear();
  more_warnings_ = 0;
  changed_keys_.clear();
  label_texts_.clear();
  path_.clear();
  misuse_ = nullptr;
  field_ = Field::kUnknown;
  in_object_ = true;
  have_key_ = false;
  key_coerced_ = false;
  system_ = false;
  document_ = false;
  skip_ = 0;
  outer_depth_ = 1;
  key_ = kNone;
  key_size_ = 0;
}

void Builder::misuse(const char* what) {
  if (misuse_ == nullptr) misuse_ = what;
}

void Builder::misplaced_key() {
  misuse(in_object_ ? "a key was written where a value is expected" : "a key was written outside an object");
}

void Builder::key_warnings(bool repaired) {
  if (repaired) warning("invalid_utf8", "in the key: replaced by U+FFFD");
  if (key_coerced_) warning("key_not_string", "the key became its JSON text");
}

// Appends the repaired text.
void Builder::append_repaired(Buffer& arena, std::string_view text) { arena.append(repair_utf8(text)); }

// Records the top-level value that was just written as that of its field.
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

// Warns about a repair in the value at `index`, which is already written.
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

// A number that became text is still not a valid value for a field that must be a string.
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

void Builder::other_number(std::string_view literal) {
  char buffer[json::kNumberSize];
  const json::Number number = json::canonical_number(literal, buffer);
  if (number.is_text) {
    warning("number_as_text", "as a number it would have other digits");
    add_number_text(number.text);
    return;
  }
  add_number(number.text);
}

void Builder::misplaced_end(Type type) {
  const bool open = !stack_.empty() && nodes_[stack_.back().node].type == type;
  misuse(open ? "a key was written without a value"
              : "an object or array was ended that is not the innermost open one");
}

// Whether a container would be too deep in the place of the next value. A value that will be kept in metadata._invalid
// gets more containers around it.
bool Builder::is_too_deep() const noexcept {
  const Kind kind = field_kind(field_);
  const Type outermost = stack_.empty() ? Type::kNull : nodes_[stack_.front().node].type;
  const bool stays = kind == Kind::kAny || (kind == Kind::kObject && outermost != Type::kArray);
  return static_cast<int>(stack_.size()) + outer_depth_ >= (stays ? kMaxDepth : kMaxDepth - kInvalidDepth);
}

void Builder::truncated(std::string_view reason) {
  if (skip_ > 0) return;
  // A marker is an object. In the place of an object that would be too deep, it has the reason that it would also get
  // if the event were read again.
  warning(is_too_deep() ? "depth" : reason, "the value was left out");
  add_marker(reason);
}

void Builder::add_marker(std::string_view reason) {
  if (is_too_deep()) {
    add_node(Type::kTooDeep);
    return;
  }
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
  // Between two top-level values, the warning is about the key to come, that is, about the event.
  const bool between = stack_.empty() && !have_key_;
  add_warning(between ? std::vector<std::string>() : current_path(),
              is_utf8(code) ? std::string(code) : repair_utf8(code),
              is_utf8(detail) ? std::string(detail) : repair_utf8(detail));
}

std::uint32_t Builder::following(std::uint32_t node) const noexcept {
  const Node& n = nodes_[node];
  return n.type == Type::kObject || n.type == Type::kArray ? n.size : node + 1;
}

}  // namespace plog::event
