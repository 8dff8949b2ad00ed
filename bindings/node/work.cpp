#include "work.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "environment.h"
#include "job.h"

namespace plog::node {

namespace {

plog_status take(plog_status status, plog_buffer* buffer, std::string& out) {
  if (status == PLOG_OK) out.assign(plog_buffer_data(buffer), plog_buffer_size(buffer));
  plog_buffer_destroy(buffer);
  return status;
}

class Work {
 public:
  Work(Napi::Env env, const Napi::Value& listener, WorkCall call)
      : stopping_(Environment::of(env).stopping()), wanted_(listener.IsFunction()), call_(std::move(call)) {
    if (wanted_) {
      listener_ = Napi::ThreadSafeFunction::New(env, listener.As<Napi::Function>(), "provenlog progress", 0, 1);
    }
  }

  const std::shared_ptr<std::atomic<bool>>& stopped() const { return stopped_; }
  const std::string& text() const { return text_; }

  // Runs on the pool.
  plog_status run(plog_error** error) {
    plog_buffer* buffer = nullptr;
    plog_status status = PLOG_E_CANCELLED;
    if (!must_stop()) status = call_(report, this, &buffer, error);
    status = take(status, buffer, text_);
    if (wanted_) {
      listener_.NonBlockingCall([](Napi::Env env, Napi::Function listener) {
        if (static_cast<napi_env>(env) != nullptr && !listener.IsEmpty()) call_listener(listener, {});
      });
      listener_.Release();
    }
    return status;
  }

 private:
  bool must_stop() const { return stopping_->load() || stopped_->load(); }

  // Does not wait for the JavaScript listener.
  static int report(void* data, std::uint64_t done, std::uint64_t total) {
    auto* self = static_cast<Work*>(data);
    if (self->wanted_) {
      self->listener_.NonBlockingCall([done, total](Napi::Env env, Napi::Function listener) {
        if (static_cast<napi_env>(env) == nullptr || listener.IsEmpty()) return;
        call_listener(listener, {Napi::Number::New(env, static_cast<double>(done)),
                                 Napi::Number::New(env, static_cast<double>(total))});
      });
    }
    return self->must_stop() ? 1 : 0;
  }

  std::shared_ptr<std::atomic<bool>> stopping_;
  std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);
  bool wanted_;
  Napi::ThreadSafeFunction listener_;
  WorkCall call_;
  std::string text_;
};

}  // namespace

Napi::Promise start_text(Napi::Env env, TextCall call) {
  auto text = std::make_shared<std::string>();
  return Job::start(
      env,
      [call = std::move(call), text, stopping = Environment::of(env).stopping()](plog_error** error) {
        plog_buffer* buffer = nullptr;
        const plog_status status = stopping->load() ? PLOG_E_CANCELLED : call(&buffer, error);
        return take(status, buffer, *text);
      },
      [text](Napi::Env own) { return Napi::String::New(own, *text); });
}

Napi::Value start_work(Napi::Env env, const Napi::Value& listener, WorkCall call) {
  auto work = std::make_shared<Work>(env, listener, std::move(call));
  Napi::Object running = Napi::Object::New(env);
  running.Set("stop", Napi::Function::New(
                          env, [stopped = work->stopped()](const Napi::CallbackInfo&) { stopped->store(true); }));
  running.Set("result", Job::start(
                            env, [work](plog_error** error) { return work->run(error); },
                            [work](Napi::Env own) { return Napi::String::New(own, work->text()); }));
  return running;
}

}  // namespace plog::node
