// Reads the members of a JavaScript settings object in the form that the C API expects.
#pragma once

#include <napi.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace plog::node {

// A setting that is not given is undefined.
class Settings {
 public:
  explicit Settings(const Napi::Object& object) : object_(object) {}

  // A terminated text that is valid as long as `out`; nullptr if the setting is not given.
  const char* text(const char* name, std::string& out) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsString()) return nullptr;
    out = value.As<Napi::String>().Utf8Value();
    return out.c_str();
  }
  std::vector<std::string> texts(const char* name) const {
    const Napi::Array list = object_.Get(name).As<Napi::Array>();
    std::vector<std::string> found;
    for (std::uint32_t i = 0; i < list.Length(); ++i) found.push_back(list.Get(i).As<Napi::String>().Utf8Value());
    return found;
  }
  // A number that does not fit is out of range for every option. The core's message states the allowed range.
  template <typename Number>
  Number number(const char* name) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsNumber()) return 0;
    const double number = value.As<Napi::Number>().DoubleValue();
    const auto most = static_cast<double>(std::numeric_limits<Number>::max());
    return number >= 0 && number < most ? static_cast<Number>(number) : std::numeric_limits<Number>::max();
  }
  bool flag(const char* name) const { return object_.Get(name).ToBoolean(); }

 private:
  Napi::Object object_;
};

}  // namespace plog::node
