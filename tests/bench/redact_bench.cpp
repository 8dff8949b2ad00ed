// usage: plog_bench_redact FILE.jsonl...
//
// Measures redaction of recorded traffic in MB/s of event content, next to alternatives with the same patterns, and the
// cost for the caller that logs a small event.
#include <re2/re2.h>
#include <re2/set.h>

#ifdef PLOG_BENCH_VECTORSCAN
#include <hs/hs.h>
#endif

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "bench.h"
#include "json/value.h"
#include "redact/redactor.h"
#include "sample.h"

namespace {

using namespace plog;  // NOLINT(google-build-using-namespace)

// The strings of an event in one text, each followed by a separator.
struct Event {
  std::string strings;
  std::vector<std::size_t> ends;
};

void gather(const json::Value& value, Event& event) {
  const auto add = [&](const std::string& text) {
    event.strings += text;
    event.ends.push_back(event.strings.size());
    event.strings += redact::kSeparator;
  };
  if (value.is_string()) add(value.text());
  for (const json::Value& item : value.array()) gather(item, event);
  for (const auto& [key, member] : value.object()) {
    add(key);
    gather(member, event);
  }
}

// Redacts as Builder::prepare does: one scan, then a full check of each string that contains a candidate.
std::size_t redact_event(const redact::Redactor& redactor, const Event& event, std::vector<std::uint32_t>& candidates,
                         std::string& out) {
  candidates.clear();
  redactor.scan(event.strings, candidates);
  std::size_t hits = 0;
  for (const std::uint32_t at : candidates) {
    const auto end = std::lower_bound(event.ends.begin(), event.ends.end(), at);
    const std::size_t begin = end == event.ends.begin() ? 0 : *(end - 1) + 1;
    hits += redactor.redact(std::string_view(event.strings).substr(begin, *end - begin), out);
  }
  return hits;
}

double megabytes_per_second(const std::vector<Event>& events, const std::function<void(const Event&)>& work) {
  constexpr int kRounds = 9;
  std::size_t octets = 0;
  for (const Event& event : events) octets += event.strings.size();
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double start = bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (const Event& event : events) work(event);
    const double seconds = bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    best = std::max(best, static_cast<double>(octets) / seconds / 1e6);
  }
  return best;
}

double ours(const std::vector<Event>& events, redact::Profile profile) {
  redact::Options options;
  options.profile = profile;
  const auto redactor = redact::Redactor::make(options);
  std::vector<std::uint32_t> candidates;
  std::string out;
  return megabytes_per_second(events, [&](const Event& event) { redact_event(*redactor, event, candidates, out); });
}

double our_prefilter(const std::vector<Event>& events) {
  const auto redactor = redact::Redactor::make({});
  std::vector<std::uint32_t> candidates;
  return megabytes_per_second(events, [&](const Event& event) {
    candidates.clear();
    redactor->scan(event.strings, candidates);
  });
}

// The first expression of each documented detector that is in the default profile, at most 17.
std::vector<std::string> documented() {
  const std::set<std::string> names = {"email",    "aws_key", "github_token", "api_key", "bearer_token", "jwt",
                                       "ssn",      "sin",     "nino",         "visa",    "mastercard",   "amex",
                                       "discover", "iban",    "phone",        "ipv4"};
  std::vector<std::string> expressions;
  for (const redact::Detector& detector : redact::detectors()) {
    if (names.count(detector.name) == 0 || !detector.in(redact::Profile::kDefault)) continue;
    if (expressions.size() < 17) expressions.push_back(detector.expressions[0]);
  }
  return expressions;
}

double one_by_one(const std::vector<Event>& events) {
  std::vector<std::unique_ptr<RE2>> all;
  for (const std::string& expression : documented()) all.push_back(std::make_unique<RE2>(expression, RE2::Latin1));
  return megabytes_per_second(events, [&](const Event& event) {
    for (const auto& expression : all) {
      re2::StringPiece rest(event.strings);
      while (RE2::FindAndConsume(&rest, *expression)) {
      }
    }
  });
}

