// Drivers: which kinds of database can hold a ledger, and what can be done to a ledger as a whole.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/ledger_address.h"
#include "store/ledger_paths.h"
#include "store/store.h"

namespace plog::store {

// Stateless; any thread.
class Driver {
 public:
  virtual ~Driver() = default;

  // Opens a ledger. kReadWrite creates a missing one in an existing directory. Throws kNotFound (kReadOnly, and there
  // is no ledger), kIo, kCorrupt (what is there is not a ledger), kUnsupported (a newer reader format, or a place where
  // locks do not work).
  virtual std::unique_ptr<Store> open(const LedgerAddress& address, OpenMode mode, const StoreOptions& options) = 0;

  // Whether something is at the address, be it a ledger or not. Throws kIo if that cannot be determined.
  virtual bool exists(const LedgerAddress& address) = 0;
  // Whether this process may write to an existing ledger, as far as that can be told without trying.
  virtual bool is_writable(const LedgerAddress& address) noexcept = 0;
  // Whether what is at the address claims to be a ledger, however damaged the rest of it is.
  virtual bool claims_to_be_ledger(const LedgerAddress& address) noexcept = 0;

  // Creates the ledger if there is none: `fill` writes its first events into a store that nobody else can see yet, for
  // which it needs no lease, and the ledger appears with them, or not at all. False, without a call of `fill`, if there
  // is a ledger, or if another process holds the writer lock and therefore creates it. Throws as Store::begin and
  // commit.
  virtual bool create(const LedgerAddress& address, const std::function<void(Store&)>& fill) = 0;

  // Puts a copy of the backup in the place of the ledger. An existing ledger is moved to `displaced` first, complete;
  // nullopt makes it an error (kInvalid). Returns whether there was one. The caller holds the lease of `address`.
  virtual bool restore(const LedgerAddress& address, const LedgerAddress& backup,
                       const std::optional<LedgerAddress>& displaced, const CopyProgress& progress) = 0;
  // The files that the driver keeps beside a ledger, whether they exist or not.
  virtual FileNames file_names() const noexcept = 0;
  // Throws kInvalid if files of another database lie at the address that would change a database put there.
  virtual void check_vacant(const LedgerAddress& address) = 0;
  // The writer lock of a ledger that need not exist yet; as Store::lock_writer.
  virtual std::unique_ptr<WriterLease> lock_writer(const LedgerAddress& address, std::int64_t timeout_ms) = 0;
};

// The driver of an address. SQLite's is always there; others must have been registered.
Driver& driver_of(const LedgerAddress& address);
// Makes a driver available under a URL scheme. Not thread-safe: must be called while the process has one thread, before
// it uses any ledger. The driver must live to the end of the process.
void register_driver(std::string scheme, Driver& driver);
bool has_driver(std::string_view scheme) noexcept;

// driver_of(address).open(address, mode, options).
std::unique_ptr<Store> open(const LedgerAddress& address, OpenMode mode, const StoreOptions& options = {});

// Installs the handlers that close the connections of all stores around a fork, once per process image. Opening an
// SQLite ledger calls it too. A caller that has fork handlers of its own, and transactions during which the process may
// fork, must install its handlers after this call: the last installed prepare handler runs first and can make sure that
// no transaction is open. A fork waits a few seconds for a transaction of another thread. If one is still open then, or
// the forking thread has one open, every call on the child's store throws kInternal.
void install_fork_handlers();

}  // namespace plog::store
