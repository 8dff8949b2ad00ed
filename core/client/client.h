// The client: the object through which an application records events into one ledger and reads them back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/config.h"
#include "client/options.h"
#include "client/recorder.h"
#include "client/scratch.h"
#include "event/builder.h"
#include "json/reader.h"
#include "redact/redactor.h"
#include "store/driver.h"

namespace plog::client {

// Thread-safe.
class Client {
 public:
  // Reads the configuration, opens the ledger (creates it if it does not exist) and adopts orphaned journals. A ledger
  // that is only busy or of a newer format is not an error: events wait in the journal. Throws kConfig, kInvalid,
  // kUnsupported (server mode, a network file system), kCorrupt, kIo, kFull.
  explicit Client(const ClientOptions& options);
  ~Client();

  // Records the event in `scratch.builder`, which must not be prepared yet, and returns its id. `on_full` overrides the
  // client's policy for this event. Throws kInvalid, kFull (the event was not recorded), kClosed, kIo.
  Uuid commit(Scratch& scratch, std::optional<OnFull> on_full = std::nullopt);
  // Records an event given as a JSON object. Throws as commit.
  Uuid log(std::string_view json);

  // Records `context`, a JSON object, for the label `key` with `value`. Without a value, the value of the client's
  // default label `key` is used; throws kInvalid if there is no such label. Otherwise throws as commit.
  void set_context(std::string_view key, std::optional<std::string_view> value, std::string_view context);
  // The newest context of a label value, as JSON; nullopt if there is none.
  std::optional<std::string> context(std::string_view key, std::string_view value);

  // In these a negative timeout means no deadline. Both throw as Recorder::flush.
  void flush(std::int64_t timeout_ms);
  // Rejects later events, flushes, and publishes a head. A second call does nothing.
  void close(std::int64_t timeout_ms);
  bool closed() const noexcept { return closed_.load(); }

  // The store for a query, with all events that this client has recorded, and those that this process had recorded when
  // the client was opened. Later events of other clients, and those of other processes, are there once they are
  // committed; orphaned journals are adopted within a second.
  store::Store& readable_store();
  // The store with all events of this process and of dead processes, which this call commits.
  store::Store& fresh_store();
  std::shared_ptr<Recorder> recorder();
  RecorderStats stats() { return recorder()->stats(); }
  // Waits for the next asynchronous error. Returns nullopt if none arrives in time (negative: no deadline). Throws
  // kClosed when the client is closed and no error is left.
  std::optional<Error> next_error(std::int64_t timeout_ms);

  const store::LedgerAddress& address() const noexcept { return address_; }
  // The file of the key that signs the ledger's heads.
  std::string key_path() const { return heads::key_path(address_, recorder_options_.heads); }
  const event::Defaults& defaults() const noexcept { return defaults_; }
  const AppendOptions& append_options() const noexcept { return append_; }

 private:
  void check_open() const;
  void append(Recorder& recorder, std::string& record, std::string_view agent, Micros time,
              const AppendOptions& options);
  Recorder& current();

  store::LedgerAddress address_;
  event::Defaults defaults_;
  RecorderOptions recorder_options_;
  AppendOptions append_;
  std::shared_ptr<Recorder> recorder_;
  std::atomic<Recorder*> current_{nullptr};
  std::atomic<std::uint64_t> generation_{0};  // process_generation() of the process that recorder_ belongs to
  std::atomic<bool> closed_{false};
  std::atomic<std::uint64_t> next_error_{0};
  std::atomic<std::uint64_t> last_record_{0};  // the newest record in recorder_ that queries wait for
};

// The ledger that the option or else the configuration names, as a path or URL. Throws as LedgerAddress::parse.
store::LedgerAddress ledger_address(const std::optional<std::string>& given, const Config& config,
                                    store::LedgerAddress::Directories directories);

// The configured options for heads and their key.
heads::HeadOptions head_options(const Config& config);

// The configured options for redaction.
redact::Options redactor_options(const Config& config);

// The configured redactor with the rules in `more` added. Null if redaction is off and `more` is empty.
std::shared_ptr<const redact::Redactor> make_redactor(const Config& config, std::vector<redact::Rule> more);

}  // namespace plog::client
