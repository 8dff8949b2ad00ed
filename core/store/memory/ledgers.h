// The ledgers in the memory of this process, by path, and their writer locks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/mutex.h"
#include "store/memory/ledger.h"
#include "store/store.h"

namespace plog::store::memory {

// Thread-safe.
class Ledgers {
 public:
  // Never destroyed: stores may be used while the process exits.
  static Ledgers& instance();

  std::shared_ptr<Ledger> find(const std::string& path);  // null if there is none
  std::shared_ptr<Ledger> find_or_create(const std::string& path);
  // False if there is a ledger at `path`.
  bool add(const std::string& path, std::shared_ptr<Ledger> ledger);
  // Replaces a ledger at `to`. There must be one at `from`.
  void move(const std::string& from, const std::string& to);
  void remove(const std::string& path);
  void clear();

  // As Store::lock_writer.
  std::unique_ptr<WriterLease> lock(const std::string& path, std::int64_t timeout_ms);

 private:
  class Lease;

  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Ledger>> ledgers_ PLOG_GUARDED_BY(mutex_);
  std::set<std::string> locked_ PLOG_GUARDED_BY(mutex_);
  Condition unlocked_;
};

}  // namespace plog::store::memory
