#include "json/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/error.h"

namespace plog::json {
namespace {

// Records all calls in one line of text.
class Recorder : public Handler {
 public:
  void key(std::string_view text) override { add("k:", text); }
  void string(std::string_view text) override { add("s:", text); }
  void number(std::string_view literal) override { add("n:", literal); }
  void boolean(bool value) override { add(value ? "true" : "false", {}); }
  void null() override { add("null", {}); }
  void begin_object() override { begin("{"); }
  void end_object() override { end("}"); }
  void begin_array() override { begin("["); }
  void end_array() override { end("]"); }
  void repaired(std::string_view code) override { add("!", code); }
  bool enter() override { return depth_ <= deepest_; }

  explicit Recorder(int deepest = 1 << 30) : deepest_(deepest) {}
  const std::string& calls() const { return calls_; }

 private:
  void add(std::string_view kind, std::string_view text) {
    if (!calls_.empty()) calls_ += ' ';
    calls_ += kind;
    calls_ += text;
  }
  void begin(std::string_view bracket) {
    ++depth_;
    add(bracket, {});
  }
  void end(std::string_view bracket) {
    --depth_;
    add(bracket, {});
  }
  std::string calls_;
  int depth_ = 0;
  int deepest_;
};

// Only counts the calls; for large texts.
class Counter final : public Handler {
 public:
  void key(std::string_view) override { ++values; }
  void string(std::string_view) override { ++values; }
  void number(std::string_view) override { ++values; }
  void boolean(bool) override { ++values; }
  void null() override { ++values; }
  void begin_object() override { deepest = std::max(deepest, ++depth); }
  void end_object() override { --depth; }
  void begin_array() override { deepest = std::max(deepest, ++depth); }
  void end_array() override { --depth; }
  void repaired(std::string_view) override {}
  std::size_t values = 0;
  std::size_t depth = 0;
  std::size_t deepest = 0;
};

std::string read(std::string_view text, int deepest = 1 << 30) {
  Recorder recorder(deepest);
  try {
    Reader().read(text, recorder);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kInvalid);
    return error.what();
  }
  return recorder.calls();
}

TEST(Reader, TellsEveryValueInOrder) {
  EXPECT_EQ(read(R"({"a":1,"b":[true,false,null,"x",-1.5e3],"c":{}, "d" : [ ] })"),
            "{ k:a n:1 k:b [ true false null s:x n:-1.5e3 ] k:c { } k:d [ ] }");
}

TEST(Reader, TakesAScalarAsATextOfItsOwn) {
  EXPECT_EQ(read("1"), "n:1");
  EXPECT_EQ(read(" \"x\"\r\n"), "s:x");
  EXPECT_EQ(read("\tnull "), "null");
  EXPECT_EQ(read("\"\""), "s:");
}

TEST(Reader, KeepsDuplicateKeysAndNumbersAsTheyAreWritten) {
  EXPECT_EQ(read(R"({"a":1.0,"a":10000000000000000000000})"), "{ k:a n:1.0 k:a n:10000000000000000000000 }");
}

TEST(Reader, DecodesEscapesInKeysAndValues) {
  EXPECT_EQ(read(R"({"\u0061\n":"\"q\" \u20ac","b":"plain","c":"\\"})"),
            "{ k:a\n s:\"q\" \xE2\x82\xAC k:b s:plain k:c s:\\ }");
}

TEST(Reader, SkipsAByteOrderMark) {
  EXPECT_EQ(read("\xEF\xBB\xBF[1]"), "[ n:1 ]");
  EXPECT_EQ(read("\xEF\xBB\xBF[1"), "malformed JSON at byte 5: the text ends where ',' or ']' was expected");
  EXPECT_EQ(read("\xEF\xBB\xBF\xEF\xBB\xBF[1]"), "malformed JSON at byte 3: expected a value");
}

