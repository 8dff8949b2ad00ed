#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>
#include <limits>
#include <random>

namespace plog {
namespace {

constexpr Micros kSecond = 1'000'000;

// A slow, readable model that uses the C library's calendar.
std::string by_the_c_library(Micros time) {
  std::int64_t seconds = time / kSecond;
  std::int64_t micros = time % kSecond;
  if (micros < 0) {
    micros += kSecond;
    --seconds;
  }
  const std::time_t when = seconds;
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(micros));
  return text;
}

std::string normal(std::string_view text) {
  const auto time = parse_timestamp(text);
  return time ? format_timestamp(*time) : "refused";
}

TEST(Timestamp, IsWrittenWithSixFractionDigits) {
  EXPECT_EQ(format_timestamp(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_timestamp(1), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(format_timestamp(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_timestamp(951'782'400 * kSecond), "2000-02-29T00:00:00.000000Z");
}

TEST(Timestamp, IsClampedToFourDigitYears) {
  EXPECT_EQ(format_timestamp(std::numeric_limits<Micros>::min()), "0000-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_timestamp(std::numeric_limits<Micros>::max()), "9999-12-31T23:59:59.999999Z");
}

TEST(Timestamp, AgreesWithTheCLibraryAndReadsBack) {
  std::mt19937_64 random(1);
  const Micros first = *parse_timestamp("0000-01-01");
  const Micros last = *parse_timestamp("9999-12-31T23:59:59.999999Z");
  std::uniform_int_distribution<Micros> times(first, last);
  for (int i = 0; i < 100'000; ++i) {
    const Micros time = i == 0 ? first : i == 1 ? last : times(random);
    const std::string text = format_timestamp(time);
    ASSERT_EQ(text, by_the_c_library(time));
    ASSERT_EQ(parse_timestamp(text), time) << text;
  }
}

TEST(Timestamp, EveryDayOfFourCenturiesIsRight) {
  const Micros start = *parse_timestamp("1800-01-01");
  for (int day = 0; day < 146'097; ++day) {
    const Micros time = start + day * 86'400 * kSecond;
    ASSERT_EQ(format_timestamp(time), by_the_c_library(time));
  }
}

TEST(Timestamp, IsReadWithTheLibertiesOfTheContract) {
  EXPECT_EQ(normal("2026-02-17T01:02:03.000004Z"), "2026-02-17T01:02:03.000004Z");
  EXPECT_EQ(normal("2026-02-17t01:02:03z"), "2026-02-17T01:02:03.000000Z");
  EXPECT_EQ(normal("2026-02-17 01:02:03"), "2026-02-17T01:02:03.000000Z");
  EXPECT_EQ(normal("2026-02-17T01:02"), "2026-02-17T01:02:00.000000Z");
  EXPECT_EQ(normal("2026-02-17T01:02Z"), "2026-02-17T01:02:00.000000Z");
  EXPECT_EQ(normal("2026-02-17T01:02+01:00"), "2026-02-17T00:02:00.000000Z");
  EXPECT_EQ(normal("2026-02-17"), "2026-02-17T00:00:00.000000Z");
}

TEST(Timestamp, OffsetsLeadToUtc) {
  EXPECT_EQ(normal("2026-01-01T00:30:00+01:00"), "2025-12-31T23:30:00.000000Z");
  EXPECT_EQ(normal("2026-01-01T00:30:00+0100"), "2025-12-31T23:30:00.000000Z");
  EXPECT_EQ(normal("2026-01-01T00:30:00+01"), "2025-12-31T23:30:00.000000Z");
  EXPECT_EQ(normal("2025-12-31T23:30:00-01:30"), "2026-01-01T01:00:00.000000Z");
  EXPECT_EQ(normal("2026-01-01T00:00:00-00:00"), "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(normal("2026-01-01T00:00:00+23:59"), "2025-12-31T00:01:00.000000Z");
}

TEST(Timestamp, FractionsAreRoundedDown) {
  EXPECT_EQ(normal("2026-02-17T00:00:00.5Z"), "2026-02-17T00:00:00.500000Z");
  EXPECT_EQ(normal("2026-02-17T00:00:00.1234567Z"), "2026-02-17T00:00:00.123456Z");
  EXPECT_EQ(normal("2026-02-17T00:00:00.999999999999999999999999Z"), "2026-02-17T00:00:00.999999Z");
  EXPECT_EQ(normal("1969-12-31T23:59:59.9999999Z"), "1969-12-31T23:59:59.999999Z");
}

TEST(Timestamp, LeapSecondIsTheLastMicrosecondOfItsMinute) {
  EXPECT_EQ(normal("2016-12-31T23:59:60Z"), "2016-12-31T23:59:59.999999Z");
  EXPECT_EQ(normal("2016-12-31T23:59:60.25Z"), "2016-12-31T23:59:59.999999Z");
  EXPECT_EQ(normal("2017-01-01T00:59:60+01:00"), "2016-12-31T23:59:59.999999Z");
}

TEST(Timestamp, LeapDaysExistInLeapYearsOnly) {
  EXPECT_NE(normal("2024-02-29"), "refused");
  EXPECT_NE(normal("2000-02-29"), "refused");
  EXPECT_NE(normal("0000-02-29"), "refused");
  EXPECT_EQ(normal("2023-02-29"), "refused");
  EXPECT_EQ(normal("1900-02-29"), "refused");
}

TEST(Timestamp, AnythingElseIsRefused) {
  for (const char* text : {"",
                           "2026",
                           "2026-02",
                           "2026-2-17",
                           "26-02-17",
                           "2026/02/17",
                           "2026-02-17T",
                           "2026-02-17T01",
                           "2026-02-17T01Z",
                           "2026-02-17T1:02:03Z",
                           "2026-02-17T01:02:03.Z",
                           "2026-02-17T01:02:03,5Z",
                           "2026-02-17T01:02.5Z",
                           "2026-02-17T24:00:00Z",
                           "2026-02-17T23:60:00Z",
                           "2026-02-17T23:59:61Z",
                           "2026-00-17",
                           "2026-13-17",
                           "2026-02-00",
                           "2026-02-30",
                           "2026-04-31",
                           "2026-02-17Z",
                           "2026-02-17+01:00",
                           "2026-02-17T01:02:03 Z",
                           "2026-02-17T01:02:03ZZ",
                           "2026-02-17T01:02:03+",
                           "2026-02-17T01:02:03+1",
                           "2026-02-17T01:02:03+01:",
                           "2026-02-17T01:02:03+01:0",
                           "2026-02-17T01:02:03+01:000",
                           "2026-02-17T01:02:03+24:00",
                           "2026-02-17T01:02:03+01:60",
                           " 2026-02-17",
                           "2026-02-17 ",
                           "2026-02-17  01:02:03",
                           "+2026-02-17",
                           "12026-02-17",
                           "-001-02-17",
                           "2026-02-17T01:02:-3Z",
                           "2026-02-17T01:02:03Z+01:00",
                           "1771286400"}) {
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_timestamp(std::string_view("2026-02-17\0", 11)), std::nullopt);
}

TEST(Timestamp, AnOffsetMustNotLeadOutOfTheFourDigitYears) {
  EXPECT_EQ(parse_timestamp("0000-01-01T00:00:00+00:01"), std::nullopt);
  EXPECT_EQ(parse_timestamp("9999-12-31T23:59:59-00:01"), std::nullopt);
  EXPECT_EQ(normal("0000-01-01T00:01:00+00:01"), "0000-01-01T00:00:00.000000Z");
}

TEST(Clock, TellsTheWallTime) {
  // time(2) would not do: it returns the time of the last tick, which can still be in the previous second.
  const auto wall = [] {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<Micros>(time.tv_sec) * kSecond + time.tv_nsec / 1000;
  };
  const Micros before = wall();
  const Micros now = now_micros();
  EXPECT_GE(now, before);
  EXPECT_LE(now, wall());
}

TEST(Clock, SteadyMillisecondsGoForward) {
  const std::int64_t start = steady_millis();
  const timespec pause{0, 20'000'000};
  nanosleep(&pause, nullptr);
  EXPECT_GE(steady_millis() - start, 20);
}

}  // namespace
}  // namespace plog
