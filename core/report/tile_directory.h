// A ledger's tree as a static directory that any reader of C2SP tlog-tiles understands.
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
  std::uint64_t size = 0;   // leaves that the directory has now
  std::uint64_t added = 0;  // of these, since the last time
  std::string root;         // hex
  std::uint64_t tail = 0;   // newer events, which the head does not cover
};

// Writes the tree that `head` covers, or brings a directory of an earlier head up to it: the checkpoint comes last, so
// that a reader always sees a whole log. Throws kInvalid for a directory that is neither empty nor an earlier state of
// this log, kCorrupt when the store does not agree with the head, kFull, kIo, kCancelled.
TilesResult write_tiles(store::Store& store, const std::string& head, const std::string& directory,
                        const Progress& progress);

// Checks every leaf, tile and the checkpoint. As verify_package.
CheckReport verify_tiles(const std::string& directory, const CheckRequest& request);

// verify_tiles for a directory, verify_package for anything else.
CheckReport verify_export(const std::string& path, const CheckRequest& request);

}  // namespace plog::report
