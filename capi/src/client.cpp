#include <algorithm>

#include "event/json_input.h"
#include "handles.h"
#include "json/number.h"

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
  if (given.reserved2 != 0) throw Error(Status::kUnsupported, "options.reserved2 must be 0");
  set_if(options.batch_size, given.batch_size);
  set_if(options.flush_interval_ms, given.flush_interval_ms);
  set_if(options.block_timeout_ms, given.block_timeout_ms);
  set_if(options.max_event_bytes, given.max_event_bytes);
  set_if(options.journal_limit_bytes, given.journal_limit_bytes);
  options.capture_content = optional_text(given.capture_content);
  return options;
}

std::optional<plog::client::OnFull> on_full_of(std::int32_t value) {
  switch (value) {
    case PLOG_ON_FULL_DEFAULT: return std::nullopt;
    case PLOG_ON_FULL_BLOCK: return plog::client::OnFull::kBlock;
    case PLOG_ON_FULL_DROP: return plog::client::OnFull::kDrop;
    case PLOG_ON_FULL_RAISE: return plog::client::OnFull::kRaise;
    default: invalid("on_full is not a plog_on_full value");
  }
}

void put_id(const plog::Uuid& id, char* out) {
  if (out == nullptr) return;
  plog::format_uuid(id, out);
  out[plog::kUuidTextSize] = '\0';
}

// The calls of the event writer return no status. The first failure is kept until the commit.
template <typename Body>
void write(plog_event* event, Body&& body) noexcept {
  if (event == nullptr || event->no_memory || event->misuse != nullptr) return;
  try {
    body(event->scratch->builder);
  } catch (const std::bad_alloc&) {
    event->no_memory = true;
  } catch (const std::exception&) {
    event->misuse = "a value of the event could not be written";
  }
}

std::string_view view(plog_event* event, const char* data, std::size_t size) noexcept {
  if (data != nullptr) return {data, size};
  if (size > 0 && event != nullptr)
    event->misuse = "a text argument of a plog_event call is NULL, but its length is not 0";
  return {};
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
    put_id(handle.client.log(text(json, json_len, "json")), id_out);
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

// ---- Event writer

plog_status plog_event_begin(plog_client* client, plog_event** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    if (handle.client.closed()) throw Error(Status::kClosed, "the client is closed");
    auto scratch = plog::client::take_scratch();
    auto event = std::make_unique<plog_event>();
    event->client = &handle;
    event->scratch = std::move(scratch);
    *out = event.release();
  });
}

void plog_event_key(plog_event* event, const char* key, size_t len) {
  const std::string_view value = view(event, key, len);
  write(event, [&](plog::event::Builder& builder) { builder.key(value); });
}

void plog_event_coerced_key(plog_event* event, const char* key, size_t len) {
  const std::string_view value = view(event, key, len);
  write(event, [&](plog::event::Builder& builder) { builder.coerced_key(value); });
}

void plog_event_string(plog_event* event, const char* data, size_t len) {
  const std::string_view value = view(event, data, len);
  write(event, [&](plog::event::Builder& builder) { builder.string(value); });
}

void plog_event_integer(plog_event* event, int64_t value) {
  write(event, [&](plog::event::Builder& builder) { builder.integer(value); });
}

void plog_event_integer_text(plog_event* event, const char* digits, size_t len) {
  const std::string_view value = view(event, digits, len);
  write(event, [&](plog::event::Builder& builder) {
    if (!plog::json::is_number_literal(value) || value.find_first_of(".eE") != value.npos) {
      event->misuse = "plog_event_integer_text takes decimal digits only";
      return;
    }
    builder.number_literal(value);
  });
}

void plog_event_double(plog_event* event, double value) {
  write(event, [&](plog::event::Builder& builder) { builder.number(value); });
}

void plog_event_bool(plog_event* event, int value) {
  write(event, [&](plog::event::Builder& builder) { builder.boolean(value != 0); });
}

void plog_event_null(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) { builder.null(); });
}

void plog_event_begin_object(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) { builder.begin_object(); });
}

void plog_event_end_object(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) { builder.end_object(); });
}

void plog_event_begin_array(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) { builder.begin_array(); });
}

void plog_event_end_array(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) { builder.end_array(); });
}

void plog_event_json(plog_event* event, const char* json, size_t len) {
  const std::string_view value = view(event, json, len);
  write(event, [&](plog::event::Builder& builder) {
    try {
      plog::event::read_value(event->scratch->reader, value, builder);
    } catch (const Error&) {
      event->misuse = "plog_event_json was given malformed JSON";
    }
  });
}

void plog_event_truncated(plog_event* event, const char* reason, size_t len) {
  const std::string_view value = view(event, reason, len);
  write(event, [&](plog::event::Builder& builder) { builder.truncated(value); });
}

void plog_event_warning(plog_event* event, const char* code, size_t code_len, const char* detail, size_t detail_len) {
  const std::string_view code_text = view(event, code, code_len);
  const std::string_view detail_text = view(event, detail, detail_len);
  write(event, [&](plog::event::Builder& builder) { builder.warning(code_text, detail_text); });
}

int plog_event_depth(const plog_event* event) { return event != nullptr ? event->scratch->builder.depth() : 0; }

plog_status plog_event_commit(plog_event* event, char id_out[37], plog_error** err) {
  return plog_event_commit_with(event, PLOG_ON_FULL_DEFAULT, id_out, err);
}

plog_status plog_event_commit_with(plog_event* event, int32_t on_full, char id_out[37], plog_error** err) {
  if (id_out != nullptr) id_out[0] = '\0';
  const plog_status status = guard(err, [&] {
    plog_event& handle = deref(event, "event");
    if (handle.no_memory) throw std::bad_alloc();
    if (handle.misuse != nullptr) invalid(handle.misuse);
    put_id(handle.client->client.commit(*handle.scratch, on_full_of(on_full)), id_out);
  });
  plog_event_cancel(event);
  return status;
}

void plog_event_cancel(plog_event* event) {
  if (event == nullptr) return;
  plog::client::give_scratch(std::move(event->scratch));
  delete event;
}

}  // extern "C"
