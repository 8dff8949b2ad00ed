// A progress bar on standard error. Draws nothing if that is not a terminal, or TERM is "dumb".
#pragma once

#include <cstdint>
#include <string>

namespace plog::cli {

class ProgressBar {
 public:
  // `label`: the operation, such as "verifying". `unit`: what is counted, such as "events"; "bytes" are shown as sizes.
  ProgressBar(std::string label, std::string unit);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // May be called often: draws at most ten times a second. `total` 0: unknown. `note` is shown after the bar.
  void update(std::uint64_t done, std::uint64_t total, const std::string& note = {});
  // Removes the bar, so that other output can be printed. A later update draws it again.
  void clear() noexcept;

 private:
  std::string line(std::uint64_t done, std::uint64_t total, const std::string& note) const;

  std::string label_;
  std::string unit_;
  bool enabled_;
  bool shown_ = false;
  std::int64_t next_draw_;
};

// A plog_progress_fn whose user data is a ProgressBar. Updates the bar, and cancels after an interrupt
// (InterruptGuard).
int report_progress(void* bar, std::uint64_t done, std::uint64_t total);

}  // namespace plog::cli
