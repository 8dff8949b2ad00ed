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

constexpr std::string_view kWhole[] = {"", ".head", ".key", ".lock"};
// Drafts, and files that were set aside.
constexpr std::string_view kBeginnings[] = {".restored-", ".replaced-", ".head.new-", ".key.new-"};
constexpr FileNames kOwn = {kWhole, kBeginnings};

using FileId = std::pair<dev_t, ino_t>;

// Identifies the file that a path leads to; {0, 0} if no such file exists.
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

bool LedgerPaths::contain(const std::string& path, const FileNames& database,
                          std::span<const std::string> others) const {
  const Place place(path);
  const fs::path base = resolved(base_);
  const bool beside = place.path().parent_path() == base.parent_path();
  const std::string name = place.path().filename().string();
  for (const FileNames& names : {kOwn, database}) {
    for (const std::string_view whole : names.whole) {
      if (place.same(base_ + std::string(whole))) return true;
    }
    for (const std::string_view beginning : names.beginnings) {
      if (beside && name.starts_with(base.filename().string() + std::string(beginning))) return true;
    }
  }
  for (const std::string& other : others) {
    if (place.same(other)) return true;
  }
  return inside(place, journals());
}

}  // namespace plog::store
