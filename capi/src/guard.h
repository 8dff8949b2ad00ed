// Converts exceptions to statuses at the C boundary. No exception leaves the library.
#pragma once

#include <new>
#include <string>

#include "base/error.h"
#include "provenlog/plog.h"

struct plog_error {
  plog_status status;
  std::string message;
};

namespace plog::capi {

// Creates an error object. If there is no memory for it, returns a static one instead.
plog_error* make_error(plog_status status, const char* message) noexcept;

inline plog_status fail(plog_status status, const char* message, plog_error** err) noexcept {
  if (err != nullptr) *err = make_error(status, message);
  return status;
}

// Runs `body` and converts any exception to a status.
template <typename Body>
plog_status guard(plog_error** err, Body&& body) noexcept {
  try {
    body();
    return PLOG_OK;
  } catch (const Error& error) {
    return fail(static_cast<plog_status>(error.status()), error.what(), err);
  } catch (const std::bad_alloc&) {
    return fail(PLOG_E_NO_MEMORY, "out of memory", err);
  } catch (const std::exception& error) {
    return fail(PLOG_E_INTERNAL, error.what(), err);
  } catch (...) {
    return fail(PLOG_E_INTERNAL, "internal error: an exception of an unknown type", err);
  }
}

[[noreturn]] inline void invalid(const std::string& what) { throw Error(Status::kInvalid, what); }

}  // namespace plog::capi
