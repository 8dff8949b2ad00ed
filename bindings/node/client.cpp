#include "client.h"

#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "job.h"
#include "queries.h"
#include "settings.h"
#include "tape.h"

namespace plog::node {

namespace {

const std::atomic<bool> kNotStopping{false};

std::int64_t milliseconds_of(const Napi::Value& value) {
  const double number = value.As<Napi::Number>().DoubleValue();
  return number >= 0 && number < 1e15 ? static_cast<std::int64_t>(std::ceil(number)) : -1;
}

// A text argument that may be undefined.
struct OptionalText {
  explicit OptionalText(const Napi::Value& value) : given(value.IsString()) {
    if (given) text = value.As<Napi::String>().Utf8Value();
  }
  const char* data() const { return given ? text.data() : nullptr; }

  std::string text;
  bool given;
};

// The text that a job found, or undefined if it found nothing.
struct Found {
  std::string text;
  bool found = false;

  plog_status take(plog_status status, plog_buffer* buffer, plog_error** error) {
    if (status == PLOG_E_NOT_FOUND) {
      plog_error_destroy(std::exchange(*error, nullptr));
      return PLOG_OK;
    }
    if (status == PLOG_OK) {
      text.assign(plog_buffer_data(buffer), plog_buffer_size(buffer));
      found = true;
    }
    plog_buffer_destroy(buffer);
    return status;
  }
  Napi::Value value(Napi::Env env) const { return found ? Napi::String::New(env, text) : env.Undefined(); }
};

struct Stats {
  plog_client_stats_t counters = {};
  plog_error* last = nullptr;

  Stats() { counters.struct_size = sizeof counters; }
  ~Stats() { plog_error_destroy(last); }
  Stats(const Stats&) = delete;
  Stats& operator=(const Stats&) = delete;

  plog_status take(const Ledger& ledger, plog_error** error) {
    return plog_client_stats(ledger.handle(), &counters, &last, error);
  }
  Napi::Value value(Napi::Env env) const {
    const std::pair<const char*, std::uint64_t> members[] = {{"accepted", counters.accepted},
                                                             {"stored", counters.stored},
                                                             {"recovered", counters.recovered},
                                                             {"duplicates", counters.duplicates},
                                                             {"conflicts", counters.conflicts},
                                                             {"dropped", counters.dropped},
                                                             {"gaps", counters.gaps},
                                                             {"queuedEvents", counters.queued_events},
                                                             {"queuedBytes", counters.queued_bytes},
                                                             {"truncated", counters.truncated},
                                                             {"redactions", counters.redactions},
                                                             {"errors", counters.errors}};
    Napi::Object result = Napi::Object::New(env);
    for (const auto& [name, value] : members) result.Set(name, Napi::Number::New(env, static_cast<double>(value)));
    Napi::Value error = env.Null();
    if (last != nullptr) error = Environment::of(env).error(plog_error_status(last), plog_error_message(last));
    result.Set("lastError", error);
    return result;
  }
};

}  // namespace

Napi::Function Client::define(Napi::Env env) {
  return DefineClass(
      env, "Client",
      {InstanceMethod("flush", &Client::flush), InstanceMethod("close", &Client::close),
       InstanceMethod("release", &Client::release), InstanceMethod("releaseNow", &Client::release_now),
       InstanceMethod("statsNow", &Client::stats_now), InstanceMethod("flushNow", &Client::flush_now),
       InstanceMethod("closeNow", &Client::close_now), InstanceMethod("setContext", &Client::set_context),
       InstanceMethod("getContext", &Client::get_context), InstanceMethod("getEvent", &Client::get_event),
       InstanceMethod("query", &Client::query), InstanceMethod("stats", &Client::stats),
       InstanceMethod("nextError", &Client::next_error), InstanceMethod("watch", &Client::watch),
       InstanceMethod("dbPath", &Client::db_path)});
}

Client::Client(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Client>(info), environment_(&Environment::of(info.Env())) {
  const Settings settings(info[0].As<Napi::Object>());
  plog_client_options options;
  plog_client_options_init(&options);
  std::string base_url, db_path, agent, session, labels, metadata, context, source, capture, content;
  options.base_url = settings.text("baseUrl", base_url);
  options.db_path = settings.text("dbPath", db_path);
  options.agent_id = settings.text("agentId", agent);
  options.session_id = settings.text("sessionId", session);
  options.labels_json = settings.text("labels", labels);
  options.metadata_json = settings.text("metadata", metadata);
  options.context_json = settings.text("context", context);
  options.source = settings.text("source", source);
  options.capture_method = settings.text("captureMethod", capture);
  options.capture_content = settings.text("captureContent", content);
  options.durability = settings.number<std::int32_t>("durability");
  options.on_full = settings.number<std::int32_t>("onFull");
  options.salt = settings.number<std::int32_t>("salt");
  options.batch_size = settings.number<std::uint32_t>("batchSize");
  options.flush_interval_ms = settings.number<std::uint32_t>("flushInterval");
  options.block_timeout_ms = settings.number<std::uint32_t>("blockTimeout");
  options.max_event_bytes = settings.number<std::uint64_t>("maxEventBytes");
  options.journal_limit_bytes = settings.number<std::uint64_t>("journalLimitBytes");
  options.read_connections = settings.number<std::uint32_t>("readConnections");
  plog_client* handle = nullptr;
  plog_error* error = nullptr;
  const plog_status status = plog_client_new(&options, &handle, &error);
  Environment& environment = *environment_;
  if (status != PLOG_OK) environment.raise(status, error);
  ledger_ = std::make_shared<Ledger>(handle);
  environment.opened(ledger_);
  napi_value function = nullptr;
  if (napi_create_function(info.Env(), "record", NAPI_AUTO_LENGTH, record_callback, this, &function) != napi_ok ||
      napi_set_named_property(info.Env(), info.This(), "record", function) != napi_ok) {
    throw Napi::Error::New(info.Env());
  }
}

Client::~Client() {
  if (!ledger_ || ledger_.use_count() > 1) return;
  const Napi::Env env = Env();
  const Environment* environment = env.GetInstanceData<Environment>();
  if (environment == nullptr || environment->stopping()->load()) return;
  try {
    let_go(env);
  } catch (const std::exception&) {
    // The environment is about to end. The client is destroyed on this thread.
  }
}

Napi::Promise Client::let_go(Napi::Env env) {
  // Destroying the client waits for the disk, so it is done on the pool.
  return Job::start(
      env,
      [ledger = std::move(ledger_)](plog_error**) mutable {
        ledger.reset();
        return PLOG_OK;
      },
      undefined_of);
}

Napi::Value Client::release(const Napi::CallbackInfo& info) { return let_go(info.Env()); }

Napi::Value Client::release_now(const Napi::CallbackInfo& info) {
  ledger_.reset();
  return info.Env().Undefined();
}

napi_value Client::record_callback(napi_env env, napi_callback_info info) {
  napi_value arguments[2] = {nullptr, nullptr};
  std::size_t count = 2;
  void* self = nullptr;
  std::uint32_t from = 0, to = 0;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &self) != napi_ok ||
      napi_get_value_uint32(env, arguments[0], &from) != napi_ok ||
      napi_get_value_uint32(env, arguments[1], &to) != napi_ok) {
    return nullptr;
  }
  try {
    return static_cast<Client*>(self)->record(from, to);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
    return nullptr;
  }
}

