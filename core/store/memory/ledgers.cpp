#include "store/memory/ledgers.h"

#include <utility>

#include "base/deadline.h"
#include "base/error.h"

namespace plog::store::memory {

class Ledgers::Lease final : public WriterLease {
 public:
  Lease(Ledgers& ledgers, std::string path) : ledgers_(ledgers), path_(std::move(path)) {}
  ~Lease() override {
    const MutexLock lock(ledgers_.mutex_);
    ledgers_.locked_.erase(path_);
    ledgers_.unlocked_.notify_all();
  }

 private:
  Ledgers& ledgers_;
  const std::string path_;
};

Ledgers& Ledgers::instance() {
  static auto* const all = new Ledgers;
  return *all;
}

std::shared_ptr<Ledger> Ledgers::find(const std::string& path) {
  const MutexLock lock(mutex_);
  const auto found = ledgers_.find(path);
  return found == ledgers_.end() ? nullptr : found->second;
}

std::shared_ptr<Ledger> Ledgers::find_or_create(const std::string& path) {
  const MutexLock lock(mutex_);
  std::shared_ptr<Ledger>& ledger = ledgers_[path];
  if (!ledger) ledger = std::make_shared<Ledger>(State());
  return ledger;
}

bool Ledgers::add(const std::string& path, std::shared_ptr<Ledger> ledger) {
  const MutexLock lock(mutex_);
  return ledgers_.emplace(path, std::move(ledger)).second;
}

void Ledgers::move(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  const auto found = ledgers_.find(from);
  if (found == ledgers_.end()) throw Error(Status::kInternal, "cannot move the ledger " + from + ": there is none");
  ledgers_[to] = std::move(found->second);
  ledgers_.erase(found);
}

void Ledgers::remove(const std::string& path) {
  const MutexLock lock(mutex_);
  ledgers_.erase(path);
}

void Ledgers::clear() {
  const MutexLock lock(mutex_);
  ledgers_.clear();
}

std::unique_ptr<WriterLease> Ledgers::lock(const std::string& path, std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  const MutexLock lock(mutex_);
  while (locked_.count(path) != 0) {
    if (steady_millis() >= deadline) {
      throw Error(Status::kBusy, "another thread holds the writer lock of the ledger " + path);
    }
    unlocked_.wait_until(mutex_, time_point(deadline));
  }
  locked_.insert(path);
  return std::make_unique<Lease>(*this, path);
}

}  // namespace plog::store::memory
