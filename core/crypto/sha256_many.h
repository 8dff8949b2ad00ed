// SHA-256 of many messages, in parallel if the processor supports it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "crypto/sha256.h"

namespace plog {

// A message in two parts, each of which may be empty.
struct HashInput {
  std::string_view first, second;
};

// Sets digests[i] = sha256(inputs[i].first, inputs[i].second). `digests` must have room for inputs.size() elements.
// Messages of similar length gain the most; a handful per call is enough.
void sha256_many(std::span<const HashInput> inputs, Digest* digests);

// Whether sha256_many processes several messages at a time on this processor; otherwise it hashes one after another.
bool sha256_is_parallel() noexcept;

}  // namespace plog
