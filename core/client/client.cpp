#include "client/client.h"

#include <algorithm>

#include "base/deadline.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/fork.h"
#include "client/registry.h"
#include "event/json_input.h"
#include "event/system_events.h"
#include "json/value.h"

namespace plog::client {
namespace {

constexpr std::int64_t kReadMillis = 10000;  // how long a query waits for this process's events to be committed

// The value of an option: the given one, else the configured one, which was checked when it was read, else the default.
std::string text_of(std::string_view name, const std::optional<std::string>& given,
                    const std::optional<std::string>& configured = std::nullopt) {
  if (given) return *given;
  return configured.value_or(std::string(client_option(name).default_value.value_or("")));
}

std::optional<std::string> not_empty(const std::optional<std::string>& text) {
  return text && text->empty() ? std::nullopt : text;
}

template <typename T>
T number_of(std::string_view name, const std::optional<T>& given, const std::optional<T>& configured) {
  const Option& option = client_option(name);
  if (given && option.kind != OptionKind::kBoolean) check_number(option, *given, name);
  return given ? *given : configured ? *configured : static_cast<T>(default_number(option));
}

// The index of the value among the option's choices.
std::size_t choice_of(std::string_view name, const std::optional<std::string>& given,
                      const std::optional<std::string>& configured) {
  return parse_choice(client_option(name), text_of(name, given, configured), name);
}

constexpr OnFull kFullPolicies[] = {OnFull::kBlock, OnFull::kDrop, OnFull::kRaise};  // as the choices of on_full
constexpr std::size_t kPower = 1;                                                    // among those of durability

// Adds to the client's own members those configured members whose keys it does not have. The result is sorted by key.
std::vector<event::DefaultMember> merged(std::vector<event::DefaultMember> own, const json::Value::Object& configured,
                                         bool labels, const redact::Redactor* redactor) {
  const std::string text = json::Value(configured).canonical();
  const std::string what = labels ? "labels of the configuration" : "metadata of the configuration";
  for (auto& member : event::make_default_members(text, labels, redactor, what)) {
    const bool known = std::any_of(own.begin(), own.end(), [&](const auto& mine) { return mine.key == member.key; });
    if (!known) own.push_back(std::move(member));
  }
  std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return json::compare_keys(a.key, b.key) < 0; });
  return own;
}

event::CapturePolicy capture_policy(const std::optional<std::string>& given, const Config& config) {
  if (!given) return config.capture_content.value_or(event::CapturePolicy{});
  try {
    return event::CapturePolicy::parse(given->substr(0, 1) == "{" ? json::parse(*given) : json::Value(*given));
  } catch (const Error& error) {
    if (error.status() != Status::kInvalid) throw;
    const std::string what = error.what();
    const bool named = what.rfind("capture_content", 0) == 0;
    throw Error(Status::kConfig, named ? what : "capture_content: " + what);
  }
}

}  // namespace

store::LedgerAddress ledger_address(const std::optional<std::string>& given, const Config& config,
                                    store::LedgerAddress::Directories directories) {
  const std::string text = text_of("db_path", given, config.db_path);
  if (text.empty()) throw Error(Status::kInvalid, "db_path is empty; give a path or sqlite:///PATH");
  return store::LedgerAddress::parse(text, directories);
}

heads::HeadOptions head_options(const Config& config) {
  return {config.origin.value_or(""), config.key_path.value_or(""), config.head_copies};
}

redact::Options redactor_options(const Config& config) {
  redact::Options options = config.redaction;
  options.builtin = config.redaction_enabled;
  if (config.redaction_enabled) options.custom = config.redaction_rules;
  return options;
}

std::shared_ptr<const redact::Redactor> make_redactor(const Config& config, std::vector<redact::Rule> more) {
  redact::Options options = redactor_options(config);
  options.custom.insert(options.custom.end(), more.begin(), more.end());
  if (!options.builtin && options.custom.empty()) return nullptr;
  return redact::Redactor::make(std::move(options));
}

