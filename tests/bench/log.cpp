// usage: plog_bench_log DB EVENTS [--power | --without-tree] [--threads N]
//        plog_bench_log --jsonl EVENTS
//
// The first form records events and waits until all are committed. The second prints the same events as JSON lines.
#include <cstring>
#include <functional>
#include <thread>

#include "bench.h"
#include "client/client.h"
#include "sample.h"

namespace {

using plog::bench::die;

struct Recording {
  std::function<void(const std::string&)> log;
  std::function<void()> flush, close;
};

Recording through_c(const char* db_path, bool power) {
  plog_client* client = plog::bench::open_client(db_path, power);
  return {[client](const std::string& event) { plog::bench::log_event(client, event); },
          [client] { plog::bench::flush(client); }, [client] { plog_client_destroy(client); }};
}

// Uses the C++ client directly. The C interface has no such switch, because a ledger without tree and heads proves too
// little.
Recording without_tree(const char* db_path) {
  plog::client::ClientOptions options;
  options.db_path = db_path;
  options.block_timeout_ms = 60'000;
  options.tree = false;
  const auto client = std::make_shared<plog::client::Client>(options);
  return {[client](const std::string& event) { client->log(event); }, [client] { client->flush(-1); },
          [client] { client->close(-1); }};
}

}  // namespace

int main(int argc, char** argv) {
  bool power = false, tree = true;
  std::uint64_t threads = 1;
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--power") == 0) {
      power = true;
    } else if (std::strcmp(argv[i], "--without-tree") == 0) {
      tree = false;
    } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = std::strtoull(argv[++i], nullptr, 10);
    } else {
      argc = 0;
    }
  }
  if (argc < 3 || threads == 0 || (power && !tree)) {
    die("usage: plog_bench_log DB|--jsonl EVENTS [--power | --without-tree] [--threads N]");
  }
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  if (std::strcmp(argv[1], "--jsonl") == 0) {
    for (std::uint64_t i = 0; i < count; ++i) std::printf("%s\n", plog::bench::sample_event(i).c_str());
    return 0;
  }

  const std::vector<std::string> events = plog::bench::sample_events(0, count);
  const Recording to = tree ? through_c(argv[1], power) : without_tree(argv[1]);
  const double cpu = plog::bench::cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const double own_cpu = plog::bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  const std::int64_t start = plog::bench::now_nanos();
  if (threads == 1) {
    for (const std::string& event : events) to.log(event);
  } else {
    std::vector<std::thread> callers;
    for (std::uint64_t t = 0; t < threads; ++t) {
      callers.emplace_back([&, t] {
        for (std::uint64_t i = t; i < count; i += threads) to.log(events[i]);
      });
    }
    for (std::thread& caller : callers) caller.join();
  }
  const double accepted = plog::bench::seconds_since(start);
  const double own = plog::bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own_cpu;
  to.flush();
  const double seconds = plog::bench::seconds_since(start);
  const double all = plog::bench::cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  to.close();
  std::printf(
      "{\"events\":%llu,\"seconds\":%.6f,\"accepted_seconds\":%.6f,\"cpu_seconds\":%.6f,\"caller_cpu_seconds\":%.6f}\n",
      static_cast<unsigned long long>(count), seconds, accepted, all, own);
  return 0;
}
