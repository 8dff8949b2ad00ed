// The native half of a ProvenLogClient.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

#include "environment.h"
#include "ledger.h"

namespace plog::node {

// Its environment's thread. Calls that wait for a disk or a lock are promises, settled from libuv's pool.
class Client : public Napi::ObjectWrap<Client> {
 public:
  static Napi::Function define(Napi::Env env);

  // (settings): see `Settings` in node/src/native.ts. Throws an error of the package's classes.
  explicit Client(const Napi::CallbackInfo& info);
  ~Client() override;

  const std::shared_ptr<Ledger>& ledger() const { return ledger_; }

 private:
  // (from, to): the event that stands there on the tape. Its id; "" when the journal had no space and the loss was
  // counted. A function of the object's own, with the client as its data: a method would look for it in each call.
  static napi_value record_callback(napi_env env, napi_callback_info info);
  napi_value record(std::size_t from, std::size_t to);
  // (milliseconds); negative: no deadline.
  Napi::Value flush(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  // (): lets go of the core's client, which is destroyed when the last call under way has ended: a promise. Of what
  // stands here only nextError may be called after it.
  Napi::Value release(const Napi::CallbackInfo& info);
  Napi::Promise let_go(Napi::Env env);
  // On this thread.
  Napi::Value flush_now(const Napi::CallbackInfo& info);
  Napi::Value close_now(const Napi::CallbackInfo& info);
  Napi::Value release_now(const Napi::CallbackInfo& info);
  Napi::Value stats_now(const Napi::CallbackInfo& info);
  Napi::Value set_context(const Napi::CallbackInfo& info);
  Napi::Value get_context(const Napi::CallbackInfo& info);
  Napi::Value get_event(const Napi::CallbackInfo& info);
  Napi::Value query(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  // An asynchronous error that is there already: [status, message], or undefined.
  Napi::Value next_error(const Napi::CallbackInfo& info);
  Napi::Value watch(const Napi::CallbackInfo& info);
  Napi::Value db_path(const Napi::CallbackInfo& info);

  std::shared_ptr<Ledger> ledger_;
  Environment* environment_;
};

}  // namespace plog::node
