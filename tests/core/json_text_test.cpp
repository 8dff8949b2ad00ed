#include "json/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "base/encoding.h"

namespace plog::json {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "x";
  append_quoted(out, text);
  EXPECT_EQ(out.front(), 'x');
  return out.substr(1);
}

std::string unescaped(std::string_view raw, bool* repaired = nullptr) {
  std::string out;
  return append_unescaped(out, raw, repaired) ? out : "refused";
}

std::string utf8(char32_t code) {
  std::string out;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 63)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    tail(6);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    tail(12);
    tail(6);
  }
  if (code >= 0x80) tail(0);
  return out;
}

std::u16string utf16(std::u32string_view text) {
  std::u16string out;
  for (char32_t code : text) {
    if (code < 0x10000) {
      out += static_cast<char16_t>(code);
    } else {
      out += static_cast<char16_t>(0xD800 + ((code - 0x10000) >> 10));
      out += static_cast<char16_t>(0xDC00 + ((code - 0x10000) & 0x3FF));
    }
  }
  return out;
}

std::string utf8(std::u32string_view text) {
  std::string out;
  for (char32_t code : text) out += utf8(code);
  return out;
}

// A slow model of RFC 8785 section 3.2.2.2: one character at a time.
std::string slow_in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    static constexpr std::string_view kNamed = "\b\t\n\f\r\"\\";
    const std::size_t named = kNamed.find(c);
    char escape[8] = {c, '\0'};
    if (named != std::string_view::npos) {
      std::snprintf(escape, sizeof escape, "\\%c", "btnfr\"\\"[named]);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
    }
    out += escape;
  }
  return out + "\"";
}

TEST(AppendQuoted, EscapesOnlyWhatMustBeEscaped) {
  EXPECT_EQ(in_quotes(""), R"("")");
  EXPECT_EQ(in_quotes("plain text"), R"("plain text")");
  EXPECT_EQ(in_quotes("\"\\\b\t\n\f\r"), R"("\"\\\b\t\n\f\r")");
  EXPECT_EQ(in_quotes(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(in_quotes("</script>/"), R"("</script>/")");
  EXPECT_EQ(in_quotes("\xE2\x82\xAC\xF0\x9F\x98\x82\xE2\x80\xA8"), "\"\xE2\x82\xAC\xF0\x9F\x98\x82\xE2\x80\xA8\"");
}

TEST(AppendQuoted, FindsAnEscapeAtEveryPlaceOfEverySize) {
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      for (const char c : {'"', '\\', '\n', '\x1F', '\x20', '\x7F', '!', '#', '[', ']'}) {
        std::string text(size, 'a');
        text[place] = c;
        ASSERT_EQ(in_quotes(text), slow_in_quotes(text));
        text.assign(size, '\xC3');
        text[place] = c;
        ASSERT_EQ(in_quotes(text), slow_in_quotes(text));
      }
    }
  }
}

TEST(AppendQuoted, AgreesWithASlowModelAndReadsBack) {
  std::mt19937 random(7);
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (unsigned n = random() % 80; n > 0; --n) {
      text += random() % 6 ? utf8(static_cast<char32_t>(random() % 0xD7FF))
                           : std::string(1, static_cast<char>(random() % 40));
    }
    const std::string out = in_quotes(text);
    if (text.find('\0') == std::string::npos) {
      ASSERT_EQ(out, slow_in_quotes(text));
    }
    ASSERT_EQ(unescaped(std::string_view(out).substr(1, out.size() - 2)), text);
  }
}

