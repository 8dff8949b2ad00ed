// A small JSON tree for cold paths: filters, configuration, reports and tests. The hot path never builds one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json/text.h"

namespace plog::json {

// The order of members in canonical form.
struct KeyLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept { return compare_keys(a, b) < 0; }
};

// The accessors do not check the type: for a value of another type they return an empty or zero value.
class Value {
 public:
  enum class Type { kNull, kBool, kNumber, kString, kArray, kObject };
  using Array = std::vector<Value>;
  using Object = std::map<std::string, Value, KeyLess>;

  // Implicit, so that a tree can be written as nested initializers. A double that is not finite becomes the string
  // "NaN", "Infinity" or "-Infinity".

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
  static Value number(std::string literal);  // the literal is kept as it is and must satisfy is_number_literal

  Type type() const noexcept { return type_; }
  bool is_null() const noexcept { return type_ == Type::kNull; }
  bool is_bool() const noexcept { return type_ == Type::kBool; }
  bool is_number() const noexcept { return type_ == Type::kNumber; }
  bool is_string() const noexcept { return type_ == Type::kString; }
  bool is_array() const noexcept { return type_ == Type::kArray; }
  bool is_object() const noexcept { return type_ == Type::kObject; }

  bool as_bool() const noexcept { return bool_; }
  const std::string& text() const noexcept { return text_; }  // of a string; the literal of a number
  bool to_int64(std::int64_t* out) const noexcept;            // false unless the value is an integer that fits
  double to_double() const noexcept;                          // 0 if the value is not a number
  const Array& array() const noexcept { return array_; }
  Array& array() noexcept { return array_; }
  const Object& object() const noexcept { return object_; }
  Object& object() noexcept { return object_; }
  const Value* find(std::string_view key) const;  // a member of an object; null if there is none

  // The canonical form (RFC 8785), with numbers as canonical_number writes them.
  void append_canonical(std::string& out) const;
  std::string canonical() const;

 private:
  Type type_ = Type::kNull;
  bool bool_ = false;
  std::string text_;
  Array array_;
  Object object_;
};

// Reads one JSON text by the rules of Reader. Of duplicate keys, the last one wins. Throws Error(kInvalid) if the text
// is malformed or nested more than 512 levels deep.
Value parse(std::string_view text);

}  // namespace plog::json
