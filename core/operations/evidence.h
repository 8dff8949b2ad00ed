// Operations that verify a ledger and prove its events to others.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "operations/operation.h"
#include "report/check.h"
#include "store/store.h"
#include "verify/report.h"
#include "verify/request.h"

namespace plog::operations {

std::span<const Operation> evidence_operations() noexcept;

// Verifies the ledger of `client` or, if that is null, the one at `db_path` (nullopt: the configured one). The
// configuration sets the request's key_path. Throws as client::verify_ledger, and kConfig if the configuration is
// needed to find the ledger and cannot be read.
verify::Report verify(client::Client* client, const std::optional<std::string>& db_path, verify::Request request);

struct ExportRequest {
  std::string path;
  std::optional<std::string> filter;  // JSON; nullopt: everything
  bool tiles = false;                 // a directory of tiles instead of a file; without a filter
  bool overwrite = false;             // replace an existing file; not with tiles
  Progress progress;
};
// Exports from a Source. Returns {"path","events","tree_size","root","tail"} (plog_export in plog.h). Throws kInvalid
// for a request that contradicts itself and for a path of the ledger itself (refuse_ledger_file), otherwise as
// report::write_package and report::write_tiles.
std::string export_events(client::Client* client, const std::optional<std::string>& db_path,
                          const ExportRequest& request);

// Returns the proof of one event as the text of a .plog file. `id`: as for find_event. Throws as report::prove_event.
std::string prove(store::Store& store, const std::string& head, const std::string& id,
                  const std::optional<std::string>& agent);

// Checks an export. `key`: a vkey or the path of a file with one; `heads`: paths. Throws kNotFound for a missing head,
// otherwise as report::verify_export.
report::CheckReport verify_export(const std::string& path, const std::optional<std::string>& key,
                                  const std::vector<std::string>& heads, const Progress& progress);

}  // namespace plog::operations
