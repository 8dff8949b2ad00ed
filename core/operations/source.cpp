#include "operations/source.h"

#include "base/error.h"
#include "client/config.h"
#include "heads/file_head_store.h"
#include "store/ledger_paths.h"

namespace plog::operations {
namespace {

constexpr std::int64_t kHeadMillis = 10000;

}  // namespace

store::LedgerAddress address_of(const client::Client* client, const std::optional<std::string>& db_path) {
  if (client != nullptr) return client->address();
  const client::Config config = db_path ? client::Config{} : client::load_config();
  return client::ledger_address(db_path, config, store::LedgerAddress::Directories::kLeave);
}

void refuse_closed(const client::Client& client) {
  if (client.closed()) throw Error(Status::kClosed, "the client is closed; open a new one");
}

Source::Source(client::Client* client, const std::optional<std::string>& db_path) {
  if (client != nullptr) {
    refuse_closed(*client);
    store_ = &client->fresh_store();
    client->recorder()->publish_head(kHeadMillis);
    address_ = client->address();
    recorder_ = client->recorder();
    return;
  }
  address_ = address_of(client, db_path);
  opened_ = store::open(address_, store::OpenMode::kReadOnly);
  store_ = opened_.get();
}

std::string Source::head() const {
  const std::string path = store::LedgerPaths(address_).head();
  auto head = heads::read_head(path);
  if (!head) throw Error(Status::kNotFound, "the ledger has no signed head yet: " + path + " does not exist");
  return *head;
}

}  // namespace plog::operations