napi_value Client::record(std::size_t from, std::size_t to) {
  Environment& environment = *environment_;
  char id[37];
  plog_error* error = nullptr;
  plog_status status = PLOG_E_INTERNAL;
  const std::int32_t policy = ledger_->on_full();
  // Neither attempt waits, because an event loop must not be blocked. The first attempt does not count a loss.
  for (const std::int32_t on_full : {std::int32_t{PLOG_ON_FULL_RAISE}, std::int32_t{PLOG_ON_FULL_DROP}}) {
    plog_event* event = nullptr;
    plog_error_destroy(std::exchange(error, nullptr));
    status = plog_event_begin(ledger_->handle(), &event, &error);
    if (status != PLOG_OK) break;
    if (from > to || to > environment.tape_size ||
        !write_tape(environment.tape_data + from, to - from, environment.names, event)) {
      plog_event_cancel(event);
      environment.raise(PLOG_E_INTERNAL, "internal error: the event is not a valid tape");
    }
    status = plog_event_commit_with(event, on_full, id, &error);
    if (status != PLOG_E_FULL || policy == PLOG_ON_FULL_RAISE) break;
  }
  const bool lost = status == PLOG_E_FULL && policy != PLOG_ON_FULL_RAISE;
  if (status != PLOG_OK && !lost) environment.raise(status, error);
  plog_error_destroy(error);
  napi_value text = nullptr;
  napi_create_string_latin1(environment.env, id, lost ? 0 : 36, &text);
  return text;
}

Napi::Value Client::flush(const Napi::CallbackInfo& info) {
  const auto stopping = Environment::of(info.Env()).stopping();
  return Job::start(
      info.Env(),
      [ledger = ledger_, stopping, timeout = milliseconds_of(info[0])](plog_error** error) {
        return ledger->flush(timeout, *stopping, error);
      },
      undefined_of);
}

