// Static directories of tiles: any files get a verdict, and with a trusted key only what this key signed is valid.
//
// The input describes the directory: for each file, one line with its path and the length of its content, and then the
// content.
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/encoding.h"
#include "check.h"
#include "report/tile_directory.h"
#include "seed.h"

namespace {

namespace fs = std::filesystem;

// A temporary directory that is emptied before each input and deleted at exit.
class Directory {
 public:
  Directory() {
    // Use a file system in memory if there is one.
    std::string name = fs::exists("/dev/shm") ? "/dev/shm/tiles_fuzz-XXXXXX" : "/tmp/tiles_fuzz-XXXXXX";
    PLOG_FUZZ_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    std::atexit([] { fs::remove_all(path_); });
  }

  void clear() {
    for (const auto& entry : fs::directory_iterator(path_)) fs::remove_all(entry);
  }
  // Does nothing for a path that is invalid, leads out of the directory or is already a directory.
  void put(std::string_view name, std::string_view content) {
    if (name.empty() || name.size() > 200 ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789/.") != name.npos || name.find("..") != name.npos) {
      return;
    }
    const fs::path path = path_ / fs::path(name).relative_path();
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (fs::is_directory(path, error)) return;
    std::ofstream(path, std::ios::binary) << content;
  }
  static std::string path() { return path_.string(); }

 private:
  static inline fs::path path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using plog::ledger::Verdict;
  static auto* const directory = new Directory;
  directory->clear();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int files = 0; files < 32; ++files) {
    const std::size_t space = rest.find(' '), line = rest.find('\n');
    if (space == rest.npos || line == rest.npos || space > line) break;
    std::size_t length = 0;
    std::from_chars(rest.data() + space + 1, rest.data() + line, length);
    const std::string_view content = rest.substr(line + 1, length);
    directory->put(rest.substr(0, space), content);
    rest.remove_prefix(line + 1 + content.size());
  }
  const auto report = plog::report::verify_tiles(Directory::path(), {});
  PLOG_FUZZ_CHECK((report.verdict == Verdict::kOk) == report.findings.empty());
  plog::report::CheckRequest request;
  request.keys.emplace_back(kSeedKey);
  const auto trusted = plog::report::verify_tiles(Directory::path(), request);
  if (trusted.verdict != Verdict::kOk) return 0;
  PLOG_FUZZ_CHECK(trusted.root && plog::hex_encode(trusted.root->data(), trusted.root->size()) == kSeedRoot);
  return 0;
}
