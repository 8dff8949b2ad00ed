// The types behind the opaque handles of plog.h, and the conversion of C arguments to C++ values.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "client/client.h"
#include "client/cursor.h"
#include "guard.h"
#include "operations/operation.h"

struct plog_buffer {
  std::string data;
};

struct plog_client {
  explicit plog_client(const plog::client::ClientOptions& options) : client(options) {}
  plog::client::Client client;
};

struct plog_event {
  plog_client* client = nullptr;  // null: the writer holds a value that belongs to no event
  std::unique_ptr<plog::client::Scratch> scratch;
  plog::event::Builder* builder = nullptr;                   // of the innermost open key, otherwise of `scratch`
  std::vector<std::unique_ptr<plog::client::Scratch>> keys;  // the open keys, the innermost last
  const char* misuse = nullptr;
  bool no_memory = false;
};

struct plog_cursor {
  plog_cursor(plog::client::Client& client, std::string_view filter) : cursor(client, filter) {}
  plog::client::Cursor cursor;
};

struct plog_redactor {
  std::shared_ptr<const plog::redact::Redactor> redactor;  // null: nothing is redacted
};

namespace plog::capi {

// Converts a text argument. `name` is used in error messages.
inline std::string_view text(const char* data, std::size_t size, const char* name) {
  if (data == nullptr && size > 0)
    invalid(std::string(name) + " is NULL, but its length is not 0; pass the text, or length 0");
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}
inline std::string_view utf8(const char* data, std::size_t size, const char* name) {
  const std::string_view value = text(data, size, name);
  if (!is_utf8(value)) invalid(std::string(name) + " is not valid UTF-8");
  return value;
}
inline std::optional<std::string> optional_text(const char* terminated) {
  return terminated != nullptr ? std::optional<std::string>(terminated) : std::nullopt;
}
// Converts a progress callback; empty for NULL.
inline plog::operations::Progress progress_of(plog_progress_fn progress, void* user_data) {
  if (progress == nullptr) return {};
  return [=](std::uint64_t done, std::uint64_t total) { return progress(user_data, done, total) == 0; };
}
inline void put_id(const Uuid& id, char* out) {
  if (out == nullptr) return;
  format_uuid(id, out);
  out[kUuidTextSize] = '\0';
}
template <typename T>
T& deref(T* handle, const char* name) {
  if (handle == nullptr) invalid(std::string(name) + " is NULL");
  return *handle;
}

inline constexpr std::uint32_t kMaxStructSize = 4096;

// Reads an options struct of this or another release (convention 7 of plog.h).
template <typename Options>
Options read_options(const Options* given, const char* name) {
  Options options;
  std::memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  if (given == nullptr) return options;
  const std::uint32_t size = given->struct_size;
  if (size < sizeof(std::uint32_t) * 2)
    invalid(std::string(name) + ".struct_size is too small; call its _init function first");
  // No release has a struct this large, so struct_size was not initialised.
  if (size > kMaxStructSize) {
    throw Error(Status::kUnsupported,
                std::string(name) + ".struct_size is out of range; call the _init function of the struct");
  }
  if (size > sizeof options) {
    const char* tail = reinterpret_cast<const char*>(given);
    for (std::size_t i = sizeof options; i < size; ++i) {
      if (tail[i] != 0) {
        throw Error(
            Status::kUnsupported,
            std::string(name) +
                " sets a field that this release of the library does not have; leave it zero, or load a newer release");
      }
    }
  }
  std::memcpy(&options, given, size < sizeof options ? size : sizeof options);
  options.struct_size = sizeof options;
  return options;
}

}  // namespace plog::capi
