// The result of a verification: its findings, and the verdict that follows from them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plog::ledger {

// From best to worst (docs/cli.md, plog verify).
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
int verdict_exit_code(Verdict verdict);          // with `plog verify --strict`; one code for each verdict

struct Finding {
  Verdict verdict = Verdict::kTampered;
  bool of_event = false;  // agent, sequence and commit_index name an event; otherwise they are empty
  std::string agent;
  std::uint64_t sequence = 0;
  std::uint64_t commit_index = 0;
  std::string what;  // "hash mismatch at sequence 42"
};

// Findings in the order in which they were added. Keeps the first kMaxKept and counts the rest. Not thread-safe.
class Findings {
 public:
  static constexpr std::size_t kMaxKept = 100;

  // Consecutive faults of one event are joined to one finding.
  void add(Finding finding);
  // A finding about the ledger rather than about one event.
  void add(Verdict verdict, std::string what);

  // The worst verdict; kOk without findings.
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
