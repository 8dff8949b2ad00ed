// Verification of stored events: a pure function over a stream of them. No I/O here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/uuid.h"
#include "crypto/sha256.h"

namespace plog::ledger {

// Verdicts of design 3.5, from best to worst.
enum class Verdict {
  kOk,
  kOkWithTail,
  kRecovered,
  kErased,
  kPruned,
  kUnverifiable,
  kStale,
  kCannotRun,
  kMissingLog,
  kRolledBack,
  kTruncated,
  kForked,
  kTampered,
};
std::string_view verdict_name(Verdict verdict);  // "OK", "OK_WITH_TAIL", ...
bool verdict_valid(Verdict verdict);             // the first five
int verdict_exit_code(Verdict verdict);          // one code for each; see docs/cli.md

// One stored row, as it was read; texts are borrowed.
struct StoredEvent {
  std::uint64_t commit_index = 0;
  std::string_view agent;  // the name in the agent column
  std::uint64_t sequence = 0;
  Uuid id{};
  std::string_view hash;       // 32 octets when sound
  std::string_view prev_hash;  // 32 octets when sound
  std::string_view canonical;
  std::string_view warnings;
};

struct Finding {
  Verdict verdict = Verdict::kTampered;
  std::string agent;
  std::uint64_t sequence = 0;
  std::uint64_t commit_index = 0;
  std::string what;  // "hash mismatch at sequence 42"
};

// Feed every row in commit order, then read the result. Checks: gapless commit index from 0; per agent gapless
// sequence from 1; prev_hash equal to the previous hash; the hash recomputed over the stored octets; agent and id of
// the row equal to those in the octets. Continues after a fault from what is stored, so that each fault is found once;
// the faults of one row are one finding. Memory: one entry per agent, and at most kMaxFindings findings (the rest are
// counted).
class ChainVerifier {
 public:
  static constexpr std::size_t kMaxFindings = 100;

  // With an agent: rows of others only count for the commit index.
  explicit ChainVerifier(std::string agent = {});

  void add(const StoredEvent& event);
  // A fault found by the reader of the rows (a column of the wrong type, a dangling reference), before it adds the row.
  void add_finding(Finding finding);

  std::uint64_t events() const noexcept { return events_; }  // verified
  std::uint64_t agents() const noexcept { return heads_.size(); }
  std::uint64_t rows() const noexcept { return next_index_; }
  const std::vector<Finding>& findings() const noexcept { return findings_; }
  std::uint64_t finding_count() const noexcept { return finding_count_; }

 private:
  struct Head {
    std::uint64_t sequence = 0;
    Digest hash{};      // as stored
    Digest computed{};  // over the octets; the same unless that row is at fault
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  Head& head_of(std::string_view agent);
  void fault(const StoredEvent& event, std::string_view what);

  std::string only_;
  std::unordered_map<std::string, Head, TextHash, std::equal_to<>> heads_;
  std::string_view last_agent_;  // a key of heads_: most rows follow one of the same agent
  Head* last_head_ = nullptr;
  std::uint64_t next_index_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t finding_count_ = 0;
  std::uint64_t faulty_row_ = 0;  // the commit index that the last finding is about
  bool have_faulty_row_ = false;
  std::vector<Finding> findings_;
};

}  // namespace plog::ledger
