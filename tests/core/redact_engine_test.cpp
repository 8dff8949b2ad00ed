// Tests the engine: prefilters, overlaps, markers, custom rules, threads.
#include "redact/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "base/encoding.h"
#include "base/error.h"
#include "redact/compiled.h"
#include "redact/scanner.h"

namespace plog::redact {
namespace {

using ::testing::HasSubstr;

constexpr Shapes kAllShapes = ~Shapes{0};

std::string redacted(const Redactor& redactor, std::string_view text) {
  std::string out(text);
  redactor.redact(text, out);
  return out;
}

// Random text assembled from parts of secrets, near misses, markers and their neighbours. Most errors occur at the
// edges between such parts.
class TextSource {
 public:
  explicit TextSource(unsigned seed) : random_(seed) {}

  std::string next() {
    static constexpr std::string_view kPieces[] = {"4111111111111111",
                                                   "4111 1111 1111 1111",
                                                   "5555-5555-5555-4444",
                                                   "378282246310005",
                                                   "6011111111111117",
                                                   "4111",
                                                   "1111",
                                                   " 1111",
                                                   "-1111",
                                                   "123-45-6789",
                                                   "123456789",
                                                   "SSN ",
                                                   "SIN: ",
                                                   "046 454 286",
                                                   "046454286",
                                                   "555-123-4567",
                                                   "(555) 123-4567",
                                                   "+1 415 555 2671",
                                                   "+442079460958",
                                                   "+",
                                                   "192.168.1.1",
                                                   "10.0.0.",
                                                   ".",
                                                   "-",
                                                   " ",
                                                   "(",
                                                   ")",
                                                   "1",
                                                   "23",
                                                   "456",
                                                   "7890",
                                                   "AB123456C",
                                                   "AB 12 34 56 C",
                                                   "GB29 NWBK 6016 1331 9268 19",
                                                   "DE89370400440532013000",
                                                   "jane@example.com",
                                                   "@",
                                                   "a.b",
                                                   "example.org",
                                                   "x@y",
                                                   "AKIA",
                                                   "IOSFODNN7EXAMPLE",
                                                   "ghp_",
                                                   "github_pat_",
                                                   "16C7e42F292c6912E7710c838347Ae178B4a",
                                                   "sk-",
                                                   "sk_live_",
                                                   "pk-",
                                                   "abcdefghijklmnopqrst",
                                                   "Bearer ",
                                                   "bearer\t",
                                                   "abcdef123456",
                                                   "eyJhbGciOiJub25lIn0",
                                                   ".eyJpc3MiOiJqb2UifQ",
                                                   ".",
                                                   "eyJ",
                                                   "_",
                                                   "x",
                                                   "Z",
                                                   "\xC3\xA9",
                                                   "\xE3\x81\xA7",
                                                   "\xF0\x9F\x92\xA9",
                                                   "[REDACTED:email]",
                                                   "[REDACTED:",
                                                   "]",
                                                   "\n",
                                                   ", ",
                                                   "/",
                                                   "=",
                                                   "\"",
                                                   "2026-02-17T00:00:00Z",
                                                   "550e8400-e29b-41d4-a716-446655440000",
                                                   "0.4111111111111111",
                                                   "MRN-0123456789",
                                                   "MRN-",
                                                   "kelvin",
                                                   "\xE2\x84\xAA"
                                                   "elvin",
                                                   "secret",
                                                   "SECRET",
                                                   "v1.2.3.4",
                                                   "\\u0040",
                                                   "\\u000a",
                                                   "\\u00e9",
                                                   "\\uff1a",
                                                   "\\ud83d\\ude00",
                                                   "prose of some length"};
    std::string text;
    for (unsigned i = std::uniform_int_distribution<unsigned>(1, 12)(random_); i > 0; --i) {
      text += kPieces[std::uniform_int_distribution<std::size_t>(0, std::size(kPieces) - 1)(random_)];
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

Options with_rules(std::vector<Rule> rules) { return {true, std::move(rules)}; }

std::vector<Rule> some_rules() {
  return {{"mrn", "MRN-\\d{10}", ""},  {"kelvin", "(?i)kelvin", "<temperature>"}, {"secret", "secret\\w*", "***"},
          {"digits", "\\b77\\d+", ""}, {"emoji", "\xF0\x9F\x92\xA9+", ""},        {"edge", "^x|x$", ""}};
}

TEST(Engine, GivesTheSameResultWithAndWithoutItsPrefilters) {
  TextSource source(1);
  const Engine builtin{Options{}}, custom(with_rules(some_rules())), only_custom(Options{false, some_rules()});
  for (int i = 0; i < 5000; ++i) {
    const std::string text = source.next();
    for (const Engine* engine : {&builtin, &custom, &only_custom}) {
      std::string fast, plain;
      const std::size_t hits = engine->redact(text, fast);
      ASSERT_EQ(hits, engine->redact_plainly(text, plain)) << text;
      ASSERT_EQ(fast, plain) << text;
      std::vector<std::uint32_t> candidates;
      engine->scan(text + kSeparator, candidates);
      ASSERT_GE(candidates.size(), hits > 0 ? 1U : 0U) << text;
      ASSERT_LE(candidates.size(), 1U) << text;
    }
    ASSERT_EQ(scan_shapes(text, kAllShapes), scan_shapes_portable(text, kAllShapes)) << text;
  }
}

TEST(Engine, LeavesNothingToRedactInItsOutput) {
  TextSource source(2);
  const Engine builtin{Options{}}, custom(with_rules(some_rules()));
  for (int i = 0; i < 20000; ++i) {
    const std::string text = source.next();
    for (const Engine* engine : {&builtin, &custom}) {
      std::string once, twice;
      if (engine->redact(text, once) == 0) continue;
      ASSERT_EQ(engine->redact(once, twice), 0U) << text << "\n" << once << "\n" << twice;
      ASSERT_TRUE(is_utf8(once)) << once;
    }
  }
}

TEST(Engine, FindsTheSameCandidatesInStringsSideBySideAsOneByOne) {
  TextSource source(3);
  const Engine engine(with_rules(some_rules()));
  for (int i = 0; i < 2000; ++i) {
    std::string strings;
    std::vector<std::pair<std::size_t, std::size_t>> must;  // ranges of strings with a hit
    for (int n = 0; n < 12; ++n) {
      const std::string text = n % 5 == 4 ? "" : source.next();
      std::string out;
      if (engine.redact(text, out) > 0) must.push_back({strings.size(), strings.size() + text.size()});
      strings += text + kSeparator;
    }
    std::vector<std::uint32_t> candidates = {7};
    engine.scan(strings, candidates);
    ASSERT_EQ(candidates[0], 7U);
    for (std::size_t k = 1; k + 1 < candidates.size(); ++k) {
      ASSERT_LT(candidates[k], candidates[k + 1]);
      ASSERT_NE(strings.substr(candidates[k], candidates[k + 1] - candidates[k]).find(kSeparator), std::string::npos);
    }
    for (const auto& [begin, end] : must) {
      ASSERT_TRUE(std::any_of(candidates.begin() + 1, candidates.end(), [&, from = begin, to = end](std::uint32_t at) {
        return at >= from && at < to;
      })) << strings.substr(begin, end - begin);
    }
  }
}

TEST(Engine, SeesWhatStandsBehindAnEscapeOfAnyCharacter) {
  const Engine engine{Options{}};
  const char* const kEscapes[] = {"\\n",     "\\u0040", "\\u000a",        "\\u00e9",   "\\u20ac",
                                  "\\uff1a", "\\u4e2d", "\\ud83d\\ude00", "\\\\u0021", "\\u1234"};
  for (const char* hit : {"4111 1111 1111 1111", "4111111111111111", "555-123-4567", "192.168.1.1", "123-45-6789"}) {
    for (const std::string escape : kEscapes) {
      for (const std::string& text :
           {escape + hit, "x " + escape + hit, escape + hit + escape + "and so on, to the end"}) {
        std::string out, plain;
        EXPECT_EQ(engine.redact(text, out), 1U) << text;
        EXPECT_EQ(out.find("11"), std::string::npos) << out;
        EXPECT_EQ(out.compare(0, 2, text, 0, 2), 0) << out;
        engine.redact_plainly(text, plain);
        EXPECT_EQ(out, plain);
        std::vector<std::uint32_t> candidates;
        engine.scan(text + kSeparator, candidates);
        EXPECT_EQ(candidates.size(), 1U) << text;
      }
    }
  }
}

TEST(Engine, TakesNoCandidatesFromEverydayStrings) {
  const Engine engine{Options{}};
  std::string strings;
  for (std::string_view text :
       {"To begin, we need more details about the function that needs an implementation, e.g. its tests.",
        "550e8400-e29b-41d4-a716-446655440000", "2026-02-17T00:00:00.000000Z", "1700000000123", "0.4111111111111111",
        "d670460b4b4aece5915caf5c68d12f560a9fe3e4", "v1.2.3", "ls -la /usr/lib/python3/dist-packages", "@app.route",
        "{\"a\": [1, 2, 3.5], \"b\": \"12:30\"}", "sk-learn", "bearer of news", "snake_case_name",
        "MAJOR.MINOR.PATCH"}) {
    strings.append(text) += kSeparator;
  }
  std::vector<std::uint32_t> candidates;
  engine.scan(strings, candidates);
  EXPECT_TRUE(candidates.empty()) << strings.substr(candidates.empty() ? 0 : candidates[0], 20);
}

TEST(Engine, NeverMatchesAcrossTheSeparator) {
  const Engine engine{Options{}};
  std::string strings = std::string("4111 1111") + kSeparator + "1111 1111" + kSeparator + "jane@" + kSeparator +
                        "example.com" + kSeparator + "Bearer " + kSeparator + "abcdef123456" + kSeparator;
  std::vector<std::uint32_t> candidates;
  engine.scan(strings, candidates);
  EXPECT_TRUE(candidates.empty());
}

TEST(Engine, LeavesTheOutputAloneWithoutHits) {
  std::string out = "before";
  EXPECT_EQ(Redactor::make({})->redact("nothing here", out), 0U);
  EXPECT_EQ(out, "before");
  EXPECT_EQ(Redactor::make({})->redact("", out), 0U);
  EXPECT_EQ(out, "before");
}

TEST(Engine, PrefersTheLeftmostThenTheLongestThenTheMostSpecificHit) {
  const auto builtin = Redactor::make({});
  EXPECT_EQ(redacted(*builtin, "4111111111111111@example.com"), "[REDACTED:email]");
  EXPECT_EQ(redacted(*builtin, "+1 555-123-4567"), "[REDACTED:phone]");
  // For the same bytes, the custom rule names the marker.
  const auto custom = Redactor::make(with_rules({{"pan", "\\d{16}", ""}}));
  EXPECT_EQ(redacted(*custom, "4111111111111111"), "[REDACTED:pan]");
}

TEST(Engine, HidesAllOfHitsThatOverlap) {
  const auto redactor = Redactor::make(with_rules({{"left", "abc", ""}, {"right", "cde", ""}}));
  std::string out;
  EXPECT_EQ(redactor->redact("xabcdex", out), 1U);
  EXPECT_EQ(out, "x[REDACTED:left]x");
}

TEST(Engine, FindsWhatAMarkerUncovers) {
  // A letter stands next to the card number until the first rule replaces it.
  const auto redactor = Redactor::make(with_rules({{"foo", "foo", ""}}));
  EXPECT_EQ(redacted(*redactor, "foo4111111111111111foo"), "[REDACTED:foo][REDACTED:visa][REDACTED:foo]");
}

TEST(Engine, HidesAWholePieceWhenUncoveringGoesOnForEver) {
  // Each round uncovers one more "bar" at the end.
  const auto redactor = Redactor::make(with_rules({{"foo", "foo", ""}, {"bar", "bar\\b", ""}}));
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "bar";
  std::string out, again;
  EXPECT_GT(redactor->redact(text + "foo", out), 0U);
  EXPECT_THAT(out, ::testing::Not(HasSubstr("barbar")));
  EXPECT_EQ(redactor->redact(out, again), 0U);
}

TEST(Engine, ComesToAnEndWhenAReplacementMakesNewHits) {
  const auto redactor = Redactor::make({false, {{"r", "ab", "b"}, {"s", "x", ""}}});
  EXPECT_EQ(redacted(*redactor, "aab"), "b");
  EXPECT_EQ(redacted(*redactor, "caaaaaaaaaaaaaaaab"), "b");
  EXPECT_EQ(redacted(*redactor, "cccxcaaaaaaaaaaaaaaaab"), "ccc[REDACTED:s]b");
}

TEST(Engine, ComesToAnEndWhenReplacementsMakeMarkers) {
  const auto redactor = Redactor::make({false, {{"close", "!+", "]"}, {"open", "@+", "[REDACTED:"}, {"s", "x", ""}}});
  std::string out, again;
  for (const char* text : {"[REDACTED:s!!x", "@@s!!x!@s@s!", "@@@@s!x!@@s]!"}) {
    EXPECT_GT(redactor->redact(text, out), 0U);
    EXPECT_EQ(redactor->redact(out, again), 0U) << out;
  }
}

TEST(Engine, LooksIntoNoMarkerThatItKnows) {
  const auto redactor = Redactor::make(with_rules({{"word", "\\b[a-zA-Z]{5,}\\b", ""}, {"key-1", "K\\d+", ""}}));
  for (const char* text : {"[REDACTED:email]", "[REDACTED:word]", "[REDACTED:key-1]", "[REDACTED:github_token]"}) {
    EXPECT_EQ(redacted(*redactor, text), text);
  }
  EXPECT_EQ(redacted(*redactor, "hello [REDACTED:email] a"), "[REDACTED:word] [REDACTED:email] a");
}

TEST(Engine, LooksIntoMarkersThatItDoesNotKnow) {
  // Otherwise text in the form of a marker could smuggle a secret out.
  const auto redactor = Redactor::make({});
  EXPECT_THAT(redacted(*redactor, "[REDACTED:4111111111111111]"), ::testing::Not(HasSubstr("4111")));
  EXPECT_THAT(redacted(*redactor, "[REDACTED:email 4111111111111111"), ::testing::Not(HasSubstr("4111")));
}

TEST(Engine, KeepsTextOfAllScriptsAroundHits) {
  const auto redactor = Redactor::make({});
  for (const char* side :
       {"\u00e9", "\u3067\u3059", "\U0001F4A9", "\u0645\u0631\u062d\u0628\u0627", "\u00ab", "\u2014"}) {
    const std::string s = side;
    EXPECT_EQ(redacted(*redactor, s + "192.168.1.1" + s), s + "[REDACTED:ipv4]" + s);
    EXPECT_EQ(redacted(*redactor, s + "4111111111111111" + s), s + "[REDACTED:visa]" + s);
    EXPECT_EQ(redacted(*redactor, s + "123-45-6789" + s), s + "[REDACTED:ssn]" + s);
  }
}

TEST(Engine, TakesTimeInProportionToTheTextOnly) {
  // Each text would take minutes if a search started again at every byte.
  constexpr std::size_t kSize = 256 << 10, kPlainSize = 2 << 10;
  const auto repeat = [](std::string_view piece, std::size_t size) {
    std::string text;
    while (text.size() < size) text += piece;
    return text;
  };
  const auto redactor = Redactor::make({});
  const Engine engine{Options{}};
  for (std::string_view piece : {"a",
                                 "1",
                                 "@",
                                 "a@",
                                 "a@b.",
                                 "a@b.png ",
                                 "eyJ",
                                 "eyJaaaaa.",
                                 "eyJaaaaaa.eyJaaaaaa",
                                 "ask-",
                                 "sk-sk-",
                                 "sk-a b",
                                 "bearer ",
                                 "Bearer aaaaaaaa",
                                 "1.",
                                 "1-",
                                 "+1",
                                 "+1-",
                                 "(1)",
                                 "4111 ",
                                 "41111111",
                                 "123 456 789 ",
                                 "A",
                                 "AKIA",
                                 "AB12",
                                 "GB29 ",
                                 "GB29GB29",
                                 "[REDACTED:",
                                 "[REDACTED:email",
                                 "ghp_",
                                 "github_pat_",
                                 "\xC3\xA9",
                                 "a.b@",
                                 "SSN 1",
                                 "555-123-",
                                 "ssn 123456789 "}) {
    std::string out, plain;
    redactor->redact(repeat(piece, kSize), out);
    const std::string text = repeat(piece, kPlainSize);
    EXPECT_EQ(engine.redact_plainly(text, plain), redactor->redact(text, out)) << piece;
  }
}

TEST(Engine, TakesTimeInProportionToTheTextAlsoWithARuleThatLooksFarAhead) {
  const auto redactor = Redactor::make({false, {{"far", "a.*b|a", "."}}});
  const std::string text(256 << 10, 'a');
  std::string out;
  EXPECT_EQ(redactor->redact(text, out), text.size());
  EXPECT_EQ(out, std::string(text.size(), '.'));
  // A later round finds a hit that is longer than the view.
  const std::string far = std::string(1000, 'a') + "\n" + "a" + std::string(5000, 'x') + "b";
  EXPECT_GT(redactor->redact(far, out), 1000U);
  EXPECT_EQ(out.find('a'), out.npos);
}

TEST(Engine, GivesEachThreadTheSameResult) {
  const auto redactor = Redactor::make(with_rules(some_rules()));
  TextSource source(4);
  std::vector<std::string> texts, expected;
  for (int i = 0; i < 300; ++i) {
    texts.push_back(source.next());
    expected.push_back(redacted(*redactor, texts.back()));
  }
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 5; ++round) {
        for (std::size_t i = 0; i < texts.size(); ++i) wrong[t] += redacted(*redactor, texts[i]) != expected[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(Engine, KeepsFewCompiledRulesWhenRedactorsComeAndGo) {
  for (int i = 0; i < 2000; ++i) {
    const auto redactor = Redactor::make(with_rules({{"n", "secret-" + std::to_string(i) + "\\b", ""}}));
    ASSERT_EQ(redacted(*redactor, "a secret-" + std::to_string(i)), "a [REDACTED:n]");
    ASSERT_LE(cached_owners(), 2U);
  }
}

TEST(Engine, KeepsABoundedNumberOfCompiledRulesWhenAllLive) {
  std::vector<std::shared_ptr<const Redactor>> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back(Redactor::make(with_rules({{"n", "secret-" + std::to_string(i) + "\\b", ""}})));
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 50; ++i) {
      ASSERT_EQ(redacted(*all[static_cast<std::size_t>(i)], "secret-" + std::to_string(i)), "[REDACTED:n]");
    }
  }
  EXPECT_LE(cached_owners(), 16U);
}

struct RedactsAtThreadExit {
  std::string* result = nullptr;
  ~RedactsAtThreadExit() {
    if (result != nullptr) *result = redacted(*Redactor::make({}), "jane@example.com");
  }
};

TEST(Engine, WorksWhileAThreadEnds) {
  std::string result;
  std::thread([&] {
    static thread_local RedactsAtThreadExit at_exit;  // created first, so destroyed after the cache of patterns
    at_exit.result = &result;
    std::string out;
    Redactor::make({})->redact("jane@example.com", out);
  }).join();
  EXPECT_EQ(result, "[REDACTED:email]");
}

// ---- Custom rules

TEST(CustomRules, AreAddedToTheBuiltInPatterns) {
  const auto redactor = Redactor::make(with_rules({{"mrn", "MRN-\\d{10}", "[REDACTED:mrn]"}}));
  EXPECT_EQ(redacted(*redactor, "MRN-0123456789 jane@example.com"), "[REDACTED:mrn] [REDACTED:email]");
  EXPECT_EQ(redacted(*redactor, "mrn-0123456789"), "mrn-0123456789");
}

TEST(CustomRules, StandAloneWithTheBuiltInPatternsOff) {
  const auto redactor = Redactor::make({false, {{"mrn", "MRN-\\d{10}", ""}}});
  EXPECT_EQ(redacted(*redactor, "MRN-0123456789 jane@example.com"), "[REDACTED:mrn] jane@example.com");
  EXPECT_TRUE(redactor->active());
}

TEST(CustomRules, MayBeAbsentAltogether) {
  const auto redactor = Redactor::make({false, {}});
  EXPECT_FALSE(redactor->active());
  std::string out;
  EXPECT_EQ(redactor->redact("jane@example.com", out), 0U);
  std::vector<std::uint32_t> candidates;
  redactor->scan(std::string("jane@example.com") + kSeparator, candidates);
  EXPECT_TRUE(candidates.empty());
}

TEST(CustomRules, ReplaceLiterally) {
  const auto redactor = Redactor::make(with_rules({{"n", "key=(\\w+)", "<\\1 $0 hidden>"}}));
  EXPECT_EQ(redacted(*redactor, "key=abc"), "<\\1 $0 hidden>");
}

TEST(CustomRules, SeeEdgesOfTheString) {
  const auto redactor = Redactor::make(with_rules({{"first", "^token .", ""}, {"last", "tail$", ""}}));
  EXPECT_EQ(redacted(*redactor, "token x token y tail"), "[REDACTED:first] token y [REDACTED:last]");
}

TEST(CustomRules, MatchLettersThatOnlyUnicodeFoldsTogether) {
  const auto redactor = Redactor::make(with_rules({{"k", "(?i)kelvin-secret", ""}}));
  EXPECT_EQ(redacted(*redactor, "\u212Aelvin-\u017Fecret"), "[REDACTED:k]");
  EXPECT_EQ(redacted(*redactor, "KELVIN-SECRET"), "[REDACTED:k]");
}

TEST(CustomRules, MayBe256) {
  std::vector<Rule> rules;
  for (int i = 0; i < 256; ++i) rules.push_back({"r" + std::to_string(i), "word" + std::to_string(i) + "\\b", ""});
  const auto redactor = Redactor::make(with_rules(rules));
  EXPECT_EQ(redacted(*redactor, "word0 word255 word256"), "[REDACTED:r0] [REDACTED:r255] word256");
}

std::string refusal(Options options) {
  try {
    Redactor::make(std::move(options));
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kConfig);
    return error.what();
  }
  return "accepted";
}

TEST(CustomRules, AreRefusedWithTheirNameAndTheReason) {
  const struct {
    Rule rule;
    const char* reason;
  } kCases[] = {
      {{"", "x", ""}, "bad name"},
      {{"a b", "x", ""}, "bad name"},
      {{std::string(65, 'a'), "x", ""}, "bad name"},
      {{"r", "", ""}, "\"r\": the pattern is empty"},
      {{"r", std::string(4097, 'x'), ""}, "\"r\": the pattern is longer than 4096 bytes"},
      {{"r", "(?=x)y", ""}, "\"r\": RE2 does not accept the pattern"},
      {{"r", "(a)\\1", ""}, "\"r\": RE2 does not accept the pattern"},
      {{"r", "a(", ""}, "\"r\": RE2 does not accept the pattern"},
      {{"r", "\xFF", ""}, "\"r\": the pattern is not valid UTF-8"},
      {{"r", "a\\C", ""}, "\"r\": \\C (any byte)"},
      {{"r", "\\pL{1000}", ""}, "\"r\": the pattern is too large"},
      {{"r",
        "a{999}b{999}c{999}d{999}e{999}f{999}g{999}h{999}i{999}j{999}k{999}l{999}m{999}n{999}o{999}p{999}q{999}"
        "r{999}s{999}t{999}u{999}v{999}",
        ""},
       "\"r\": the pattern is too large"},
      {{"r", "a*", ""}, "\"r\": the pattern can match the empty string"},
      {{"r", "x|$", ""}, "\"r\": the pattern can match the empty string"},
      {{"r", "\\b", ""}, "\"r\": the pattern can match the empty string"},
      {{"r", "\\Bx?\\B", ""}, "\"r\": the pattern can match the empty string"},
      {{"r", "(?m)^x?$", ""}, "\"r\": the pattern can match the empty string"},
      {{"r", "x", std::string(1025, 'y')}, "\"r\": the replacement is longer than 1024 bytes"},
      {{"r", "x", "\xC3"}, "\"r\": the replacement is not valid UTF-8"},
      {{"r", "x+", "xxx"}, "\"r\": its replacement would itself be redacted by the rule \"r\""},
      {{"r", "x", "jane@example.com"}, "\"r\": its replacement would itself be redacted by the rule \"email\""},
  };
  for (const auto& c : kCases) EXPECT_THAT(refusal(with_rules({c.rule})), HasSubstr(c.reason)) << c.rule.pattern;
}

TEST(CustomRules, AreRefusedWhenOneWouldHitTheReplacementOfAnother) {
  EXPECT_THAT(refusal(with_rules({{"one", "x", "<hidden>"}, {"two", "hidden", ""}})),
              HasSubstr("\"one\": its replacement would itself be redacted by the rule \"two\""));
}

TEST(CustomRules, AreRefusedBeyond256) {
  EXPECT_THAT(refusal(with_rules(std::vector<Rule>(257, Rule{"r", "x", ""}))), HasSubstr("more than 256"));
}

TEST(CustomRules, NeverPutTheTextOfAPatternIntoTheOutput) {
  const auto redactor = Redactor::make(with_rules({{"n", "hunter[0-9]", "x"}}));
  EXPECT_EQ(redacted(*redactor, "hunter2"), "x");
}

}  // namespace
}  // namespace plog::redact
