// The parameters of an operation: their declarations, and the values that one call gives.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace plog::operations {

enum class ParameterKind : std::uint8_t {
  kText,
  kPath,   // of a file on the machine that runs the operation; without NUL
  kPaths,  // an array of them
  kChoice,
  kInteger,
  kBoolean,
  kTime,    // an RFC 3339 time
  kObject,  // a JSON object, kept as it was written
  kList,    // a JSON array, likewise
  kJson,    // any JSON value, likewise
};

struct Parameter {
  std::string_view name;
  ParameterKind kind = ParameterKind::kText;
  bool required = false;
  // Inclusive: of the value of a kInteger, the number of elements of a kPaths, the bytes of everything else.
  std::int64_t minimum = 0, maximum = 0;
  std::span<const std::string_view> choices = {};
  std::string_view default_value = {};  // a JSON text; empty: none
  std::string_view about = {};
};

// The declaration as a JSON object.
std::string parameter_json(const Parameter& parameter);

// The parameters of one call, checked against their declarations. The texts belong to the caller.
class Parameters {
 public:
  // `text`: a JSON object, or empty for no parameters; a member that is null is not given. Throws Error(kInvalid), with
  // the operation, the parameter and the remedy, for malformed JSON, a parameter that is unknown, missing or given
  // twice, and a value of the wrong type or out of range. `declared` must outlive the object.
  Parameters(std::string_view operation, std::span<const Parameter> declared, std::string_view text);

  // Each returns the given value, else the default. The parameter must be declared with the kind; otherwise
  // Error(kInternal) is thrown.
  std::optional<std::string> text(std::string_view name) const;  // kText, kPath, kChoice, kTime
  std::int64_t integer(std::string_view name) const;             // the parameter must be required or have a default
  bool flag(std::string_view name) const;                        // false without a default
  std::vector<std::string> paths(std::string_view name) const;
  std::string_view json(std::string_view name) const;  // of any kind, as it was written; empty if it is not given

  bool has(std::string_view name) const { return !json(name).empty(); }
  // The given ones of these parameters as the text of a JSON object; empty if none is given.
  std::string object_of(std::span<const Parameter> some) const;
  // Throws Error(kInvalid) with the operation's name and `what`.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  void check(const Parameter& parameter, std::string_view value) const;
  const Parameter& declared(std::string_view name) const;

  std::string_view operation_;
  std::span<const Parameter> declared_;
  std::vector<std::string_view> values_;  // one for each declaration; empty: not given
};

}  // namespace plog::operations
