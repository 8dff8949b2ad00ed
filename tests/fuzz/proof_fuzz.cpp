// Proofs: the checks agree with the recursive definition of RFC 6962 for any numbers and hashes, and a proof file has
// only one spelling. A binary input consists of one byte that says how far to shift the numbers, two numbers of 8
// bytes, and hashes of 32 bytes.
#include "ledger/proof.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "check.h"

namespace {

using plog::ledger::Hash;
using plog::ledger::hash_node;
using Hashes = std::span<const Hash>;

std::uint64_t split(std::uint64_t n) {
  std::uint64_t k = 1;
  while (k < n - k) k *= 2;
  return k;
}

// The root of a tree of n leaves whose leaf m has this hash and this path; nullopt if the path has the wrong length.
std::optional<Hash> root_of(std::uint64_t m, std::uint64_t n, const Hash& leaf, Hashes path) {
  if (n == 1) return path.empty() ? std::optional(leaf) : std::nullopt;
  if (path.empty()) return std::nullopt;
  const std::uint64_t k = split(n);
  const Hashes rest = path.first(path.size() - 1);
  const auto part = m < k ? root_of(m, k, leaf, rest) : root_of(m - k, n - k, leaf, rest);
  if (!part) return std::nullopt;
  return m < k ? hash_node(*part, path.back()) : hash_node(path.back(), *part);
}

// The roots of the first m leaves and of all n leaves. `known` is the first of them if the proof omits it, else null.
std::optional<std::pair<Hash, Hash>> roots_of(std::uint64_t m, std::uint64_t n, const Hash* known, Hashes proof) {
  if (m == n) {
    if (known != nullptr) return proof.empty() ? std::optional(std::pair(*known, *known)) : std::nullopt;
    return proof.size() == 1 ? std::optional(std::pair(proof[0], proof[0])) : std::nullopt;
  }
  if (proof.empty()) return std::nullopt;
  const std::uint64_t k = split(n);
  const Hashes rest = proof.first(proof.size() - 1);
  const Hash& last = proof.back();
  if (m <= k) {
    const auto part = roots_of(m, k, known, rest);
    return part ? std::optional(std::pair(part->first, hash_node(part->second, last))) : std::nullopt;
  }
  const auto part = roots_of(m - k, n - k, nullptr, rest);
  return part ? std::optional(std::pair(hash_node(last, part->first), hash_node(last, part->second))) : std::nullopt;
}

void check_inclusion(std::uint64_t index, std::uint64_t size, Hashes path) {
  const Hash leaf = plog::ledger::hash_leaf("leaf");
  const auto root = index < size ? root_of(index, size, leaf, path) : std::nullopt;
  PLOG_FUZZ_CHECK(plog::ledger::verify_inclusion(index, size, leaf, path, root.value_or(leaf)) == root.has_value());
  if (!root) return;
  Hash other = *root;
  other[0] ^= 1;
  PLOG_FUZZ_CHECK(!plog::ledger::verify_inclusion(index, size, leaf, path, other));
  PLOG_FUZZ_CHECK(path.size() <= plog::ledger::kMaxInclusionHashes);
}

void check_consistency(std::uint64_t old_size, std::uint64_t size, Hashes proof) {
  const Hash known = plog::ledger::hash_leaf("old");
  const bool sane = 0 < old_size && old_size <= size;
  const auto roots = sane ? roots_of(old_size, size, &known, proof) : std::nullopt;
  const auto accepted = [&](const Hash& old_root, const Hash& root) {
    return plog::ledger::verify_consistency(old_size, size, proof, old_root, root);
  };
  PLOG_FUZZ_CHECK(accepted(roots ? roots->first : known, roots ? roots->second : known) == roots.has_value());
  if (!roots) return;
  Hash other = roots->first;
  other[31] ^= 1;
  PLOG_FUZZ_CHECK(!accepted(other, roots->second));
  other = roots->second;
  other[31] ^= 1;
  PLOG_FUZZ_CHECK(!accepted(roots->first, other));
  PLOG_FUZZ_CHECK(proof.size() <= plog::ledger::kMaxConsistencyHashes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto proof = plog::ledger::parse_tlog_proof(text)) {
    PLOG_FUZZ_CHECK(plog::ledger::format_tlog_proof(*proof) == text);
  }
  std::uint64_t numbers[2];
  if (size < 1 + sizeof numbers) return 0;
  std::memcpy(numbers, data + 1, sizeof numbers);
  // Shift the numbers, because small trees are as interesting as large ones.
  for (std::uint64_t& number : numbers) number >>= data[0] % 64;
  plog::ledger::Proof hashes((size - 1 - sizeof numbers) / sizeof(Hash));
  if (!hashes.empty()) std::memcpy(hashes.data(), data + 1 + sizeof numbers, hashes.size() * sizeof(Hash));
  check_inclusion(numbers[0], numbers[1], hashes);
  check_consistency(numbers[0], numbers[1], hashes);
  return 0;
}
