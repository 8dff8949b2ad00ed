#include "operations/operations.h"

#include "handles.h"

using plog::capi::guard;
using plog::capi::text;

extern "C" {

plog_status plog_call(plog_client* client, const char* name, const char* parameters, size_t parameters_len,
                      plog_progress_fn progress, void* user_data, plog_buffer** result, plog_error** err) {
  if (result != nullptr) *result = nullptr;
  return guard(err, [&] {
    if (name == nullptr) plog::capi::invalid("name is NULL; pass the name of an operation");
    plog::capi::deref(result, "result");
    plog::client::Client* own = client != nullptr ? &client->client : nullptr;
    const std::string_view given = text(parameters, parameters_len, "parameters");
    auto buffer = std::make_unique<plog_buffer>();
    buffer->data = plog::operations::call(own, name, given, plog::capi::progress_of(progress, user_data));
    *result = buffer.release();
  });
}

}  // extern "C"
