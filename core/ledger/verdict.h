// What a verification says: verdicts, and the findings that they follow from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

struct Finding {
  Verdict verdict = Verdict::kTampered;
  bool of_event = false;  // agent, sequence and commit_index are those of an event; else they are empty
  std::string agent;
  std::uint64_t sequence = 0;
  std::uint64_t commit_index = 0;
  std::string what;  // "hash mismatch at sequence 42"
};

// Findings in the order in which they were made, as many as fit; the rest are counted. Not thread-safe.
class Findings {
 public:
  static constexpr std::size_t kMaxKept = 100;

  // The faults of one event are one finding.
  void add(Finding finding);
  // Of the ledger, and not of one event.
  void add(Verdict verdict, std::string what);

  // The worst verdict of all; kOk without findings.
  Verdict worst() const noexcept { return worst_; }
  std::uint64_t count() const noexcept { return count_; }
  const std::vector<Finding>& kept() const noexcept { return kept_; }
  bool empty() const noexcept { return count_ == 0; }

 private:
  bool same_event(const Finding& finding) const noexcept;

  std::vector<Finding> kept_;
  std::uint64_t count_ = 0;
  Verdict worst_ = Verdict::kOk;
  // The event of the last finding.
  bool last_of_event_ = false;
  std::uint64_t last_index_ = 0;
};

}  // namespace plog::ledger
