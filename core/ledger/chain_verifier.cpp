#include <utility>

#include "ledger/chain.h"
#include "ledger/verify.h"

namespace plog::ledger {

ChainVerifier::ChainVerifier(std::string agent, Checks checks, Findings& findings)
    : only_(std::move(agent)), checks_(checks), findings_(findings) {}

ChainVerifier::Head& ChainVerifier::head_of(const Block::Row& row) {
  if (last_head_ != nullptr && last_agent_ == row.agent) return *last_head_;
  auto found = heads_.find(row.agent);
  if (found == heads_.end()) {
    Head head;
    if (before_ && row.sequence > 1) {
      if (const auto hash = before_(row.agent, row.sequence - 1)) {
        head.sequence = row.sequence - 1;
        head.hash = head.computed = *hash;
      }
    }
    found = heads_.emplace(std::string(row.agent), head).first;
  }
  last_agent_ = found->first;
  last_head_ = &found->second;
  return found->second;
}

void ChainVerifier::resume(std::uint64_t next, Before before) {
  next_index_ = next;
  before_ = std::move(before);
}

void ChainVerifier::fault(const Block::Row& row, std::string_view what) {
  Finding finding;
  finding.of_event = true;
  finding.agent = row.agent;
  finding.sequence = row.sequence;
  finding.commit_index = row.commit_index;
  finding.what = std::string(what) + " at sequence " + std::to_string(static_cast<std::int64_t>(row.sequence));
  findings_.add(std::move(finding));
}

void ChainVerifier::link(const Block::Row& row, const Block::Unsound* unsound) {
  Head& head = head_of(row);
  ++events_;
  if (!head.counted) ++agents_;
  head.counted = true;
  if (row.sequence != head.sequence + 1 && checks_.has(Check::kSequence)) {
    fault(row, "sequence gap: expected " + std::to_string(head.sequence + 1));
  }
  // A wrong hash in the previous row is a fault of that row only, so this row may continue from either value.
  const bool linked = row.has_prev_hash && (row.prev_hash == head.hash || row.prev_hash == head.computed);
  Digest computed = unsound != nullptr ? unsound->computed : row.hash;
  bool sound = unsound == nullptr;
  if (!linked && checks_.has(Check::kPrevHash)) {
    fault(row, "prev_hash mismatch");
    // If the hash still covers the true predecessor, only the column prev_hash was changed.
    for (const Digest* prev : {&head.hash, &head.computed}) {
      if (sound) break;
      const Digest other = chain_hash(unsound->canonical, *prev);
      if (row.hash == other) {
        computed = other;
        sound = true;
      }
    }
  }
  if (!sound) fault(row, "hash mismatch");
  head.sequence = row.sequence;
  head.hash = row.hash;
  head.computed = computed;
}

void ChainVerifier::add(const Block& block) {
  auto unsound = block.unsound.begin();
  auto type = block.types.begin();
  auto other = block.others.begin();
  for (std::uint32_t number = 0; number < block.rows.size(); ++number) {
    const Block::Row& row = block.rows[number];
    if (type != block.types.end() && type->row == number) fault(row, (type++)->what);
    const bool damaged = unsound != block.unsound.end() && unsound->row == number;
    if (only_.empty() || row.agent == only_) link(row, damaged ? &*unsound : nullptr);
    if (damaged) ++unsound;
    for (; other != block.others.end() && other->row == number; ++other) fault(row, other->what);
    if (row.commit_index != next_index_ && checks_.has(Check::kPlace)) {
      fault(row, "commit index " + std::to_string(row.commit_index) + " where " + std::to_string(next_index_) +
                     " was expected,");
    }
    next_index_ = row.commit_index + 1;
  }
  for (const std::string& what : block.tile_faults) findings_.add(Verdict::kTampered, what);
}

}  // namespace plog::ledger
