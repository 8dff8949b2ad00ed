#include "store/sqlite/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <string_view>

namespace plog::store::sqlite {

FileWatch::FileWatch(const std::string& path) : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!fd_) return;
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  database_ = path.substr(slash == std::string::npos ? 0 : slash + 1);
  log_ = database_ + "-wal";
  // The directory, because SQLite deletes and creates the write-ahead log, and the database may be replaced.
  constexpr std::uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR;
  if (::inotify_add_watch(fd_.get(), directory.c_str(), kEvents) < 0) fd_.reset();
}

bool FileWatch::clear() noexcept {
  alignas(inotify_event) char buffer[4096];
  bool changed = false;
  ssize_t size = 0;
  while ((size = ::read(fd_.get(), buffer, sizeof buffer)) > 0) {
    for (const char* at = buffer; at < buffer + size;) {
      const auto& event = *reinterpret_cast<const inotify_event*>(at);
      const std::string_view name = event.len == 0 ? std::string_view() : std::string_view(event.name);
      // Notices without a name say that some were lost, or that the directory is gone.
      changed = changed || name.empty() || name == database_ || name == log_;
      at += sizeof(inotify_event) + event.len;
    }
  }
  return changed;
}

}  // namespace plog::store::sqlite
