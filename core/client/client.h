// A client: what an application holds. Records events into one ledger and reads them back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/config.h"
#include "client/recorder.h"
#include "event/builder.h"
#include "json/reader.h"
#include "redact/redactor.h"
#include "store/store.h"

namespace plog::client {

// Empty members take the configuration's value, then the default (docs/configuration.md).
struct ClientOptions {
  std::optional<std::string> base_url, db_path, agent_id, session_id, labels_json, metadata_json, context_json;
  std::string source = "sdk", capture_method = "embedded";
  std::optional<std::string> durability, on_full;  // "process" | "power"; "block" | "drop" | "raise"
  std::optional<std::uint32_t> batch_size, flush_interval_ms, block_timeout_ms;
  std::optional<std::uint64_t> max_event_bytes, journal_limit_bytes;
  std::optional<bool> salt;
  bool tree = true;                            // HeadOptions::tree
  std::optional<std::string> capture_content;  // the name of a capture, or what CapturePolicy::parse reads, as JSON
};

// The buffers of one event that is being written. Taken from and given back to the calling thread's stack of them.
struct Scratch {
  event::Builder builder;
  json::Reader reader;
  std::string record;
};
std::unique_ptr<Scratch> take_scratch();  // its builder is reset
void give_scratch(std::unique_ptr<Scratch> scratch) noexcept;

// Thread-safe.
class Client {
 public:
  // Reads the configuration; opens the ledger, creating it when absent; commits what dead processes left.
  explicit Client(const ClientOptions& options);
  ~Client();

  // Records the event in `scratch` (its builder, not yet prepared), with a policy of its own if there is one. Throws
  // kInvalid, kFull, kClosed, kIo.
  Uuid commit(Scratch& scratch, std::optional<OnFull> on_full = std::nullopt);
  // Records a JSON object.
  Uuid log(std::string_view json);

  // value: nullopt for the default label's own value. Throws kInvalid when there is none.
  void set_context(std::string_view key, std::optional<std::string_view> value, std::string_view context);
  std::optional<std::string> context(std::string_view key, std::string_view value);

  void flush(std::int64_t timeout_ms);
  void close(std::int64_t timeout_ms);
  bool closed() const noexcept { return closed_.load(); }

  // Commits what queries must see: this client's events, and those of dead processes.
  store::Store& fresh_store();
  std::shared_ptr<Recorder> recorder();
  RecorderStats stats() { return recorder()->stats(); }
  // The next asynchronous error; nullopt when the time passed. Throws kClosed when closed and none is left.
  std::optional<Error> next_error(std::int64_t timeout_ms);

  const std::string& db_path() const noexcept { return db_path_; }
  std::string key_path() const { return client::key_path(db_path_, recorder_options_.heads); }
  const event::Defaults& defaults() const noexcept { return defaults_; }
  const AppendOptions& append_options() const noexcept { return append_; }

 private:
  void check_open() const;
  Recorder& current();

  std::string db_path_;
  event::Defaults defaults_;
  RecorderOptions recorder_options_;
  AppendOptions append_;
  std::shared_ptr<Recorder> recorder_;
  std::atomic<Recorder*> current_{nullptr};
  std::atomic<std::uint64_t> generation_{0};  // of the process that recorder_ belongs to
  std::atomic<bool> closed_{false};
  std::atomic<std::uint64_t> next_error_{0};
};

// The ledger's real path for an option or configuration value; makes its directory (0700) when `create`.
std::string resolve_db_path(const std::optional<std::string>& given, const Config& config, bool create);

// Where configuration puts heads and their key.
HeadOptions head_options(const Config& config);

// What the configuration says of redaction.
redact::Options redactor_options(const Config& config);

// The configured redactor, with more rules added; null when redaction is off and there are none.
std::shared_ptr<const redact::Redactor> make_redactor(const Config& config, std::vector<redact::Rule> more);

}  // namespace plog::client
