// All rows of a ledger through the pure verifiers: blocks are read and hashed by several threads, and linked in order.
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

namespace plog::client {

struct ScanOptions {
  std::optional<std::string> agent;  // only its chain
  bool tree = true;
  bool columns = true;
  ledger::Checks checks;
  unsigned threads = 2;
  // Called on the caller's thread between blocks, with the events done and the events there are; false stops
  // (kCancelled).
  std::function<bool(std::uint64_t, std::uint64_t)> progress;
};

// One scan of the rows up to an extent. Memory: one entry for each agent and each context of a label, and a block for
// each thread.
class Scan {
 public:
  Scan(store::Store& store, const store::Extent& extent, ScanOptions options, ledger::Findings& findings);
  ~Scan();

  // Before run(): keeps the root over so many events.
  void want_root(std::uint64_t size) { tree_.want_root(size); }
  // Before run(): goes on from the end of `tree`, up to which all is vouched for.
  void resume(const ledger::CompactRange& tree, ledger::ChainVerifier::Before before);
  // Before run(): an event that the ledger said of itself before that.
  void add_key_event(std::string_view canonical, std::uint64_t commit_index, std::uint64_t sequence);

  void run();

  const ledger::ChainVerifier& chain() const noexcept { return chain_; }
  const ledger::Epochs& epochs() const noexcept { return epochs_; }
  const ledger::TreeVerifier& tree() const noexcept { return tree_; }
  // What the tables for filters must have for the events that were read.
  const store::FilterRows& filter_rows() const noexcept { return filter_rows_; }
  // The newest context of each label value, by SHA-256 of key and value, and of context.
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

// What stands for a label value in Contexts.
Digest context_key(std::string_view key, std::string_view value);

}  // namespace plog::client
