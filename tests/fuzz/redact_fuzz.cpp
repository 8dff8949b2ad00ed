// Redaction: the prefilters give the same result as plain RE2, and redaction is idempotent. The input is a few strings,
// split at the separator.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "redact/engine.h"
#include "redact/scanner.h"

namespace {

using plog::redact::Engine;
using plog::redact::kSeparator;

constexpr plog::redact::Shapes kAllShapes = ~plog::redact::Shapes{0};

const Engine& builtin() {
  static const Engine* const engine = new Engine({});
  return *engine;
}

const Engine& custom() {
  static const Engine* const engine = new Engine({true,
                                                  {{"mrn", "MRN-\\d{10}", ""},
                                                   {"kelvin", "(?i)kelvin", "<temperature>"},
                                                   {"secret", "secret\\w*", "***"},
                                                   {"edge", "^x|x$", ""},
                                                   {"class", "[\xC3\xA0-\xC3\xBF]{3}q", ""}}});
  return *engine;
}

const Engine& strict() {
  static const Engine* const engine = [] {
    plog::redact::Options options;
    options.profile = plog::redact::Profile::kStrict;
    options.pseudonym_key = "key";
    return new Engine(options);
  }();
  return *engine;
}

const Engine& personal() {
  static const Engine* const engine = [] {
    plog::redact::Options options;
    options.profile = plog::redact::Profile::kPii;
    options.keep_last = {{"visa", 4}};
    return new Engine(options);
  }();
  return *engine;
}

void require(bool condition, const char* what, const std::string& text) {
  if (condition) return;
  std::fprintf(stderr, "%s: %s\n", what, text.c_str());
  std::abort();
}

void check(const Engine& engine, const std::string& text) {
  std::string fast, plain, twice;
  const std::size_t hits = engine.redact(text, fast);
  require(hits == engine.redact_plainly(text, plain) && fast == plain, "redaction with and without prefilters differs",
          text);
  std::size_t end = 0;
  const auto findings = engine.findings(text);
  require(findings.size() == hits, "the numbers of findings and markers differ", text);
  for (const auto& finding : findings) {
    require(finding.begin >= end && finding.begin < finding.end, "findings overlap", text);
    end = finding.end;
  }
  require(end <= text.size(), "a finding ends after the end of the text", text);
  if (hits == 0) return;
  require(engine.redact(fast, twice) == 0, "a second redaction finds more", text);
  require(plog::is_utf8(fast), "the output is not UTF-8", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string strings;
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (std::size_t begin = 0; begin <= input.size();) {
    const std::size_t end = std::min(input.find(kSeparator, begin), input.size());
    const std::string text = plog::repair_utf8(input.substr(begin, end - begin));
    require(plog::redact::scan_shapes(text, kAllShapes) == plog::redact::scan_shapes_portable(text, kAllShapes),
            "the results of the scanners differ", text);
    parts.emplace_back(strings.size(), text.size());
    strings += text + kSeparator;
    begin = end + 1;
  }
  for (const Engine* engine : {&builtin(), &custom(), &strict(), &personal()}) {
    std::vector<std::uint32_t> candidates;
    engine->scan(strings, candidates);
    std::size_t next = 0;
    for (const auto& [begin, length] : parts) {
      const std::string text = strings.substr(begin, length);
      check(*engine, text);
      std::string out;
      const bool candidate = next < candidates.size() && candidates[next] < begin + length;
      if (candidate) require(candidates[next++] >= begin, "a candidate is outside its string", text);
      require(candidate || engine->redact(text, out) == 0, "a string with a hit is not a candidate", text);
    }
    require(next == candidates.size(), "there are two candidates in one string", strings);
  }
  return 0;
}
