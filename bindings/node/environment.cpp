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
  const Napi::Value made = this->error(status, error != nullptr ? plog_error_message(error) : plog_status_name(status));
  plog_error_destroy(error);
  return made;
}

void Environment::raise(plog_status status, const char* message) {
  const Napi::Value made = error(status, message);
  if (!env.IsExceptionPending()) napi_throw(env, made);
}

void Environment::raise(plog_status status, plog_error* error) {
  const Napi::Value made = this->error(status, error);
  if (!env.IsExceptionPending()) napi_throw(env, made);
}

Napi::Value text_or_raise(Napi::Env env, plog_status status, plog_buffer* buffer, plog_error* error) {
  if (status != PLOG_OK) {
    Environment::of(env).raise(status, error);
    return {};
  }
  const Napi::Value text = Napi::String::New(env, plog_buffer_data(buffer), plog_buffer_size(buffer));
  plog_buffer_destroy(buffer);
  return text;
}

}  // namespace plog::node