double set_of(const std::vector<Event>& events) {
  RE2::Options options(RE2::Latin1);
  options.set_max_mem(64 << 20);
  RE2::Set set(options, RE2::UNANCHORED);
  for (const std::string& expression : documented()) set.Add(expression, nullptr);
  if (!set.Compile()) bench::die("RE2::Set cannot compile the expressions");
  std::vector<int> found;
  return megabytes_per_second(events, [&](const Event& event) { set.Match(event.strings, &found); });
}

#ifdef PLOG_BENCH_VECTORSCAN
double vectorscan(const std::vector<Event>& events) {
  std::vector<std::string> expressions;
  for (const redact::Pattern& pattern : redact::patterns()) {
    if (pattern.detector->in(redact::Profile::kDefault) && pattern.detector->context.empty()) {
      expressions.emplace_back(pattern.expression);
    }
  }
  std::vector<const char*> texts;
  std::vector<unsigned> flags, ids;
  for (const std::string& expression : expressions) {
    texts.push_back(expression.c_str());
    ids.push_back(static_cast<unsigned>(ids.size()));
    flags.push_back(HS_FLAG_PREFILTER | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY |
                    (expression.find("\\p{") != expression.npos ? HS_FLAG_UTF8 | HS_FLAG_UCP : 0U));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()), HS_MODE_BLOCK,
                       nullptr, &database, &error) != HS_SUCCESS) {
    bench::die(std::string("Vectorscan: ") + error->message);
  }
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) bench::die("Vectorscan: cannot allocate scratch memory");
  const auto found = [](unsigned, unsigned long long, unsigned long long, unsigned, void* count) {
    ++*static_cast<std::size_t*>(count);
    return 0;
  };
  std::size_t count = 0;
  const double speed = megabytes_per_second(events, [&](const Event& event) {
    hs_scan(database, event.strings.data(), static_cast<unsigned>(event.strings.size()), 0, scratch, found, &count);
  });
  hs_free_scratch(scratch);
  hs_free_database(database);
  return speed;
}
#endif

// Microseconds for an event of about 512 bytes in ten strings without a hit, on the slowest of `threads` threads.
double small_event(int threads) {
  constexpr int kEvents = 200'000;
  Event event;
  for (int i = 0; i < 10; ++i) {
    event.strings.append(bench::sample_event(7).substr(static_cast<std::size_t>(i) * 50, 50));
    event.ends.push_back(event.strings.size());
    event.strings += redact::kSeparator;
  }
  const auto redactor = redact::Redactor::make({});
  std::vector<double> each(static_cast<std::size_t>(threads));
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&, t] {
      std::vector<std::uint32_t> candidates;
      std::string out;
      const double start = bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
      for (int i = 0; i < kEvents; ++i) redact_event(*redactor, event, candidates, out);
      each[static_cast<std::size_t>(t)] = (bench::cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start) / kEvents * 1e6;
    });
  }
  for (std::thread& thread : all) thread.join();
  return *std::max_element(each.begin(), each.end());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Event> events;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i]);
    if (!file) bench::die(std::string("cannot read ") + argv[i]);
    for (std::string line; std::getline(file, line);) gather(json::parse(line), events.emplace_back());
  }
  if (events.empty()) bench::die("usage: plog_bench_redact FILE.jsonl...");
  std::printf("{\"default\":%.1f,\"strict\":%.1f,\"pii\":%.1f,\"secrets\":%.1f",
              ours(events, redact::Profile::kDefault), ours(events, redact::Profile::kStrict),
              ours(events, redact::Profile::kPii), ours(events, redact::Profile::kSecrets));
  std::printf(",\"prefilter\":%.1f", our_prefilter(events));
  std::printf(",\"re2_one_by_one\":%.1f,\"re2_set\":%.1f", one_by_one(events), set_of(events));
#ifdef PLOG_BENCH_VECTORSCAN
  std::printf(",\"vectorscan\":%.1f", vectorscan(events));
#endif
  std::printf(",\"small_event_us\":%.3f,\"small_event_us_two_threads\":%.3f}\n", small_event(1), small_event(2));
}
