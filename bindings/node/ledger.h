// An open client of the core, shared by its JavaScript object, its running calls and its cursors.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "provenlog/plog.h"

namespace plog::node {

std::int64_t now_ms();  // steady clock

// Any thread may call its functions, except where a comment says otherwise. The destructor closes the client, with a
// deadline.
class Ledger {
 public:
  explicit Ledger(plog_client* handle);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  plog_client* handle() const { return handle_; }
  std::int32_t on_full() const { return on_full_; }

  // Call plog_client_flush and plog_client_close in slices, so that `stopping` ends the wait early (PLOG_E_TIMEOUT).
  // They wait for another process's lock as for a slow disk.
  plog_status flush(std::int64_t timeout_ms, const std::atomic<bool>& stopping, plog_error** error);
  plog_status close(std::int64_t timeout_ms, const std::atomic<bool>& stopping, plog_error** error);

  // Passes asynchronous errors to `callback(status, message)` on the thread of `env`, until the client is closed. Call
  // it at most once, on the environment's thread.
  void watch(Napi::Env env, const Napi::Function& callback);
  // Closes the client and waits for the watcher thread. Only the environment's thread and the destructor, which may run
  // on a thread of the pool, call it, and never both at once.
  void end(std::int64_t timeout_ms);

 private:
  void stop_watcher();

  plog_client* handle_;
  std::int32_t on_full_;
  std::thread watcher_;
};

}  // namespace plog::node
