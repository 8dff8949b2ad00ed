#include "store/ledger_paths.h"

#include <sys/stat.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace plog::store {
namespace {

namespace fs = std::filesystem;

// The files whose whole name is known: those of SQLite (also the rollback journal, which it would apply to the ledger),
// then those of provenlog.
constexpr std::string_view kSuffixes[] = {"", "-wal", "-shm", "-journal", ".head", ".key", ".lock"};
// Drafts, and files that were set aside. Their names continue with something random.
constexpr std::string_view kPrefixes[] = {".new-",          ".first-",    ".restored-", ".replaced-",
                                          "-wal.orphaned-", ".head.new-", ".key.new-"};

using FileId = std::pair<dev_t, ino_t>;

// The file that a path leads to; {0, 0} if there is none.
FileId file_at(const fs::path& path) noexcept {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? FileId(info.st_dev, info.st_ino) : FileId();
}

// The absolute path, with the links resolved in the part of it that exists.
fs::path resolved(const fs::path& path) {
  std::error_code failed;
  const fs::path absolute = fs::absolute(path, failed);
  fs::path found = fs::weakly_canonical(absolute, failed);
  if (failed) found = absolute.lexically_normal();
  // "name/" names the same directory as "name".
  return found.has_filename() ? found : found.parent_path();
}

// A path to compare with others.
class Place {
 public:
  explicit Place(const fs::path& path) : path_(resolved(path)), file_(file_at(path_)) {}

  const fs::path& path() const noexcept { return path_; }
  bool same_file(const fs::path& other) const { return file_ != FileId() && file_ == file_at(other); }
  bool same(const fs::path& other) const { return same_file(other) || path_ == resolved(other); }

 private:
  fs::path path_;
  FileId file_;
};

// Whether the place is the directory, lies in it, or is another name of a file in it.
bool inside(const Place& place, const fs::path& directory) {
  for (fs::path at = place.path();; at = at.parent_path()) {
    if (Place(at).same(directory)) return true;
    if (at == at.parent_path()) break;
  }
  std::error_code failed;
  for (fs::directory_iterator entry(directory, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (place.same_file(entry->path())) return true;
  }
  return false;
}

}  // namespace

bool LedgerPaths::contain(const std::string& path, std::span<const std::string> others) const {
  const Place place(path);
  for (const std::string_view suffix : kSuffixes) {
    if (place.same(base_ + std::string(suffix))) return true;
  }
  for (const std::string& other : others) {
    if (place.same(other)) return true;
  }
  const fs::path base = resolved(base_);
  if (place.path().parent_path() == base.parent_path()) {
    for (const std::string_view prefix : kPrefixes) {
      if (place.path().filename().string().starts_with(base.filename().string() + std::string(prefix))) return true;
    }
  }
  return inside(place, journals());
}

}  // namespace plog::store
