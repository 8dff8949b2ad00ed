// Exports a ledger's tree as a static directory that any reader of C2SP tlog-tiles understands.
//
//   checkpoint                    the signed head
//   tile/<level>/<index>[.p/<w>]  the tree
//   tile/entries/<index>[.p/<w>]  the leaves, 256 in a file
//   vkey                          the public key that signed the head
#pragma once

#include <cstdint>
#include <string>

#include "report/check.h"
#include "store/store.h"

namespace plog::report {

struct TilesResult {
  std::uint64_t size = 0;   // number of leaves in the directory
  std::uint64_t added = 0;  // number of leaves that this export added
  std::string root;         // hex
  std::uint64_t tail = 0;   // number of newer events, which the head does not cover
};

// Writes the tree that `head` covers, or extends a directory of an earlier head to it. The checkpoint is written last,
// so a reader always sees a complete log. Throws kInvalid for a directory that is neither empty nor an earlier state of
// this log, kCorrupt if the store does not agree with the head, kFull, kIo, kCancelled.
TilesResult write_tiles(store::Store& store, const std::string& head, const std::string& directory,
                        const Progress& progress);

// Checks every leaf, every tile and the checkpoint. Throws like verify_package.
CheckReport verify_tiles(const std::string& directory, const CheckRequest& request);

// Calls verify_tiles for a directory and verify_package for anything else.
CheckReport verify_export(const std::string& path, const CheckRequest& request);

}  // namespace plog::report
