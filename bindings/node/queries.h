// Cursors over the rows of a query.
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

// The rows of one query. Any thread may use it, but only one at a time.
class Rows {
 public:
  explicit Rows(std::shared_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}
  ~Rows() { close(); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  plog_status open(const std::string& filter, plog_error** error);
  // Reads the next rows as JSON text, at most `count`. Fewer than `count` means the end; the cursor is then closed.
  plog_status fetch(std::size_t count, std::vector<std::string>& out, plog_error** error);
  // Releases the ledger. Later calls return no rows.
  void close();

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
  // Arguments: (count). Returns a promise of a list of texts.
  Napi::Value fetch(const Napi::CallbackInfo& info);
  // Returns a promise. For a reader that stops before the end.
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<Rows> rows_;
};

}  // namespace plog::node
