#include "client/copies.h"
#include "handles.h"
#include "heads/file_head_store.h"
#include "report/package_writer.h"
#include "report/tile_directory.h"
#include "store/ledger_paths.h"
#include "verify/head_judge.h"

using plog::Error;
using plog::Status;
using plog::capi::deref;
using plog::capi::guard;
using plog::capi::invalid;
using plog::capi::optional_text;
using plog::capi::read_options;
using plog::capi::utf8;
using plog::json::Value;

namespace {

constexpr std::int64_t kHeadMillis = 10000;

std::function<bool(std::uint64_t, std::uint64_t)> progress_of(plog_progress_fn progress, void* user_data) {
  if (progress == nullptr) return {};
  return [=](std::uint64_t done, std::uint64_t total) { return progress(user_data, done, total) == 0; };
}

std::string path_of(const char* path, const char* name) {
  if (path == nullptr || *path == '\0') invalid(std::string(name) + " is empty");
  return path;
}

using plog::store::LedgerAddress;

LedgerAddress given_ledger(const char* db_path) {
  const plog::client::Config config = db_path != nullptr ? plog::client::Config{} : plog::client::load_config();
  return plog::client::ledger_address(optional_text(db_path), config, LedgerAddress::Directories::kLeave);
}

// The ledger to read from: the client's, after everything that it accepted is under a head, or the one at a path.
class Source {
 public:
  Source(plog_client* client, const char* db_path) {
    if (client != nullptr) {
      plog::client::Client& own = client->client;
      store_ = &own.fresh_store();
      own.recorder()->publish_head(kHeadMillis);
      address_ = own.address();
      recorder_ = own.recorder();
    } else {
      address_ = given_ledger(db_path);
      opened_ = plog::store::open(address_, plog::store::OpenMode::kReadOnly);
      store_ = opened_.get();
    }
  }

  plog::store::Store& store() noexcept { return *store_; }
  const LedgerAddress& address() const noexcept { return address_; }
  std::string head() const {
    const std::string path = plog::store::LedgerPaths(address_).head();
    auto head = plog::heads::read_head(path);
    if (!head) throw Error(Status::kNotFound, "the ledger has no head yet: there is no file " + path);
    return *head;
  }

 private:
  LedgerAddress address_;
  plog::store::Store* store_ = nullptr;
  std::unique_ptr<plog::store::Store> opened_;
  std::shared_ptr<plog::client::Recorder> recorder_;
};

}  // namespace

extern "C" {

void(plog_export_options_init)(plog_export_options* options) {
  if (options == nullptr) return;
  std::memset(options, 0, sizeof *options);
  options->struct_size = sizeof *options;
}

void(plog_check_options_init)(plog_check_options* options) {
  if (options == nullptr) return;
  std::memset(options, 0, sizeof *options);
  options->struct_size = sizeof *options;
}

plog_status plog_export(plog_client* client, const plog_export_options* options, const char* path, plog_buffer** report,
                        plog_error** err) {
  if (report != nullptr) *report = nullptr;
  return guard(err, [&] {
    const plog_export_options given = read_options(options, "options");
    if (given.reserved != 0) throw Error(Status::kUnsupported, "options.reserved must be 0");
    const std::string target = path_of(path, "path");
    Source source(client, given.db_path);
    Value::Object result{{"path", Value(target)}};
    if (given.tiles != 0) {
      if (given.filter != nullptr) invalid("a directory of tiles always contains the whole tree; leave out the filter");
      if (given.overwrite != 0) invalid("an export to a directory of tiles only adds to it; leave out overwrite");
      const auto written = plog::report::write_tiles(source.store(), source.head(), target,
                                                     progress_of(given.progress, given.user_data));
      result["events"] = Value(written.added);
      result["tree_size"] = Value(written.size);
      result["root"] = Value(written.root);
      result["tail"] = Value(written.tail);
    } else {
      plog::report::ExportRequest request;
      request.filter_json = optional_text(given.filter).value_or("");
      request.overwrite = given.overwrite != 0;
      request.progress = progress_of(given.progress, given.user_data);
      const auto written = plog::report::write_package(source.store(), source.head(), target, request);
      result["events"] = Value(written.events);
      result["tree_size"] = Value(written.tree_size);
      result["root"] = Value(written.root);
      result["tail"] = Value(written.tail);
    }
    if (report != nullptr) *report = new plog_buffer{Value(std::move(result)).canonical()};
  });
}

plog_status plog_client_prove(plog_client* client, const char* id, size_t id_len, const char* agent, size_t agent_len,
                              plog_buffer** out, plog_error** err) {
  if (out != nullptr) *out = nullptr;
  return guard(err, [&] {
    deref(client, "client");
    deref(out, "out");
    const std::string given(utf8(id, id_len, "id"));
    std::optional<std::string> of;
    if (agent != nullptr) of = utf8(agent, agent_len, "agent");
    Source source(client, nullptr);
    *out = new plog_buffer{plog::report::prove_event(source.store(), source.head(), given, of)};
  });
}

plog_status plog_verify_export(const char* path, const plog_check_options* options, plog_buffer** report,
                               plog_error** err) {
  if (report != nullptr) *report = nullptr;
  return guard(err, [&] {
    deref(report, "report");
    const plog_check_options given = read_options(options, "options");
    plog::report::CheckRequest request;
    request.progress = progress_of(given.progress, given.user_data);
    if (given.key != nullptr) request.keys.push_back(plog::verify::trusted_key(given.key).format());
    if (given.head_count > 0 && given.heads == nullptr) invalid("options.heads is NULL, but head_count is not 0");
    for (std::uint32_t i = 0; i < given.head_count; ++i) {
      if (given.heads[i] == nullptr) invalid("options.heads contains a NULL path");
      auto head = plog::heads::read_head(given.heads[i]);
      if (!head) throw Error(Status::kNotFound, std::string("no trusted head: there is no file ") + given.heads[i]);
      request.heads.push_back(std::move(*head));
    }
    *report = new plog_buffer{plog::report::verify_export(path_of(path, "path"), request).json()};
  });
}

plog_status plog_backup(plog_client* client, const char* db_path, const char* path, plog_progress_fn progress,
                        void* user_data, plog_error** err) {
  return guard(err, [&] {
    const std::string target = path_of(path, "path");
    Source source(client, db_path);
    plog::client::backup_ledger(source.store(), source.address(), target, progress_of(progress, user_data));
  });
}

plog_status plog_restore(const char* path, const char* db_path, int32_t replace, plog_progress_fn progress,
                         void* user_data, plog_buffer** report, plog_error** err) {
  if (report != nullptr) *report = nullptr;
  return guard(err, [&] {
    const plog::client::Config config = plog::client::load_config();
    const LedgerAddress target =
        plog::client::ledger_address(optional_text(db_path), config, LedgerAddress::Directories::kCreate);
    const auto restored = plog::client::restore_ledger(LedgerAddress::at(path_of(path, "path")), target,
                                                       plog::client::head_options(config), replace != 0,
                                                       progress_of(progress, user_data));
    if (report == nullptr) return;
    *report = new plog_buffer{
        Value(Value::Object{
                  {"db_path", Value(target.path())},
                  {"events", Value(restored.events)},
                  {"replaced", restored.replaced.empty() ? Value() : Value(restored.replaced)},
                  {"unsigned_because", restored.unsigned_because ? Value(*restored.unsigned_because) : Value()}})
            .canonical()};
  });
}

}  // extern "C"
