#include "client/verification.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "client/fork.h"
#include "client/heads.h"
#include "client/verify_ledger.h"

namespace plog::client {
namespace {

using ledger::Verdict;

constexpr std::int64_t kDrainMillis = 10000;

// Brings the journals of dead processes in, where that is possible: else they are counted as pending.
std::uint64_t drain_orphans(const std::string& db_path) {
  try {
    RecorderOptions options;
    const auto recorder = Recorder::open(db_path, options);
    const std::uint64_t before = recorder->stats().recovered;
    recorder->adopt_orphans(kDrainMillis);
    return recorder->stats().recovered - before;
  } catch (const Error&) {
    return 0;
  }
}

std::vector<HeadFile> read_heads(const std::string& db_path, const VerifyRequest& request) {
  std::vector<HeadFile> files;
  files.push_back(read_head_file(head_path(db_path), false));
  for (const std::string& path : request.heads) files.push_back(read_head_file(path, true));
  return files;
}

void verify_store(store::Store& store, const VerifyRequest& request, std::vector<HeadFile> files,
                  VerifyReport& report) {
  LedgerCheck check(store, request, std::move(files), report);
  check.run();
}

// Whether the file says that it is a ledger, whatever the rest of it is.
bool says_it_is_a_ledger(const std::string& path) {
  constexpr char kApplication[] = {'P', 'L', 'O', 'G'};
  constexpr off_t kApplicationAt = 68;  // in the header of an SQLite database
  char octets[sizeof kApplication] = {};
  const Fd fd = open_existing(path, O_RDONLY);
  return fd && pread_some(fd.get(), octets, sizeof octets, kApplicationAt) == sizeof octets &&
         std::memcmp(octets, kApplication, sizeof kApplication) == 0;
}

void fail(VerifyReport& report, const VerifyRequest& request, const Error& error) {
  if (error.status() == Status::kCancelled || error.status() == Status::kInvalid) throw error;
  Verdict verdict = error.status() == Status::kNotFound ? Verdict::kMissingLog : Verdict::kCannotRun;
  std::string what = error.what();
  if (error.status() == Status::kCorrupt) {
    try {
      const bool head = head_of_octets("", read_head(head_path(report.db_path)).value_or("")).checkpoint.has_value();
      if (head || !request.heads.empty() || says_it_is_a_ledger(report.db_path)) {
        verdict = Verdict::kTampered;
        what = "the database file is damaged: " + what;
      }
    } catch (const Error&) {
    }
  }
  report.findings.add(verdict, what);
}

void conclude(VerifyReport& report) {
  report.verdict = report.findings.worst();
  if (!report.findings.empty()) {
    const auto& kept = report.findings.kept();
    const auto worst = std::find_if(kept.begin(), kept.end(),
                                    [&](const ledger::Finding& finding) { return finding.verdict == report.verdict; });
    // What follows from the first fault of a row is in the findings.
    const std::string& what = (worst == kept.end() ? kept.front() : *worst).what;
    report.error = what.substr(0, what.find("; "));
  }
  if (report.verdict == Verdict::kOk && report.recovered > 0) report.verdict = Verdict::kRecovered;
  if (report.verdict == Verdict::kOk && report.tail > 0) report.verdict = Verdict::kOkWithTail;
}

VerifyReport begin_report(const std::string& db_path, const VerifyRequest& request) {
  if (request.key) trusted_key(*request.key);
  VerifyReport report;
  report.db_path = db_path;
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

std::optional<VerifyLevel> parse_verify_level(std::string_view name) noexcept {
  if (name == "chain") return VerifyLevel::kChain;
  if (name == "tree") return VerifyLevel::kTree;
  if (name == "full") return VerifyLevel::kFull;
  return std::nullopt;
}

VerifyReport verify_path(const std::string& db_path, const VerifyRequest& request) {
  VerifyReport report = begin_report(db_path, request);
  try {
    refuse_after_clone();
    if (::access(db_path.c_str(), F_OK) != 0 && errno == ENOENT) {
      throw Error(Status::kNotFound, "no ledger at " + db_path);
    }
    std::vector<HeadFile> files = read_heads(db_path, request);
    const auto store = store::open_sqlite(db_path, store::OpenMode::kReadOnly);
    if (!request.read_only && ::access(db_path.c_str(), W_OK) == 0 &&
        LedgerCheck(*store, request, files, report).agrees_at_first_sight()) {
      report.recovered = drain_orphans(db_path);
    }
    // The heads were read before all that is looked at from here on.
    verify_store(*store, request, std::move(files), report);
  } catch (const Error& error) {
    fail(report, request, error);
  }
  conclude(report);
  return report;
}

VerifyReport verify_client(Client& client, const VerifyRequest& request) {
  VerifyReport report = begin_report(client.db_path(), request);
  try {
    const std::shared_ptr<Recorder> recorder = client.recorder();
    if (!request.read_only) {
      try {
        client.fresh_store();
        recorder->publish_head(kDrainMillis);
      } catch (const Error& error) {
        // What is not in the ledger yet is counted as pending, and what has no head yet is its tail.
        if (error.status() == Status::kCorrupt) throw;
      }
    }
    std::vector<HeadFile> files = read_heads(report.db_path, request);
    verify_store(recorder->store(), request, std::move(files), report);
  } catch (const Error& error) {
    fail(report, request, error);
  }
  conclude(report);
  return report;
}

}  // namespace plog::client
