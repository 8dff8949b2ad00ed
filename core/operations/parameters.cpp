#include "operations/parameters.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "json/members.h"
#include "operations/operation.h"

namespace plog::operations {
namespace {

using json::Value;

constexpr std::size_t kMaxQuoted = 60;               // bytes of a wrong value in a message
constexpr double kExactDouble = 9007199254740992.0;  // 2^53: a double of at least this size is a whole number

std::string shortened(std::string_view text) {
  std::string shown(utf8_prefix(text, kMaxQuoted));
  if (text.size() > kMaxQuoted) shown += "…";
  return shown;
}

std::string quoted(std::string_view text) { return Value(shortened(text)).canonical(); }

std::string_view type_name(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::kText: break;
    case ParameterKind::kPath: return "path";
    case ParameterKind::kPaths: return "paths";
    case ParameterKind::kChoice: return "choice";
    case ParameterKind::kInteger: return "integer";
    case ParameterKind::kBoolean: return "boolean";
    case ParameterKind::kTime: return "time";
    case ParameterKind::kObject: return "object";
    case ParameterKind::kList: return "list";
    case ParameterKind::kJson: return "json";
  }
  return "text";
}

// What a value must be, as the end of a message.
std::string accepted(const Parameter& parameter) {
  const std::string range = std::to_string(parameter.minimum) + " to " + std::to_string(parameter.maximum);
  switch (parameter.kind) {
    case ParameterKind::kText:
    case ParameterKind::kPath: return "use a text of " + range + " bytes";
    case ParameterKind::kPaths: return "use an array of " + range + " paths";
    case ParameterKind::kInteger: return "use a whole number from " + range;
    case ParameterKind::kBoolean: return "use true or false";
    case ParameterKind::kTime: return "use an RFC 3339 time, such as \"2026-02-17T09:30:00Z\"";
    case ParameterKind::kObject: return "use a JSON object of up to " + std::to_string(parameter.maximum) + " bytes";
    case ParameterKind::kList: return "use a JSON array of up to " + std::to_string(parameter.maximum) + " bytes";
    case ParameterKind::kJson: return "use a JSON value of up to " + std::to_string(parameter.maximum) + " bytes";
    case ParameterKind::kChoice: break;
  }
  std::string text;
  for (const std::string_view choice : parameter.choices) {
    text.append(text.empty() ? "use " : choice == parameter.choices.back() ? " or " : ", ").append(choice);
  }
  return text;
}

bool in_range(const Parameter& parameter, std::int64_t number) {
  return number >= parameter.minimum && number <= parameter.maximum;
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What is wrong with the JSON text of a kInteger; empty: nothing.
std::string integer_problem(const Parameter& parameter, std::string_view text) {
  if (text.front() == '{' || text.front() == '[' || text == "true" || text == "false") return "not a number";
  const bool is_text = text.front() == '"';
  const std::string written = is_text ? json::parse(text).text() : std::string(text);
  if (is_text) {
    // The packages pass numbers that JSON cannot represent exactly as text, as they do in events.
    if (written == "NaN" || written == "Infinity" || written == "-Infinity") return written + " is not a whole number";
    if (!is_integer(written)) return "not a number";
  }
  std::int64_t number = 0;
  if (Value::number(written).to_int64(&number)) {
    if (!in_range(parameter, number)) return shortened(written) + " is out of range";
    return is_text ? "not a number" : "";
  }
  const double value = Value::number(written).to_double();
  const bool whole = is_integer(written) || (value == std::trunc(value) && std::abs(value) >= kExactDouble);
  return shortened(written) + (whole ? " is out of range" : " is not a whole number");
}

bool is_path(const Parameter& parameter, const Value& value) {
  return value.is_string() && in_range(parameter, static_cast<std::int64_t>(value.text().size())) &&
         value.text().find('\0') == std::string::npos;
}

// The limits of one path in a list of paths.
constexpr Parameter kListedPath{.name = "path", .kind = ParameterKind::kPath, .minimum = 1, .maximum = 4096};

}  // namespace

std::string parameter_json(const Parameter& parameter) {
  const bool ranged = parameter.maximum != 0;
  Value::Array choices;
  for (const std::string_view choice : parameter.choices) choices.emplace_back(choice);
  Value::Object object;
  object["name"] = parameter.name;
  object["type"] = type_name(parameter.kind);
  object["required"] = parameter.required;
  object["minimum"] = ranged ? Value(parameter.minimum) : Value();
  object["maximum"] = ranged ? Value(parameter.maximum) : Value();
  object["choices"] = choices.empty() ? Value() : Value(std::move(choices));
  object["default"] = parameter.default_value.empty() ? Value() : json::parse(parameter.default_value);
  object["documentation"] = parameter.about;
  return Value(std::move(object)).canonical();
}

Parameters::Parameters(std::string_view operation, std::span<const Parameter> declared, std::string_view text)
    : operation_(operation), declared_(declared), values_(declared.size()) {
  if (text.size() > static_cast<std::size_t>(kMaxJson)) {
    refuse("the parameters are too large: they have " + std::to_string(text.size()) + " bytes; use at most " +
           std::to_string(kMaxJson) + " bytes");
  }
  if (!is_utf8(text)) refuse("the parameters are not valid UTF-8; pass UTF-8 text");
  std::vector<json::Member> given;
  try {
    if (!text.empty()) given = json::members(text);
  } catch (const Error& error) {
    if (error.status() != Status::kInvalid) throw;
    refuse(std::string("the parameters are not a JSON object: ") + error.what());
  }
  for (const json::Member& member : given) {
    const auto found = std::find_if(declared.begin(), declared.end(), [&](auto& p) { return p.name == member.name; });
    if (found == declared.end()) {
      std::string known;
      for (const Parameter& each : declared) known.append(known.empty() ? "use " : ", ").append(each.name);
      refuse(quoted(member.name) + " is not a parameter; " + (known.empty() ? "leave it out" : known));
    }
    std::string_view& value = values_[static_cast<std::size_t>(found - declared.begin())];
    if (!value.empty()) refuse(std::string(found->name) + ": given twice; give it once");
    if (member.value == "null") continue;
    check(*found, member.value);
    value = member.value;
  }
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (declared[i].required && values_[i].empty()) {
      refuse(std::string(declared[i].name) + ": missing; " + accepted(declared[i]));
    }
  }
}

