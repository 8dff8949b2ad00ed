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

std::string taken(plog_buffer* buffer) {
  const BufferPtr owner(buffer);
  return std::string(plog_buffer_data(buffer), plog_buffer_size(buffer));
}

void finish(const ClientPtr& client) {
  close_and_tell(client.get(), kTimeoutMillis, [](const std::string& what) { complain("warning: " + what); });
}

json::Value key_of(const ClientPtr& client) {
  plog_buffer* buffer = nullptr;
  check([&](plog_error** error) { return plog_client_key(client.get(), &buffer, error); });
  return json::parse(taken(buffer));
}

}  // namespace

int run_checkpoint(Context& context, const CheckpointOptions& options) {
  const ClientPtr client = open_client(context);
  plog_buffer* note = nullptr;
  check([&](plog_error** error) { return plog_client_checkpoint(client.get(), kTimeoutMillis, &note, error); });
  const std::string text = taken(note);
  const json::Value key = key_of(client);
  finish(client);
  if (!options.json) {
    context.out.write(text);
    return kExitOk;
  }
  json::Value report = key;
  report.object()["checkpoint"] = json::Value(text);
  context.out.line(report.canonical());
  return kExitOk;
}

int run_keys(Context& context, const KeysOptions& options) {
  const ClientPtr client = open_client(context);
  if (options.rotate) {
    check([&](plog_error** error) { return plog_client_rotate_key(client.get(), kTimeoutMillis, nullptr, error); });
  }
  const json::Value key = key_of(client);
  finish(client);
  if (options.json) {
    context.out.line(key.canonical());
    return kExitOk;
  }
  if (options.rotate) context.out.line("heads are now signed with a new key");
  context.out.line("key     " + escape(text_of(key, "vkey")));
  context.out.line("origin  " + escape(text_of(key, "origin")));
  context.out.line("epoch   " + format_count(count_of(key, "epoch")));
  context.out.line("file    " + escape(text_of(key, "key_file")));
  return kExitOk;
}

int run_acknowledge(Context& context, const AcknowledgeOptions& options) {
  const ClientPtr client = open_client(context);
  std::uint64_t count = 0;
  check([&](plog_error** error) {
    return plog_client_acknowledge(client.get(), options.comment.data(), options.comment.size(), kTimeoutMillis, &count,
                                   error);
  });
  finish(client);
  if (options.json) {
    json::Value::Object report;
    report["acknowledged"] = json::Value(count);
    context.out.line(json::Value(std::move(report)).canonical());
  } else if (count == 0) {
    context.out.line("nothing to acknowledge: the ledger extends its heads");
  } else {
    context.out.line("acknowledged " + format_counted(count, "head that the ledger does not extend",
                                                      "heads that the ledger does not extend"));
  }
  return kExitOk;
}

}  // namespace plog::cli
