// usage: plog_bench_log DB EVENTS [--power] [--threads N]   records, and waits until all is committed
//        plog_bench_log --jsonl EVENTS                       prints the same events as JSON lines
#include <cstring>
#include <thread>

#include "bench.h"
#include "sample.h"

int main(int argc, char** argv) {
  bool power = false;
  std::uint64_t threads = 1;
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--power") == 0) {
      power = true;
    } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = std::strtoull(argv[++i], nullptr, 10);
    } else {
      argc = 0;
    }
  }
  if (argc < 3 || threads == 0) plog::bench::die("usage: plog_bench_log DB|--jsonl EVENTS [--power] [--threads N]");
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  if (std::strcmp(argv[1], "--jsonl") == 0) {
    for (std::uint64_t i = 0; i < count; ++i) std::printf("%s\n", plog::bench::sample_event(i).c_str());
    return 0;
  }

  const std::vector<std::string> events = plog::bench::sample_events(0, count);
  plog_client* client = plog::bench::open_client(argv[1], power);
  const double cpu = plog::bench::cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const double own_cpu = plog::bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  const std::int64_t start = plog::bench::now_nanos();
  if (threads == 1) {
    for (const std::string& event : events) plog::bench::log_event(client, event);
  } else {
    std::vector<std::thread> callers;
    for (std::uint64_t t = 0; t < threads; ++t) {
      callers.emplace_back([&, t] {
        for (std::uint64_t i = t; i < count; i += threads) plog::bench::log_event(client, events[i]);
      });
    }
    for (std::thread& caller : callers) caller.join();
  }
  const double accepted = plog::bench::seconds_since(start);
  const double own = plog::bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own_cpu;
  plog::bench::flush(client);
  const double seconds = plog::bench::seconds_since(start);
  const double all = plog::bench::cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  plog_client_destroy(client);
  std::printf(
      "{\"events\":%llu,\"seconds\":%.6f,\"accepted_seconds\":%.6f,\"cpu_seconds\":%.6f,\"caller_cpu_seconds\":%.6f}\n",
      static_cast<unsigned long long>(count), seconds, accepted, all, own);
  return 0;
}