TEST(Reader, MalformedTextIsToldWithItsPlace) {
  const struct {
    std::string_view text;
    std::size_t position;
    const char* reason;
  } cases[] = {
      {"", 0, "the text ends where a value was expected"},
      {" \n ", 3, "the text ends where a value was expected"},
      {"{", 1, "the text ends where a key was expected"},
      {"[", 1, "the text ends where a value was expected"},
      {"[1", 2, "the text ends where ',' or ']' was expected"},
      {"[1,", 3, "the text ends where a value was expected"},
      {"{\"a\"", 4, "the text ends where ':' was expected"},
      {"{\"a\":", 5, "the text ends where a value was expected"},
      {"{\"a\":1", 6, "the text ends where ',' or '}' was expected"},
      {"{\"a\":1,", 7, "the text ends where a key was expected"},
      {"[1,]", 3, "expected a value"},
      {"[,1]", 1, "expected a value"},
      {"[1 2]", 3, "expected ',' or ']'"},
      {"[1}", 2, "expected ',' or ']'"},
      {"{\"a\":1]", 6, "expected ',' or '}'"},
      {"{\"a\":1,}", 7, "expected a key"},
      {"{,}", 1, "expected a key"},
      {"{1:2}", 1, "expected a key"},
      {"{a:2}", 1, "expected a key"},
      {"{\"a\" 1}", 5, "expected ':'"},
      {"{\"a\",1}", 4, "expected ':'"},
      {"{\"a\"::1}", 5, "expected a value"},
      {"[1]]", 3, "unexpected content after the value"},
      {"{} {}", 3, "unexpected content after the value"},
      {"1 1", 2, "unexpected content after the value"},
      {"1,", 1, "unexpected content after the value"},
      {"\"a\"x", 3, "unexpected content after the value"},
      {"\"a\"\"b\"", 3, "unexpected content after the value"},
      {"]", 0, "expected a value"},
      {":", 0, "expected a value"},
      {"[01]", 1, "invalid number"},
      {"[1.]", 1, "invalid number"},
      {"[-]", 1, "invalid number"},
      {"[1\"a\"]", 1, "invalid number"},
      {"[.5]", 1, "expected a value"},
      {"[+1]", 1, "expected a value"},
      {"[NaN]", 1, "expected a value"},
      {"[nul]", 1, "expected a value"},
      {"[nulll]", 1, "expected a value"},
      {"[True]", 1, "expected a value"},
      {"[true\"x\"]", 1, "expected a value"},
      {"['a']", 1, "expected a value"},
      {"[1/*x*/]", 1, "invalid number"},
      {"[\"abc", 1, "unterminated string"},
      {"[\"abc\\\"]", 1, "unterminated string"},
      {"[\"a\", \"bc]", 6, "unterminated string"},
      {"[\"a\tb\"]", 3, "control character in a string"},
      {std::string_view("[\"\0\"]", 5), 2, "control character in a string"},
      {std::string_view("[1\0]", 4), 1, "invalid number"},
      {std::string_view("[\0]", 3), 1, "expected a value"},
      {std::string_view("[1]\0", 4), 3, "unexpected content after the value"},
      {"[\"a\",\"\\x\"]", 5, "invalid escape in a string"},
      {"{\"\\u12\":1}", 1, "invalid escape in a string"},
      {"[\v1]", 1, "expected a value"},
      {"[\xC2\xA0 1]", 1, "expected a value"},
      {"\\\"a\"", 0, "expected a value"},
      {"[\\\"a\"]", 1, "expected a value"},
      {"[\\\"a\\\"]", 1, "expected a value"},
      {"[\\]", 1, "expected a value"},
  };
  for (const auto& [text, position, reason] : cases) {
    EXPECT_EQ(read(text), "malformed JSON at byte " + std::to_string(position) + ": " + reason) << text;
  }
}

// The reported position depends on the CPU, because simdjson's first stage has an implementation for each CPU type.
TEST(Reader, OtherControlCharactersAreMalformedToo) {
  for (const char* text :
       {"[\"a\\\nb\"]", "[\"a\\\x01\"]", "[1\f]", "[1,\f2]", "[\x1A]", "{\"a\"\x1A 1}", "[1\x0C 2]"}) {
    EXPECT_EQ(read(text).find("malformed JSON at byte "), 0u) << text;
  }
}

