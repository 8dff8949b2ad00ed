// Writes verifiable exports: a `.plog` file contains events and their proofs, and can be checked without the ledger.
// docs/formats.md (Exports) describes the document.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/check.h"
#include "store/store.h"

namespace plog::report {

struct ExportRequest {
  std::string filter_json;  // as for queries, but without order, limit, offset and after; empty: everything
  bool overwrite = false;
  Progress progress;
};

struct ExportResult {
  std::uint64_t events = 0;
  std::uint64_t tree_size = 0;
  std::string root;        // hex
  std::uint64_t tail = 0;  // number of newer events, which were left out because the head does not cover them
};

// Writes the events that `head` covers to a new file (0600), completely or not at all. `head` is a signed checkpoint
// over all or the first part of the store's tree. Memory does not grow with the ledger. Throws kInvalid for a bad
// filter and for a file that exists, kNotFound for an unknown event or agent, kCorrupt if the store does not agree with
// the head, kFull, kIo, kCancelled.
ExportResult write_package(store::Store& store, const std::string& head, const std::string& path,
                           const ExportRequest& request);
// Returns the same document for one event. `id` is the text that was given as its id. With an agent, only that agent's
// events are searched.
std::string prove_event(store::Store& store, const std::string& head, const std::string& id,
                        const std::optional<std::string>& agent);

}  // namespace plog::report
