// Owning pointers for the C API's handles, and conversion of its errors to exceptions.
#pragma once

#include <provenlog/plog.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "json/value.h"

namespace plog::cli {

struct HandleDeleter {
  void operator()(plog_client* client) const noexcept { plog_client_destroy(client); }
  void operator()(plog_buffer* buffer) const noexcept { plog_buffer_destroy(buffer); }
  void operator()(plog_redactor* redactor) const noexcept { plog_redactor_destroy(redactor); }
};
using ClientPtr = std::unique_ptr<plog_client, HandleDeleter>;
using BufferPtr = std::unique_ptr<plog_buffer, HandleDeleter>;
using RedactorPtr = std::unique_ptr<plog_redactor, HandleDeleter>;

// The message of a failed call; destroys `error`, which may be null.
inline std::string take_message(plog_status status, plog_error* error) {
  std::string message = error != nullptr ? plog_error_message(error) : plog_status_name(status);
  plog_error_destroy(error);
  return message;
}

// Throws Error with the status and message of a failed call, and destroys `error`.
inline void check(plog_status status, plog_error* error) {
  if (status != PLOG_OK) throw Error(static_cast<Status>(status), take_message(status, error));
}

// Calls `call(&error)` and checks its status.
template <typename Call>
void check(Call call) {
  plog_error* error = nullptr;
  const plog_status status = call(&error);
  check(status, error);
}

// Calls an operation, and returns its result as JSON text.
inline std::string call_operation(plog_client* client, const char* name, json::Value::Object parameters) {
  const std::string given = json::Value(std::move(parameters)).canonical();
  plog_buffer* result = nullptr;
  check([&](plog_error** error) {
    return plog_call(client, name, given.data(), given.size(), nullptr, nullptr, &result, error);
  });
  const BufferPtr owner(result);
  return std::string(plog_buffer_data(result), plog_buffer_size(result));
}

// Closes the client and calls tell(message) for each error of its background work, such as a head that could not be
// written or a missing key.
template <typename Tell>
void close_and_tell(plog_client* client, std::int64_t timeout_ms, Tell tell) {
  plog_error* error = nullptr;
  const plog_status closed = plog_client_close(client, timeout_ms, &error);
  if (closed != PLOG_OK) tell(take_message(closed, error));
  for (plog_error* each = nullptr; plog_client_next_error(client, 0, &each, nullptr) == PLOG_OK && each != nullptr;) {
    tell(take_message(plog_error_status(each), each));
  }
}

}  // namespace plog::cli
