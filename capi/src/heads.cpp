#include "operations/heads.h"
#include "handles.h"

using plog::capi::deref;
using plog::capi::guard;
using plog::capi::utf8;

extern "C" {

plog_status plog_client_checkpoint(plog_client* client, int64_t timeout_ms, plog_buffer** note, plog_error** err) {
  if (note != nullptr) *note = nullptr;
  return guard(err, [&] {
    std::string head = plog::operations::checkpoint(deref(client, "client").client, timeout_ms, {});
    if (note != nullptr) *note = new plog_buffer{std::move(head)};
  });
}

plog_status plog_client_rotate_key(plog_client* client, int64_t timeout_ms, plog_buffer** vkey, plog_error** err) {
  if (vkey != nullptr) *vkey = nullptr;
  return guard(err, [&] {
    std::string key = plog::operations::rotate_key(deref(client, "client").client, timeout_ms, {});
    if (vkey != nullptr) *vkey = new plog_buffer{std::move(key)};
  });
}

plog_status plog_client_acknowledge(plog_client* client, const char* comment, size_t comment_len, int64_t timeout_ms,
                                    uint64_t* count, plog_error** err) {
  if (count != nullptr) *count = 0;
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    const std::string_view text = utf8(comment, comment_len, "comment");
    const std::uint64_t heads = plog::operations::acknowledge(handle.client, text, timeout_ms, {});
    if (count != nullptr) *count = heads;
  });
}

plog_status plog_client_key(plog_client* client, plog_buffer** json, plog_error** err) {
  if (json != nullptr) *json = nullptr;
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    deref(json, "json");
    *json = new plog_buffer{plog::operations::key(handle.client).canonical()};
  });
}

}  // extern "C"
