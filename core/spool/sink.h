// Where the events of a spool go: the writer of a local ledger, or a server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/uuid.h"
#include "crypto/sha256.h"
#include "spool/batch.h"

namespace plog::spool {

enum class Outcome : std::uint8_t {
  kStored,
  kDuplicate,  // the ledger already had this event
  kConflict,   // the ledger has an event with this (agent, id) but different content, and keeps it
  kRefused,    // the ledger does not take this event, and never will
};

// What became of one event. Where the ledger has the event, the receipt says its place and its hash; these are those of
// the stored event for a duplicate and a conflict.
struct Receipt {
  Outcome outcome = Outcome::kStored;
  std::uint64_t commit_index = 0;
  std::uint64_t sequence = 0;
  Digest hash{};
  std::string refusal;  // why the event was refused; empty otherwise
};

// What became of a batch: a receipt for each event, in the order of the batch; or a failure. After a failure it is
// unknown which events the ledger has, and the batch can be submitted again: no event is stored twice.
struct Answer {
  std::vector<Receipt> receipts;
  std::optional<Error> failure;
};
// Called without any lock of the sink, on any thread. Must not throw and must not wait for the sink.
using Completion = std::function<void(const Answer&)>;

// Thread-safe, except that only one thread at a time is in work(). No call waits for a network.
class Sink {
 public:
  Sink() = default;
  // Gives up the batches that have no answer yet, and answers them with kClosed. Does not wait for a network. No
  // completion runs after the destructor has returned.
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Takes a batch, and calls `done` exactly once when it is answered: before this returns, during work(), or later on
  // another thread. Batches may be answered in any order. `batch` stays unchanged until then. Throws only for a lack of
  // memory; `done` is not called then.
  virtual void submit(std::shared_ptr<const Batch> batch, Completion done) = 0;
  // Does what was submitted on the calling thread, if the sink has no thread of its own. Waits up to `timeout_ms` for
  // its turn; batches whose turn does not come are answered with kBusy.
  virtual void work(std::int64_t timeout_ms) { (void)timeout_ms; }
  // Whether work() has something to do.
  virtual bool has_work() const noexcept { return false; }
  // How many batches a spool may have submitted that are not answered yet.
  virtual std::size_t window() const noexcept { return 1; }
  // For a forked child, in which the threads of the sink do not exist and its locks may be held for ever: closes the
  // descriptors without taking a lock. Afterwards the sink is neither used nor destroyed.
  virtual void abandon() noexcept = 0;
};

// The error that reports Outcome::kConflict to the user.
Error conflict(const Uuid& id);

}  // namespace plog::spool
