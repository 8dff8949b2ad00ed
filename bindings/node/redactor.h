// The redaction engine, without a ledger.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

#include "provenlog/plog.h"

namespace plog::node {

class Redactor : public Napi::ObjectWrap<Redactor> {
 public:
  static Napi::Function define(Napi::Env env);

  // Arguments: (options as JSON text, whether to add the settings of the configuration files).
  explicit Redactor(const Napi::CallbackInfo& info);
  ~Redactor() override { plog_redactor_destroy(redactor_); }

 private:
  // Arguments: (text). Returns [text, number of findings].
  Napi::Value redact(const Napi::CallbackInfo& info);
  Napi::Value redact_json(const Napi::CallbackInfo& info);
  using Call = plog_status (*)(const plog_redactor*, const char*, std::size_t, plog_buffer**, std::uint64_t*,
                               plog_error**);
  Napi::Value run(const Napi::CallbackInfo& info, Call call);
  // Arguments: (text). Returns JSON text with offsets in bytes of UTF-8.
  Napi::Value findings(const Napi::CallbackInfo& info);
  // Returns JSON text.
  static Napi::Value detectors(const Napi::CallbackInfo& info);

  plog_redactor* redactor_ = nullptr;
};

}  // namespace plog::node
