// What one JavaScript environment (the main thread, or a worker) has of the addon.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "provenlog/plog.h"

namespace plog::node {

class Ledger;

// One thread: that of its environment, apart from `stopping`.
class Environment {
 public:
  explicit Environment(Napi::Env env);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  // An error of the package's classes. Takes `error`, which may be NULL.
  Napi::Value error(plog_status status, plog_error* error);
  Napi::Value error(plog_status status, const char* message);
  // The same, thrown.
  void raise(plog_status status, plog_error* error);
  void raise(plog_status status, const char* message);

  void opened(const std::shared_ptr<Ledger>& ledger);
  // After something was made that has a cleanup hook of its own and that end() needs: hooks run last in, first out.
  void end_first();

  // Set once: waiting calls come back early.
  const std::shared_ptr<std::atomic<bool>>& stopping() const { return stopping_; }

  Napi::Env env;
  Napi::FunctionReference make_error;       // (status, message) => Error
  Napi::FunctionReference cursor;           // constructor
  std::vector<std::string> names;           // fields that a tape names by number
  Napi::Reference<Napi::ArrayBuffer> tape;  // where events are written
  const std::uint8_t* tape_data = nullptr;
  std::size_t tape_size = 0;

 private:
  // When the environment ends: closes what is still open, with one deadline for all.
  static void end(void* self);

  std::shared_ptr<std::atomic<bool>> stopping_;
  std::vector<std::weak_ptr<Ledger>> ledgers_;
};

}  // namespace plog::node
