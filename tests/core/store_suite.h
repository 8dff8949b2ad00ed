// Fixture for tests that every driver must pass: each test runs once for each driver.
#pragma once

#include <memory>
#include <string>

#include "store/memory/memory_driver.h"
#include "store_fixture.h"

namespace plog::store {

// Before main(), since the process must have one thread.
inline const bool kMemoryIsRegistered = [] {
  register_driver("memory", memory::driver());
  return true;
}();

// The parameter is the scheme of the driver.
class EachDriver : public StoreTest, public ::testing::WithParamInterface<const char*> {
 protected:
  ~EachDriver() override { memory::drop_all(); }

  LedgerAddress address(const std::string& name = "events.db") const {
    return LedgerAddress::parse(std::string(GetParam()) + ":///" + path(name));
  }
  Driver& driver() const { return driver_of(address()); }
  std::unique_ptr<Store> open(OpenMode mode = OpenMode::kReadWrite) const { return store::open(address(), mode); }
  // Opens the ledger for a test that is its only writer: holds the writer lock until the end of the test.
  std::unique_ptr<Store> open_to_write() {
    if (!lease_) lease_ = driver().lock_writer(address(), 0);
    return open();
  }
  // Deletes the ledger, whether it is open or not.
  void delete_ledger() const {
    memory::drop(address());
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path() + suffix);
  }

 private:
  std::unique_ptr<WriterLease> lease_;
};

inline auto drivers() { return ::testing::Values("sqlite", "memory"); }
inline std::string driver_name(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

}  // namespace plog::store