TEST(Reader, EveryProperPrefixOfATextIsMalformed) {
  const std::string_view text =
      R"({"agent":"a\u00e9\ud83d\ude02","n":[1,-2.5e3,{"t":true,"f":false}],"x":null,"e":{}} )";
  EXPECT_EQ(read(text).find("malformed"), std::string::npos);
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_EQ(read(text.substr(0, size)).find("malformed JSON at byte "), 0u) << text.substr(0, size);
  }
}

TEST(Reader, AStructureAcrossBlocksOfTheIndexIsReadTheSame) {
  for (std::size_t padding = 0; padding < 140; ++padding) {
    const std::string space(padding, ' ');
    const std::string word(padding, 'w');
    EXPECT_EQ(read(space + R"([")" + word + R"(\\","\"",12)" + space + "]" + space), "[ s:" + word + "\\ s:\" n:12 ]");
  }
}

TEST(Reader, InvalidUtf8IsRepairedAndToldBeforeTheTextConcerned) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(
      read("[\"a\",\"b\x80\xC0\",\"c\",{\"k\xE2\x82\":1,\"m\":\"\xED\xA0\x80\"}]"),
      "[ s:a !invalid_utf8 s:b" + r + r + " s:c { !invalid_utf8 k:k" + r + " n:1 k:m !invalid_utf8 s:" + r + " } ]");
  EXPECT_EQ(read("[\"" + r + "\",\"\xFF\\n\",\"\\n" + r + "\"]"),
            "[ s:" + r + " !invalid_utf8 s:" + r + "\n s:\n" + r + " ]");
}

TEST(Reader, ATextThatEndsInTheMiddleOfACharacterIsMalformedAtItsEnd) {
  EXPECT_EQ(read("[\"a\xE2\x82"), "malformed JSON at byte 1: unterminated string");
}

TEST(Reader, PlacesAreThoseOfTheTextBeforeTheRepair) {
  EXPECT_EQ(read("[\"\x80\",\"\xED\xA0\x80\",x]"), "malformed JSON at byte 11: expected a value");
  EXPECT_EQ(read("\xEF\xBB\xBF[\"\x80\",x]"), "malformed JSON at byte 8: expected a value");
  EXPECT_EQ(read("[\"a\",\x80]"), "malformed JSON at byte 5: expected a value");
  EXPECT_EQ(read("[\"a\",1\x80]"), "malformed JSON at byte 5: invalid number");
}

TEST(Reader, ALoneSurrogateIsToldBeforeTheTextConcerned) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(read(R"({"a":"\ud83d\ude02","\ud800":"x","b":["\udc00y"]})"),
            "{ k:a s:\xF0\x9F\x98\x82 !lone_surrogate k:" + r + " s:x k:b [ !lone_surrogate s:" + r + "y ] }");
  EXPECT_EQ(read("[\"\\ud800\x80\"]"), "[ !invalid_utf8 !lone_surrogate s:" + r + r + " ]");
}

TEST(Reader, AContainerThatIsNotEnteredIsSkippedToItsEnd) {
  EXPECT_EQ(read(R"({"a":{"x":[1,{"y":"}]"}],"z":"\n"},"b":[[]],"c":"\t","d":{},"e":[]})", 1),
            "{ k:a { } k:b [ ] k:c s:\t k:d { } k:e [ ] }");
  EXPECT_EQ(read("[[1,2],3]", 0), "[ ]");
  EXPECT_EQ(read("[[\"\x80\"],\"\x80\",[\"\\ud800\"]]", 1), "[ [ ] !invalid_utf8 s:\xEF\xBF\xBD [ ] ]");
}

