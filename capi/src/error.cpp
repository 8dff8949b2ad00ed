#include "guard.h"

namespace plog::capi {
namespace {
static_assert(PLOG_E_INVALID == static_cast<int>(Status::kInvalid));
static_assert(PLOG_E_CONFIG == static_cast<int>(Status::kConfig));
static_assert(PLOG_E_NOT_FOUND == static_cast<int>(Status::kNotFound));
static_assert(PLOG_E_IO == static_cast<int>(Status::kIo));
static_assert(PLOG_E_FULL == static_cast<int>(Status::kFull));
static_assert(PLOG_E_TIMEOUT == static_cast<int>(Status::kTimeout));
static_assert(PLOG_E_CLOSED == static_cast<int>(Status::kClosed));
static_assert(PLOG_E_BUSY == static_cast<int>(Status::kBusy));
static_assert(PLOG_E_CORRUPT == static_cast<int>(Status::kCorrupt));
static_assert(PLOG_E_UNSUPPORTED == static_cast<int>(Status::kUnsupported));
static_assert(PLOG_E_CANCELLED == static_cast<int>(Status::kCancelled));
static_assert(PLOG_E_NO_MEMORY == static_cast<int>(Status::kNoMemory));
static_assert(PLOG_E_INTERNAL == static_cast<int>(Status::kInternal));

// The error that stands for a failed allocation. It is never constructed: the plog_error functions recognise its
// address.
plog_error* out_of_memory() noexcept {
  alignas(plog_error) static unsigned char storage[sizeof(plog_error)];
  return reinterpret_cast<plog_error*>(storage);
}
}  // namespace

plog_error* make_error(plog_status status, const char* message) noexcept {
  try {
    return new plog_error{status, message};
  } catch (...) {
    return out_of_memory();
  }
}

}  // namespace plog::capi

using plog::capi::out_of_memory;

extern "C" {

const char* plog_status_name(plog_status status) {
  switch (status) {
    case PLOG_OK: return "PLOG_OK";
    case PLOG_E_INVALID: return "PLOG_E_INVALID";
    case PLOG_E_CONFIG: return "PLOG_E_CONFIG";
    case PLOG_E_NOT_FOUND: return "PLOG_E_NOT_FOUND";
    case PLOG_E_IO: return "PLOG_E_IO";
    case PLOG_E_FULL: return "PLOG_E_FULL";
    case PLOG_E_TIMEOUT: return "PLOG_E_TIMEOUT";
    case PLOG_E_CLOSED: return "PLOG_E_CLOSED";
    case PLOG_E_BUSY: return "PLOG_E_BUSY";
    case PLOG_E_CORRUPT: return "PLOG_E_CORRUPT";
    case PLOG_E_UNSUPPORTED: return "PLOG_E_UNSUPPORTED";
    case PLOG_E_CANCELLED: return "PLOG_E_CANCELLED";
    case PLOG_E_NO_MEMORY: return "PLOG_E_NO_MEMORY";
    case PLOG_E_INTERNAL: return "PLOG_E_INTERNAL";
    default: return "PLOG_E_UNKNOWN";
  }
}

plog_status plog_error_status(const plog_error* error) {
  if (error == nullptr) return PLOG_OK;
  return error == out_of_memory() ? PLOG_E_NO_MEMORY : error->status;
}

const char* plog_error_message(const plog_error* error) {
  if (error == nullptr) return "";
  return error == out_of_memory() ? "out of memory" : error->message.c_str();
}

void plog_error_destroy(plog_error* error) {
  if (error != out_of_memory()) delete error;
}

const char* plog_version(void) { return PLOG_VERSION; }
int32_t plog_abi_version(void) { return PLOG_ABI_VERSION; }

}  // extern "C"
