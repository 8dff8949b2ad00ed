// A progress bar on standard error, where that is a terminal; else nothing at all.
#pragma once

#include <cstdint>
#include <string>

namespace plog::cli {

class ProgressBar {
 public:
  // `label`: what is being done ("verifying"); `unit` of the counts: "events", or "bytes", which are shown as sizes.
  ProgressBar(std::string label, std::string unit);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Cheap enough to be called often: it draws ten times a second. `total` 0: unknown. `note` follows the bar.
  void update(std::uint64_t done, std::uint64_t total, const std::string& note = {});
  // Removes the bar, so that other output may follow. The next update draws it again.
  void clear() noexcept;

 private:
  std::string line(std::uint64_t done, std::uint64_t total, const std::string& note) const;

  std::string label_;
  std::string unit_;
  bool enabled_;
  bool shown_ = false;
  std::int64_t next_draw_;
};

// A plog_progress_fn that draws the ProgressBar it is given, and stops the work after an interrupt (InterruptGuard).
int report_progress(void* bar, std::uint64_t done, std::uint64_t total);

}  // namespace plog::cli
