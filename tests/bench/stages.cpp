// The stages of log_event one by one, for profiling. Not part of the figures of `make bench`.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <string>

#include "base/encoding.h"
#include "base/file.h"
#include "client/client.h"
#include "event/builder.h"
#include "event/canonical_input.h"
#include "event/json_input.h"
#include "json/reader.h"
#include "redact/redactor.h"
#include "sample.h"
#include "spool/journal.h"

namespace {

using plog::bench::sample_event;

// A handler that only counts bytes.
class Nothing final : public plog::json::Handler {
 public:
  void key(std::string_view text) override { octets += text.size(); }
  void string(std::string_view text) override { octets += text.size(); }
  void number(std::string_view literal) override { octets += literal.size(); }
  void boolean(bool) override {}
  void null() override {}
  void begin_object() override {}
  void end_object() override {}
  void begin_array() override {}
  void end_array() override {}
  void repaired(std::string_view) override {}
  std::size_t octets = 0;
};

plog::event::Defaults defaults(bool redaction) {
  plog::event::Defaults result;
  result.source = "sdk";
  result.capture_method = "embedded";
  if (redaction) result.redactor = plog::redact::Redactor::make({});
  return result;
}

void simdjson_dom(benchmark::State& state) {
  const simdjson::padded_string text(sample_event(1));
  simdjson::dom::parser parser;
  for (auto _ : state) {
    simdjson::dom::element root;
    if (parser.parse(text).get(root) != simdjson::SUCCESS)
      state.SkipWithError("simdjson cannot parse the sample event");
    benchmark::DoNotOptimize(root);
  }
}
BENCHMARK(simdjson_dom);

void read_json(benchmark::State& state) {
  const std::string text = sample_event(1);
  plog::json::Reader reader;
  Nothing nothing;
  for (auto _ : state) reader.read(text, nothing);
  benchmark::DoNotOptimize(nothing.octets);
}
BENCHMARK(read_json);

void read_into_builder(benchmark::State& state) {
  const std::string text = sample_event(1);
  plog::json::Reader reader;
  plog::event::Builder builder;
  for (auto _ : state) {
    builder.reset();
    plog::event::read_event(reader, text, builder);
  }
}
BENCHMARK(read_into_builder);

void prepare(benchmark::State& state) {
  const std::string text = sample_event(1);
  const plog::event::Defaults wishes = defaults(state.range(0) != 0);
  plog::json::Reader reader;
  plog::event::Builder builder;
  for (auto _ : state) {
    builder.reset();
    plog::event::read_event(reader, text, builder);
    plog::event::Effects effects;
    benchmark::DoNotOptimize(builder.prepare(wishes, effects));
  }
}
BENCHMARK(prepare)->ArgName("redaction")->Arg(0)->Arg(1);

// The same event, already prepared by a client with the same rules.
void accept_canonical(benchmark::State& state) {
  const plog::event::Defaults wishes = defaults(state.range(0) != 0);
  plog::json::Reader reader;
  plog::event::Builder builder;
  plog::event::Effects effects;
  plog::event::read_event(reader, sample_event(1), builder);
  const plog::event::Prepared sent = builder.prepare(wishes, effects);
  const std::string canonical(sent.canonical), warnings(sent.warnings);
  for (auto _ : state) {
    benchmark::DoNotOptimize(plog::event::accept_canonical(reader, {canonical, warnings}, wishes, builder, effects));
  }
}
BENCHMARK(accept_canonical)->ArgName("redaction")->Arg(0)->Arg(1);

void prepare_and_encode(benchmark::State& state) {
  const std::string text = sample_event(1);
  const plog::event::Defaults wishes = defaults(state.range(0) != 0);
  plog::json::Reader reader;
  plog::event::Builder builder;
  std::string record;
  std::uint32_t crc = 0;
  for (auto _ : state) {
    builder.reset();
    plog::event::read_event(reader, text, builder);
    plog::event::Effects effects;
    const plog::event::Prepared event = builder.prepare(wishes, effects);
    record.assign(plog::spool::kRecordHeader, '\0');
    plog::event::encode(event, record);
    crc = plog::crc32c(record.data() + plog::spool::kRecordHeader, record.size() - plog::spool::kRecordHeader, crc);
  }
  benchmark::DoNotOptimize(crc);
}
BENCHMARK(prepare_and_encode)->ArgName("redaction")->Arg(0)->Arg(1);

void scan_for_secrets(benchmark::State& state) {
  const auto redactor = plog::redact::Redactor::make({});
  const std::string text = sample_event(1) + plog::redact::kSeparator;
  std::vector<std::uint32_t> candidates;
  for (auto _ : state) {
    candidates.clear();
    redactor->scan(text, candidates);
    benchmark::DoNotOptimize(candidates.data());
  }
}
BENCHMARK(scan_for_secrets);

void write_512(benchmark::State& state) {
  const std::string text = sample_event(1);
  char path[] = "/tmp/plog-bench-XXXXXX";
  const int fd = mkstemp(path);
  unlink(path);
  std::int64_t size = 0;
  for (auto _ : state) {
    if (write(fd, text.data(), text.size()) < 0) state.SkipWithError("write(2) failed");
    size += static_cast<std::int64_t>(text.size());
    if (size > 64 << 20) {
      state.PauseTiming();
      size = ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 ? 0 : size;
      state.ResumeTiming();
    }
  }
  close(fd);
}
BENCHMARK(write_512);

void journal_append(benchmark::State& state) {
  char path[] = "/tmp/plog-bench-XXXXXX";
  const std::string directory = std::string(mkdtemp(path)) + "/journal";
  {
    plog::spool::Journal journal(directory);
    std::uint64_t number = 0;
    std::string record(plog::spool::kRecordHeader + 900, 'x');
    for (auto _ : state) {
      journal.append(record, 0, ++number);
      if (number % 16000 != 0) continue;
      for (const auto& drained : journal.take_before(journal.end())) unlink(drained.path.c_str());
    }
    journal.remove();
  }
  rmdir(directory.c_str());
  rmdir(path);
}
BENCHMARK(journal_append);

}  // namespace

BENCHMARK_MAIN();
