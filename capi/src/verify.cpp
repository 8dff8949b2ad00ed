#include "handles.h"
#include "operations/evidence.h"

using plog::capi::fail;
using plog::capi::guard;
using plog::capi::utf8;

namespace {

constexpr std::uint32_t kMaxThreads = 64;

std::string_view terminated(const char* text, const char* name) { return utf8(text, std::strlen(text), name); }

plog::verify::Request request_of(const plog_verify_options& given) {
  plog::verify::Request request;
  if (given.agent_id != nullptr) request.agent = std::string(terminated(given.agent_id, "agent_id"));
  request.read_only = given.read_only != 0;
  if (given.level != nullptr) {
    const auto level = plog::verify::parse_level(given.level);
    if (!level) plog::capi::invalid("level must be chain, tree or full");
    request.level = *level;
  }
  request.key = plog::capi::optional_text(given.key);
  if (given.heads == nullptr && given.head_count > 0) plog::capi::invalid("heads is NULL, but head_count is not 0");
  for (std::uint32_t i = 0; i < given.head_count; ++i) {
    if (given.heads[i] == nullptr) plog::capi::invalid("heads contains a NULL path");
    request.heads.emplace_back(given.heads[i]);
  }
  request.incremental = given.incremental != 0;
  if (request.incremental && request.heads.empty())
    plog::capi::invalid("incremental needs a trusted head; give at least one in heads");
  if (given.threads > kMaxThreads) plog::capi::invalid("threads must be between 0 and 64");
  request.threads = given.threads;
  request.progress = plog::capi::progress_of(given.progress, given.user_data);
  return request;
}

}  // namespace

extern "C" {

void(plog_verify_options_init)(plog_verify_options* options) {
  if (options == nullptr) return;
  std::memset(options, 0, sizeof *options);
  options->struct_size = sizeof *options;
}

plog_status plog_verify(plog_client* client, const plog_verify_options* options, plog_buffer** report,
                        plog_error** err) {
  if (report == nullptr) return fail(PLOG_E_INVALID, "report is NULL", err);
  *report = nullptr;
  return guard(err, [&] {
    const plog_verify_options given = plog::capi::read_options(options, "plog_verify_options");
    if (given.reserved != 0) throw plog::Error(plog::Status::kUnsupported, "options.reserved must be 0");
    plog::client::Client* own = client != nullptr ? &client->client : nullptr;
    const auto path = plog::capi::optional_text(given.db_path);
    *report = new plog_buffer{plog::operations::verify(own, path, request_of(given)).json()};
  });
}

int32_t plog_verdict_exit_code(const char* verdict) {
  if (verdict == nullptr) return 2;
  for (int i = 0; i <= static_cast<int>(plog::ledger::Verdict::kTampered); ++i) {
    const auto known = static_cast<plog::ledger::Verdict>(i);
    if (plog::ledger::verdict_name(known) == verdict) return plog::ledger::verdict_exit_code(known);
  }
  return 2;
}

}  // extern "C"
