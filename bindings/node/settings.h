// Settings that JavaScript gives by name, as the C API takes them.
#pragma once

#include <napi.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace plog::node {

// Absent settings are undefined.
class Settings {
 public:
  explicit Settings(const Napi::Object& object) : object_(object) {}

  // Terminated, for as long as `out` lives; nullptr when absent.
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
  // What does not fit is out of every range: the core names the right one.
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
