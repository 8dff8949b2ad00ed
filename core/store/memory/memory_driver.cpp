#include "store/memory/memory_driver.h"

#include <utility>

#include "base/error.h"
#include "base/uuid.h"
#include "store/memory/backup.h"
#include "store/memory/ledgers.h"
#include "store/memory/memory_store.h"

namespace plog::store::memory {
namespace {

constexpr std::int64_t kCreateMillis = 5000;  // how long create() waits for the writer lock

class MemoryDriver final : public Driver {
 public:
  std::unique_ptr<Store> open(const LedgerAddress& address, OpenMode mode, const StoreOptions& /*options*/) override {
    return std::make_unique<MemoryStore>(address.path(), mode);
  }

  bool exists(const LedgerAddress& address) override { return ledgers_.find(address.path()) != nullptr; }
  bool is_writable(const LedgerAddress& address) noexcept override { return ledgers_.find(address.path()) != nullptr; }
  bool claims_to_be_ledger(const LedgerAddress& address) noexcept override {
    return ledgers_.find(address.path()) != nullptr;
  }

  bool create(const LedgerAddress& address, const std::function<void(Store&)>& fill) override {
    if (exists(address)) return false;
    std::unique_ptr<WriterLease> lease;
    try {
      lease = lock_writer(address, kCreateMillis);
    } catch (const Error& error) {
      if (error.status() != Status::kBusy) throw;
      return false;
    }
    if (exists(address)) return false;
    const std::string draft = address.path() + ".first-" + format_uuid(uuid_v7());
    try {
      MemoryStore store(draft, OpenMode::kReadWrite);
      fill(store);
      ledgers_.move(draft, address.path());
    } catch (...) {
      ledgers_.remove(draft);
      throw;
    }
    return true;
  }

  bool restore(const LedgerAddress& address, const LedgerAddress& backup, const std::optional<LedgerAddress>& displaced,
               const CopyProgress& progress) override {
    auto restored = std::make_shared<Ledger>(read_backup(backup.path(), progress));
    if (ledgers_.add(address.path(), restored)) return false;
    if (!displaced) {
      throw Error(Status::kInvalid, "cannot restore to " + address.path() +
                                        ": a ledger already exists there; choose another path, or ask to replace it");
    }
    ledgers_.move(address.path(), displaced->path());
    ledgers_.add(address.path(), std::move(restored));
    return true;
  }

  FileNames file_names() const noexcept override { return {}; }
  void check_vacant(const LedgerAddress& /*address*/) override {}

  std::unique_ptr<WriterLease> lock_writer(const LedgerAddress& address, std::int64_t timeout_ms) override {
    return ledgers_.lock(address.path(), timeout_ms);
  }

 private:
  Ledgers& ledgers_ = Ledgers::instance();
};

}  // namespace

Driver& driver() {
  static auto* const instance = new MemoryDriver;
  return *instance;
}

void drop(const LedgerAddress& address) { Ledgers::instance().remove(address.path()); }
void drop_all() { Ledgers::instance().clear(); }

}  // namespace plog::store::memory
