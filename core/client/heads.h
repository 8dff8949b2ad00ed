// Heads of a ledger as files: the checkpoint beside the database, copies of it elsewhere, and the key that signs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/note.h"
#include "ledger/checkpoint.h"

namespace plog::client {

// Where a ledger's heads go, and who signs them.
struct HeadOptions {
  std::string origin;               // empty: "provenlog/<ledger id>"
  std::string key_path;             // empty: "<db>.key"
  std::vector<std::string> copies;  // more files that get each head
  bool tree = true;                 // false: neither tree nor heads; to measure what they cost
};

std::string head_path(const std::string& db_path);
std::string key_path(const std::string& db_path, const HeadOptions& options);
std::string default_origin(std::string_view ledger_id);
// "name" is followed by "name/branch-2", and that by "name/branch-3".
std::string next_origin(std::string_view origin);
// The name before all branches.
std::string_view first_origin(std::string_view origin);

// The octets of a head file; nullopt when there is none. A file over the limit for notes is read as far as that, so
// that it is no note. Throws kIo.
std::optional<std::string> read_head(const std::string& path);
// Replaces the file at once or not at all, and on disk before it returns: a temporary file, fsync, rename, fsync of the
// directory. 0600. Throws kIo, kFull.
void write_head(const std::string& path, std::string_view note);

// The private key in the file, under the name `origin`. Nullopt when there is no file. Throws kIo, and kInvalid when it
// is no key (without any of its text).
std::optional<crypto::Signer> read_key(const std::string& path, const std::string& origin);
// Writes a key to a file that must not exist, 0600, on disk when it returns.
void create_key(const std::string& path, const crypto::Signer& signer);
// Where a rotation puts the next key until the ledger has it.
std::string next_key_path(const std::string& path);

}  // namespace plog::client
