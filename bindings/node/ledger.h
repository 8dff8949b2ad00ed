// An open client of the core, shared by its JavaScript object, the calls under way and its cursors.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "provenlog/plog.h"

namespace plog::node {

std::int64_t now_ms();  // of a steady clock

// Any thread, if not said otherwise. Destroying it closes it, with a deadline.
class Ledger {
 public:
  explicit Ledger(plog_client* handle);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  plog_client* handle() const { return handle_; }
  std::int32_t on_full() const { return on_full_; }

  // plog_client_flush, and plog_client_close, in slices, so that `stopping` ends the wait early (PLOG_E_TIMEOUT).
  // Another program's lock is waited for like a slow disk.
  plog_status flush(std::int64_t timeout_ms, const std::atomic<bool>& stopping, plog_error** error);
  plog_status close(std::int64_t timeout_ms, const std::atomic<bool>& stopping, plog_error** error);

  // Hands asynchronous errors to `callback(status, message)` on the thread of `env`, until the client is closed. The
  // environment's thread; once.
  void watch(Napi::Env env, const Napi::Function& callback);
  // Closes, and waits for the watcher. The environment's thread.
  void end(std::int64_t timeout_ms);

 private:
  void stop_watcher();

  plog_client* handle_;
  std::int32_t on_full_;
  std::thread watcher_;
};

}  // namespace plog::node
