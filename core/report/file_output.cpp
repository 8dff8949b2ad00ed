#include "report/file_output.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/encoding.h"
#include "base/uuid.h"

namespace plog::report {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileOutput::FileOutput(const std::string& path, bool overwrite) : path_(path), overwrite_(overwrite) {
  if (!overwrite && ::access(path.c_str(), F_OK) == 0) throw exists();
  std::uint8_t random[8];
  random_octets(random, sizeof random);
  draft_ = path + ".new-" + hex_encode(random, sizeof random);
  fd_ = open_file(draft_, O_CREAT | O_EXCL | O_WRONLY, 0600);
}

FileOutput::~FileOutput() {
  if (fd_) ::unlink(draft_.c_str());
}

Error FileOutput::exists() const {
  struct stat info {};
  if (::stat(path_.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return Error(Status::kInvalid, "cannot write " + path_ + ": it is a directory; give the name of a file");
  }
  return Error(Status::kInvalid,
               "cannot write " + path_ + ": it already exists; give another name, or allow overwriting (--overwrite)");
}

void FileOutput::spill() {
  if (buffer_.size() >= kBufferBytes) flush();
}

void FileOutput::flush() {
  try {
    write_all(fd_.get(), buffer_.data(), buffer_.size());
  } catch (const Error& error) {
    throw Error(error.status(), path_ + ": " + error.what());
  }
  buffer_.clear();
}

void FileOutput::finish(bool sync) {
  flush();
  if (sync) sync_file(fd_.get());
  if (overwrite_) {
    if (::rename(draft_.c_str(), path_.c_str()) != 0) throw errno_error("cannot write " + path_, errno);
  } else {
    // Unlike rename, link(2) never replaces a file that another process has created in the meantime.
    if (::link(draft_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST) throw exists();
      throw errno_error("cannot write " + path_, errno);
    }
    ::unlink(draft_.c_str());
  }
  fd_.reset();
  if (sync) sync_directory(directory_of(path_));
}

void write_file(const std::string& path, std::string_view octets, bool sync) {
  FileOutput file(path, true);
  file.buffer() = octets;
  file.finish(sync);
}

}  // namespace plog::report
