// Files, directories and locks (POSIX). Descriptors are close-on-exec.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

namespace plog {

// Owns a descriptor; empty (-1) by default.
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
// Opens a regular file without ever creating it or blocking on a FIFO. Returns an empty Fd if the path does not exist;
// throws kIo if it is not a regular file or cannot be opened.
Fd open_existing(const std::string& path, int flags);

// Creates the directory and its missing parents with mode 0700. Leaves existing directories, and links to directories,
// as they are. Throws.
void make_directories(const std::string& path);

// Writes all bytes or throws; after a failure the file may contain some of them.
void write_all(int fd, const void* data, std::size_t size);
void pwrite_all(int fd, const void* data, std::size_t size, off_t offset);
// Reads `size` bytes at `offset`, fewer only at the end of the file. Returns the number of bytes read. Throws.
std::size_t pread_some(int fd, void* data, std::size_t size, off_t offset);
// Reads a whole regular file. Throws kInvalid if it has more than `limit` bytes, kIo if it is not a regular file or
// cannot be read.
std::string read_file(const std::string& path, std::size_t limit);

void sync_file(int fd);                        // fdatasync; throws
void sync_directory(const std::string& path);  // fsync of a directory; throws
std::uint64_t file_size(int fd);               // in bytes; throws

// Takes an exclusive advisory lock on the open file description with flock(2), without waiting. Returns false if
// another description holds the lock; throws on other failures. The kernel releases the lock when the last descriptor
// is closed, at the latest when the process dies. The lock works across pid namespaces.
bool try_lock(int fd);
void unlock(int fd) noexcept;

// Whether the path still names the file that the descriptor refers to (same device and inode).
bool same_file(int fd, const std::string& path) noexcept;

// Returns the directory that contains the path: "." if the path has no slash.
std::string directory_of(const std::string& path);

// Returns the absolute path with links resolved; the last component need not exist. Throws kIo.
std::string real_path(const std::string& path);

// Expands "~" and "~/x" with HOME, or with the password file if HOME is unset or empty. Returns any other path
// unchanged. Throws kConfig if the user has no home directory.
std::string expand_home(const std::string& path);

}  // namespace plog
