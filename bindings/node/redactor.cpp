#include "redactor.h"

#include <string>

#include "environment.h"

namespace plog::node {

Napi::Function Redactor::define(Napi::Env env) {
  return DefineClass(
      env, "Redactor",
      {InstanceMethod("redact", &Redactor::redact), InstanceMethod("redactJson", &Redactor::redact_json),
       InstanceMethod("findings", &Redactor::findings), StaticMethod("detectors", &Redactor::detectors)});
}

Redactor::Redactor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Redactor>(info) {
  const std::string options = info[0].As<Napi::String>().Utf8Value();
  plog_error* error = nullptr;
  const plog_status status =
      plog_redactor_new_with(options.data(), options.size(), info[1].ToBoolean() ? 1 : 0, &redactor_, &error);
  if (status != PLOG_OK) Environment::of(info.Env()).raise(status, error);
}

Napi::Value Redactor::redact(const Napi::CallbackInfo& info) { return run(info, plog_redactor_redact); }

Napi::Value Redactor::redact_json(const Napi::CallbackInfo& info) { return run(info, plog_redactor_redact_json); }

Napi::Value Redactor::run(const Napi::CallbackInfo& info, Call call) {
  const Napi::Env env = info.Env();
  const std::string text = info[0].As<Napi::String>().Utf8Value();
  plog_buffer* out = nullptr;
  std::uint64_t count = 0;
  plog_error* error = nullptr;
  const plog_status status = call(redactor_, text.data(), text.size(), &out, &count, &error);
  const Napi::Value clean = text_or_raise(env, status, out, error);
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0U, clean);
  pair.Set(1U, Napi::Number::New(env, static_cast<double>(count)));
  return pair;
}

Napi::Value Redactor::findings(const Napi::CallbackInfo& info) {
  const std::string text = info[0].As<Napi::String>().Utf8Value();
  plog_buffer* out = nullptr;
  plog_error* error = nullptr;
  const plog_status status = plog_redactor_findings(redactor_, text.data(), text.size(), &out, &error);
  return text_or_raise(info.Env(), status, out, error);
}

Napi::Value Redactor::detectors(const Napi::CallbackInfo& info) {
  plog_buffer* out = nullptr;
  plog_error* error = nullptr;
  const plog_status status = plog_redactor_detectors(&out, &error);
  return text_or_raise(info.Env(), status, out, error);
}

}  // namespace plog::node
