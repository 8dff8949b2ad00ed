#include "heads/write_whole.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/uuid.h"

namespace plog::heads {

void write_whole(const std::string& path, std::string_view bytes,
                 const std::function<void(const std::string& draft)>& place) {
  std::uint8_t random[8];
  random_octets(random, sizeof random);
  const std::string draft = path + ".new-" + hex_encode(random, sizeof random);
  try {
    const Fd fd = open_file(draft, O_CREAT | O_EXCL | O_WRONLY, 0600);
    write_all(fd.get(), bytes.data(), bytes.size());
    sync_file(fd.get());
    place(draft);
  } catch (...) {
    ::unlink(draft.c_str());
    throw;
  }
  sync_directory(directory_of(path));
}

}  // namespace plog::heads
