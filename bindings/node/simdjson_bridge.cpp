#include "simdjson_bridge.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <simdjson.h>

// AddressSanitizer does not allow RTLD_DEEPBIND, and musl does not have it.
#if defined(__SANITIZE_ADDRESS__) || !defined(RTLD_DEEPBIND)
#define PLOG_BIND_APART 0
#else
#define PLOG_BIND_APART RTLD_DEEPBIND
#endif

namespace {

using Active = simdjson::internal::atomic_ptr<const simdjson::implementation>& (*)();
using Validate = bool (*)(const char*, std::size_t);

Active active = nullptr;
Validate validate = nullptr;

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are simdjson's
namespace simdjson {

internal::atomic_ptr<const implementation>& get_active_implementation() { return active(); }

bool validate_utf8(const char* buf, std::size_t len) noexcept { return validate(buf, len); }

}  // namespace simdjson
// NOLINTEND(readability-identifier-naming)

// Defines simdjson::internal::error_codes, which is const for all other code.
struct PlogErrorText {
  simdjson::error_code code;
  const char* message;
};
extern "C" PlogErrorText plog_simdjson_error_codes[simdjson::NUM_ERROR_CODES] asm(
    "_ZN8simdjson8internal11error_codesE");
PlogErrorText plog_simdjson_error_codes[simdjson::NUM_ERROR_CODES] = {};

namespace plog::node {

namespace {

std::string load() {
  static_assert(sizeof(PlogErrorText) == sizeof(simdjson::internal::error_code_info));
  void* library = dlopen(PLOG_SIMDJSON_NAME, RTLD_NOW | RTLD_LOCAL | PLOG_BIND_APART);
  const char* error = library == nullptr ? dlerror() : nullptr;
  if (library == nullptr)
    return error != nullptr ? error : PLOG_SIMDJSON_NAME " cannot be loaded; install it, or reinstall provenlog";
  active = reinterpret_cast<Active>(dlsym(library, "_ZN8simdjson25get_active_implementationEv"));
  validate = reinterpret_cast<Validate>(dlsym(library, "_ZN8simdjson13validate_utf8EPKcm"));
  const void* texts = dlsym(library, "_ZN8simdjson8internal11error_codesE");
  if (active == nullptr || validate == nullptr || texts == nullptr) {
    return PLOG_SIMDJSON_NAME " is not the version that the addon was built with; reinstall provenlog";
  }
  std::memcpy(plog_simdjson_error_codes, texts, sizeof plog_simdjson_error_codes);
  return "";
}

}  // namespace

std::string load_simdjson() {
  static const std::string* const error = new std::string(load());
  return *error;
}

}  // namespace plog::node
