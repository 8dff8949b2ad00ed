#include "cli/format.h"

#include <cstdio>
#include <iterator>

namespace plog::cli {
namespace {

template <typename... Args>
std::string print(const char* format, Args... args) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, args...);
  return buffer;
}

}  // namespace

std::string format_count(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t i = text.size(); i > 3;) {
    i -= 3;
    text.insert(i, ",");
  }
  return text;
}

std::string format_counted(std::uint64_t value, const char* one, const char* many) {
  return format_count(value) + " " + (value == 1 ? one : many);
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return print("%u B", static_cast<unsigned>(bytes));
  static constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  return print("%.1f %s", value, kUnits[unit]);
}

std::string format_duration(std::int64_t milliseconds) {
  if (milliseconds < 0) return "-" + format_duration(milliseconds == INT64_MIN ? INT64_MAX : -milliseconds);
  if (milliseconds < 1000) return print("%d ms", static_cast<int>(milliseconds));
  if (milliseconds < 9995) return print("%.2f s", static_cast<double>(milliseconds) / 1000);
  if (milliseconds < 59950) return print("%.1f s", static_cast<double>(milliseconds) / 1000);
  const std::int64_t seconds = (milliseconds + 500) / 1000;
  const long long minutes = seconds / 60;
  if (minutes < 60) return print("%lldm%02lds", minutes, static_cast<long>(seconds % 60));
  const long long hours = minutes / 60;
  if (hours < 24) return print("%lldh%02lldm", hours, minutes % 60);
  return print("%lldd%02lldh", hours / 24, hours % 24);
}

std::string format_time(Micros time) {
  std::string text = plog::format_timestamp(time).substr(0, 23);
  text[10] = ' ';
  return text;
}

std::string format_time_short(Micros time) { return format_time(time).substr(5, 14); }

}  // namespace plog::cli
