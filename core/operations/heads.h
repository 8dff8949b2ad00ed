// Operations on a ledger's heads and the key that signs them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "operations/operation.h"

namespace plog::operations {

std::span<const Operation> head_operations() noexcept;

// The contracts of plog_client_checkpoint, plog_client_rotate_key, plog_client_acknowledge and plog_client_key in
// plog.h. A negative timeout means no deadline. `progress` is that of wait_for_commit. checkpoint() returns the newest
// head, rotate_key() the new public key, acknowledge() the number of heads.
std::string checkpoint(client::Client& client, std::int64_t timeout_ms, const Progress& progress);
std::string rotate_key(client::Client& client, std::int64_t timeout_ms, const Progress& progress);
std::uint64_t acknowledge(client::Client& client, std::string_view comment, std::int64_t timeout_ms,
                          const Progress& progress);
json::Value key(client::Client& client);

}  // namespace plog::operations
