#include "store/driver.h"

#include <map>
#include <utility>

#include "base/error.h"
#include "store/sqlite/sqlite_driver.h"

namespace plog::store {
namespace {

using Drivers = std::map<std::string, Driver*, std::less<>>;

// Never destroyed: clients may be closed while the process exits.
Drivers& drivers() {
  static auto* const all = new Drivers{{"sqlite", &sqlite::driver()}};
  return *all;
}

}  // namespace

Driver& driver_of(const LedgerAddress& address) {
  const auto found = drivers().find(address.scheme());
  if (found == drivers().end()) throw Error(Status::kInternal, "the ledger's address has no driver");
  return *found->second;
}

void register_driver(std::string scheme, Driver& driver) { drivers().insert_or_assign(std::move(scheme), &driver); }

bool has_driver(std::string_view scheme) noexcept { return drivers().find(scheme) != drivers().end(); }

std::unique_ptr<Store> open(const LedgerAddress& address, OpenMode mode, const StoreOptions& options) {
  return driver_of(address).open(address, mode, options);
}

}  // namespace plog::store
