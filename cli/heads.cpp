// plog checkpoint, plog keys and plog acknowledge.
#include <unistd.h>

#include <cerrno>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/handles.h"
#include "cli/options.h"
#include "cli/report_text.h"
#include "json/value.h"

namespace plog::cli {
namespace {

constexpr std::int64_t kTimeoutMillis = 30000;

// Opens a client on an existing ledger. Throws Error(kNotFound) if there is none.
ClientPtr open_client(const Context& context) {
  const std::string path = ledger_address(context.globals).path();
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    throw Error(Status::kNotFound, "there is no ledger at " + path);
  }
  plog_client_options options;
  plog_client_options_init(&options);
  options.db_path = path.c_str();
  plog_client* client = nullptr;
  check([&](plog_error** error) { return plog_client_new(&options, &client, error); });
  return ClientPtr(client);
}

void finish(const ClientPtr& client) {
  close_and_tell(client.get(), kTimeoutMillis, [](const std::string& what) { complain("warning: " + what); });
}

}  // namespace

int run_checkpoint(Context& context, const CheckpointOptions& options) {
  const ClientPtr client = open_client(context);
  const std::string report = call_operation(client.get(), "checkpoint", {});
  finish(client);
  if (options.json) {
    context.out.line(report);
  } else {
    context.out.write(text_of(json::parse(report), "checkpoint"));
  }
  return kExitOk;
}

int run_keys(Context& context, const KeysOptions& options) {
  const ClientPtr client = open_client(context);
  const std::string report = call_operation(client.get(), options.rotate ? "rotate_key" : "key", {});
  finish(client);
  if (options.json) {
    context.out.line(report);
    return kExitOk;
  }
  const json::Value key = json::parse(report);
  if (options.rotate) context.out.line("heads are now signed with a new key");
  context.out.line("key     " + escape(text_of(key, "vkey")));
  context.out.line("origin  " + escape(text_of(key, "origin")));
  context.out.line("epoch   " + format_count(count_of(key, "epoch")));
  context.out.line("file    " + escape(text_of(key, "key_file")));
  return kExitOk;
}

int run_acknowledge(Context& context, const AcknowledgeOptions& options) {
  const ClientPtr client = open_client(context);
  const std::string report = call_operation(client.get(), "acknowledge", {{"comment", json::Value(options.comment)}});
  finish(client);
  const std::uint64_t count = count_of(json::parse(report), "acknowledged");
  if (options.json) {
    context.out.line(report);
  } else if (count == 0) {
    context.out.line("nothing to acknowledge: the ledger extends its heads");
  } else {
    context.out.line("acknowledged " + format_counted(count, "head that the ledger does not extend",
                                                      "heads that the ledger does not extend"));
  }
  return kExitOk;
}

}  // namespace plog::cli
