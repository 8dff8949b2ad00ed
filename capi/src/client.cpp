#include <algorithm>

#include "handles.h"

using plog::Error;
using plog::Status;
using plog::capi::deref;
using plog::capi::fail;
using plog::capi::guard;
using plog::capi::invalid;
using plog::capi::make_error;
using plog::capi::optional_text;
using plog::capi::text;
using plog::capi::utf8;

namespace {

template <typename T>
void set_if(std::optional<T>& target, T value) {
  if (value != 0) target = value;
}

// The choices of an option are numbered from 1 in plog.h; 0 is the default.
std::optional<std::string> choice_of(std::string_view name, std::int32_t number) {
  if (number == 0) return std::nullopt;
  const plog::client::Option& option = plog::client::client_option(name);
  if (number > 0 && static_cast<std::size_t>(number) <= option.choices.size()) {
    return std::string(option.choices[static_cast<std::size_t>(number) - 1]);
  }
  throw Error(Status::kConfig, std::string(name) + ": there is no choice " + std::to_string(number) + "; use 1 to " +
                                   std::to_string(option.choices.size()) + ", or 0 for the default");
}

std::optional<bool> salt_of(const plog_client_options& given) {
  const bool off = given.no_salt != 0;
  switch (given.salt) {
    case PLOG_SWITCH_DEFAULT: return off ? std::optional(false) : std::nullopt;
    case PLOG_SWITCH_ON:
      if (off) throw Error(Status::kConfig, "salt: no_salt contradicts it; leave no_salt 0");
      return true;
    case PLOG_SWITCH_OFF: return false;
    default: throw Error(Status::kConfig, "salt: " + std::to_string(given.salt) + " is not a plog_switch value");
  }
}

plog::client::ClientOptions convert(const plog_client_options& given) {
  plog::client::ClientOptions options;
  options.base_url = optional_text(given.base_url);
  options.db_path = optional_text(given.db_path);
  options.agent_id = optional_text(given.agent_id);
  options.session_id = optional_text(given.session_id);
  options.labels_json = optional_text(given.labels_json);
  options.metadata_json = optional_text(given.metadata_json);
  options.context_json = optional_text(given.context_json);
  options.source = optional_text(given.source);
  options.capture_method = optional_text(given.capture_method);
  options.durability = choice_of("durability", given.durability);
  options.on_full = choice_of("on_full", given.on_full);
  options.salt = salt_of(given);
  if (given.reserved != 0) throw Error(Status::kUnsupported, "options.reserved must be 0");
  set_if(options.batch_size, given.batch_size);
  set_if(options.flush_interval_ms, given.flush_interval_ms);
  set_if(options.block_timeout_ms, given.block_timeout_ms);
  set_if(options.max_event_bytes, given.max_event_bytes);
  set_if(options.journal_limit_bytes, given.journal_limit_bytes);
  set_if(options.read_connections, given.read_connections);
  options.capture_content = optional_text(given.capture_content);
  return options;
}

}  // namespace

extern "C" {

// ---- Buffers

const char* plog_buffer_data(const plog_buffer* buffer) { return buffer != nullptr ? buffer->data.c_str() : ""; }
size_t plog_buffer_size(const plog_buffer* buffer) { return buffer != nullptr ? buffer->data.size() : 0; }
void plog_buffer_destroy(plog_buffer* buffer) { delete buffer; }

// ---- Client

void(plog_client_options_init)(plog_client_options* options) {
  if (options == nullptr) return;
  std::memset(options, 0, sizeof *options);
  options->struct_size = sizeof *options;
}

plog_status plog_client_option_check(const char* name, const char* value, size_t value_len, plog_error** err) {
  return guard(err, [&] {
    if (name == nullptr) invalid("name is NULL");
    plog::client::check_option(name, utf8(value, value_len, "value"));
  });
}

plog_status plog_client_new(const plog_client_options* options, plog_client** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] { *out = new plog_client(convert(plog::capi::read_options(options, "plog_client_options"))); });
}

plog_status plog_client_flush(plog_client* client, int64_t timeout_ms, plog_error** err) {
  return guard(err, [&] { deref(client, "client").client.flush(timeout_ms); });
}

