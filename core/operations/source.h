// The ledger that an operation reads.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "client/client.h"
#include "store/driver.h"

namespace plog::operations {

// The ledger that a Source with the same arguments reads. Throws what reading the configuration throws.
store::LedgerAddress address_of(const client::Client* client, const std::optional<std::string>& db_path);

// Throws kClosed if the client is closed: an operation that records or signs needs an open one.
void refuse_closed(const client::Client& client);

// A client's ledger, after everything that the client accepted is under a head; or, if `client` is null, the ledger at
// `db_path` (nullopt: the configured one), opened for reading.
class Source {
 public:
  // With a client, the path is not used. Throws kClosed if the client is closed, and what opening the ledger and
  // publishing a head throw.
  Source(client::Client* client, const std::optional<std::string>& db_path);

  store::Store& store() noexcept { return *store_; }
  const store::LedgerAddress& address() const noexcept { return address_; }
  // The newest head. Throws kNotFound if the ledger has none.
  std::string head() const;

 private:
  store::LedgerAddress address_;
  store::Store* store_ = nullptr;
  std::unique_ptr<store::Store> opened_;
  std::shared_ptr<client::Recorder> recorder_;
};

}  // namespace plog::operations
