// A ledger opened for reading.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/handles.h"
#include "store/store.h"

namespace plog::cli {

// Never creates a ledger. Unless read-only, events that dead processes left in journals are adopted first; where that
// is not possible (a read-only ledger), a note on standard error says so and the ledger is read as it is.
class ReadLedger {
 public:
  // Throws Error(kNotFound) when there is no ledger, and what open_sqlite throws.
  ReadLedger(const Globals& globals, bool read_only);

  store::Store& store() noexcept { return *store_; }
  const std::string& path() const noexcept { return path_; }
  // Once more, for commands that run for long.
  void adopt_journals();

 private:
  bool has_journals() const;

  std::string path_;
  bool adopt_;
  ClientPtr client_;
  std::unique_ptr<store::Store> store_;
};

// The event that an argument names: by its id as it was given (of that agent, if given), or by its place, as "@42".
std::optional<store::EventRow> find_event(store::Store& store, const std::string& text,
                                          const std::optional<std::string>& agent);

}  // namespace plog::cli
