#include "queries.h"

#include <atomic>
#include <utility>

#include "client.h"
#include "environment.h"
#include "job.h"

namespace plog::node {

plog_status Rows::open(const std::string& filter, plog_error** error) {
  return plog_client_query(ledger_->handle(), filter.data(), filter.size(), &cursor_, error);
}

plog_status Rows::fetch(std::size_t count, std::vector<std::string>& out, plog_error** error) {
  const std::lock_guard lock(mutex_);
  while (out.size() < count) {
    const char* text = nullptr;
    std::size_t size = 0;
    const plog_status status = plog_cursor_next(cursor_, &text, &size, error);
    if (status != PLOG_OK || text == nullptr) return status;
    out.emplace_back(text, size);
  }
  return PLOG_OK;
}

Napi::Function Cursor::define(Napi::Env env) {
  return DefineClass(env, "Cursor", {InstanceMethod("fetch", &Cursor::fetch)});
}

Napi::Value Cursor::make(Napi::Env env, const std::shared_ptr<Rows>& rows) {
  const Napi::Object object = Environment::of(env).cursor.New({});
  if (!object.IsEmpty()) Unwrap(object)->rows_ = rows;
  return object;
}

Cursor::Cursor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Cursor>(info) {}

Napi::Value Cursor::fetch(const Napi::CallbackInfo& info) {
  auto texts = std::make_shared<std::vector<std::string>>();
  return Job::start(
      info.Env(),
      [rows = rows_, texts, count = info[0].As<Napi::Number>().Uint32Value()](plog_error** error) {
        return rows->fetch(count, *texts, error);
      },
      [texts](Napi::Env env) {
        Napi::Array result = Napi::Array::New(env, texts->size());
        for (std::uint32_t i = 0; i < texts->size(); ++i) result.Set(i, Napi::String::New(env, (*texts)[i]));
        return result;
      });
}

namespace {

// Tells JavaScript of the progress, without waiting for it; stops the work when it said so, or when its environment
// ends.
struct Progress {
  std::shared_ptr<std::atomic<bool>> stopping;
  std::shared_ptr<std::atomic<bool>> stopped = std::make_shared<std::atomic<bool>>(false);
  Napi::ThreadSafeFunction target;
  bool wanted = false;

  static int report(void* data, std::uint64_t done, std::uint64_t total) {
    auto* self = static_cast<Progress*>(data);
    if (self->wanted) {
      self->target.NonBlockingCall([done, total, stopped = self->stopped](Napi::Env env, Napi::Function callback) {
        if (static_cast<napi_env>(env) == nullptr || callback.IsEmpty()) return;
        const Napi::Value answer = callback.Call(
            {Napi::Number::New(env, static_cast<double>(done)), Napi::Number::New(env, static_cast<double>(total))});
        if (answer.IsBoolean() && answer.As<Napi::Boolean>().Value()) stopped->store(true);
      });
    }
    return self->stopping->load() || self->stopped->load() ? 1 : 0;
  }
};

struct Verification {
  std::shared_ptr<Ledger> ledger;
  std::string path, agent;
  plog_verify_options options;
  Progress progress;
  std::string report;
};

}  // namespace

Napi::Value verify(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto job = std::make_shared<Verification>();
  plog_verify_options_init(&job->options);
  if (info[0].IsObject()) job->ledger = Client::Unwrap(info[0].As<Napi::Object>())->ledger();
  if (info[1].IsString()) {
    job->path = info[1].As<Napi::String>().Utf8Value();
    job->options.db_path = job->path.c_str();
  }
  if (info[2].IsString()) {
    job->agent = info[2].As<Napi::String>().Utf8Value();
    job->options.agent_id = job->agent.c_str();
  }
  job->options.read_only = info[3].ToBoolean() ? 1 : 0;
  job->options.progress = Progress::report;
  job->options.user_data = &job->progress;
  job->progress.stopping = Environment::of(env).stopping();
  if (info[4].IsFunction()) {
    job->progress.target = Napi::ThreadSafeFunction::New(env, info[4].As<Napi::Function>(), "provenlog verify", 0, 1);
    job->progress.wanted = true;
  }
  return Job::start(
      env,
      [job](plog_error** error) {
        plog_buffer* report = nullptr;
        plog_client* handle = job->ledger ? job->ledger->handle() : nullptr;
        const plog_status status = plog_verify(handle, &job->options, &report, error);
        if (status == PLOG_OK) job->report.assign(plog_buffer_data(report), plog_buffer_size(report));
        plog_buffer_destroy(report);
        if (job->progress.wanted) job->progress.target.Release();
        return status;
      },
      [job](Napi::Env own) { return Napi::String::New(own, job->report); });
}

Napi::Function Redactor::define(Napi::Env env) {
  return DefineClass(
      env, "Redactor",
      {InstanceMethod("redact", &Redactor::redact), InstanceMethod("redactJson", &Redactor::redact_json)});
}

Redactor::Redactor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Redactor>(info) {
  const std::string rules = info[0].As<Napi::String>().Utf8Value();
  plog_error* error = nullptr;
  const plog_status status = info[1].ToBoolean()
                                 ? plog_redactor_new_configured(rules.data(), rules.size(), &redactor_, &error)
                                 : plog_redactor_new(rules.data(), rules.size(), &redactor_, &error);
  if (status != PLOG_OK) Environment::of(info.Env()).raise(status, error);
}

Napi::Value Redactor::redact(const Napi::CallbackInfo& info) { return run(info, plog_redactor_redact); }

Napi::Value Redactor::redact_json(const Napi::CallbackInfo& info) { return run(info, plog_redactor_redact_json); }

Napi::Value Redactor::run(const Napi::CallbackInfo& info, Call call) {
  const Napi::Env env = info.Env();
  const std::string text = info[0].As<Napi::String>().Utf8Value();
  plog_buffer* out = nullptr;
  std::uint64_t count = 0;
  plog_error* error = nullptr;
  const plog_status status = call(redactor_, text.data(), text.size(), &out, &count, &error);
  if (status != PLOG_OK) {
    Environment::of(env).raise(status, error);
    return {};
  }
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0U, Napi::String::New(env, plog_buffer_data(out), plog_buffer_size(out)));
  pair.Set(1U, Napi::Number::New(env, static_cast<double>(count)));
  plog_buffer_destroy(out);
  return pair;
}

}  // namespace plog::node
