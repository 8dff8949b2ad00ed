// Verifiable exports: a `.plog` file holds events with all that proves them, and is checked without the ledger.
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
  std::string filter_json;  // as for queries, without order, limit, offset and after; empty: everything
  bool overwrite = false;
  Progress progress;
};

struct ExportResult {
  std::uint64_t events = 0;
  std::uint64_t tree_size = 0;
  std::string root;        // hex
  std::uint64_t tail = 0;  // newer events, which the head does not cover and which were left out
};

// Writes the events that the head covers to a new file (0600), whole or not at all. `head`: a signed checkpoint over
// (a part of) the store's tree. Memory does not grow with the ledger. Throws kInvalid for a bad filter and for a file
// that is there already, kNotFound for an unknown event or agent, kCorrupt when the store does not agree with the head,
// kFull, kIo, kCancelled.
ExportResult write_package(store::Store& store, const std::string& head, const std::string& path,
                           const ExportRequest& request);
// The same document of one event, by the text that its id was given as; with an agent, of that agent's.
std::string prove_event(store::Store& store, const std::string& head, const std::string& id,
                        const std::optional<std::string>& agent);

// Throws only kCancelled, kNoMemory and, for a key or head in the request that is none, kInvalid: all else is a
// verdict.
CheckReport verify_package(const std::string& path, const CheckRequest& request);

}  // namespace plog::report
