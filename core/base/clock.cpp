#include "base/clock.h"

#include <time.h>

#include <chrono>
#include <cstring>

namespace plog {
namespace {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kDay = 86'400 * kSecond;
constexpr Micros kMin = -719'528 * kDay;             // 0000-01-01T00:00:00.000000Z
constexpr Micros kMax = (2'932'896 + 1) * kDay - 1;  // 9999-12-31T23:59:59.999999Z

constexpr char kPairs[] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

inline void put2(char* out, unsigned value) noexcept { std::memcpy(out, kPairs + 2 * value, 2); }

// Takes fixed-width decimal fields off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : p_(text.data()), end_(p_ + text.size()) {}
  bool done() const { return p_ == end_; }
  bool peek_digit() const { return p_ != end_ && *p_ >= '0' && *p_ <= '9'; }
  bool take(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  bool digits(int count, int* value) {
    int result = 0;
    for (int i = 0; i < count; ++i, ++p_) {
      if (!peek_digit()) return false;
      result = result * 10 + (*p_ - '0');
    }
    *value = result;
    return true;
  }
  // Reads one digit or more; digits after the sixth are dropped.
  bool fraction(Micros* micros) {
    if (!peek_digit()) return false;
    Micros scale = kSecond / 10;
    for (; peek_digit(); ++p_, scale /= 10) *micros += (*p_ - '0') * scale;
    return true;
  }

 private:
  const char* p_;
  const char* end_;
};

// Reads "Z", a numeric offset, or nothing. *offset is what must be subtracted to get UTC.
bool scan_zone(Scanner& in, Micros* offset) {
  if (in.done() || in.take('Z') || in.take('z')) return in.done();
  const bool ahead = in.take('+');
  if (!ahead && !in.take('-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!in.digits(2, &hours)) return false;
  if (in.take(':') || !in.done()) {
    if (!in.digits(2, &minutes)) return false;
  }
  if (!in.done() || hours > 23 || minutes > 59) return false;
  *offset = (hours * 60 + minutes) * 60 * kSecond * (ahead ? 1 : -1);
  return true;
}

// Reads hh:mm[:ss[.f…]] as microseconds since midnight.
bool scan_time(Scanner& in, Micros* time) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  Micros fraction = 0;
  if (!in.digits(2, &hour) || !in.take(':') || !in.digits(2, &minute)) return false;
  if (in.take(':')) {
    if (!in.digits(2, &second)) return false;
    if (in.take('.') && !in.fraction(&fraction)) return false;
  }
  if (hour > 23 || minute > 59 || second > 60) return false;
  if (second == 60) {
    second = 59;
    fraction = kSecond - 1;
  }
  *time = ((hour * 60 + minute) * 60 + second) * kSecond + fraction;
  return true;
}

}  // namespace

Micros now_micros() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<Micros>(now.tv_sec) * kSecond + now.tv_nsec / 1000;
}

std::int64_t steady_millis() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

void format_timestamp(Micros time, char* out) noexcept {
  if (time < kMin) time = kMin;
  if (time > kMax) time = kMax;
  // Counting from the year 0 keeps the divisions unsigned.
  const auto shifted = static_cast<std::uint64_t>(time - kMin);
  const auto days = static_cast<int>(shifted / kDay);
  const std::uint64_t in_day = shifted % kDay;
  const auto micros = static_cast<unsigned>(in_day % kSecond);
  const auto seconds = static_cast<unsigned>(in_day / kSecond);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days + kMin / kDay}}};
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  put2(out, year / 100);
  put2(out + 2, year % 100);
  out[4] = '-';
  put2(out + 5, static_cast<unsigned>(date.month()));
  out[7] = '-';
  put2(out + 8, static_cast<unsigned>(date.day()));
  out[10] = 'T';
  put2(out + 11, seconds / 3600);
  out[13] = ':';
  put2(out + 14, seconds / 60 % 60);
  out[16] = ':';
  put2(out + 17, seconds % 60);
  out[19] = '.';
  put2(out + 20, micros / 10'000);
  put2(out + 22, micros / 100 % 100);
  put2(out + 24, micros % 100);
  out[26] = 'Z';
}

std::string format_timestamp(Micros time) {
  char text[kTimestampSize];
  format_timestamp(time, text);
  return std::string(text, kTimestampSize);
}

std::optional<Micros> parse_timestamp(std::string_view text) noexcept {
  Scanner in(text);
  int year = 0;
  int month = 0;
  int day = 0;
  if (!in.digits(4, &year) || !in.take('-') || !in.digits(2, &month) || !in.take('-') || !in.digits(2, &day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  Micros time = 0;
  Micros offset = 0;
  if (!in.done()) {
    if (!in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
    if (!scan_time(in, &time) || !scan_zone(in, &offset)) return std::nullopt;
  }
  const Micros result = std::chrono::sys_days(date).time_since_epoch().count() * kDay + time - offset;
  if (result < kMin || result > kMax) return std::nullopt;
  return result;
}

}  // namespace plog
