#include "operations/destination.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "client/config.h"
#include "heads/heads.h"
#include "store/driver.h"
#include "store/ledger_paths.h"

namespace plog::operations {

void refuse_ledger_file(const std::string& path, const store::LedgerAddress& ledger, const client::Client* client) {
  heads::HeadOptions options;
  try {
    options = client::head_options(client::load_config());
  } catch (const Error&) {
    // A configuration that cannot be read names no further files, and the operation may not need it.
  }
  std::vector<std::string> others = std::move(options.copies);
  others.push_back(client != nullptr ? client->key_path() : heads::key_path(ledger, options));
  if (!store::LedgerPaths(ledger).contain(path, store::driver_of(ledger).file_names(), others)) return;
  throw Error(Status::kInvalid, path + " belongs to the ledger " + ledger.path() + "; choose another path");
}

}  // namespace plog::operations
