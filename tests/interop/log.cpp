// The counterpart of sumdb/main.go with our code: writes and checks static tlog-tiles directories.
//
//   plog_interop_log make DIR SKEY COUNT
//   plog_interop_log verify DIR VKEY
//
// Both write the same example entries and choose the same proofs, so their directories are equal.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "ledger/checkpoint.h"
#include "ledger/proof.h"
#include "ledger/tile.h"

namespace {

namespace fs = std::filesystem;
using namespace plog::ledger;
using plog::Error;
using plog::Status;

constexpr std::size_t kMaxFile = 64 << 20;

std::string entry(std::uint64_t i) {
  std::string text;
  for (std::uint64_t n = i % 5; n > 0; --n) text += "entry " + std::to_string(i) + '\n';
  return text;
}

std::uint64_t step(std::uint64_t count) { return 1 + count / 64; }

void write(const fs::path& path, std::string_view octets) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(octets.data(), static_cast<std::streamsize>(octets.size()));
  if (!file.flush()) throw Error(Status::kIo, "cannot write " + path.string());
}

void expect(bool holds, const std::string& what) {
  if (!holds) throw Error(Status::kCorrupt, what);
}

class DirectoryTiles final : public TileReader {
 public:
  explicit DirectoryTiles(fs::path directory) : directory_(std::move(directory)) {}
  std::string_view read(const Tile& tile) override {
    octets_ = plog::read_file(directory_ / tile_path(tile), kMaxFile);
    expect(octets_.size() == std::size_t{tile.width} * kHashSize, tile_path(tile) + ": wrong length");
    return octets_;
  }

 private:
  fs::path directory_;
  std::string octets_;
};

std::string hash_lines(const Proof& proof) {
  std::string text;
  for (const Hash& hash : proof) text += plog::base64_encode(hash.data(), hash.size()) + '\n';
  return text;
}

void make(const fs::path& directory, std::string_view key, std::uint64_t count) {
  const plog::crypto::Signer signer = plog::crypto::Signer::parse(key);
  TileAppender tree;
  std::string bundle;
  for (std::uint64_t i = 0; i < count; ++i) {
    tree.append(hash_leaf(entry(i)));
    append_entry(bundle, entry(i));
    if ((i + 1) % kTileWidth != 0 && i + 1 != count) continue;
    const std::uint64_t index = i / kTileWidth;
    write(directory / entries_path(index, tile_width(0, index, count)), bundle);
    bundle.clear();
  }
  tree.take([&](const TileAppender::Addition& addition) {
    const Tile tile{addition.level, addition.index, static_cast<unsigned>(addition.octets.size() / kHashSize)};
    write(directory / tile_path(tile), addition.octets);
  });

  DirectoryTiles tiles(directory);
  // An earlier tree is stored in the same tiles, but its partial tiles have the names of the current tree.
  class Prefix final : public TileReader {
   public:
    Prefix(std::uint64_t size, TileReader& whole) : size_(size), whole_(whole) {}
    std::string_view read(const Tile& tile) override {
      return whole_.read({tile.level, tile.index, tile_width(tile.level, tile.index, size_)});
    }

   private:
    std::uint64_t size_;
    TileReader& whole_;
  };
  Prefix prefix(count, tiles);
  const auto head = [&](std::uint64_t size) {
    return sign_checkpoint({signer.name(), size, tree_root(size, prefix), {}}, signer);
  };
  const std::string checkpoint = head(count);
  expect(tree.tree().root() == tree_root(count, tiles), "the root of the tiles differs from that of the tree");
  write(directory / "checkpoint", checkpoint);
  for (std::uint64_t i = 0; i < count; i += step(count)) {
    write(directory / "proof/inclusion" / std::to_string(i),
          format_tlog_proof({std::nullopt, i, inclusion_proof(i, count, tiles), checkpoint}));
  }
  for (std::uint64_t old = 1; old <= count; old += step(count)) {
    write(directory / "proof/consistency" / std::to_string(old),
          hash_lines(consistency_proof(old, count, tiles)) + '\n' + head(old));
  }
}

