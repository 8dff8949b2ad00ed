#include "queries.h"

#include <utility>

#include "environment.h"
#include "job.h"

namespace plog::node {

plog_status Rows::open(const std::string& filter, plog_error** error) {
  return plog_client_query(ledger_->handle(), filter.data(), filter.size(), &cursor_, error);
}

plog_status Rows::fetch(std::size_t count, std::vector<std::string>& out, plog_error** error) {
  {
    const std::lock_guard lock(mutex_);
    while (cursor_ != nullptr && out.size() < count) {
      const char* text = nullptr;
      std::size_t size = 0;
      const plog_status status = plog_cursor_next(cursor_, &text, &size, error);
      if (status != PLOG_OK) return status;
      if (text == nullptr) break;
      out.emplace_back(text, size);
    }
  }
  if (out.size() < count) close();
  return PLOG_OK;
}

void Rows::close() {
  const std::lock_guard lock(mutex_);
  plog_cursor_destroy(std::exchange(cursor_, nullptr));
  ledger_.reset();
}

Napi::Function Cursor::define(Napi::Env env) {
  return DefineClass(env, "Cursor", {InstanceMethod("fetch", &Cursor::fetch), InstanceMethod("close", &Cursor::close)});
}

Napi::Value Cursor::make(Napi::Env env, const std::shared_ptr<Rows>& rows) {
  const Napi::Object object = Environment::of(env).cursor.New({});
  Unwrap(object)->rows_ = rows;
  return object;
}

Cursor::Cursor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Cursor>(info) {}

Napi::Value Cursor::close(const Napi::CallbackInfo& info) {
  return Job::start(
      info.Env(),
      [rows = rows_](plog_error**) {
        rows->close();
        return PLOG_OK;
      },
      undefined_of);
}

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

}  // namespace plog::node
