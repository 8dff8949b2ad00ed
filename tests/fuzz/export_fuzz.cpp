// Packages (.plog): any bytes get a verdict, and with a trusted key only what this key signed is valid.
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "json/value.h"
#include "memory_file.h"
#include "report/package_reader.h"
#include "seed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using plog::ledger::Verdict;
  static auto* const file = new MemoryFile;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  file->set(octets);

  const plog::report::CheckReport report = plog::report::verify_package(file->path(), {});
  PLOG_FUZZ_CHECK(report.verdict != Verdict::kCannotRun && report.verdict != Verdict::kMissingLog);
  PLOG_FUZZ_CHECK((report.verdict == Verdict::kOk) == report.findings.empty());
  PLOG_FUZZ_CHECK(plog::json::parse(report.json()).canonical() == report.json());

  plog::report::CheckRequest request;
  request.keys.emplace_back(kSeedKey);
  const plog::report::CheckReport trusted = plog::report::verify_package(file->path(), request);
  if (trusted.verdict != Verdict::kOk) return 0;
  PLOG_FUZZ_CHECK(trusted.root && plog::hex_encode(trusted.root->data(), trusted.root->size()) == kSeedRoot);
  // The package is not valid with another byte after it.
  file->set(std::string(octets) + "x");
  PLOG_FUZZ_CHECK(plog::report::verify_package(file->path(), request).verdict != Verdict::kOk);
  return 0;
}
