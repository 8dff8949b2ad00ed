// The event writer.
#include "event/json_input.h"
#include "handles.h"
#include "json/number.h"

using plog::Error;
using plog::capi::deref;
using plog::capi::fail;
using plog::capi::guard;
using plog::capi::invalid;

namespace {

std::optional<plog::client::OnFull> on_full_of(std::int32_t value) {
  switch (value) {
    case PLOG_ON_FULL_DEFAULT: return std::nullopt;
    case PLOG_ON_FULL_BLOCK: return plog::client::OnFull::kBlock;
    case PLOG_ON_FULL_DROP: return plog::client::OnFull::kDrop;
    case PLOG_ON_FULL_RAISE: return plog::client::OnFull::kRaise;
    default: invalid("on_full is not a plog_on_full value");
  }
}

// The calls of the event writer return no status. The first failure is kept until the commit.
template <typename Body>
void write(plog_event* event, Body&& body) noexcept {
  if (event == nullptr || event->no_memory || event->misuse != nullptr) return;
  try {
    body(*event->builder);
  } catch (const std::bad_alloc&) {
    event->no_memory = true;
  } catch (const std::exception&) {
    event->misuse = "a value of the event could not be written";
  }
}

std::unique_ptr<plog_event> make_writer(plog_client* client) {
  auto writer = std::make_unique<plog_event>();
  writer->client = client;
  writer->scratch = plog::client::take_scratch();
  writer->builder = &writer->scratch->builder;
  return writer;
}

// Throws the first failure of a writer.
void check(const plog_event& event) {
  if (event.no_memory) throw std::bad_alloc();
  if (event.misuse != nullptr) invalid(event.misuse);
  if (!event.keys.empty()) invalid("a key was begun and not ended");
}

std::string_view view(plog_event* event, const char* data, std::size_t size) noexcept {
  if (data != nullptr) return {data, size};
  if (size > 0 && event != nullptr)
    event->misuse = "a text argument of a plog_event call is NULL, but its length is not 0";
  return {};
}

}  // namespace

extern "C" {

plog_status plog_event_begin(plog_client* client, plog_event** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    plog_client& handle = deref(client, "client");
    if (handle.client.closed()) throw Error(plog::Status::kClosed, "the client is closed");
    *out = make_writer(&handle).release();
  });
}

plog_status plog_value_begin(plog_event** out, plog_error** err) {
  if (out == nullptr) return fail(PLOG_E_INVALID, "out is NULL", err);
  *out = nullptr;
  return guard(err, [&] {
    auto writer = make_writer(nullptr);
    writer->builder->begin_document(0);
    *out = writer.release();
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

void plog_event_begin_key(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) {
    event->keys.reserve(event->keys.size() + 1);
    auto key = plog::client::take_scratch();
    key->builder.begin_document(builder.depth());
    event->builder = &key->builder;
    event->keys.push_back(std::move(key));
  });
}

void plog_event_end_key(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) {
    if (event->keys.empty()) {
      event->misuse = "plog_event_end_key was called, but no key is open";
      return;
    }
    std::string text;
    try {
      text = builder.document_key();
    } catch (const Error&) {
      event->misuse = "between plog_event_begin_key and plog_event_end_key there must be exactly one value";
      return;
    }
    auto key = std::move(event->keys.back());
    event->keys.pop_back();
    event->builder = event->keys.empty() ? &event->scratch->builder : &event->keys.back()->builder;
    plog::client::give_scratch(std::move(key));
    event->builder->coerced_key(text);
  });
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

void plog_event_begin_set(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) { builder.begin_set(); });
}

void plog_event_end_set(plog_event* event) {
  write(event, [&](plog::event::Builder& builder) { builder.end_set(); });
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

void plog_event_value(plog_event* event, const plog_event* value) {
  write(event, [&](plog::event::Builder& builder) {
    if (value == nullptr || value->client != nullptr || value == event) {
      event->misuse = "plog_event_value takes a writer from plog_value_begin";
      return;
    }
    try {
      check(*value);
      builder.copy_of(value->scratch->builder);
    } catch (const Error&) {
      event->misuse = "plog_event_value was given a value that is not complete";
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

int plog_event_depth(const plog_event* event) { return event != nullptr ? event->builder->depth() : 0; }

plog_status plog_event_commit(plog_event* event, char id_out[37], plog_error** err) {
  return plog_event_commit_with(event, PLOG_ON_FULL_DEFAULT, id_out, err);
}

plog_status plog_event_commit_with(plog_event* event, int32_t on_full, char id_out[37], plog_error** err) {
  if (id_out != nullptr) id_out[0] = '\0';
  const plog_status status = guard(err, [&] {
    plog_event& handle = deref(event, "event");
    if (handle.client == nullptr)
      invalid(
          "the writer holds a value and not an event; read it with plog_value_to_json, then call plog_event_cancel");
    check(handle);
    plog::capi::put_id(handle.client->client.commit(*handle.scratch, on_full_of(on_full)), id_out);
  });
  plog_event_cancel(event);
  return status;
}

plog_status plog_value_to_json(plog_event* value, plog_buffer** json, plog_error** err) {
  if (json == nullptr) return fail(PLOG_E_INVALID, "json is NULL", err);
  *json = nullptr;
  return guard(err, [&] {
    plog_event& handle = deref(value, "value");
    if (handle.client != nullptr) invalid("the writer holds an event and not a value; call plog_event_commit");
    check(handle);
    plog::event::Effects effects;
    *json = new plog_buffer{handle.scratch->builder.canonical_value(nullptr, effects)};
  });
}

void plog_event_cancel(plog_event* event) {
  if (event == nullptr) return;
  plog::client::give_scratch(std::move(event->scratch));
  delete event;
}

}  // extern "C"
