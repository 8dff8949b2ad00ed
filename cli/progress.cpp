#include "cli/progress.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/terminal.h"

namespace plog::cli {
namespace {

constexpr std::int64_t kFirstDrawMillis = 200;  // short operations show no bar
constexpr std::int64_t kDrawMillis = 100;
constexpr std::size_t kBarWidth = 24;

bool dumb_terminal() {
  const char* term = std::getenv("TERM");
  return term != nullptr && std::string_view(term) == "dumb";
}

}  // namespace

ProgressBar::ProgressBar(std::string label, std::string unit)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      enabled_(stderr_is_terminal() && !dumb_terminal()),
      next_draw_(steady_millis() + kFirstDrawMillis) {}

ProgressBar::~ProgressBar() { clear(); }

std::string ProgressBar::line(std::uint64_t done, std::uint64_t total, const std::string& note) const {
  const auto amount = [&](std::uint64_t value) { return unit_ == "bytes" ? format_bytes(value) : format_count(value); };
  std::string text = label_ + " ";
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<std::size_t>(share * kBarWidth);
    for (std::size_t i = 0; i < kBarWidth; ++i) text += i < filled ? "█" : "░";
    text += " " + std::to_string(static_cast<int>(share * 100)) + " % ";
    text += amount(done) + " of " + amount(total);
  } else {
    text += amount(done);
  }
  if (unit_ != "bytes") text += " " + unit_;
  if (!note.empty()) text += ", " + note;
  return fit(text, stderr_width() - 1);
}

void ProgressBar::update(std::uint64_t done, std::uint64_t total, const std::string& note) {
  if (!enabled_) return;
  const std::int64_t now = steady_millis();
  if (now < next_draw_) return;
  next_draw_ = now + kDrawMillis;
  shown_ = true;
  write_stderr("\r" + line(done, total, note) + "\x1b[K");
}

void ProgressBar::clear() noexcept {
  if (!shown_) return;
  shown_ = false;
  write_stderr("\r\x1b[K");
}

int report_progress(void* bar, std::uint64_t done, std::uint64_t total) {
  static_cast<ProgressBar*>(bar)->update(done, total);
  return InterruptGuard::interrupted() ? 1 : 0;
}

}  // namespace plog::cli
