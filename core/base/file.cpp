#include "base/file.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"

namespace plog {
namespace {

bool is_directory(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Removes trailing slashes, but keeps "/" itself.
std::string strip_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::optional<std::string> resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> resolved(realpath(path.c_str(), nullptr), &free);
  if (resolved == nullptr) return std::nullopt;
  return std::string(resolved.get());
}

void check_regular(int fd, const std::string& path) {
  struct stat info {};
  if (fstat(fd, &info) != 0) throw errno_error("cannot open " + path, errno);
  if (!S_ISREG(info.st_mode)) throw Error(Status::kIo, path + " is not a regular file");
}

std::string read_link(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), target, sizeof target);
  return size <= 0 ? std::string() : std::string(target, static_cast<std::size_t>(size));
}

}  // namespace

void Fd::reset() noexcept {
  if (fd_ < 0) return;
  const int saved = errno;
  close(std::exchange(fd_, -1));  // not retried: Linux has closed it even after EINTR
  errno = saved;
}

Fd open_file(const std::string& path, int flags, mode_t mode) {
  for (;;) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) return Fd(fd);
    if (errno != EINTR) throw errno_error("cannot open " + path, errno);
  }
}

Fd open_existing(const std::string& path, int flags) {
  for (;;) {
    Fd fd(open(path.c_str(), (flags & ~O_CREAT) | O_CLOEXEC | O_NONBLOCK));
    if (fd) {
      check_regular(fd.get(), path);
      return fd;
    }
    if (errno == ENOENT) return Fd();
    if (errno != EINTR) throw errno_error("cannot open " + path, errno);
  }
}

void make_directories(const std::string& path) {
  const std::string whole = strip_slashes(path);
  if (is_directory(whole)) return;
  std::size_t end = 0;
  while (end < whole.size()) {
    end = whole.find('/', end + 1);
    const std::string part = whole.substr(0, end);
    if (mkdir(part.c_str(), 0700) == 0) continue;
    const int error = errno;
    if (!is_directory(part)) throw errno_error("cannot create directory " + part, error == EEXIST ? ENOTDIR : error);
  }
  if (!is_directory(whole)) throw errno_error("cannot create directory " + path, ENOENT);
}

void write_all(int fd, const void* data, std::size_t size) {
  const auto* p = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = write(fd, p, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw errno_error("cannot write", errno);
    p += done;
    size -= static_cast<std::size_t>(done);
  }
}

void pwrite_all(int fd, const void* data, std::size_t size, off_t offset) {
  const auto* p = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = pwrite(fd, p, size, offset);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw errno_error("cannot write", errno);
    p += done;
    size -= static_cast<std::size_t>(done);
    offset += done;
  }
}

std::size_t pread_some(int fd, void* data, std::size_t size, off_t offset) {
  auto* p = static_cast<char*>(data);
  std::size_t total = 0;
  while (total < size) {
    const ssize_t got = pread(fd, p + total, size - total, offset + static_cast<off_t>(total));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error("cannot read", errno);
    if (got == 0) break;
    total += static_cast<std::size_t>(got);
  }
  return total;
}

std::string read_file(const std::string& path, std::size_t limit) {
  const Fd fd = open_file(path, O_RDONLY | O_NONBLOCK);
  check_regular(fd.get(), path);
  std::string content;
  // The size cannot be trusted: it is 0 for a file in /proc.
  std::vector<char> chunk(64 * 1024);
  for (;;) {
    const ssize_t got = read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error("cannot read " + path, errno);
    if (got == 0) return content;
    if (static_cast<std::size_t>(got) > limit - content.size()) {
      throw Error(Status::kInvalid, path + " is larger than the limit of " + std::to_string(limit) + " bytes");
    }
    content.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

void sync_file(int fd) {
  while (fdatasync(fd) != 0) {
    if (errno != EINTR) throw errno_error("cannot sync to disk", errno);
  }
}

void sync_directory(const std::string& path) {
  const Fd fd = open_file(path, O_RDONLY | O_DIRECTORY);
  while (fsync(fd.get()) != 0) {
    if (errno == EINVAL) return;  // this file system cannot sync directories
    if (errno != EINTR) throw errno_error("cannot sync directory " + path, errno);
  }
}

std::uint64_t file_size(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) throw errno_error("cannot get the size of a file", errno);
  return static_cast<std::uint64_t>(info.st_size);
}

bool try_lock(int fd) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw errno_error("cannot lock a file", errno);
  }
  return true;
}

void unlock(int fd) noexcept {
  while (flock(fd, LOCK_UN) != 0 && errno == EINTR) {
  }
}

bool same_file(int fd, const std::string& path) noexcept {
  struct stat held {};
  struct stat named {};
  return fstat(fd, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string real_path(const std::string& path) {
  std::string current = strip_slashes(path);
  constexpr int kMaxLinks = 40;  // the kernel's limit
  for (int links = 0; links < kMaxLinks; ++links) {
    if (auto resolved = resolve(current)) return *resolved;
    if (errno != ENOENT || current.empty()) throw errno_error("cannot resolve " + path, errno);
    const std::size_t slash = current.rfind('/');
    const std::string name = slash == std::string::npos ? current : current.substr(slash + 1);
    const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : current.substr(0, slash);
    const auto folder = resolve(parent);
    if (!folder) throw errno_error("cannot resolve " + path, errno);
    const std::string prefix = *folder == "/" ? "/" : *folder + "/";
    // A dangling link: opening it with O_CREAT would create its target, so the target is the real path.
    const std::string target = read_link(prefix + name);
    if (target.empty()) return prefix + name;
    current = strip_slashes(target.front() == '/' ? target : prefix + target);
  }
  throw errno_error("cannot resolve " + path, ELOOP);
}

std::string expand_home(const std::string& path) {
  if (path.empty() || path[0] != '~' || (path.size() > 1 && path[1] != '/')) return path;
  const char* home = getenv("HOME");
  if (home != nullptr && *home != '\0') return home + path.substr(1);
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(4096);
  int error = 0;
  while ((error = getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE) {
    buffer.resize(buffer.size() * 2);
  }
  if (error == 0 && found != nullptr && found->pw_dir != nullptr && *found->pw_dir != '\0') {
    return found->pw_dir + path.substr(1);
  }
  throw Error(Status::kConfig, "cannot expand " + path + ": this user has no home directory; set HOME");
}

}  // namespace plog
