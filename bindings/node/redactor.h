// The redaction engine by itself.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

#include "provenlog/plog.h"

namespace plog::node {

class Redactor : public Napi::ObjectWrap<Redactor> {
 public:
  static Napi::Function define(Napi::Env env);

  // (options as JSON text, with what the configuration says)
  explicit Redactor(const Napi::CallbackInfo& info);
  ~Redactor() override { plog_redactor_destroy(redactor_); }

 private:
  // (text): [text, hits]
  Napi::Value redact(const Napi::CallbackInfo& info);
  Napi::Value redact_json(const Napi::CallbackInfo& info);
  using Call = plog_status (*)(const plog_redactor*, const char*, std::size_t, plog_buffer**, std::uint64_t*,
                               plog_error**);
  Napi::Value run(const Napi::CallbackInfo& info, Call call);
  // (text): JSON text, with places in octets of UTF-8
  Napi::Value findings(const Napi::CallbackInfo& info);
  // (): JSON text
  static Napi::Value detectors(const Napi::CallbackInfo& info);

  plog_redactor* redactor_ = nullptr;
};

}  // namespace plog::node
