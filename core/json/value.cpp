#include "json/value.h"

#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "json/number.h"
#include "json/reader.h"

namespace plog::json {
namespace {

constexpr std::size_t kMaxDepth = 512;

// Adds each value to the innermost open container.
class Builder final : public Handler {
 public:
  void key(std::string_view text) override { key_ = text; }
  void string(std::string_view text) override { add(Value(text)); }
  void number(std::string_view literal) override { add(Value::number(std::string(literal))); }
  void boolean(bool value) override { add(Value(value)); }
  void null() override { add(Value()); }
  void begin_object() override { begin(Value(Value::Object())); }
  void end_object() override { open_.pop_back(); }
  void begin_array() override { begin(Value(Value::Array())); }
  void end_array() override { open_.pop_back(); }
  void repaired(std::string_view) override {}

  Value take() { return std::move(root_); }

 private:
  Value* add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Value* parent = open_.back();
    if (parent->is_array()) return &parent->array().emplace_back(std::move(value));
    return &parent->object().insert_or_assign(key_, std::move(value)).first->second;
  }

  void begin(Value container) {
    if (open_.size() == kMaxDepth) {
      throw Error(Status::kInvalid, "the JSON is nested more than " + std::to_string(kMaxDepth) + " levels deep");
    }
    open_.push_back(add(std::move(container)));
  }

  Value root_;
  std::string key_;
  std::vector<Value*> open_;  // pointers stay valid: a container grows only after its last child is complete
};

template <typename Number>
std::string digits(Number value) {
  char text[24];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace

Value::Value(std::int64_t value) : type_(Type::kNumber), text_(digits(value)) {}
Value::Value(std::uint64_t value) : type_(Type::kNumber), text_(digits(value)) {}

Value::Value(double value) : type_(std::isfinite(value) ? Type::kNumber : Type::kString) {
  if (std::isfinite(value)) {
    char text[kNumberSize];
    text_.assign(text, format_double(value, text));
  } else {
    text_ = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }
}

Value Value::number(std::string literal) {
  Value value(std::move(literal));
  value.type_ = Type::kNumber;
  return value;
}

bool Value::to_int64(std::int64_t* out) const noexcept {
  if (!is_number()) return false;
  const char* end = text_.data() + text_.size();
  const auto result = std::from_chars(text_.data(), end, *out);
  return result.ec == std::errc() && result.ptr == end;
}

double Value::to_double() const noexcept {
  double value = 0;
  if (is_number()) std::from_chars(text_.data(), text_.data() + text_.size(), value);
  return value;
}

const Value* Value::find(std::string_view key) const {
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &found->second;
}

void Value::append_canonical(std::string& out) const {
  switch (type_) {
    case Type::kNull: out += "null"; return;
    case Type::kBool: out += bool_ ? "true" : "false"; return;
    case Type::kString: append_quoted(out, text_); return;
    case Type::kNumber: {
      char buffer[kNumberSize];
      const Number number = canonical_number(text_, buffer);
      number.is_text ? append_quoted(out, number.text) : static_cast<void>(out += number.text);
      return;
    }
    case Type::kArray: {
      out += '[';
      bool first = true;
      for (const Value& item : array_) {
        if (!std::exchange(first, false)) out += ',';
        item.append_canonical(out);
      }
      out += ']';
      return;
    }
    case Type::kObject: {
      out += '{';
      bool first = true;
      for (const auto& [key, value] : object_) {
        if (!std::exchange(first, false)) out += ',';
        append_quoted(out, key);
        out += ':';
        value.append_canonical(out);
      }
      out += '}';
      return;
    }
  }
}

std::string Value::canonical() const {
  std::string out;
  append_canonical(out);
  return out;
}

Value parse(std::string_view text) {
  Builder builder;
  Reader().read(text, builder);
  return builder.take();
}

}  // namespace plog::json
