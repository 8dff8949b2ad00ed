#include "heads/heads.h"

#include "heads/file_head_store.h"
#include "heads/file_key_source.h"
#include "store/ledger_paths.h"

namespace plog::heads {

Heads file_heads(const store::LedgerAddress& ledger, const HeadOptions& options) {
  Heads heads;
  heads.origin = options.origin;
  heads.newest = std::make_unique<FileHeadStore>(store::LedgerPaths(ledger).head());
  for (const std::string& path : options.copies) heads.copies.push_back(std::make_unique<FileHeadStore>(path));
  heads.keys = std::make_unique<FileKeySource>(key_path(ledger, options));
  return heads;
}

std::string key_path(const store::LedgerAddress& ledger, const HeadOptions& options) {
  return options.key_path.empty() ? store::LedgerPaths(ledger).key() : options.key_path;
}

}  // namespace plog::heads
