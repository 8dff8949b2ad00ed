// usage: plog_bench_memory DB EVENTS
//
// Measures the peak resident memory of a client that records EVENTS events as fast as it can, without the pages of the
// mapped database. Takes a sample every 50,000 events.
#include <fstream>
#include <sstream>

#include "bench.h"

namespace {

// KiB of this process's resident pages, without those of files whose path contains `apart`.
long resident_kib(const std::string& apart) {
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool counts = true;
  long sum = 0;
  while (std::getline(maps, line)) {
    if (line.find('-') < line.find(' ')) {
      counts = line.find(apart) == std::string::npos;
    } else if (counts && line.rfind("Rss:", 0) == 0) {
      sum += std::strtol(line.c_str() + 4, nullptr, 10);
    }
  }
  return sum;
}

// Small, so that ten million events fit on the disk.
std::string small_event(std::uint64_t number) {
  return R"({"agent_id":"research-agent","session_id":"session-)" + std::to_string(number / 50) +
         R"(","action_type":"TOOL_CALL","action_name":"search","action_input":{"run":)" + std::to_string(number) +
         R"(},"labels":{"team":"finance","env":"production"}})";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) plog::bench::die("usage: plog_bench_memory DB EVENTS");
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  plog_client* client = plog::bench::open_client(argv[1]);
  long peak = 0;
  const std::int64_t start = plog::bench::now_nanos();
  for (std::uint64_t i = 0; i < count; ++i) {
    plog::bench::log_event(client, small_event(i));
    if (i % 50'000 == 0) peak = std::max(peak, resident_kib(argv[1]));
  }
  plog::bench::flush(client);
  peak = std::max(peak, resident_kib(argv[1]));
  const double seconds = plog::bench::seconds_since(start);
  plog_client_destroy(client);
  std::printf("{\"events\":%llu,\"seconds\":%.3f,\"peak_rss_kib\":%ld}\n", static_cast<unsigned long long>(count),
              seconds, peak);
  return 0;
}
