// The entry point of the addon. It exports what `Addon` in node/src/native.ts describes.
#include <napi.h>

#include <string>

#include "client.h"
#include "environment.h"
#include "evidence.h"
#include "provenlog/plog.h"
#include "queries.h"
#include "redactor.h"
#include "tape.h"
#ifdef PLOG_SIMDJSON_NAME
#include "simdjson_bridge.h"
#endif

namespace plog::node {

namespace {

// Arguments: (makeError, names). Must be called once, before anything else.
Napi::Value configure(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  environment.make_error = Napi::Persistent(info[0].As<Napi::Function>());
  const Napi::Array names = info[1].As<Napi::Array>();
  environment.names.clear();
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    environment.names.push_back(names.Get(i).As<Napi::String>().Utf8Value());
  }
  return info.Env().Undefined();
}

// Arguments: (buffer), the buffer that `record` and `canonical` read.
Napi::Value set_tape(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Napi::ArrayBuffer buffer = info[0].As<Napi::ArrayBuffer>();
  environment.tape = Napi::Persistent(buffer);
  environment.tape_data = static_cast<const std::uint8_t*>(buffer.Data());
  environment.tape_size = buffer.ByteLength();
  return info.Env().Undefined();
}

// Arguments: (from, to), the range of the tape that holds one value. Returns its canonical form (RFC 8785).
Napi::Value canonical(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const std::size_t from = info[0].As<Napi::Number>().Uint32Value(), to = info[1].As<Napi::Number>().Uint32Value();
  plog_event* value = nullptr;
  plog_buffer* json = nullptr;
  plog_error* error = nullptr;
  plog_status status = plog_value_begin(&value, &error);
  if (status == PLOG_OK) {
    const bool valid = from <= to && to <= environment.tape_size &&
                       write_tape(environment.tape_data + from, to - from, environment.names, value);
    if (valid) status = plog_value_to_json(value, &json, &error);
    plog_event_cancel(value);
    if (!valid) environment.raise(PLOG_E_INTERNAL, "internal error: the value is not a valid tape");
  }
  return text_or_raise(info.Env(), status, json, error);
}

// Arguments: (name, value as text) of an option of a client. Throws for a value that is out of range or not a choice.
Napi::Value check_option(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value(), value = info[1].As<Napi::String>().Utf8Value();
  plog_error* error = nullptr;
  const plog_status status = plog_client_option_check(name.c_str(), value.data(), value.size(), &error);
  if (status != PLOG_OK) Environment::of(info.Env()).raise(status, error);
  return info.Env().Undefined();
}

// Called when the process exits: waiting calls of this environment return early from now on.
Napi::Value stop(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).stopping()->store(true);
  return info.Env().Undefined();
}

Napi::Value status_name(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), plog_status_name(info[0].As<Napi::Number>().Int32Value()));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  if (plog_abi_version() != PLOG_ABI_VERSION) {
    throw Napi::Error::New(env, "provenlog: the addon was built for another ABI of the core; reinstall provenlog");
  }
#ifdef PLOG_SIMDJSON_NAME
  const std::string missing = load_simdjson();
  if (!missing.empty()) throw Napi::Error::New(env, "provenlog: " + missing);
#endif
  auto* environment = new Environment(env);
  env.SetInstanceData(environment);
  environment->cursor = Napi::Persistent(Cursor::define(env));
  exports.Set("version", Napi::String::New(env, plog_version()));
  exports.Set("configure", Napi::Function::New(env, configure, "configure"));
  exports.Set("setTape", Napi::Function::New(env, set_tape, "setTape"));
  exports.Set("canonical", Napi::Function::New(env, canonical, "canonical"));
  exports.Set("stop", Napi::Function::New(env, stop, "stop"));
  exports.Set("statusName", Napi::Function::New(env, status_name, "statusName"));
  exports.Set("checkOption", Napi::Function::New(env, check_option, "checkOption"));
  exports.Set("Client", Client::define(env));
  exports.Set("Redactor", Redactor::define(env));
  add_evidence(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(provenlog, init)

}  // namespace plog::node
