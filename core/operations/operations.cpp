#include "operations/operations.h"

#include <array>

#include "base/encoding.h"
#include "base/error.h"
#include "client/options.h"
#include "operations/copies.h"
#include "operations/events.h"
#include "operations/evidence.h"
#include "operations/heads.h"
#include "operations/overview.h"
#include "operations/redaction.h"

namespace plog::operations {
namespace {

using json::Value;

constexpr std::size_t kMaxQuoted = 60;  // bytes of an unknown name in a message

std::string described(std::string_view separator);  // all operations

std::string list_options(const Call&) {
  return "{\"options\":" + json::parse(client::options_json()).canonical() + "}";
}
std::string list_operations(const Call&) { return "{\"operations\":[" + described(",") + "]}"; }

constexpr Operation kDescriptions[] = {
    {.name = "options",
     .client = ClientUse::kNone,
     .about = "Returns the options of a client.",
     .result = "`{\"options\"}`: the array of `plog generate options`.",
     .run = list_options},
    {.name = "operations",
     .client = ClientUse::kNone,
     .about = "Returns this table.",
     .result = "`{\"operations\"}`: the array of `plog generate operations`.",
     .run = list_operations},
};

std::string_view scope_name(Scope scope) {
  switch (scope) {
    case Scope::kRead: break;
    case Scope::kIngest: return "ingest";
    case Scope::kAdmin: return "admin";
  }
  return "read";
}

std::string_view use_name(ClientUse use) {
  switch (use) {
    case ClientUse::kRequired: break;
    case ClientUse::kOptional: return "optional";
    case ClientUse::kNone: return "none";
  }
  return "required";
}

std::string describe(const Operation& operation) {
  std::string parameters = "[";
  for (const Parameter& parameter : operation.parameters) {
    parameters.append(parameters.size() > 1 ? "," : "").append(parameter_json(parameter));
  }
  // In the order of the documentation and not of the keys.
  const std::pair<std::string_view, std::string> members[] = {
      {"name", Value(operation.name).canonical()},
      {"scope", Value(scope_name(operation.scope)).canonical()},
      {"client", Value(use_name(operation.client)).canonical()},
      {"progress", Value(operation.progress).canonical()},
      {"parameters", parameters + "]"},
      {"documentation", Value(operation.about).canonical()},
      {"result", Value(operation.result).canonical()},
  };
  std::string object;
  for (const auto& [name, value] : members) {
    object.append(object.empty() ? "{\"" : ",\"").append(name).append("\":").append(value);
  }
  return object + "}";
}

std::string described(std::string_view separator) {
  std::string text;
  for (const std::span<const Operation> group : operations()) {
    for (const Operation& operation : group) text.append(text.empty() ? "" : separator).append(describe(operation));
  }
  return text;
}

const Operation& operation_named(std::string_view name) {
  for (const std::span<const Operation> group : operations()) {
    for (const Operation& operation : group) {
      if (operation.name == name) return operation;
    }
  }
  const std::string shown(is_utf8(name) ? utf8_prefix(name, kMaxQuoted) : "?");
  throw Error(Status::kInvalid, "there is no operation " + Value(shown).canonical() +
                                    "; use a name that `plog generate operations` prints");
}

}  // namespace

std::span<const std::span<const Operation>> operations() {
  static const std::array<std::span<const Operation>, 7> kGroups = {
      event_operations(), overview_operations(),  evidence_operations(), head_operations(),
      copy_operations(),  redaction_operations(), kDescriptions};
  return kGroups;
}

std::string call(client::Client* client, std::string_view name, std::string_view parameters, const Progress& progress) {
  const Operation& operation = operation_named(name);
  const Parameters given(operation.name, operation.parameters, parameters);
  if (operation.client == ClientUse::kRequired && client == nullptr) given.refuse("needs a client; pass one");
  if (operation.client == ClientUse::kOptional && client != nullptr && given.has("db_path")) {
    given.refuse("db_path: the client already names the ledger; leave it out");
  }
  if (operation.open && client != nullptr && client->closed()) {
    throw Error(Status::kClosed, std::string(name) + ": the client is closed; open a new one");
  }
  try {
    return operation.run({operation.client == ClientUse::kNone ? nullptr : client, given, progress});
  } catch (const Error& error) {
    std::string prefix = std::string(operation.name) + ": ";
    const std::string_view what = error.what();
    const bool named =
        what.starts_with(prefix) || (error.status() != Status::kInvalid && error.status() != Status::kConfig);
    if (named) throw;
    throw Error(error.status(), prefix.append(what));
  }
}

std::string operations_json() { return "[\n  " + described(",\n  ") + "\n]\n"; }

}  // namespace plog::operations