Checkpoint open(std::string_view note, const plog::crypto::Verifier& verifier) {
  const OpenedCheckpoint opened = open_checkpoint(note, {&verifier, 1}, verifier.name());
  expect(opened.fault == CheckpointFault::kNone, "the checkpoint " + std::string(checkpoint_fault_text(opened.fault)));
  return opened.checkpoint;
}

std::vector<fs::path> files_of(const fs::path& directory) {
  std::vector<fs::path> files;
  if (fs::exists(directory)) {
    for (const auto& file : fs::directory_iterator(directory)) files.push_back(file.path());
  }
  return files;
}

// Checks a consistency file, which consists of hashes, an empty line and the older checkpoint.
void check_consistency(std::string_view text, const Checkpoint& head, const plog::crypto::Verifier& verifier) {
  Proof proof;
  for (;;) {
    const std::size_t end = text.find('\n');
    expect(end != std::string_view::npos, "consistency proof: there is no empty line after the hashes");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) break;
    const auto octets = plog::base64_decode(line);
    expect(octets && octets->size() == kHashSize, "consistency proof: a line is not a hash");
    std::copy(octets->begin(), octets->end(), proof.emplace_back().begin());
  }
  const Checkpoint old = open(text, verifier);
  expect(verify_consistency(old.size, head.size, proof, old.root, head.root), "consistency proof: not valid");
}

void verify(const fs::path& directory, std::string_view key) {
  const plog::crypto::Verifier verifier = plog::crypto::Verifier::parse(key);
  const std::string note = plog::read_file(directory / "checkpoint", kMaxFile);
  const Checkpoint head = open(note, verifier);
  // Rebuild the tree from its entries and compare each tile.
  TileAppender tree;
  std::vector<Hash> leaves;
  for (std::uint64_t index = 0; index * kTileWidth < head.size; ++index) {
    const unsigned width = tile_width(0, index, head.size);
    const std::string bundle = plog::read_file(directory / entries_path(index, width), kMaxFile);
    const auto entries = parse_entries(bundle, width);
    expect(entries.has_value(), entries_path(index, width) + ": malformed");
    for (const std::string_view text : *entries) tree.append(leaves.emplace_back(hash_leaf(text)));
  }
  expect(tree.tree().root() == head.root, "the root of the entries differs from that of the checkpoint");
  DirectoryTiles tiles(directory);
  tree.take([&](const TileAppender::Addition& addition) {
    const Tile tile{addition.level, addition.index, static_cast<unsigned>(addition.octets.size() / kHashSize)};
    expect(tiles.read(tile) == addition.octets, tile_path(tile) + ": differs from the tile of the entries");
  });

  const std::vector<fs::path> inclusion = files_of(directory / "proof/inclusion");
  for (const fs::path& file : inclusion) {
    const auto proof = parse_tlog_proof(plog::read_file(file, kMaxFile));
    expect(proof && proof->checkpoint == note && proof->index < head.size, file.string() + ": malformed");
    expect(verify_inclusion(proof->index, head.size, leaves[proof->index], proof->hashes, head.root),
           file.string() + ": the proof is not valid");
  }
  const std::vector<fs::path> consistency = files_of(directory / "proof/consistency");
  for (const fs::path& file : consistency) check_consistency(plog::read_file(file, kMaxFile), head, verifier);
  std::printf("{\"origin\":\"%s\",\"size\":%" PRIu64 ",\"root\":\"%s\",\"inclusion\":%zu,\"consistency\":%zu}\n",
              head.origin.c_str(), head.size, plog::base64_encode(head.root.data(), head.root.size()).c_str(),
              inclusion.size(), consistency.size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  try {
    if (command == "make" && argc == 5) {
      make(argv[2], argv[3], std::strtoull(argv[4], nullptr, 10));
    } else if (command == "verify" && argc == 4) {
      verify(argv[2], argv[3]);
    } else {
      std::fprintf(stderr, "usage: plog_interop_log make DIR SKEY COUNT | verify DIR VKEY\n");
      return 2;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "plog_interop_log: %s\n", error.what());
    return 1;
  }
  return 0;
}
