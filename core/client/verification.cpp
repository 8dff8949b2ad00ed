#include "client/verification.h"

#include <algorithm>

#include "base/fork.h"
#include "heads/file_head_store.h"
#include "store/ledger_paths.h"
#include "verify/ledger_check.h"

namespace plog::client {
namespace {

using ledger::Verdict;

constexpr std::int64_t kDrainMillis = 10000;

// Adopts orphaned journals and returns the number of recovered events. After an error their records count as pending.
std::uint64_t drain_orphans(const store::LedgerAddress& address) {
  try {
    RecorderOptions options;
    const auto recorder = Recorder::open(address, options);
    const std::uint64_t before = recorder->stats().recovered;
    recorder->adopt_orphans(kDrainMillis);
    return recorder->stats().recovered - before;
  } catch (const Error&) {
    return 0;
  }
}

std::vector<verify::HeadFile> read_heads(const store::LedgerAddress& address, const verify::Request& request) {
  std::vector<verify::HeadFile> files;
  files.push_back(verify::read_head_file(store::LedgerPaths(address).head(), false));
  for (const std::string& path : request.heads) files.push_back(verify::read_head_file(path, true));
  return files;
}

void verify_store(store::Store& store, const verify::Request& request, std::vector<verify::HeadFile> files,
                  verify::Report& report) {
  verify::LedgerCheck check(store, request, std::move(files), report);
  check.run();
}

void fail(verify::Report& report, const verify::Request& request, const Error& error) {
  if (error.status() == Status::kCancelled || error.status() == Status::kInvalid) throw error;
  Verdict verdict = error.status() == Status::kNotFound ? Verdict::kMissingLog : Verdict::kCannotRun;
  std::string what = error.what();
  if (error.status() == Status::kCorrupt) {
    try {
      const std::string head = heads::read_head(store::LedgerPaths(report.address).head()).value_or("");
      if (verify::head_of_bytes("", head).checkpoint || !request.heads.empty() ||
          store::driver_of(report.address).claims_to_be_ledger(report.address)) {
        verdict = Verdict::kTampered;
        what = "the database file is damaged: " + what;
      }
    } catch (const Error&) {
    }
  }
  report.findings.add(verdict, what);
}

void conclude(verify::Report& report) {
  report.verdict = report.findings.worst();
  if (!report.findings.empty()) {
    const auto& kept = report.findings.kept();
    const auto worst = std::find_if(kept.begin(), kept.end(),
                                    [&](const ledger::Finding& finding) { return finding.verdict == report.verdict; });
    // A finding lists all faults of a row, separated by "; ". The first one suffices here.
    const std::string& what = (worst == kept.end() ? kept.front() : *worst).what;
    report.error = what.substr(0, what.find("; "));
  }
  if (report.verdict == Verdict::kOk && report.recovered > 0) report.verdict = Verdict::kRecovered;
  if (report.verdict == Verdict::kOk && report.tail > 0) report.verdict = Verdict::kOkWithTail;
}

verify::Report begin_report(const store::LedgerAddress& address, const verify::Request& request) {
  if (request.key) verify::trusted_key(*request.key);
  verify::Report report;
  report.address = address;
  report.agent = request.agent;
  report.level = request.level;
  return report;
}

void refuse_after_clone() {
  if (cloned_without_handlers()) {
    throw Error(Status::kUnsupported, "this process was cloned without fork handlers and cannot read the ledger");
  }
}

}  // namespace

verify::Report verify_ledger(const store::LedgerAddress& address, const verify::Request& request) {
  verify::Report report = begin_report(address, request);
  try {
    refuse_after_clone();
    store::Driver& driver = store::driver_of(address);
    if (!driver.exists(address)) throw Error(Status::kNotFound, "no ledger at " + address.path());
    std::vector<verify::HeadFile> files = read_heads(address, request);
    const auto store = driver.open(address, store::OpenMode::kReadOnly, {});
    if (!request.read_only && driver.is_writable(address) &&
        verify::LedgerCheck(*store, request, files, report).agrees_at_first_sight()) {
      report.recovered = drain_orphans(address);
    }
    // The heads were read before the rows, so a growing ledger contains everything that they cover.
    verify_store(*store, request, std::move(files), report);
  } catch (const Error& error) {
    fail(report, request, error);
  }
  conclude(report);
  return report;
}

verify::Report verify_client(Client& client, const verify::Request& request) {
  verify::Report report = begin_report(client.address(), request);
  try {
    const std::shared_ptr<Recorder> recorder = client.recorder();
    if (!request.read_only) {
      try {
        client.fresh_store();
        recorder->publish_head(kDrainMillis);
      } catch (const Error& error) {
        // Events that are not committed yet count as pending, and events that no head covers yet are the tail.
        if (error.status() == Status::kCorrupt) throw;
      }
    }
    std::vector<verify::HeadFile> files = read_heads(report.address, request);
    verify_store(recorder->store(), request, std::move(files), report);
  } catch (const Error& error) {
    fail(report, request, error);
  }
  conclude(report);
  return report;
}

}  // namespace plog::client
