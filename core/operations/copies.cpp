#include "operations/copies.h"

#include <fcntl.h>

#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "client/config.h"
#include "client/copies.h"
#include "operations/destination.h"
#include "operations/source.h"
#include "store/driver.h"
#include "store/ledger_paths.h"

namespace plog::operations {
namespace {

using json::Value;
using store::LedgerAddress;

constexpr Parameter kBackupParameters[] = {
    {.name = "path",
     .kind = ParameterKind::kPath,
     .required = true,
     .minimum = 1,
     .maximum = kMaxPath,
     .about = "The new file. The newest head is copied to this path with `.head` added."},
    kDbPath,
};

constexpr Parameter kRestoreParameters[] = {
    {.name = "path",
     .kind = ParameterKind::kPath,
     .required = true,
     .minimum = 1,
     .maximum = kMaxPath,
     .about = "The backup."},
    {.name = "db_path",
     .kind = ParameterKind::kPath,
     .minimum = 1,
     .maximum = kMaxPath,
     .about = "Where it becomes the ledger; by default the configured path."},
    {.name = "replace",
     .kind = ParameterKind::kBoolean,
     .default_value = "false",
     .about = "Rename an existing ledger. Otherwise the call fails if there is one."},
};

std::string run_backup(const Call& call) {
  const std::string path = *call.parameters.text("path");
  backup(call.client, call.parameters.text("db_path"), path, call.progress);
  const std::uint64_t bytes = file_size(open_file(path, O_RDONLY).get());
  return Value(Value::Object{{"bytes", Value(bytes)}, {"path", Value(path)}}).canonical();
}

std::string run_restore(const Call& call) {
  const Parameters& given = call.parameters;
  return restore(*given.text("path"), given.text("db_path"), given.flag("replace"), call.progress);
}

constexpr Operation kOperations[] = {
    {.name = "backup",
     .scope = Scope::kAdmin,
     .client = ClientUse::kOptional,
     .progress = true,
     .open = true,
     .parameters = kBackupParameters,
     .about = "Copies the ledger, which may be in use, to a new file. The signing key is not copied.",
     .result = "`{\"path\", \"bytes\"}`: `bytes` is the size of the copy.",
     .run = run_backup},
    {.name = "restore",
     .scope = Scope::kAdmin,
     .client = ClientUse::kNone,
     .progress = true,
     .parameters = kRestoreParameters,
     .about = "Restores a ledger from a backup. It verifies as ROLLED_BACK until `acknowledge`.",
     .result = "`{\"db_path\", \"events\", \"replaced\", \"unsigned_because\"}`: `replaced` is the new path of the "
               "renamed ledger, `unsigned_because` the reason why no head could be signed; both may be null.",
     .run = run_restore},
};

}  // namespace

std::span<const Operation> copy_operations() noexcept { return kOperations; }

void check_backup_path(const std::string& path, const LedgerAddress& ledger, const client::Client* client) {
  const LedgerAddress target = LedgerAddress::at(path);
  refuse_ledger_file(path, ledger, client);
  refuse_ledger_file(store::LedgerPaths(target).head(), ledger, client);
  store::driver_of(target).check_vacant(target);
}

void backup(client::Client* client, const std::optional<std::string>& db_path, const std::string& path,
            const Progress& progress) {
  check_backup_path(path, address_of(client, db_path), client);
  Source source(client, db_path);
  client::backup_ledger(source.store(), source.address(), path, progress);
}

std::string restore(const std::string& path, const std::optional<std::string>& db_path, bool replace,
                    const Progress& progress) {
  const client::Config config = client::load_config();
  const LedgerAddress backup = LedgerAddress::at(path);
  LedgerAddress target = client::ledger_address(db_path, config, LedgerAddress::Directories::kLeave);
  // A backup may take its own place, but not that of another file that belongs to it.
  std::error_code missing;
  if (!std::filesystem::equivalent(path, target.path(), missing)) refuse_ledger_file(target.path(), backup, nullptr);
  target = client::ledger_address(db_path, config, LedgerAddress::Directories::kCreate);
  const auto restored = client::restore_ledger(backup, target, client::head_options(config), replace, progress);
  return Value(Value::Object{
                   {"db_path", Value(target.path())},
                   {"events", Value(restored.events)},
                   {"replaced", restored.replaced.empty() ? Value() : Value(restored.replaced)},
                   {"unsigned_because", restored.unsigned_because ? Value(*restored.unsigned_because) : Value()}})
      .canonical();
}

}  // namespace plog::operations
