// The table of operations: everything that a person or a program can ask of provenlog, except the hot calls that record
// events value by value and the cursors. plog_call, the methods of the language packages and `plog generate operations`
// are thin over it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "operations/operation.h"

namespace plog::operations {

// All operations, in the groups and the order of the documentation.
std::span<const std::span<const Operation>> operations();

// Calls the operation `name` with the parameters in a JSON object (empty: none) and returns its result as JSON.
// `client` may be null if the operation does not require one. Throws kInvalid for an unknown operation, a missing
// client and wrong parameters (the message names operation, parameter and remedy); kCancelled if `progress` returned
// false; otherwise what the operation throws.
std::string call(client::Client* client, std::string_view name, std::string_view parameters,
                 const Progress& progress = {});

// The table as a JSON array, one operation on each line (docs/cli.md describes it).
std::string operations_json();

}  // namespace plog::operations
