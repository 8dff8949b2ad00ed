// Passes all rows of a ledger through the verifiers of core/ledger. Several threads read and hash blocks of rows, which
// are then linked in commit order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/epochs.h"
#include "ledger/verify.h"
#include "ledger/verify_tree.h"
#include "store/store.h"

namespace plog::verify {

struct ScanOptions {
  std::optional<std::string> agent;  // only this agent's chain
  bool tree = true;
  bool columns = true;
  ledger::Checks checks;
  unsigned threads = 2;
  // As VerifyRequest::progress.
  std::function<bool(std::uint64_t, std::uint64_t)> progress;
};

// One scan of the rows up to an extent. Uses memory for one entry per agent and per label context, and for one block
// per thread.
class Scan {
 public:
  Scan(store::Store& store, const store::Extent& extent, ScanOptions options, ledger::Findings& findings);
  ~Scan();

  // Called before run(): keeps the root over the first `size` events.
  void want_root(std::uint64_t size) { tree_.want_root(size); }
  // Called before run(): starts after the events in `tree`, which a trusted head covers. `before` returns the hash of a
  // covered row.
  void resume(const ledger::CompactRange& tree, ledger::ChainVerifier::Before before);
  // Called before run(): adds a key event that is among the covered events.
  void add_key_event(std::string_view canonical, std::uint64_t commit_index, std::uint64_t sequence);

  void run();

  const ledger::ChainVerifier& chain() const noexcept { return chain_; }
  const ledger::Epochs& epochs() const noexcept { return epochs_; }
  const ledger::TreeVerifier& tree() const noexcept { return tree_; }
  // How many rows the tables for filters must have for the events that were read.
  const store::FilterRows& filter_rows() const noexcept { return filter_rows_; }
  // The newest context of each label value: from context_key() to the SHA-256 of the context.
  using Contexts = std::map<Digest, Digest>;
  const Contexts& contexts() const noexcept { return contexts_; }

 private:
  class Visitor;
  struct SystemEvent {
    std::uint64_t commit_index = 0, sequence = 0;
    std::string canonical;
  };
  struct Crew;

  void work(Crew& crew, bool leader);
  void sequence(const ledger::Block& block, const Visitor& visitor, const store::FilterRows& rows);

  store::Store& store_;
  const ScanOptions options_;
  const std::uint64_t total_, leaves_;
  std::uint64_t next_ = 0;
  ledger::Findings& findings_;
  ledger::ChainVerifier chain_;
  ledger::TreeVerifier tree_;
  ledger::Epochs epochs_;
  Contexts contexts_;
  store::FilterRows filter_rows_;
};

// The key of a label value in Contexts.
Digest context_key(std::string_view key, std::string_view value);

}  // namespace plog::verify
