// usage: plog_bench_caller DIRECTORY [ROUNDS]
//
// Measures what one plog_log_event costs its caller at 20,000 events a second, with and without redaction. The ceiling
// is to parse the same 512 bytes with simdjson and pass them to one write(2), at the same rate. The three take turns of
// one second.
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <fstream>

#include "bench.h"
#include "sample.h"

namespace {

using plog::bench::now_nanos;

constexpr std::int64_t kInterval = 50'000;  // nanoseconds
constexpr std::uint64_t kEvents = 20'000;

struct Turn {
  double p50, mean;
  std::vector<double> times;
};

// Calls `work(i)` for each event at its scheduled time and measures the call.
template <typename Work>
Turn turn(Work&& work) {
  Turn result;
  result.times.reserve(kEvents);
  const std::int64_t start = now_nanos() + kInterval;
  double sum = 0;
  for (std::uint64_t i = 0; i < kEvents; ++i) {
    const std::int64_t due = start + static_cast<std::int64_t>(i) * kInterval;
    std::int64_t before = now_nanos();
    while (before < due) before = now_nanos();
    work(i);
    result.times.push_back(static_cast<double>(now_nanos() - before));
    sum += result.times.back();
  }
  std::vector<double> sorted = result.times;
  std::sort(sorted.begin(), sorted.end());
  result.p50 = plog::bench::quantile(sorted, 0.5);
  result.mean = sum / static_cast<double>(kEvents);
  return result;
}

plog_client* client_with_redaction(const std::string& directory, bool on) {
  const std::string name = directory + (on ? "/on" : "/off");
  std::ofstream(name + ".yaml") << "redaction: {enabled: " << (on ? "true" : "false") << "}\n";
  setenv("PROVENLOG_CONFIG", (name + ".yaml").c_str(), 1);
  return plog::bench::open_client(name + ".db");
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void print(const char* name, const std::vector<Turn>& turns, bool last) {
  std::vector<double> p50, mean, all;
  for (const Turn& each : turns) {
    p50.push_back(each.p50);
    mean.push_back(each.mean);
    all.insert(all.end(), each.times.begin(), each.times.end());
  }
  std::sort(all.begin(), all.end());
  std::printf("\"%s\":{\"p50\":[", name);
  for (std::size_t i = 0; i < p50.size(); ++i) std::printf("%s%.0f", i == 0 ? "" : ",", p50[i]);
  std::printf("],\"mean\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f}%s", median(mean),
              plog::bench::quantile(all, 0.99), plog::bench::quantile(all, 0.999), all.back(), last ? "" : ",");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) plog::bench::die("usage: plog_bench_caller DIRECTORY [ROUNDS]");
  const std::string directory = argv[1];
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;

  const std::vector<std::string> events = plog::bench::sample_events(0, kEvents);
  std::vector<simdjson::padded_string> padded(events.begin(), events.end());
  simdjson::dom::parser parser;
  plog_client* off = client_with_redaction(directory, false);
  plog_client* on = client_with_redaction(directory, true);

  std::vector<Turn> ceiling, without, with;
  for (int round = -1; round < rounds; ++round) {  // the first round is a warm-up
    const std::string path = directory + "/ceiling";
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) plog::bench::die("cannot create " + path);
    const Turn bare = turn([&](std::uint64_t i) {
      simdjson::dom::element root;
      if (parser.parse(padded[i]).get(root) != simdjson::SUCCESS || !root.is_object())
        plog::bench::die("simdjson cannot parse the sample event");
      if (write(fd, events[i].data(), events[i].size()) != static_cast<ssize_t>(events[i].size())) {
        plog::bench::die("short write");
      }
    });
    close(fd);
    unlink(path.c_str());
    const Turn plain = turn([&](std::uint64_t i) { plog::bench::log_event(off, events[i]); });
    plog::bench::flush(off);
    const Turn redacted = turn([&](std::uint64_t i) { plog::bench::log_event(on, events[i]); });
    plog::bench::flush(on);
    if (round < 0) continue;
    ceiling.push_back(bare);
    without.push_back(plain);
    with.push_back(redacted);
  }
  plog_client_destroy(off);
  plog_client_destroy(on);

  std::printf("{\"event_bytes\":%zu,", events[0].size());
  print("ceiling", ceiling, false);
  print("off", without, false);
  print("on", with, true);
  std::printf("}\n");
  return 0;
}
