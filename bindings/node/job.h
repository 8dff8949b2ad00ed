// A call that runs on a thread of libuv's pool and settles a promise.
#pragma once

#include <napi.h>

#include <functional>
#include <utility>

#include "environment.h"
#include "provenlog/plog.h"

namespace plog::node {

class Job : public Napi::AsyncWorker {
 public:
  using Work = std::function<plog_status(plog_error**)>;
  using Result = std::function<Napi::Value(Napi::Env)>;

  // `work` runs on the pool. If it returns PLOG_OK, `result` then creates the promise's value on the environment's
  // thread.
  static Napi::Promise start(Napi::Env env, Work work, Result result) {
    auto* job = new Job(env, std::move(work), std::move(result));
    const Napi::Promise promise = job->deferred_.Promise();
    job->Queue();
    return promise;
  }

 private:
  Job(Napi::Env env, Work work, Result result)
      : Napi::AsyncWorker(env, "provenlog"),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        result_(std::move(result)) {}

  ~Job() override { plog_error_destroy(error_); }

  void Execute() override { status_ = work_(&error_); }
  void OnOK() override {
    work_ = nullptr;  // releases what it holds before the promise is settled
    const Napi::Env env = Env();
    if (status_ != PLOG_OK) {
      deferred_.Reject(Environment::of(env).error(status_, std::exchange(error_, nullptr)));
      return;
    }
    Napi::Value value;
    try {
      value = result_(env);
    } catch (const Napi::Error& error) {
      return deferred_.Reject(error.Value());
    }
    deferred_.Resolve(value);
  }
  // `work` ran out of memory.
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

  Napi::Promise::Deferred deferred_;
  Work work_;
  Result result_;
  plog_status status_ = PLOG_OK;
  plog_error* error_ = nullptr;
};

inline Napi::Value undefined_of(Napi::Env env) { return env.Undefined(); }

}  // namespace plog::node
