// The addon's state for one JavaScript environment (the main thread or a worker).
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "provenlog/plog.h"

namespace plog::node {

class Ledger;

// Used only on its environment's thread, except for `stopping`.
class Environment {
 public:
  explicit Environment(Napi::Env env);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  // Creates one of the package's errors. Destroys `error`, which may be NULL.
  Napi::Value error(plog_status status, plog_error* error);
  Napi::Value error(plog_status status, const char* message);
  // Creates and throws it, as a Napi::Error.
  [[noreturn]] void raise(plog_status status, plog_error* error);
  [[noreturn]] void raise(plog_status status, const char* message);

  void opened(const std::shared_ptr<Ledger>& ledger);
  // Makes end() run before all cleanup hooks added so far. Call it after an object was created that end() needs and
  // that has a cleanup hook of its own: hooks run last in, first out.
  void end_first();

  // Set once: when the process exits (stop() of the addon), or else by the cleanup hook. Waiting calls then return
  // early. Node runs the hook only after the environment's calls on the pool have ended, so the end of a worker that is
  // terminated waits for them.
  const std::shared_ptr<std::atomic<bool>>& stopping() const { return stopping_; }

  Napi::Env env;
  Napi::FunctionReference make_error;       // (status, message) => Error
  Napi::FunctionReference cursor;           // constructor
  std::vector<std::string> names;           // field names; a tape refers to them by index
  Napi::Reference<Napi::ArrayBuffer> tape;  // the buffer in which JavaScript writes events and values
  const std::uint8_t* tape_data = nullptr;
  std::size_t tape_size = 0;

 private:
  // Runs when the environment ends: closes all open ledgers, with one deadline for all of them.
  static void end(void* self);

  std::shared_ptr<std::atomic<bool>> stopping_;
  std::vector<std::weak_ptr<Ledger>> ledgers_;
};

// Calls a JavaScript function from a function that must not throw. What it throws becomes an uncaught exception of its
// environment.
void call_listener(const Napi::Function& listener, const std::initializer_list<napi_value>& arguments);

// Returns the text of a buffer and destroys the buffer, or throws the error.
Napi::Value text_or_raise(Napi::Env env, plog_status status, plog_buffer* buffer, plog_error* error);

}  // namespace plog::node