TEST(AppendUnescaped, DecodesEveryEscape) {
  EXPECT_EQ(unescaped(""), "");
  EXPECT_EQ(unescaped("plain"), "plain");
  EXPECT_EQ(unescaped(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20AC\ufFfF)"), "A\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBF");
  EXPECT_EQ(unescaped(R"(\u0000)"), std::string(1, '\0'));
  EXPECT_EQ(unescaped(R"(\ud83d\ude02!)"), "\xF0\x9F\x98\x82!");
  EXPECT_EQ(unescaped(R"(\uDBFF\uDFFF\uD800\uDC00)"), "\xF4\x8F\xBF\xBF\xF0\x90\x80\x80");
}

TEST(AppendUnescaped, ALoneSurrogateBecomesAReplacementCharacter) {
  const std::string r = "\xEF\xBF\xBD";
  const std::pair<const char*, std::string> cases[] = {{R"(\ud83d)", r},
                                                       {R"(\ude02)", r},
                                                       {R"(\ud83dx)", r + "x"},
                                                       {R"(\ud83d\n)", r + "\n"},
                                                       {R"(\ude02\ud83d)", r + r},
                                                       {R"(\ud83d\ud83d\ude02)", r + "\xF0\x9F\x98\x82"},
                                                       {R"(\ud83d\u0041)", r + "A"}};
  for (const auto& [raw, expected] : cases) {
    bool repaired = false;
    EXPECT_EQ(unescaped(raw, &repaired), expected) << raw;
    EXPECT_TRUE(repaired) << raw;
    EXPECT_EQ(unescaped(raw, nullptr), expected);
  }
  bool repaired = false;
  unescaped(R"(\ud83d\ude02\n)", &repaired);
  EXPECT_FALSE(repaired);
}

TEST(AppendUnescaped, RefusesBadEscapes) {
  for (const char* raw : {"\\", "a\\", "\\x41", "\\a", "\\'", "\\u", "\\u12", "\\u123", "\\u123g", "\\U0041", "\\ ",
                          "\\ud83d\\", "\\ud83d\\u", "\\ud83d\\ude0", "\\ud83d\\uzzzz", "\\u+123", "\\u 123", "\\0"}) {
    EXPECT_EQ(unescaped(raw), "refused") << raw;
  }
}

TEST(CompareKeys, OrdersByUtf16CodeUnits) {
  EXPECT_EQ(compare_keys("", ""), 0);
  EXPECT_LT(compare_keys("", "a"), 0);
  EXPECT_LT(compare_keys("a", "aa"), 0);
  EXPECT_GT(compare_keys("b", "aa"), 0);
  EXPECT_LT(compare_keys("10", "9"), 0);
  // U+FF5E sorts before U+10000 by code point and in UTF-8, but after its surrogates in UTF-16.
  EXPECT_GT(compare_keys(utf8(U'\uFF5E'), utf8(U'\U00010000')), 0);
  EXPECT_LT(compare_keys(utf8(U'\uD7FF'), utf8(U'\U00010000')), 0);
  EXPECT_GT(compare_keys(utf8(U'\uE000'), utf8(U'\U0010FFFF')), 0);
}

TEST(CompareKeys, AgreesWithUtf16OnRandomKeys) {
  std::mt19937 random(8);
  const char32_t edges[] = {U'a',          U'\x7F',       U'\x80',       U'\u07FF',    U'\u0800',     U'\uD7FF',
                            U'\uE000',     U'\uEFFF',     U'\uF000',     U'\uFFFF',    U'\U00010000', U'\U0003FFFF',
                            U'\U00040000', U'\U000FFFFF', U'\U00100000', U'\U0010FFFF'};
  for (int i = 0; i < 200'000; ++i) {
    std::u32string keys[2];
    for (unsigned n = random() % 3; n > 0; --n) keys[0] += edges[random() % std::size(edges)];
    keys[1] = random() % 2 ? keys[0] : std::u32string();
    for (std::u32string& key : keys) {
      for (unsigned n = random() % 3; n > 0; --n) key += edges[random() % std::size(edges)];
    }
    const int expected = utf16(keys[0]).compare(utf16(keys[1]));
    const int got = compare_keys(utf8(keys[0]), utf8(keys[1]));
    ASSERT_EQ(expected < 0, got < 0);
    ASSERT_EQ(expected > 0, got > 0);
  }
}

TEST(PointerToken, EscapesTildesAndSlashes) {
  std::string out = "/";
  append_pointer_token(out, "a/b~c~1\"d");
  EXPECT_EQ(out, "/a~1b~0c~01\"d");
}

}  // namespace
}  // namespace plog::json
