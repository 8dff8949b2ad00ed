#include "json/quote.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/encoding.h"

namespace plog::json {
namespace {

// Returns a text of `size` random letters with up to three special characters at random positions.
std::string random_text(std::mt19937& random, std::size_t size) {
  constexpr std::string_view kSpecial("\"\\\n\t\x01\x1f\x7f\x80\xff/", 10);
  std::string text(size, 'a');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  for (std::size_t hits = random() % 4; hits > 0 && size > 0; --hits) text[random() % size] = kSpecial[random() % 10];
  return text;
}

TEST(Quote, IntoABufferGivesTheSameOctetsAsIntoAString) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    Buffer buffer;
    std::string expected;
    for (std::size_t size = 0; size < 200; ++size) {
      const std::string text = random_text(random, size);
      append_quoted(buffer, text);
      append_quoted(expected, text);
      ASSERT_EQ(buffer.view(), expected);
    }
  }
}

TEST(Quote, ManyEscapesInARowGrowTheBuffer) {
  const std::string text(5000, '\x02');
  Buffer buffer;
  std::string expected;
  append_quoted(buffer, text);
  append_quoted(expected, text);
  EXPECT_EQ(buffer.view(), expected);
}

TEST(CopyText, CopiesEveryLengthAndTellsAsciiFromOther) {
  std::mt19937 random(2);
  for (std::size_t size = 0; size < 100; ++size) {
    const std::string plain(size, 'x');
    std::string copy(size, '?');
    EXPECT_TRUE(copy_text(copy.data(), plain));
    EXPECT_EQ(copy, plain);
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = plain;
      other[at] = '\x80';
      EXPECT_FALSE(copy_text(copy.data(), other)) << size << ' ' << at;
      EXPECT_EQ(copy, other);
    }
  }
}

TEST(BufferOfOctets, GrowsAndKeepsItsContent) {
  Buffer buffer;
  std::string expected;
  EXPECT_TRUE(buffer.empty());
  for (int i = 0; i < 3000; ++i) {
    const std::string part(static_cast<std::size_t>(i % 37), static_cast<char>('a' + i % 26));
    buffer += part;
    buffer += ',';
    expected += part + ',';
  }
  EXPECT_EQ(buffer.view(), expected);
  EXPECT_EQ(buffer.back(), ',');
  buffer.clear();
  EXPECT_EQ(buffer.view(), "");
}

}  // namespace
}  // namespace plog::json
