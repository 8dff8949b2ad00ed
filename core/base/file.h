// Files, directories and locks (POSIX). Descriptors are close-on-exec.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace plog {

// Owns a descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept;  // closes; keeps errno

 private:
  int fd_ = -1;
};

// open(2) with O_CLOEXEC, retried on EINTR. Throws errno_error("cannot open <path>").
Fd open_file(const std::string& path, int flags, mode_t mode = 0600);
// The same for regular files (else kIo), never waiting for a FIFO; an empty Fd when the path does not exist.
Fd open_existing(const std::string& path, int flags);

// Creates the directory and its parents, each 0700, and follows existing ones as they are. Throws.
void make_directories(const std::string& path);

// Writes all or throws; on failure the file may hold a part.
void write_all(int fd, const void* data, std::size_t size);
void pwrite_all(int fd, const void* data, std::size_t size, off_t offset);
// Reads up to `size` octets at offset, less only at the end of the file. Throws.
std::size_t pread_some(int fd, void* data, std::size_t size, off_t offset);
std::string read_file(const std::string& path, std::size_t limit);  // of regular files; kInvalid beyond `limit`

void sync_file(int fd);                        // fdatasync; throws
void sync_directory(const std::string& path);  // fsync of a directory; throws
std::uint64_t file_size(int fd);

// flock(2): an exclusive advisory lock of the open file description. The kernel drops it when the last descriptor
// closes, so at death at the latest; it is seen across pid namespaces. False when another holds it.
bool try_lock(int fd);
void unlock(int fd) noexcept;

// Whether the descriptor still is what stands at the path (same device and inode).
bool same_file(int fd, const std::string& path) noexcept;

// The absolute path with links resolved; the last component need not exist.
std::string real_path(const std::string& path);

// "~" and "~/x" from HOME, or from the password file where HOME is unset.
std::string expand_home(const std::string& path);

// A name such as "nfs" when the path lies on a file system that locks can't be trusted on; nullopt on local ones.
std::optional<std::string> network_file_system(const std::string& path);

}  // namespace plog