Client::Client(const ClientOptions& options) {
  const Config config = load_config();
  if (options.base_url || config.server_url) {
    throw Error(
        Status::kUnsupported,
        (options.base_url ? "base_url" : config.server_url_from) +
            ": server mode is not available in this release; remove this setting to record into a local ledger");
  }
  defaults_.redactor = make_redactor(config, {});
  const redact::Redactor* redactor = defaults_.redactor.get();
  defaults_.agent_id = text_of("agent_id", options.agent_id, config.agent_id);
  defaults_.session_id = text_of("session_id", options.session_id, config.session_id);
  // Every event has these two fields, so an empty text counts as not given.
  defaults_.source = text_of("source", not_empty(options.source));
  defaults_.capture_method = text_of("capture_method", not_empty(options.capture_method));
  for (const std::string* text :
       {&defaults_.agent_id, &defaults_.session_id, &defaults_.source, &defaults_.capture_method}) {
    if (!is_utf8(*text)) {
      throw Error(Status::kInvalid, "agent_id, session_id, source and capture_method must be valid UTF-8");
    }
  }
  defaults_.labels = merged(event::make_default_members(options.labels_json.value_or(""), true, redactor, "labels"),
                            config.labels, true, redactor);
  defaults_.metadata =
      merged(event::make_default_members(options.metadata_json.value_or(""), false, redactor, "metadata"),
             config.metadata, false, redactor);
  defaults_.capture = capture_policy(options.capture_content, config);
  defaults_.salt = number_of("salt", options.salt, config.salt);
  defaults_.max_event_bytes = number_of("max_event_bytes", options.max_event_bytes, config.max_event_bytes);

  recorder_options_.batch_size = number_of("batch_size", options.batch_size, config.batch_size);
  recorder_options_.flush_interval_ms =
      number_of("flush_interval", options.flush_interval_ms, config.flush_interval_ms);
  recorder_options_.journal_limit_bytes =
      number_of("journal_limit_bytes", options.journal_limit_bytes, config.journal_limit_bytes);
  recorder_options_.store.read_connections =
      number_of("read_connections", options.read_connections, config.read_connections);
  recorder_options_.heads = head_options(config);
  recorder_options_.heads.tree = options.tree;
  recorder_options_.power = choice_of("durability", options.durability, config.durability) == kPower;
  append_.power = recorder_options_.power;
  append_.on_full = kFullPolicies[choice_of("on_full", options.on_full, config.on_full)];
  append_.block_timeout_ms = number_of("block_timeout", options.block_timeout_ms, config.block_timeout_ms);

  json::Value contexts;
  if (options.context_json) {
    contexts = json::parse(*options.context_json);
    if (!contexts.is_object()) {
      throw Error(Status::kInvalid, "context must be a JSON object that maps label keys to objects");
    }
  }

  address_ = ledger_address(options.db_path, config, store::LedgerAddress::Directories::kCreate);
  recorder_options_.rules = event::redaction_rules(redactor, defaults_.capture);
  recorder_ = Recorder::open(address_, recorder_options_);
  recorder_->announce(*recorder_options_.rules);
  generation_.store(process_generation());
  current_.store(recorder_.get());
  // Whoever opens a client to read expects what this process had recorded by then, through whichever client.
  last_record_.store(recorder_->newest());
  try {
    recorder_->create(5000);
    recorder_->adopt_orphans(5000);
  } catch (const Error& error) {
    // The ledger cannot be written now. Events go to the journal, and the thread keeps trying to commit them.
    if (error.status() != Status::kBusy && error.status() != Status::kTimeout &&
        error.status() != Status::kUnsupported) {
      throw;
    }
  }
  for (const auto& [key, value] : contexts.object()) set_context(key, std::nullopt, value.canonical());
}

Client::~Client() {
  try {
    close(5000);
  } catch (const std::exception&) {
    // Events that could not be committed stay in the journal for the next process.
  }
  if (generation_.load() != process_generation()) keep_forever(std::move(recorder_));
}

void Client::check_open() const {
  if (closed_.load(std::memory_order_relaxed)) throw Error(Status::kClosed, "the client is closed");
}

// After a fork the recorder belongs to the parent, and the child opens its own.
Recorder& Client::current() {
  if (generation_.load(std::memory_order_acquire) == process_generation()) return *current_.load();
  RecorderRegistry& registry = RecorderRegistry::instance();
  const MutexLock lock(registry.reopen);
  if (generation_.load() != process_generation()) {
    auto fresh = Recorder::open(address_, recorder_options_);
    fresh->announce(*recorder_options_.rules);
    keep_forever(std::move(recorder_));
    recorder_ = std::move(fresh);
    current_.store(recorder_.get());
    next_error_.store(0);
    last_record_.store(0);
    generation_.store(process_generation());
  }
  return *current_.load();
}

std::shared_ptr<Recorder> Client::recorder() {
  current();
  return recorder_;
}

void Client::append(Recorder& recorder, std::string& record, std::string_view agent, Micros time,
                    const AppendOptions& options) {
  const std::uint64_t number = recorder.append(record, agent, time, options);
  std::uint64_t last = last_record_.load(std::memory_order_relaxed);
  while (last < number && !last_record_.compare_exchange_weak(last, number, std::memory_order_release)) {
  }
}

