// Runs all checks of a verification on one open ledger.
#pragma once

#include <optional>
#include <vector>

#include "store/store.h"
#include "verify/head_judge.h"
#include "verify/report.h"
#include "verify/request.h"
#include "verify/scan.h"

namespace plog::verify {

class LedgerCheck {
 public:
  // `files`: the heads, which the caller read before this; the one beside the database comes first.
  LedgerCheck(store::Store& store, const Request& request, std::vector<HeadFile> files, Report& report);

  // Fills the report except for its verdict. Throws if the ledger cannot be read; earlier findings stay in the report.
  void run();

  // Whether the database agrees with the head beside it, as far as that can be checked without reading the events. If
  // it does, a writer that now adds events cannot cover up a change.
  bool agrees_at_first_sight();

 private:
  void check_extent();
  void check_heads(const Scan& scan);
  void check_tables(const Scan& scan);
  void check_contexts(const Scan& scan);
  bool resume(Scan& scan);
  HeadJudge make_judge(const ledger::Epochs& epochs,
                       std::function<std::optional<ledger::Hash>(std::uint64_t)> root_of) const;
  void check_branches(const ledger::Epochs& epochs);
  void check_meta(const ledger::Epochs& epochs, const ledger::TreeVerifier& tree);
  void state_assurance(const HeadJudge& judge);
  std::string meta(std::string_view key) const;
  bool has(ledger::Check check) const noexcept { return request_.checks.has(check); }

  store::Store& store_;
  const Request& request_;
  const std::vector<HeadFile> files_;
  Report& report_;
  store::Extent extent_;
  std::optional<HeadFile> stored_head_;  // the head in table meta
  bool has_tree_ = false;                // the tree must be verified
};

}  // namespace plog::verify
