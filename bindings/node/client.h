// The native half of a ProvenLogClient.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

#include "environment.h"
#include "ledger.h"

namespace plog::node {

// Used only on its environment's thread. A call that may wait for a disk or a lock returns a promise and runs on
// libuv's pool.
class Client : public Napi::ObjectWrap<Client> {
 public:
  static Napi::Function define(Napi::Env env);

  // Arguments: (settings), see `Settings` in node/src/native.ts. Throws one of the package's errors.
  explicit Client(const Napi::CallbackInfo& info);
  ~Client() override;

  const std::shared_ptr<Ledger>& ledger() const { return ledger_; }

 private:
  // Arguments: (from, to), the range of the tape that contains the event. Returns its id, or "" if the journal had no
  // space and the loss was counted. It is a function of each object, with the client as its data, because a method
  // would have to unwrap the client in every call.
  static napi_value record_callback(napi_env env, napi_callback_info info);
  napi_value record(std::size_t from, std::size_t to);
  // Arguments: (milliseconds); negative: no deadline.
  Napi::Value flush(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  // Releases the core's client, which is destroyed when the last running call has ended. Returns a promise. Afterwards,
  // only nextError may be called.
  Napi::Value release(const Napi::CallbackInfo& info);
  Napi::Promise let_go(Napi::Env env);
  // The same on this thread, blocking.
  Napi::Value flush_now(const Napi::CallbackInfo& info);
  Napi::Value close_now(const Napi::CallbackInfo& info);
  Napi::Value release_now(const Napi::CallbackInfo& info);
  Napi::Value stats_now(const Napi::CallbackInfo& info);
  Napi::Value set_context(const Napi::CallbackInfo& info);
  Napi::Value get_context(const Napi::CallbackInfo& info);
  Napi::Value get_event(const Napi::CallbackInfo& info);
  Napi::Value query(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  // Returns an asynchronous error without waiting: [status, message], or undefined.
  Napi::Value next_error(const Napi::CallbackInfo& info);
  Napi::Value watch(const Napi::CallbackInfo& info);
  Napi::Value db_path(const Napi::CallbackInfo& info);

  std::shared_ptr<Ledger> ledger_;
  Environment* environment_;
};

}  // namespace plog::node
