// Rows, verification and the redactor.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ledger.h"
#include "provenlog/plog.h"

namespace plog::node {

// The rows of one query. Any thread, one at a time.
class Rows {
 public:
  explicit Rows(std::shared_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}
  ~Rows() { plog_cursor_destroy(cursor_); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  plog_status open(const std::string& filter, plog_error** error);
  // The next rows as JSON text, at most `count`; fewer only at the end.
  plog_status fetch(std::size_t count, std::vector<std::string>& out, plog_error** error);

 private:
  std::shared_ptr<Ledger> ledger_;  // outlives the cursor
  std::mutex mutex_;
  plog_cursor* cursor_ = nullptr;
};

class Cursor : public Napi::ObjectWrap<Cursor> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Value make(Napi::Env env, const std::shared_ptr<Rows>& rows);

  explicit Cursor(const Napi::CallbackInfo& info);

 private:
  // (count): a promise of texts.
  Napi::Value fetch(const Napi::CallbackInfo& info);

  std::shared_ptr<Rows> rows_;
};

// (client or undefined, path or undefined, agent or undefined, read only, progress or undefined): a promise of the
// report's text. `progress(done, total)` tells by true that the work is to stop.
Napi::Value verify(const Napi::CallbackInfo& info);

class Redactor : public Napi::ObjectWrap<Redactor> {
 public:
  static Napi::Function define(Napi::Env env);

  // (rules as JSON text, with those of the configuration)
  explicit Redactor(const Napi::CallbackInfo& info);
  ~Redactor() override { plog_redactor_destroy(redactor_); }

 private:
  // (text): [text, hits]
  Napi::Value redact(const Napi::CallbackInfo& info);
  Napi::Value redact_json(const Napi::CallbackInfo& info);
  using Call = plog_status (*)(const plog_redactor*, const char*, std::size_t, plog_buffer**, std::uint64_t*,
                               plog_error**);
  Napi::Value run(const Napi::CallbackInfo& info, Call call);

  plog_redactor* redactor_ = nullptr;
};

}  // namespace plog::node
