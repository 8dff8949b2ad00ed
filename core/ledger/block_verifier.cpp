#include <algorithm>
#include <cstring>

#include "base/encoding.h"
#include "base/error.h"
#include "event/octets.h"
#include "json/text.h"
#include "ledger/chain.h"
#include "ledger/columns.h"
#include "ledger/identity.h"
#include "ledger/leaf.h"
#include "ledger/verify.h"

namespace plog::ledger {
namespace {

// How many rows, or bytes of rows, are collected before they are hashed together.
constexpr std::size_t kPendingRows = 32;
constexpr std::size_t kPendingOctets = 1u << 20;

// Copies a stored digest. Returns false, and changes nothing, if it has another size.
bool to_digest(std::string_view stored, Digest& digest) noexcept {
  if (stored.size() != digest.size()) return false;
  std::memcpy(digest.data(), stored.data(), digest.size());
  return true;
}

bool same_text(std::string_view raw, std::string_view text) {
  if (raw.find('\\') == raw.npos) return raw == text;
  std::string decoded;
  return json::append_unescaped(decoded, raw, nullptr) && decoded == text;
}

bool same_id(std::string_view raw, const Uuid& id) noexcept {
  char text[kUuidTextSize];
  format_uuid(id, text);
  return raw == std::string_view(text, sizeof text);
}

const Hash& no_event() {
  static const Hash kNoEvent = hash_leaf({});
  return kNoEvent;
}

}  // namespace

std::string_view leaf_octets_of(const StoredEvent& event, Buffer& buffer) {
  Leaf leaf;
  leaf.agent = event.agent;
  leaf.id = event.id;
  leaf.sequence = event.sequence;
  to_digest(event.hash, leaf.hash);
  to_digest(event.prev_hash, leaf.prev_hash);
  Hash warnings;
  if (event.erasure != nullptr) {
    if (event.erasure->warnings) {
      to_digest(*event.erasure->warnings, warnings);
      leaf.warnings = &warnings;
    }
  } else if (event.has_warnings) {
    std::string salt;
    try {
      salt = event::salt_of(event.canonical);
    } catch (const Error& error) {
      if (error.status() != Status::kCorrupt) throw;
    }
    warnings = warnings_digest(event.warnings, salt);
    leaf.warnings = &warnings;
  }
  return leaf_octets(leaf, buffer);
}

void BlockVerifier::start(std::uint64_t first, std::uint64_t end) {
  block_.first = first;
  block_.rows.clear();
  block_.names.clear();
  block_.unsound.clear();
  block_.types.clear();
  block_.others.clear();
  block_.roots.clear();
  block_.tile_faults.clear();
  end_ = end;
  next_tile_ = first / kTileWidth;
  const auto places = static_cast<std::size_t>(end - first);
  block_.leaves.assign(options_.tree ? places : 0, no_event());
  row_at_.assign(options_.tree ? places : 0, UINT32_MAX);
  arena_.clear();
  pending_.clear();
}

std::string_view BlockVerifier::name_of(std::string_view agent) {
  if (block_.names.empty() || block_.names.back() != agent) block_.names.emplace_back(agent);
  return block_.names.back();
}

void BlockVerifier::add(const StoredEvent& event) {
  const auto number = static_cast<std::uint32_t>(block_.rows.size());
  Block::Row& row = block_.rows.emplace_back();
  row.commit_index = event.commit_index;
  row.sequence = event.sequence;
  row.agent = name_of(event.agent);
  Pending pending;
  pending.row = number;
  pending.has_hash = to_digest(event.hash, row.hash);
  row.has_prev_hash = to_digest(event.prev_hash, row.prev_hash);
  pending.chain = wanted(event);
  if (pending.chain) {
    if (!event.fault.empty() && options_.checks.has(Check::kTypes)) {
      block_.types.push_back({number, std::string(event.fault)});
    }
    if (event.erasure != nullptr) {
      // Its hash can no longer be computed; the leaf and the next event of the chain still cover the stored one.
      pending.chain = false;
      block_.others.push_back({number, "the content was erased, but no event records the erasure"});
    } else {
      pending.canonical = arena_.size();
      pending.canonical_size = event.canonical.size();
      arena_.append(event.canonical);
      char* to = arena_.room(2 * sizeof(Digest));
      hex_encode(row.prev_hash.data(), row.prev_hash.size(), to);
      arena_.set_end(to + 2 * sizeof(Digest));
      check_contents(event, number);
    }
  }
  if (options_.tree) add_leaf(event, pending);
  pending_.push_back(pending);
  if (pending_.size() == kPendingRows || arena_.size() >= kPendingOctets) hash_pending();
}

void BlockVerifier::add_leaf(const StoredEvent& event, Pending& pending) {
  row_at_[static_cast<std::size_t>(event.commit_index - block_.first)] = pending.row;
  const std::string_view octets = leaf_octets_of(event, leaf_);
  pending.leaf = arena_.size();
  pending.leaf_size = octets.size() + 1;
  arena_.push_back('\0');  // the prefix that distinguishes leaves from nodes
  arena_.append(octets);
}

void BlockVerifier::add_fault(std::uint64_t commit_index, std::string_view what) {
  const auto row = std::lower_bound(block_.rows.begin(), block_.rows.end(), commit_index,
                                    [](const Block::Row& a, std::uint64_t index) { return a.commit_index < index; });
  if (row == block_.rows.end() || !(options_.agent.empty() || options_.agent == row->agent)) return;
  block_.others.push_back({static_cast<std::uint32_t>(row - block_.rows.begin()), std::string(what)});
}

void BlockVerifier::check_contents(const StoredEvent& event, std::uint32_t row) {
  std::string what;
  const auto add = [&](std::string_view fault) {
    if (!what.empty()) what += "; ";
    what += fault;
  };
  if (options_.checks.has(Check::kIdentity)) {
    const Identity identity = identity_of(event.canonical);
    if (!identity.agent_id || !same_text(*identity.agent_id, event.agent)) {
      add("column agent differs from the event's agent_id");
    }
    if (!identity.id || !same_id(*identity.id, event.id)) add("column id differs from the event's id");
  }
  if (options_.columns) {
    if (const std::string faults = column_faults(event, options_.checks); !faults.empty()) add(faults);
  }
  if (!what.empty()) block_.others.push_back({row, std::move(what)});
}

void BlockVerifier::hash_pending() {
  const auto octets = [&](std::size_t at, std::size_t size) { return arena_.view().substr(at, size); };
  inputs_.clear();
  for (const Pending& pending : pending_) {
    if (!pending.chain || !options_.checks.has(Check::kHash)) continue;
    inputs_.push_back({octets(pending.canonical, pending.canonical_size + 2 * sizeof(Digest)), {}});
  }
  const std::size_t chained = inputs_.size();
  digests_.resize(chained);
  if (chained > 0) sha256_many(inputs_, digests_.data());
  for (std::size_t i = 0, next = 0; next < chained; ++i) {
    const Pending& pending = pending_[i];
    if (!pending.chain) continue;
    const Digest& computed = digests_[next++];
    if (pending.has_hash && block_.rows[pending.row].hash == computed) continue;
    block_.unsound.push_back({pending.row, computed, std::string(octets(pending.canonical, pending.canonical_size))});
  }
  if (options_.tree) {
    inputs_.clear();
    for (const Pending& pending : pending_) inputs_.push_back({octets(pending.leaf, pending.leaf_size), {}});
    digests_.resize(inputs_.size());
    sha256_many(inputs_, digests_.data());
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      const std::uint64_t index = block_.rows[pending_[i].row].commit_index;
      block_.leaves[static_cast<std::size_t>(index - block_.first)] = digests_[i];
    }
  }
  pending_.clear();
  arena_.clear();
}

