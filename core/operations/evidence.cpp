#include "operations/evidence.h"

#include "base/error.h"
#include "client/config.h"
#include "client/verification.h"
#include "heads/file_head_store.h"
#include "operations/destination.h"
#include "operations/events.h"
#include "operations/filter.h"
#include "operations/source.h"
#include "report/package_writer.h"
#include "report/tile_directory.h"
#include "verify/head_judge.h"

namespace plog::operations {
namespace {

using json::Value;

constexpr std::string_view kLevels[] = {"chain", "tree", "full"};

constexpr Parameter kVerifyParameters[] = {
    {.name = "agent_id", .maximum = kMaxName, .about = "Verify only this agent's chain."},
    {.name = "level",
     .kind = ParameterKind::kChoice,
     .choices = kLevels,
     .default_value = "\"full\"",
     .about = "`chain`: the hash chains and the order of commit. `tree`: also leaves, tree, heads, keys and schema. "
              "`full`: also everything that repeats content of events."},
    kTrustedKey,
    kTrustedHeads,
    {.name = "incremental",
     .kind = ParameterKind::kBoolean,
     .default_value = "false",
     .about = "Read only the events after the newest of `heads`, if the ledger extends it."},
    {.name = "read_only",
     .kind = ParameterKind::kBoolean,
     .default_value = "false",
     .about = "Do not commit journals first; count their events as pending."},
    {.name = "threads",
     .kind = ParameterKind::kInteger,
     .minimum = 0,
     .maximum = 64,
     .default_value = "0",
     .about = "Threads that read and hash; 0: two."},
    kDbPath,
};

constexpr Parameter kProveParameters[] = {
    kEventId,
    {.name = "agent_id",
     .maximum = kMaxName,
     .about = "The agent, if several agents used the id; by default the event that was committed first."},
};

constexpr auto kExportParameters =
    join(std::array{Parameter{.name = "path",
                              .kind = ParameterKind::kPath,
                              .required = true,
                              .minimum = 1,
                              .maximum = kMaxPath,
                              .about = "The new file or, with `tiles`, the directory."}},
         kConditions,
         std::array{
             Parameter{.name = "tiles",
                       .kind = ParameterKind::kBoolean,
                       .default_value = "false",
                       .about = "Write the whole tree to a directory of C2SP tlog-tiles, or update an earlier one."},
             Parameter{.name = "overwrite",
                       .kind = ParameterKind::kBoolean,
                       .default_value = "false",
                       .about = "Replace an existing file; not with `tiles`."},
             kDbPath,
         });

constexpr Parameter kCheckParameters[] = {
    {.name = "path",
     .kind = ParameterKind::kPath,
     .required = true,
     .minimum = 1,
     .maximum = kMaxPath,
     .about = "A `.plog` file or a directory of tiles."},
    kTrustedKey,
    kTrustedHeads,
};

std::string run_verify(const Call& call) {
  const Parameters& given = call.parameters;
  verify::Request request;
  request.agent = given.text("agent_id");
  request.level = *verify::parse_level(*given.text("level"));
  request.key = given.text("key");
  request.heads = given.paths("heads");
  request.incremental = given.flag("incremental");
  if (request.incremental && request.heads.empty()) given.refuse("incremental: needs a trusted head; give heads");
  request.read_only = given.flag("read_only");
  request.threads = static_cast<unsigned>(given.integer("threads"));
  request.progress = call.progress;
  return verify(call.client, given.text("db_path"), std::move(request)).json();
}

std::string run_prove(const Call& call) {
  Source source(call.client, std::nullopt);
  return prove(source.store(), source.head(), *call.parameters.text("event_id"), call.parameters.text("agent_id"));
}

std::string run_export(const Call& call) {
  const Parameters& given = call.parameters;
  ExportRequest request;
  request.path = *given.text("path");
  request.tiles = given.flag("tiles");
  request.overwrite = given.flag("overwrite");
  request.progress = call.progress;
  std::string filter = given.object_of(kConditions);
  if (!filter.empty()) request.filter = std::move(filter);
  return export_events(call.client, given.text("db_path"), request);
}

std::string run_verify_export(const Call& call) {
  const Parameters& given = call.parameters;
  return verify_export(*given.text("path"), given.text("key"), given.paths("heads"), call.progress).json();
}

constexpr Operation kOperations[] = {
    {.name = "verify",
     .client = ClientUse::kOptional,
     .progress = true,
     .parameters = kVerifyParameters,
     .about = "Verifies the ledger, or one agent's chain. A ledger that was changed is a verdict, not a failure.",
     .result = "The report of `plog verify --json`, see [cli.md](cli.md#plog-verify).",
     .run = run_verify},
    {.name = "prove",
     .open = true,
     .parameters = kProveParameters,
     .about = "Returns one event with its proof. Fails with NOT_FOUND if there is no such event.",
     .result = "The document of a `.plog` file, see [formats.md](formats.md#exports).",
     .run = run_prove},
    {.name = "export",
     .scope = Scope::kAdmin,
     .client = ClientUse::kOptional,
     .progress = true,
     .open = true,
     .parameters = kExportParameters,
     .about = "Writes the events that match all conditions, with their proofs, to a file. Without a condition, every "
              "event is exported.",
     .result = "`{\"path\", \"events\", \"tree_size\", \"root\", \"tail\"}`: `tail` is the number of newer events that "
               "no head covers.",
     .run = run_export},
    {.name = "verify_export",
     .scope = Scope::kAdmin,
     .client = ClientUse::kNone,
     .progress = true,
     .parameters = kCheckParameters,
     .about = "Checks an export without the ledger.",
     .result = "The report of `plog verify-export --json`.",
     .run = run_verify_export},
};

}  // namespace

std::span<const Operation> evidence_operations() noexcept { return kOperations; }

verify::Report verify(client::Client* client, const std::optional<std::string>& db_path, verify::Request request) {
  client::Config config;
  try {
    config = client::load_config();
  } catch (const Error&) {
    // The configuration is needed only to find the ledger.
    if (client == nullptr && !db_path) throw;
  }
  request.key_path = config.key_path.value_or("");
  if (client != nullptr) return client::verify_client(*client, request);
  const auto address =
      client::ledger_address(db_path, db_path ? client::Config{} : config, store::LedgerAddress::Directories::kLeave);
  return client::verify_ledger(address, request);
}

std::string export_events(client::Client* client, const std::optional<std::string>& db_path,
                          const ExportRequest& request) {
  const auto invalid = [](const char* what) { throw Error(Status::kInvalid, what); };
  if (request.tiles && request.filter) {
    invalid("a directory of tiles always contains the whole tree; leave out the filter");
  }
  if (request.tiles && request.overwrite) {
    invalid("an export to a directory of tiles only adds to it; leave out overwrite");
  }
  refuse_ledger_file(request.path, address_of(client, db_path), client);
  Source source(client, db_path);
  Value::Object result{{"path", Value(request.path)}};
  if (request.tiles) {
    const auto written = report::write_tiles(source.store(), source.head(), request.path, request.progress);
    result["events"] = Value(written.added);
    result["tree_size"] = Value(written.size);
    result["root"] = Value(written.root);
    result["tail"] = Value(written.tail);
  } else {
    const auto written = report::write_package(source.store(), source.head(), request.path,
                                               {request.filter.value_or(""), request.overwrite, request.progress});
    result["events"] = Value(written.events);
    result["tree_size"] = Value(written.tree_size);
    result["root"] = Value(written.root);
    result["tail"] = Value(written.tail);
  }
  return Value(std::move(result)).canonical();
}

std::string prove(store::Store& store, const std::string& head, const std::string& id,
                  const std::optional<std::string>& agent) {
  const auto row = id.substr(0, 1) == "@" ? find_event(store, id, agent) : std::nullopt;
  if (!row) return report::prove_event(store, head, id, agent);
  // The proof names an event by its id.
  if (row->erased) return report::prove_event(store, head, format_uuid(row->erased->id), row->erased->agent);
  const Value event = json::parse(row->canonical);
  return report::prove_event(store, head, event.find("id")->text(), event.find("agent_id")->text());
}

report::CheckReport verify_export(const std::string& path, const std::optional<std::string>& key,
                                  const std::vector<std::string>& heads, const Progress& progress) {
  report::CheckRequest request;
  request.progress = progress;
  if (key) request.keys.push_back(verify::trusted_key(*key).format());
  for (const std::string& file : heads) {
    auto head = heads::read_head(file);
    if (!head) throw Error(Status::kNotFound, "cannot read the trusted head: " + file + " does not exist");
    request.heads.push_back(std::move(*head));
  }
  return report::verify_export(path, request);
}

}  // namespace plog::operations
