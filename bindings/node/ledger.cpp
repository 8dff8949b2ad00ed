#include "ledger.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "environment.h"

namespace plog::node {

namespace {
constexpr std::int64_t kSliceMs = 100;
constexpr std::int64_t kPauseMs = 10;
constexpr std::int64_t kLateCloseMs = 5000;

struct Failure {
  plog_status status;
  std::string message;
};

void deliver(const Napi::Env& env, const Napi::Function& callback, Failure* failure) {
  if (static_cast<napi_env>(env) != nullptr && !callback.IsEmpty()) {
    call_listener(callback, {Napi::Number::New(env, failure->status), Napi::String::New(env, failure->message)});
  }
  delete failure;
}
}  // namespace

std::int64_t now_ms() {
  using std::chrono::steady_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch()).count();
}

Ledger::Ledger(plog_client* handle) : handle_(handle), on_full_(plog_client_on_full(handle)) {}

Ledger::~Ledger() {
  end(kLateCloseMs);
  plog_client_destroy(handle_);
}

plog_status Ledger::flush(std::int64_t timeout_ms, const std::atomic<bool>& stopping, plog_error** error) {
  const std::int64_t deadline = timeout_ms < 0 ? std::numeric_limits<std::int64_t>::max() : now_ms() + timeout_ms;
  for (;;) {
    plog_error* found = nullptr;
    const std::int64_t slice = std::clamp<std::int64_t>(deadline - now_ms(), 0, kSliceMs);
    const plog_status status = plog_client_flush(handle_, slice, &found);
    if (status == PLOG_OK) return status;
    const bool again = status == PLOG_E_TIMEOUT || status == PLOG_E_BUSY;
    if (!again || stopping.load() || now_ms() >= deadline) {
      *error = found;
      return again ? PLOG_E_TIMEOUT : status;
    }
    plog_error_destroy(found);
    if (status == PLOG_E_BUSY) std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
  }
}

plog_status Ledger::close(std::int64_t timeout_ms, const std::atomic<bool>& stopping, plog_error** error) {
  plog_error* flushing = nullptr;
  const plog_status flushed = flush(timeout_ms, stopping, &flushing);
  const plog_status status = plog_client_close(handle_, flushed == PLOG_OK ? kSliceMs : 0, error);
  plog_error_destroy(flushing);
  return status;
}

void Ledger::watch(Napi::Env env, const Napi::Function& callback) {
  Napi::ThreadSafeFunction target = Napi::ThreadSafeFunction::New(env, callback, "provenlog onError", 0, 1);
  target.Unref(env);
  watcher_ = std::thread([handle = handle_, target]() mutable {
    for (;;) {
      plog_error* error = nullptr;
      if (plog_client_next_error(handle, -1, &error, nullptr) != PLOG_OK) break;
      if (error == nullptr) continue;
      auto* failure = new Failure{plog_error_status(error), plog_error_message(error)};
      plog_error_destroy(error);
      const napi_status sent = target.NonBlockingCall(
          failure, [](Napi::Env own, Napi::Function to, Failure* value) { deliver(own, to, value); });
      if (sent != napi_ok) delete failure;
    }
    target.Release();
  });
}

void Ledger::stop_watcher() {
  if (watcher_.joinable()) watcher_.join();
}

void Ledger::end(std::int64_t timeout_ms) {
  plog_client_close(handle_, timeout_ms, nullptr);
  stop_watcher();
}

}  // namespace plog::node
