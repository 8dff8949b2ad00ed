#include "cli/ledger.h"

#include <dirent.h>

#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "cli/options.h"
#include "store/ledger_paths.h"

namespace plog::cli {
namespace {

constexpr std::int64_t kAdoptMillis = 5000;

}  // namespace

ReadLedger::ReadLedger(const Globals& globals, bool read_only) : address_(ledger_address(globals)), adopt_(!read_only) {
  if (!store::driver_of(address_).exists(address_)) {
    throw Error(Status::kNotFound,
                "there is no ledger at " + path() + "; name another one with --db PATH or PROVENLOG_DB_PATH");
  }
  store_ = store::open(address_, store::OpenMode::kReadOnly);
  adopt_journals();
}

bool ReadLedger::has_journals() const {
  DIR* directory = ::opendir(store::LedgerPaths(address_).journals().c_str());
  if (directory == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    found = found || (name != "." && name != "..");
  }
  ::closedir(directory);
  return found;
}

void ReadLedger::adopt_journals() {
  if (!adopt_ || (!client_ && !has_journals())) return;
  plog_error* error = nullptr;
  plog_status status = PLOG_OK;
  if (!client_) {
    plog_client_options options;
    plog_client_options_init(&options);
    options.db_path = path().c_str();
    plog_client* client = nullptr;
    status = plog_client_new(&options, &client, &error);
    client_.reset(client);
  }
  if (status == PLOG_OK) status = plog_client_flush(client_.get(), kAdoptMillis, &error);
  if (status != PLOG_OK) {
    complain("note: events that are still in journals may be missing: " + take_message(status, error));
    adopt_ = false;
  }
}

}  // namespace plog::cli
