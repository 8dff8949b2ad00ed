// Head files and key events: only what the ledger's key signed counts as a head of the ledger or changes the key.
#include <cstdint>
#include <string>

#include "check.h"
#include "ledger/epochs.h"
#include "verify/head_judge.h"

namespace {

constexpr std::uint64_t kRows = 5;
constexpr std::uint64_t kSigned = 3;  // the tree size of the head in the corpus
const std::string kOrigin = "example.com/log";

const plog::crypto::Signer& signer() {
  static const auto* const one = new plog::crypto::Signer(kOrigin, plog::crypto::PrivateKey(plog::crypto::Seed()));
  return *one;
}

plog::ledger::Hash root_of(std::uint64_t size) {
  plog::ledger::Hash root{};
  root[0] = static_cast<std::uint8_t>(size);
  return root;
}

std::string created() {
  return R"({"action_input":{"epoch":1,"ledger_id":"l","origin":")" + kOrigin + R"(","vkey":")" +
         signer().verifier().format() + R"("},"action_name":"ledger.created"})";
}

void check_head(const plog::ledger::Epochs& epochs, std::string_view octets, bool trusted) {
  using plog::ledger::Verdict;
  plog::verify::Judged ledger;
  ledger.rows = ledger.leaves = kRows;
  ledger.epochs = &epochs;
  ledger.root_of = [](std::uint64_t size) { return std::optional(root_of(size)); };
  plog::verify::HeadJudge judge(std::move(ledger), std::nullopt, std::nullopt, {});
  plog::verify::HeadFile file = plog::verify::head_of_bytes("fuzz", std::string(octets));
  file.trusted = trusted;
  std::vector<plog::verify::HeadReport> reports;
  plog::ledger::Findings findings;
  judge.judge({file}, reports, findings);
  PLOG_FUZZ_CHECK(reports.size() == 1);
  PLOG_FUZZ_CHECK(judge.newest().has_value() == findings.empty());
  if (!judge.newest()) return;
  PLOG_FUZZ_CHECK(*judge.newest() <= kRows && file.checkpoint->root == root_of(*judge.newest()));
  // The fuzzer does not have the key, so the only valid head is the one in the corpus.
  PLOG_FUZZ_CHECK(*judge.newest() == kSigned);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  plog::ledger::Findings findings;
  plog::ledger::Epochs epochs({});
  epochs.add(created(), 0, 1, findings);
  PLOG_FUZZ_CHECK(findings.empty() && epochs.newest() != nullptr);
  check_head(epochs, octets, false);
  check_head(epochs, octets, true);

  // Use the same bytes as a key event.
  epochs.add(octets, 1, 2, findings);
  PLOG_FUZZ_CHECK(epochs.newest()->key.key() == signer().verifier().key());
  return 0;
}
