#include "heads/file_head_store.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "crypto/note.h"
#include "heads/write_whole.h"

namespace plog::heads {

std::optional<std::string> read_head(const std::string& path) {
  const Fd fd = open_existing(path, O_RDONLY);
  if (!fd) return std::nullopt;
  std::string bytes(crypto::kMaxNoteSize + 1, '\0');
  bytes.resize(pread_some(fd.get(), bytes.data(), bytes.size(), 0));
  return bytes;
}

void write_head(const std::string& path, std::string_view note) {
  write_whole(path, note, [&](const std::string& draft) {
    if (::rename(draft.c_str(), path.c_str()) != 0) throw errno_error("cannot write the head " + path, errno);
  });
}

}  // namespace plog::heads
