// A regression test without libFuzzer: runs a fuzz target over some mutants of files, and over the files themselves.
// The arguments are files and directories, which are searched recursively. Exits with 2 if there are no files.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr unsigned kMutants = 100;  // for each file; the same in every run

// The content with a few random changes: bits flipped, bytes set, pieces removed or duplicated, the end cut off.
std::vector<char> mutant(std::vector<char> octets, unsigned number) {
  std::minstd_rand random(number + 1);
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
  for (std::size_t changes = 1 + below(4); changes > 0 && !octets.empty(); --changes) {
    const std::size_t at = below(octets.size());
    const auto place = octets.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = place + static_cast<std::ptrdiff_t>(1 + below(std::min<std::size_t>(64, octets.size() - at)));
    switch (below(5)) {
      case 0: *place = static_cast<char>(*place ^ (1 << below(8))); break;
      case 1: *place = static_cast<char>(below(256)); break;
      case 2: octets.erase(place, end); break;
      case 3: {
        const std::vector<char> piece(place, end);
        octets.insert(place, piece.begin(), piece.end());
        break;
      }
      default: octets.resize(at);
    }
  }
  return octets;
}

void run(const std::vector<char>& octets) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
}

}  // namespace

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::fprintf(stderr, "cannot open %s\n", file.c_str());
      return 2;
    }
    const std::vector<char> content{std::istreambuf_iterator<char>(in), {}};
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);  // after a crash, the last line names the input
    run(content);
    for (unsigned number = 0; number < kMutants; ++number) {
      std::printf("mutant %u\n", number);
      std::fflush(stdout);
      run(mutant(content, number));
    }
  }
  if (files.empty()) {
    std::fprintf(stderr, "no files to run; pass files or directories as arguments\n");
    return 2;
  }
  return 0;
}
