#include "environment.h"

#include <algorithm>
#include <utility>

#include "ledger.h"

namespace plog::node {

namespace {
// The deadline for closing all ledgers. Events that are not committed by then stay in the journal.
constexpr std::int64_t kEndMs = 5000;
}  // namespace

Environment::Environment(Napi::Env own) : env(own), stopping_(std::make_shared<std::atomic<bool>>(false)) {
  napi_add_env_cleanup_hook(env, end, this);
}

void Environment::end_first() {
  napi_remove_env_cleanup_hook(env, end, this);
  napi_add_env_cleanup_hook(env, end, this);
}

void Environment::end(void* data) {
  auto* self = static_cast<Environment*>(data);
  self->stopping_->store(true);
  const std::int64_t deadline = now_ms() + kEndMs;
  for (const std::weak_ptr<Ledger>& known : std::exchange(self->ledgers_, {})) {
    const std::shared_ptr<Ledger> ledger = known.lock();
    if (ledger) ledger->end(std::max<std::int64_t>(deadline - now_ms(), 100));
  }
}

void Environment::opened(const std::shared_ptr<Ledger>& ledger) {
  std::erase_if(ledgers_, [](const std::weak_ptr<Ledger>& known) { return known.expired(); });
  ledgers_.push_back(ledger);
}

Napi::Value Environment::error(plog_status status, const char* message) {
  return make_error.Call({Napi::Number::New(env, status), Napi::String::New(env, message)});
}

Napi::Value Environment::error(plog_status status, plog_error* error) {
  const std::unique_ptr<plog_error, decltype(&plog_error_destroy)> owned(error, plog_error_destroy);
  return this->error(status, error != nullptr ? plog_error_message(error) : plog_status_name(status));
}

void Environment::raise(plog_status status, const char* message) { throw Napi::Error(env, error(status, message)); }

void Environment::raise(plog_status status, plog_error* failure) { throw Napi::Error(env, error(status, failure)); }

void call_listener(const Napi::Function& listener, const std::initializer_list<napi_value>& arguments) {
  try {
    listener.Call(arguments);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  }
}

Napi::Value text_or_raise(Napi::Env env, plog_status status, plog_buffer* buffer, plog_error* error) {
  const std::unique_ptr<plog_buffer, decltype(&plog_buffer_destroy)> owned(buffer, plog_buffer_destroy);
  if (status != PLOG_OK) Environment::of(env).raise(status, error);
  return Napi::String::New(env, plog_buffer_data(buffer), plog_buffer_size(buffer));
}

}  // namespace plog::node
