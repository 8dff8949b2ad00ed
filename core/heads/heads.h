// Where the heads of one ledger are kept, and what signs them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heads/head_store.h"
#include "heads/key_source.h"
#include "store/ledger_address.h"

namespace plog::heads {

// What a user can configure about heads.
struct HeadOptions {
  std::string origin;               // empty: "provenlog/<ledger id>"
  std::string key_path;             // empty: "<ledger>.key"
  std::vector<std::string> copies;  // more files to which each head is written
  bool tree = true;                 // false: neither tree nor heads, for measuring what they cost
};

struct Heads {
  std::string origin;                              // as HeadOptions::origin
  std::unique_ptr<HeadStore> newest;               // beside the ledger
  std::vector<std::unique_ptr<HeadStore>> copies;  // elsewhere
  std::unique_ptr<KeySource> keys;
};

// Heads and key in files, as the options say.
Heads file_heads(const store::LedgerAddress& ledger, const HeadOptions& options);
// The file of the key.
std::string key_path(const store::LedgerAddress& ledger, const HeadOptions& options);

}  // namespace plog::heads