Uuid Client::commit(Scratch& scratch, std::optional<OnFull> on_full) {
  check_open();
  event::Effects effects;
  const event::Prepared prepared = scratch.builder.prepare(defaults_, effects);
  scratch.record.assign(spool::kRecordHeader, '\0');
  event::encode(prepared, scratch.record);
  Recorder& recorder = current();
  AppendOptions options = append_;
  if (on_full) options.on_full = *on_full;
  std::string buffer;
  append(recorder, scratch.record, event::text_of(prepared, prepared.index.agent, buffer), prepared.index.time,
         options);
  recorder.count_effects(effects);
  return prepared.index.id;
}

Uuid Client::log(std::string_view json) {
  check_open();
  std::unique_ptr<Scratch> scratch = take_scratch();
  event::read_event(scratch->reader, json, scratch->builder);
  const Uuid id = commit(*scratch);
  give_scratch(std::move(scratch));
  return id;
}

void Client::set_context(std::string_view key, std::optional<std::string_view> value, std::string_view context) {
  check_open();
  std::string text;
  if (!value) {
    const auto known = std::find_if(defaults_.labels.begin(), defaults_.labels.end(),
                                    [&](const event::DefaultMember& member) { return member.key == key; });
    if (known == defaults_.labels.end()) {
      throw Error(Status::kInvalid, "cannot set the context of label \"" + std::string(key) +
                                        "\": it is not one of the client's default labels; give the label's value");
    }
    text = json::parse(known->value).text();
    value = text;
  }
  std::unique_ptr<Scratch> scratch = take_scratch();
  event::Effects effects;
  const event::Prepared prepared = event::context_changed(scratch->builder, defaults_, key, *value, context, effects);
  scratch->record.assign(spool::kRecordHeader, '\0');
  event::encode(prepared, scratch->record);
  Recorder& recorder = current();
  recorder.count_effects(effects);
  append(recorder, scratch->record, event::kSystemAgent, prepared.index.time, append_);
  give_scratch(std::move(scratch));
}

std::optional<std::string> Client::context(std::string_view key, std::string_view value) {
  return readable_store().context(key, value);
}

void Client::flush(std::int64_t timeout_ms) { current().flush(timeout_ms); }

void Client::close(std::int64_t timeout_ms) {
  if (closed_.exchange(true)) return;
  // A forked child that never used the client has nothing to flush, and must not open a recorder just to close it.
  if (generation_.load() != process_generation()) return;
  Recorder& recorder = *current_.load();
  recorder.wake();
  const std::int64_t deadline = deadline_after(timeout_ms);
  recorder.flush(timeout_ms);
  recorder.publish_last_head(timeout_ms < 0 ? -1 : std::max<std::int64_t>(0, deadline - steady_millis()));
}

namespace {

// A ledger of a newer format may still be readable, even though this version must not write it.
template <typename Commit>
void commit_if_writable(Commit&& commit) {
  try {
    commit();
  } catch (const Error& error) {
    if (error.status() != Status::kUnsupported) throw;
  }
}

// Journals that cannot be adopted now must not keep a client from reading its own events.
template <typename Adopt>
void adopt_if_possible(Adopt&& adopt) {
  try {
    adopt();
  } catch (const Error& error) {
    const bool transient = error.status() == Status::kUnsupported || error.status() == Status::kFull ||
                           error.status() == Status::kBusy || error.status() == Status::kTimeout;
    if (!transient) throw;
  }
}

void refuse_after_clone() {
  if (cloned_without_handlers()) {
    throw Error(Status::kUnsupported, "this process was cloned without fork handlers and cannot read the ledger");
  }
}

}  // namespace

store::Store& Client::readable_store() {
  Recorder& recorder = current();
  refuse_after_clone();
  commit_if_writable([&] { recorder.make_visible(last_record_.load(std::memory_order_acquire), kReadMillis); });
  adopt_if_possible([&] { recorder.adopt_new_orphans(kReadMillis); });
  return recorder.store();
}

store::Store& Client::fresh_store() {
  Recorder& recorder = current();
  refuse_after_clone();
  commit_if_writable([&] { recorder.flush(kReadMillis); });
  adopt_if_possible([&] { recorder.adopt_orphans(kReadMillis); });
  return recorder.store();
}

std::optional<Error> Client::next_error(std::int64_t timeout_ms) {
  const std::int64_t deadline = timeout_ms < 0 ? -1 : deadline_after(timeout_ms);
  auto error = recorder()->next_error(next_error_, deadline, closed_);
  if (!error) check_open();
  return error;
}

}  // namespace plog::client
