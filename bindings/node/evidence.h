// Verification, heads, keys, exports and copies: everything that proves a ledger to others.
#pragma once

#include <napi.h>

namespace plog::node {

// Adds the functions to the addon's exports; `Addon` in node/src/native.ts describes them.
void add_evidence(Napi::Env env, Napi::Object& exports);

}  // namespace plog::node