TEST(Reader, SkippedContentHasBalancedBrackets) {
  EXPECT_EQ(read("[[1,", 1), "malformed JSON at byte 4: the text ends where ']' was expected");
  EXPECT_EQ(read("[[{]]", 1), "malformed JSON at byte 3: expected '}'");
  EXPECT_EQ(read("[[1}]", 1), "malformed JSON at byte 3: expected ']'");
  EXPECT_EQ(read("[{[}]", 1), "malformed JSON at byte 3: expected ']'");
  EXPECT_EQ(read("[[]", 1), "malformed JSON at byte 3: the text ends where ',' or ']' was expected");
}

TEST(Reader, GoesOnAfterAnError) {
  Reader reader;
  for (int i = 0; i < 3; ++i) {
    Recorder first;
    EXPECT_THROW(reader.read("[1,[2,\x80\"", first), Error);
    Recorder second;
    reader.read(R"(["\n",[2]])", second);
    EXPECT_EQ(second.calls(), "[ s:\n [ n:2 ] ]");
  }
}

TEST(Reader, AHandlerMayThrow) {
  struct Thrower final : Recorder {
    void null() override { throw Error(Status::kCancelled, "enough"); }
  } thrower;
  Reader reader;
  EXPECT_THROW(reader.read("[[[null]]]", thrower), Error);
  Recorder recorder;
  reader.read("[1]", recorder);
  EXPECT_EQ(recorder.calls(), "[ n:1 ]");
}

TEST(Reader, NestingIsLimitedOnlyByMemory) {
  constexpr std::size_t kDepth = 1'000'000;
  Reader reader;
  Counter arrays;
  reader.read(std::string(kDepth, '[') + std::string(kDepth, ']'), arrays);
  EXPECT_EQ(arrays.deepest, kDepth);
  EXPECT_EQ(arrays.depth, 0u);

  std::string objects;
  for (std::size_t i = 0; i < kDepth; ++i) objects += "{\"a\":";
  Counter counter;
  reader.read(objects + "1" + std::string(kDepth, '}'), counter);
  EXPECT_EQ(counter.deepest, kDepth);
  EXPECT_EQ(counter.values, kDepth + 1);
}

TEST(Reader, UnclosedBracketsWithoutNumberAreMalformedAtTheEnd) {
  EXPECT_EQ(read(std::string(1'000'000, '['), 1),
            "malformed JSON at byte 1000000: the text ends where ']' was expected");
  Counter counter;
  try {
    Reader().read(std::string(1'000'000, '['), counter);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "malformed JSON at byte 1000000: the text ends where a value was expected");
  }
}

TEST(Reader, ATextOf64MebibytesIsReadAndALargerOneRefused) {
  constexpr std::size_t kLimit = std::size_t{64} << 20;
  std::string text(kLimit, 'x');
  text.front() = '"';
  text.back() = '"';
  Reader reader;
  Counter counter;
  reader.read(text, counter);
  EXPECT_EQ(counter.values, 1u);
  text += ' ';
  try {
    reader.read(text, counter);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::kInvalid);
    EXPECT_STREQ(error.what(), "JSON text of 67108865 bytes is over the limit of 67108864 bytes; split it");
  }
  Recorder small;
  reader.read("[1]", small);
  EXPECT_EQ(small.calls(), "[ n:1 ]");
}

// If each string caused a new search for the next escape or repair, this would take minutes.
TEST(Reader, ManyEscapesAndRepairsTakeTimeInProportion) {
  for (const std::string piece : {"\"a\\n\",\"b\x80\",\"plain\",", "\"a\\n\",", "\"b\x80\",", "\"plain\","}) {
    std::string text = "[";
    for (int i = 0; i < 600'000; ++i) text += piece;
    text += "\"\\n\"]";
    Counter counter;
    const auto start = std::chrono::steady_clock::now();
    Reader().read(text, counter);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    EXPECT_EQ(counter.values, 600'000u * static_cast<std::size_t>(std::count(piece.begin(), piece.end(), ',')) + 1);
  }
}

}  // namespace
}  // namespace plog::json