void Parameters::refuse(const std::string& what) const {
  throw Error(Status::kInvalid, std::string(operation_) + ": " + what);
}

void Parameters::check(const Parameter& parameter, std::string_view text) const {
  // Values that may be content are not repeated in the message.
  const auto fail = [&](const std::string& what) {
    refuse(std::string(parameter.name) + ": " + what + "; " + accepted(parameter));
  };
  const char first = text.front();
  const auto size = static_cast<std::int64_t>(text.size());
  switch (parameter.kind) {
    case ParameterKind::kObject:
    case ParameterKind::kList:
    case ParameterKind::kJson:
      if (parameter.kind == ParameterKind::kObject && first != '{') fail("not an object");
      if (parameter.kind == ParameterKind::kList && first != '[') fail("not an array");
      if (!in_range(parameter, size)) fail("has " + std::to_string(size) + " bytes");
      return;
    case ParameterKind::kPaths: {
      // A path of the greatest length, escaped throughout, has six characters for each byte.
      if (first != '[') fail("not an array");
      if (size > (parameter.maximum + 1) * kListedPath.maximum * 6) fail("too long");
      const Value list = json::parse(text);
      if (!in_range(parameter, static_cast<std::int64_t>(list.array().size()))) {
        fail("has " + std::to_string(list.array().size()) + " elements");
      }
      for (const Value& path : list.array()) {
        if (!is_path(kListedPath, path)) fail("each element must be a path of 1 to 4096 bytes without NUL");
      }
      return;
    }
    case ParameterKind::kBoolean:
      if (text != "true" && text != "false") fail("not a boolean");
      return;
    case ParameterKind::kInteger: {
      const std::string problem = integer_problem(parameter, text);
      if (!problem.empty()) fail(problem);
      return;
    }
    default: break;
  }
  if (first != '"') fail("not a text");
  const Value value = json::parse(text);
  if (parameter.kind == ParameterKind::kChoice) {
    const auto found = std::find(parameter.choices.begin(), parameter.choices.end(), value.text());
    if (found == parameter.choices.end()) fail(quoted(value.text()) + " is not valid");
  } else if (parameter.kind == ParameterKind::kTime) {
    if (!parse_timestamp(value.text())) fail(quoted(value.text()) + " is not a time");
  } else {
    const auto bytes = static_cast<std::int64_t>(value.text().size());
    if (!in_range(parameter, bytes)) fail("has " + std::to_string(bytes) + " bytes");
    if (parameter.kind == ParameterKind::kPath && !is_path(parameter, value)) fail("contains a NUL character");
  }
}

const Parameter& Parameters::declared(std::string_view name) const {
  const auto found = std::find_if(declared_.begin(), declared_.end(), [&](auto& p) { return p.name == name; });
  if (found != declared_.end()) return *found;
  throw Error(Status::kInternal,
              "internal error: " + std::string(operation_) + " does not declare the parameter " + std::string(name));
}

std::string_view Parameters::json(std::string_view name) const {
  const Parameter& parameter = declared(name);
  const std::string_view given = values_[static_cast<std::size_t>(&parameter - declared_.data())];
  return given.empty() ? parameter.default_value : given;
}

std::optional<std::string> Parameters::text(std::string_view name) const {
  const std::string_view given = json(name);
  if (given.empty()) return std::nullopt;
  return json::parse(given).text();
}

std::int64_t Parameters::integer(std::string_view name) const {
  std::int64_t number = 0;
  if (!Value::number(std::string(json(name))).to_int64(&number)) {
    throw Error(Status::kInternal, "internal error: the parameter " + std::string(name) + " has no default");
  }
  return number;
}

bool Parameters::flag(std::string_view name) const { return json(name) == "true"; }

std::vector<std::string> Parameters::paths(std::string_view name) const {
  std::vector<std::string> found;
  if (!has(name)) return found;
  const Value list = json::parse(json(name));
  for (const Value& path : list.array()) found.push_back(path.text());
  return found;
}

std::string Parameters::object_of(std::span<const Parameter> some) const {
  std::string object;
  for (const Parameter& parameter : some) {
    const std::string_view value = values_[static_cast<std::size_t>(&declared(parameter.name) - declared_.data())];
    if (value.empty()) continue;
    object.append(object.empty() ? "{\"" : ",\"").append(parameter.name).append("\":").append(value);
  }
  return object.empty() ? object : object + "}";
}

}  // namespace plog::operations