void BlockVerifier::compare_leaves(std::uint64_t index, std::string_view hashes) {
  if (!options_.checks.has(Check::kLeaf)) return;
  const std::uint64_t first = index * kTileWidth;
  const std::uint64_t width = tile_width(0, index, options_.leaves);
  const std::uint64_t end = std::min({end_, first + width, first + hashes.size() / kHashSize});
  for (std::uint64_t place = std::max(first, block_.first); place < end; ++place) {
    const auto at = static_cast<std::size_t>(place - block_.first);
    if (std::memcmp(block_.leaves[at].data(), hashes.data() + (place - first) * kHashSize, kHashSize) == 0) continue;
    if (row_at_[at] == UINT32_MAX) continue;  // a gap, which ChainVerifier reports
    block_.others.push_back({row_at_[at], "the tree has a different leaf for the event"});
  }
}

// `hashes`: the stored tile of level 0, or nullopt if it is missing.
void BlockVerifier::close_tile(std::uint64_t index, std::optional<std::string_view> hashes) {
  const unsigned width = tile_width(0, index, options_.leaves);
  if (width > 0 && options_.checks.has(Check::kTile)) {
    // The newest tile may have grown since the extent of the ledger was read.
    const bool sized = hashes && hashes->size() % kHashSize == 0 && hashes->size() >= std::size_t{width} * kHashSize &&
                       hashes->size() <= kTileBytes;
    if (!hashes) block_.tile_faults.push_back(tile_path({0, index, kTileWidth}) + " is missing");
    if (hashes && !sized) block_.tile_faults.push_back(tile_path({0, index, kTileWidth}) + " has the wrong size");
  }
  if (hashes) compare_leaves(index, *hashes);
  const std::uint64_t first = index * kTileWidth;
  if (first + kTileWidth > end_) return;
  Block::Roots roots;
  if (first < block_.first) {  // a trusted head covers its first part
    if (hashes && hashes->size() >= kTileBytes) roots.rows = roots.tile = tile_hash(*hashes, 0, kTileWidth);
    block_.roots.push_back(roots);
    return;
  }
  const std::string_view leaves(reinterpret_cast<const char*>(block_.leaves[first - block_.first].data()), kTileBytes);
  roots.rows = roots.tile = tile_hash(leaves, 0, kTileWidth);
  if (hashes && hashes->size() >= kTileBytes && hashes->substr(0, kTileBytes) != leaves) {
    roots.tile = tile_hash(*hashes, 0, kTileWidth);
  }
  block_.roots.push_back(roots);
}

void BlockVerifier::add_tile(std::uint64_t index, std::string_view hashes) {
  if (!pending_.empty()) hash_pending();
  while (next_tile_ < index) close_tile(next_tile_++, std::nullopt);
  close_tile(next_tile_++, hashes);
}

Block& BlockVerifier::finish() {
  if (!pending_.empty()) hash_pending();
  if (options_.tree) {
    while (next_tile_ * kTileWidth < end_) close_tile(next_tile_++, std::nullopt);
  }
  std::stable_sort(block_.others.begin(), block_.others.end(),
                   [](const Block::Fault& a, const Block::Fault& b) { return a.row < b.row; });
  return block_;
}

}  // namespace plog::ledger
