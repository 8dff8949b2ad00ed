#include "ledger/verdict.h"

#include <algorithm>
#include <array>
#include <utility>

namespace plog::ledger {
namespace {

struct VerdictEntry {
  std::string_view name;
  bool valid;
  int exit_code;
};

// In the order of the enum. The command line uses 1 and 2 for failure and misuse.
constexpr std::array<VerdictEntry, 13> kVerdicts = {{
    {"OK", true, 0},
    {"OK_WITH_TAIL", true, 10},
    {"RECOVERED", true, 11},
    {"ERASED", true, 12},
    {"PRUNED", true, 13},
    {"UNVERIFIABLE", false, 20},
    {"STALE", false, 21},
    {"CANNOT_RUN", false, 22},
    {"MISSING_LOG", false, 23},
    {"ROLLED_BACK", false, 30},
    {"TRUNCATED", false, 31},
    {"FORKED", false, 32},
    {"TAMPERED", false, 33},
}};

const VerdictEntry& entry(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }

}  // namespace

std::string_view verdict_name(Verdict verdict) { return entry(verdict).name; }
bool verdict_valid(Verdict verdict) { return entry(verdict).valid; }
int verdict_exit_code(Verdict verdict) { return entry(verdict).exit_code; }

bool Findings::same_event(const Finding& finding) const noexcept {
  return finding.of_event && last_of_event_ && last_index_ == finding.commit_index;
}

void Findings::add(Finding finding) {
  worst_ = std::max(worst_, finding.verdict);
  if (same_event(finding)) {
    if (count_ > kMaxKept) return;
    Finding& last = kept_.back();
    last.verdict = std::max(last.verdict, finding.verdict);
    last.what += "; " + finding.what;
    return;
  }
  last_of_event_ = finding.of_event;
  last_index_ = finding.commit_index;
  if (++count_ <= kMaxKept) kept_.push_back(std::move(finding));
}

void Findings::add(Verdict verdict, std::string what) {
  Finding finding;
  finding.verdict = verdict;
  finding.what = std::move(what);
  add(std::move(finding));
}

}  // namespace plog::ledger
