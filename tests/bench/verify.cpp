// usage: plog_bench_verify DB
//
// Verifies a ledger through the C API and tells how long it took and how much memory it needed.
#include <sys/resource.h>

#include "bench.h"

int main(int argc, char** argv) {
  if (argc != 2) plog::bench::die("usage: plog_bench_verify DB");
  plog_verify_options options;
  plog_verify_options_init(&options);
  options.db_path = argv[1];
  options.read_only = 1;
  plog_buffer* report = nullptr;
  plog_error* error = nullptr;
  const std::int64_t start = plog::bench::now_nanos();
  plog::bench::check(plog_verify(nullptr, &options, &report, &error), error);
  const double seconds = plog::bench::seconds_since(start);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"seconds\":%.6f,\"peak_rss_kib\":%ld,\"report\":%s}\n", seconds, usage.ru_maxrss,
              plog_buffer_data(report));
  plog_buffer_destroy(report);
  return 0;
}