plog_status plog_client_close(plog_client* client, int64_t timeout_ms, plog_error** err) {
  return guard(err, [&] { deref(client, "client").client.close(timeout_ms); });
}

void plog_client_destroy(plog_client* client) { delete client; }

plog_status plog_log_event(plog_client* client, const char* json, size_t json_len, char id_out[37], plog_error** err) {
  if (id_out != nullptr) id_out[0] = '\0';
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    plog::capi::put_id(handle.client.log(text(json, json_len, "json")), id_out);
  });
}

plog_status plog_client_set_context(plog_client* client, const char* key, size_t key_len, const char* value,
                                    size_t value_len, const char* context, size_t context_len, plog_error** err) {
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    std::optional<std::string_view> label_value;
    if (value != nullptr) label_value = utf8(value, value_len, "value");
    handle.client.set_context(utf8(key, key_len, "key"), label_value, text(context, context_len, "context"));
  });
}

plog_status plog_client_get_context(plog_client* client, const char* key, size_t key_len, const char* value,
                                    size_t value_len, plog_buffer** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    auto context = handle.client.context(utf8(key, key_len, "key"), utf8(value, value_len, "value"));
    if (!context) throw Error(Status::kNotFound, "there is no context for this label value");
    *out = new plog_buffer{std::move(*context)};
  });
}

plog_status plog_client_stats(plog_client* client, plog_client_stats_t* stats, plog_error** last_error,
                              plog_error** err) {
  if (last_error != nullptr) *last_error = nullptr;
  return guard(err, [&] {
    plog_client_stats_t& given = deref(stats, "stats");
    const std::uint32_t size = given.struct_size;
    if (size < 2 * sizeof(std::uint32_t))
      invalid("stats.struct_size is too small; set it to sizeof *stats before the call");
    if (size > plog::capi::kMaxStructSize)
      throw Error(Status::kUnsupported, "stats.struct_size is out of range; set it to sizeof *stats before the call");
    plog_client_stats_t result;
    std::memset(&result, 0, sizeof result);
    const plog::client::RecorderStats now = deref(client, "client").client.stats();
    result.accepted = now.accepted;
    result.stored = now.stored;
    result.recovered = now.recovered;
    result.duplicates = now.duplicates;
    result.conflicts = now.conflicts;
    result.dropped = now.dropped;
    result.gaps = now.gaps;
    result.queued_events = now.queued_events;
    result.queued_bytes = now.queued_bytes;
    result.truncated = now.truncated;
    result.redactions = now.redactions;
    result.errors = now.errors;
    if (last_error != nullptr && now.last_error) {
      *last_error = make_error(static_cast<plog_status>(now.last_error->status()), now.last_error->what());
    }
    std::memset(&given, 0, size);
    std::memcpy(&given, &result, std::min<std::size_t>(size, sizeof result));
    given.struct_size = size;
  });
}

plog_status plog_client_next_error(plog_client* client, int64_t timeout_ms, plog_error** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    const auto error = deref(client, "client").client.next_error(timeout_ms);
    if (error) *out = make_error(static_cast<plog_status>(error->status()), error->what());
  });
}

const char* plog_client_db_path(const plog_client* client) {
  return client != nullptr ? client->client.address().path().c_str() : "";
}

int32_t plog_client_durability(const plog_client* client) {
  if (client == nullptr) return PLOG_DURABILITY_DEFAULT;
  return client->client.append_options().power ? PLOG_DURABILITY_POWER : PLOG_DURABILITY_PROCESS;
}

int32_t plog_client_on_full(const plog_client* client) {
  if (client == nullptr) return PLOG_ON_FULL_DEFAULT;
  switch (client->client.append_options().on_full) {
    case plog::client::OnFull::kDrop: return PLOG_ON_FULL_DROP;
    case plog::client::OnFull::kRaise: return PLOG_ON_FULL_RAISE;
    case plog::client::OnFull::kBlock: break;
  }
  return PLOG_ON_FULL_BLOCK;
}

}  // extern "C"
