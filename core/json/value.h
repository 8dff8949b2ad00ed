// A small JSON tree for cold paths: filters, configuration, reports, tests. The hot path never builds one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json/text.h"

namespace plog::json {

struct KeyLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept { return compare_keys(a, b) < 0; }
};

class Value {
 public:
  enum class Type { kNull, kBool, kNumber, kString, kArray, kObject };
  using Array = std::vector<Value>;
  using Object = std::map<std::string, Value, KeyLess>;

  // Implicit, so that a tree can be written down as it is.
  // NOLINTBEGIN(google-explicit-constructor)
  Value() = default;
  Value(bool value) : type_(Type::kBool), bool_(value) {}
  Value(std::string text) : type_(Type::kString), text_(std::move(text)) {}
  Value(std::string_view text) : Value(std::string(text)) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(std::int64_t value);
  Value(std::uint64_t value);
  Value(int value) : Value(static_cast<std::int64_t>(value)) {}
  Value(double value);
  Value(Array array) : type_(Type::kArray), array_(std::move(array)) {}
  Value(Object object) : type_(Type::kObject), object_(std::move(object)) {}
  // NOLINTEND(google-explicit-constructor)
  static Value number(std::string literal);  // kept as given

  Type type() const noexcept { return type_; }
  bool is_null() const noexcept { return type_ == Type::kNull; }
  bool is_bool() const noexcept { return type_ == Type::kBool; }
  bool is_number() const noexcept { return type_ == Type::kNumber; }
  bool is_string() const noexcept { return type_ == Type::kString; }
  bool is_array() const noexcept { return type_ == Type::kArray; }
  bool is_object() const noexcept { return type_ == Type::kObject; }

  bool as_bool() const noexcept { return bool_; }
  const std::string& text() const noexcept { return text_; }  // of a string; the literal of a number
  bool to_int64(std::int64_t* out) const noexcept;            // false unless an integer that fits
  double to_double() const noexcept;
  const Array& array() const noexcept { return array_; }
  Array& array() noexcept { return array_; }
  const Object& object() const noexcept { return object_; }
  Object& object() noexcept { return object_; }
  const Value* find(std::string_view key) const;  // of an object; null when absent

  // RFC 8785 canonical form (numbers as canonical_number decides).
  void append_canonical(std::string& out) const;
  std::string canonical() const;

 private:
  Type type_ = Type::kNull;
  bool bool_ = false;
  std::string text_;
  Array array_;
  Object object_;
};

// Reads one text with `reader`'s rules: last duplicate wins; throws Error(kInvalid) on malformed text and on nesting
// below depth 512.
Value parse(std::string_view text);

}  // namespace plog::json
