#include "handles.h"
#include "operations/copies.h"
#include "operations/evidence.h"
#include "operations/source.h"

using plog::Error;
using plog::Status;
using plog::capi::deref;
using plog::capi::guard;
using plog::capi::invalid;
using plog::capi::optional_text;
using plog::capi::progress_of;
using plog::capi::read_options;
using plog::capi::utf8;

namespace {

std::string path_of(const char* path, const char* name) {
  if (path == nullptr || *path == '\0') invalid(std::string(name) + " is empty");
  return path;
}

plog::client::Client* client_of(plog_client* handle) { return handle != nullptr ? &handle->client : nullptr; }

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
    plog::operations::ExportRequest request;
    request.path = path_of(path, "path");
    request.filter = optional_text(given.filter);
    request.tiles = given.tiles != 0;
    request.overwrite = given.overwrite != 0;
    request.progress = progress_of(given.progress, given.user_data);
    std::string written = plog::operations::export_events(client_of(client), optional_text(given.db_path), request);
    if (report != nullptr) *report = new plog_buffer{std::move(written)};
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
    plog::operations::Source source(&client->client, std::nullopt);
    *out = new plog_buffer{plog::operations::prove(source.store(), source.head(), given, of)};
  });
}

plog_status plog_verify_export(const char* path, const plog_check_options* options, plog_buffer** report,
                               plog_error** err) {
  if (report != nullptr) *report = nullptr;
  return guard(err, [&] {
    deref(report, "report");
    const plog_check_options given = read_options(options, "options");
    if (given.head_count > 0 && given.heads == nullptr) invalid("options.heads is NULL, but head_count is not 0");
    std::vector<std::string> heads;
    for (std::uint32_t i = 0; i < given.head_count; ++i) {
      if (given.heads[i] == nullptr) invalid("options.heads contains a NULL path");
      heads.emplace_back(given.heads[i]);
    }
    const auto checked = plog::operations::verify_export(path_of(path, "path"), optional_text(given.key), heads,
                                                         progress_of(given.progress, given.user_data));
    *report = new plog_buffer{checked.json()};
  });
}

plog_status plog_backup(plog_client* client, const char* db_path, const char* path, plog_progress_fn progress,
                        void* user_data, plog_error** err) {
  return guard(err, [&] {
    plog::operations::backup(client_of(client), optional_text(db_path), path_of(path, "path"),
                             progress_of(progress, user_data));
  });
}

plog_status plog_restore(const char* path, const char* db_path, int32_t replace, plog_progress_fn progress,
                         void* user_data, plog_buffer** report, plog_error** err) {
  if (report != nullptr) *report = nullptr;
  return guard(err, [&] {
    std::string restored = plog::operations::restore(path_of(path, "path"), optional_text(db_path), replace != 0,
                                                     progress_of(progress, user_data));
    if (report != nullptr) *report = new plog_buffer{std::move(restored)};
  });
}

}  // extern "C"
