// A read of a ledger that keeps its connection until the test lets it end.
#pragma once

#include <chrono>
#include <future>
#include <thread>

#include "store/store.h"

namespace plog::store {

// The ledger must contain an event.
class HeldRead {
 public:
  explicit HeldRead(Store& store) {
    thread_ = std::thread([this, &store] { store.audit().row_reader({})->read(0, 1, visitor_); });
  }
  ~HeldRead() { end(); }

  // Whether the read has a connection, after waiting up to `timeout` for it.
  bool runs(std::chrono::milliseconds timeout) const {
    return visitor_.running.wait_for(timeout) == std::future_status::ready;
  }
  void end() {
    if (!thread_.joinable()) return;
    visitor_.end.set_value();
    thread_.join();
  }

 private:
  struct Visitor final : RowVisitor {
    void row(const ledger::StoredEvent&) override {
      if (!entered) run.set_value();  // a fork may interrupt and repeat the read
      entered = true;
      ended.wait();
    }
    std::promise<void> run, end;
    std::shared_future<void> running = run.get_future().share(), ended = end.get_future().share();
    bool entered = false;
  };
  Visitor visitor_;
  std::thread thread_;
};

}  // namespace plog::store