Napi::Value Client::close(const Napi::CallbackInfo& info) {
  const auto stopping = Environment::of(info.Env()).stopping();
  return Job::start(
      info.Env(),
      [ledger = ledger_, stopping, timeout = milliseconds_of(info[0])](plog_error** error) {
        return ledger->close(timeout, *stopping, error);
      },
      undefined_of);
}

Napi::Value Client::flush_now(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  plog_error* error = nullptr;
  const plog_status status = ledger_->flush(milliseconds_of(info[0]), kNotStopping, &error);
  if (status != PLOG_OK) environment.raise(status, error);
  return info.Env().Undefined();
}

Napi::Value Client::close_now(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  plog_error* error = nullptr;
  const plog_status status = ledger_->close(milliseconds_of(info[0]), kNotStopping, &error);
  if (status != PLOG_OK) environment.raise(status, error);
  return info.Env().Undefined();
}

Napi::Value Client::set_context(const Napi::CallbackInfo& info) {
  return Job::start(
      info.Env(),
      [ledger = ledger_, key = info[0].As<Napi::String>().Utf8Value(), value = OptionalText(info[1]),
       context = info[2].As<Napi::String>().Utf8Value()](plog_error** error) {
        return plog_client_set_context(ledger->handle(), key.data(), key.size(), value.data(), value.text.size(),
                                       context.data(), context.size(), error);
      },
      undefined_of);
}

Napi::Value Client::get_context(const Napi::CallbackInfo& info) {
  auto found = std::make_shared<Found>();
  return Job::start(
      info.Env(),
      [ledger = ledger_, found, key = info[0].As<Napi::String>().Utf8Value(),
       value = info[1].As<Napi::String>().Utf8Value()](plog_error** error) {
        plog_buffer* buffer = nullptr;
        const plog_status status = plog_client_get_context(ledger->handle(), key.data(), key.size(), value.data(),
                                                           value.size(), &buffer, error);
        return found->take(status, buffer, error);
      },
      [found](Napi::Env env) { return found->value(env); });
}

Napi::Value Client::get_event(const Napi::CallbackInfo& info) {
  auto found = std::make_shared<Found>();
  return Job::start(
      info.Env(),
      [ledger = ledger_, found, id = info[0].As<Napi::String>().Utf8Value(),
       agent = OptionalText(info[1])](plog_error** error) {
        plog_buffer* buffer = nullptr;
        const plog_status status = plog_client_get_event(ledger->handle(), id.data(), id.size(), agent.data(),
                                                         agent.text.size(), &buffer, error);
        return found->take(status, buffer, error);
      },
      [found](Napi::Env env) { return found->value(env); });
}

Napi::Value Client::query(const Napi::CallbackInfo& info) {
  auto cursor = std::make_shared<Rows>(ledger_);
  return Job::start(
      info.Env(),
      [cursor, filter = info[0].As<Napi::String>().Utf8Value()](plog_error** error) {
        return cursor->open(filter, error);
      },
      [cursor](Napi::Env env) { return Cursor::make(env, cursor); });
}

Napi::Value Client::stats(const Napi::CallbackInfo& info) {
  auto found = std::make_shared<Stats>();
  return Job::start(
      info.Env(), [ledger = ledger_, found](plog_error** error) { return found->take(*ledger, error); },
      [found](Napi::Env env) { return found->value(env); });
}

Napi::Value Client::stats_now(const Napi::CallbackInfo& info) {
  Stats found;
  plog_error* error = nullptr;
  const plog_status status = found.take(*ledger_, &error);
  if (status != PLOG_OK) environment_->raise(status, error);
  return found.value(info.Env());
}

Napi::Value Client::next_error(const Napi::CallbackInfo& info) {
  plog_error* error = nullptr;
  const Napi::Env env = info.Env();
  if (!ledger_ || plog_client_next_error(ledger_->handle(), 0, &error, nullptr) != PLOG_OK || error == nullptr) {
    return env.Undefined();
  }
  const std::unique_ptr<plog_error, decltype(&plog_error_destroy)> owned(error, plog_error_destroy);
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0U, Napi::Number::New(env, plog_error_status(error)));
  pair.Set(1U, Napi::String::New(env, plog_error_message(error)));
  return pair;
}

Napi::Value Client::watch(const Napi::CallbackInfo& info) {
  ledger_->watch(info.Env(), info[0].As<Napi::Function>());
  Environment::of(info.Env()).end_first();
  return info.Env().Undefined();
}

Napi::Value Client::db_path(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), plog_client_db_path(ledger_->handle()));
}

}  // namespace plog::node
