// usage: plog_bench_verify DB [LEVEL [THREADS [HEAD]]]
//
// Verifies a ledger through the C API and prints the time, the peak memory and the report. With a trusted HEAD,
// verifies only the events after it.
#include <fstream>

#include "bench.h"

namespace {

// Peak resident memory of this process, in KiB. getrusage would include the program that started this process.
long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 5) plog::bench::die("usage: plog_bench_verify DB [LEVEL [THREADS [HEAD]]]");
  plog_verify_options options;
  plog_verify_options_init(&options);
  options.db_path = argv[1];
  options.read_only = 1;
  if (argc > 2) options.level = argv[2];
  if (argc > 3) options.threads = static_cast<std::uint32_t>(std::atoi(argv[3]));
  const char* const heads[] = {argc > 4 ? argv[4] : ""};
  if (argc > 4) {
    options.heads = heads;
    options.head_count = 1;
    options.incremental = 1;
  }
  plog_buffer* report = nullptr;
  plog_error* error = nullptr;
  const std::int64_t start = plog::bench::now_nanos();
  plog::bench::check(plog_verify(nullptr, &options, &report, &error), error);
  const double seconds = plog::bench::seconds_since(start);
  std::printf("{\"seconds\":%.6f,\"peak_rss_kib\":%ld,\"report\":%s}\n", seconds, peak_kib(), plog_buffer_data(report));
  plog_buffer_destroy(report);
  return 0;
}
