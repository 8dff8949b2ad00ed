// SHA-256 of many messages, side by side where the processor can.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "crypto/sha256.h"

namespace plog {

// A message given as two parts, of which either may be empty.
struct HashInput {
  std::string_view first, second;
};

// digests[i] = sha256(inputs[i].first, inputs[i].second). Messages of a like length gain the most from being given
// together; a handful is enough.
void sha256_many(std::span<const HashInput> inputs, Digest* digests);

// Whether this processor works on several messages at a time; else they are hashed one after another.
bool sha256_is_parallel() noexcept;

}  // namespace plog
