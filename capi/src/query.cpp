#include "handles.h"
#include "operations/events.h"

using plog::Error;
using plog::Status;
using plog::capi::deref;
using plog::capi::fail;
using plog::capi::guard;
using plog::capi::text;
using plog::capi::utf8;

extern "C" {

plog_status plog_client_get_event(plog_client* client, const char* id, size_t id_len, const char* agent,
                                  size_t agent_len, plog_buffer** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    const std::string given(utf8(id, id_len, "id"));
    std::optional<std::string> agent_id;
    if (agent != nullptr) agent_id = std::string(utf8(agent, agent_len, "agent"));
    const auto row = plog::operations::find_event(handle.client.readable_store(), given, agent_id);
    if (!row) throw Error(Status::kNotFound, "there is no event with this id");
    auto buffer = std::make_unique<plog_buffer>();
    plog::store::append_json(*row, buffer->data);
    *out = buffer.release();
  });
}

plog_status plog_client_query(plog_client* client, const char* filter, size_t filter_len, plog_cursor** out,
                              plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    const std::string_view given = text(filter, filter_len, "filter");
    *out = new plog_cursor(handle.client, given.empty() ? "{}" : given);
  });
}

plog_status plog_cursor_next(plog_cursor* cursor, const char** json, size_t* json_len, plog_error** err) {
  if (json != nullptr) *json = nullptr;
  if (json_len != nullptr) *json_len = 0;
  if (json == nullptr || json_len == nullptr) return fail(PLOG_E_INVALID, "json or json_len is NULL", err);
  return guard(err, [&] {
    const std::string* row = deref(cursor, "cursor").cursor.next();
    if (row == nullptr) return;
    *json = row->c_str();
    *json_len = row->size();
  });
}

int64_t plog_cursor_position(const plog_cursor* cursor) { return cursor != nullptr ? cursor->cursor.position() : -1; }

void plog_cursor_destroy(plog_cursor* cursor) { delete cursor; }

}  // extern "C"
