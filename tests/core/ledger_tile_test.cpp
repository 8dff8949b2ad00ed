#include "ledger/tile.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>

#include "base/file.h"
#include "ledger_tree_model.h"

namespace plog::ledger {
namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};

TEST(TilePaths, MatchPublishedExamples) {
  EXPECT_EQ(tile_path({0, 1'234'067}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({15, 123'456'789, 41}), "tile/15/x123/x456/789.p/41");
  EXPECT_EQ(tile_path({1, 0, 17}), "tile/1/000.p/17");
  EXPECT_EQ(entries_path(0), "tile/entries/000");
  EXPECT_EQ(entries_path(0, 255), "tile/entries/000.p/255");
  EXPECT_EQ(entries_path(1, 1), "tile/entries/001.p/1");
  EXPECT_EQ(entries_path(123'456'789), "tile/entries/x123/x456/789");
  EXPECT_EQ(parse_tile_path("tile/63/x999/x999/x999/x999/x999/999.p/255"),
            (TilePath{false, {63, 999'999'999'999'999'999u, 255}}));
  EXPECT_EQ(tile_path({0, 1000}), "tile/0/x001/000");
  EXPECT_EQ(tile_path({63, kMax, 255}), "tile/63/x018/x446/x744/x073/x709/x551/615.p/255");
}

TEST(TilePaths, AreParsedAsTheyAreWritten) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 10'000; ++i) {
    TilePath path;
    path.entries = random() % 4 == 0;
    path.tile.level = path.entries ? 0 : static_cast<unsigned>(random() % 64);
    path.tile.index = random() >> (random() % 64);
    path.tile.width = static_cast<unsigned>(random() % 256) + 1;
    const std::string text = path.entries ? entries_path(path.tile.index, path.tile.width) : tile_path(path.tile);
    ASSERT_EQ(parse_tile_path(text), path) << text;
  }
}

TEST(TilePaths, WithAnyOtherSpellingAreRefused) {
  for (const char* path : {
           "",
           "tile",
           "tile/",
           "tile/0",
           "tile/0/",
           "tile//000",
           "tile/0/x001/x234/067.p/",
           "tile/0/x001/x234/067.p",
           "tile/0/x001/x234/",
           "tile/0/x001/x234",
           "tile/0/000.p/0",
           "tile/0/000.p/256",
           "tile/0/000.p/01",
           "tile/0/000.p/-1",
           "tile/0/000.p/1/",
           "tile/0/000.p/1.p/1",
           "tile/0/000p/1",
           "tile/0/000/1",
           "tile/64/000",
           "tile/00/000",
           "tile/+1/000",
           "tile/-1/000",
           "tile/data/000",
           "tile/8/0/000",
           "tile/0/0",
           "tile/0/00",
           "tile/0/0000",
           "tile/0/1000",
           "tile/0/x000/001",
           "tile/0/x001/x001",
           "tile/0/001/001",
           "tile/0/x01/001",
           "tile/0/X001/001",
           "tile/0/x001//001",
           "tile/0/00a",
           "tile/0/ 00",
           "tile/0/000 ",
           "tile/0/000\n",
           "/tile/0/000",
           "Tile/0/000",
           "./tile/0/000",
           "tile/0/../000",
           "tile/entries/",
           "tile/entries/x000/000",
           "tile/entries/000.p/256",
           "tile/entriesx/000",
           "tile/0/x018/x446/x744/x073/x709/x551/616",
           "tile/0/x999/x999/x999/x999/x999/x999/999",
           "tile/0/x001/x000/x000/x000/x000/x000/x000/x000/x000/x000/x000/x000/000",
           "checkpoint",
       }) {
    EXPECT_EQ(parse_tile_path(path), std::nullopt) << path;
  }
  EXPECT_EQ(parse_tile_path(std::string_view("tile/0/000\0", 11)), std::nullopt);
}

TEST(Tiles, OfATreeAreThoseThatTheFormatNames) {
  const std::vector<Tile> tiles = new_tiles(0, 70'000);
  ASSERT_EQ(tiles.size(), 274u + 2u + 1u);
  EXPECT_EQ(tiles[272], (Tile{0, 272}));
  EXPECT_EQ(tiles[273], (Tile{0, 273, 112}));
  EXPECT_EQ(tiles[274], (Tile{1, 0}));
  EXPECT_EQ(tiles[275], (Tile{1, 1, 17}));
  EXPECT_EQ(tiles[276], (Tile{2, 0, 1}));
  EXPECT_EQ(new_tiles(0, 256), (std::vector<Tile>{{0, 0}, {1, 0, 1}}));
  EXPECT_EQ(new_tiles(0, 255), (std::vector<Tile>{{0, 0, 255}}));
  EXPECT_TRUE(new_tiles(0, 0).empty());
  EXPECT_TRUE(new_tiles(kMax, kMax).empty());
  EXPECT_THROW(new_tiles(2, 1), Error);
}

TEST(Tiles, ThatGrowAreNew) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t size = random() % 200'000, old_size = random() % (size + 1);
    std::set<std::pair<unsigned, std::uint64_t>> fresh;
    for (const Tile& tile : new_tiles(old_size, size)) {
      ASSERT_EQ(tile.width, tile_width(tile.level, tile.index, size));
      ASSERT_GT(tile.width, tile_width(tile.level, tile.index, old_size));
      ASSERT_TRUE(fresh.emplace(tile.level, tile.index).second);
    }
    for (const Tile& tile : new_tiles(0, size)) {
      const bool grew = tile.width > tile_width(tile.level, tile.index, old_size);
      ASSERT_EQ(fresh.contains({tile.level, tile.index}), grew);
    }
  }
  EXPECT_EQ(new_tiles(kMax - 1, kMax), (std::vector<Tile>{{0, kMax / 256, 255}}));
}

TEST(Tiles, WidthCountsCompleteNodes) {
  EXPECT_EQ(tile_width(0, 0, 0), 0u);
  EXPECT_EQ(tile_width(0, 0, 1), 1u);
  EXPECT_EQ(tile_width(0, 0, 256), 256u);
  EXPECT_EQ(tile_width(0, 1, 256), 0u);
  EXPECT_EQ(tile_width(7, 0, kMax), 255u);
  EXPECT_EQ(tile_width(7, 1, kMax), 0u);
  EXPECT_EQ(tile_width(8, 0, kMax), 0u);
  EXPECT_EQ(tile_width(63, kMax, kMax), 0u);
}

TEST(Tiles, EveryNodeIsFoundAtItsPlace) {
  const TreeModel model = TreeModel::of_size(70'000);
  MemoryTiles tiles(model);
  for (unsigned level = 0; level <= 16; ++level) {
    const std::uint64_t nodes = model.size() >> level;
    for (std::uint64_t index = 0; index < nodes; index += 1 + nodes / 50) {
      const TilePlace place = place_of(level, index);
      const unsigned width = tile_width(place.tile_level, place.tile_index, model.size());
      ASSERT_LE(place.first + place.count, width);
      ASSERT_EQ(tile_hash(tiles.read({place.tile_level, place.tile_index, width}), place.first, place.count),
                model.root(index << level, (index + 1) << level));
    }
  }
  EXPECT_EQ(place_of(63, 1), (TilePlace{7, 0, 128, 128}));
  EXPECT_EQ(place_of(0, kMax), (TilePlace{0, kMax >> 8, 255, 1}));
}

TEST(Tiles, ThatAreTooShortAreRefused) {
  const std::string octets(3 * kHashSize + 31, 'x');
  EXPECT_NO_THROW(tile_hash(octets, 0, 2));
  EXPECT_NO_THROW(tile_hash(octets, 2, 1));
  EXPECT_THROW(tile_hash(octets, 3, 1), Error);
  EXPECT_THROW(tile_hash(octets, 2, 2), Error);
  EXPECT_THROW(tile_hash("", 0, 1), Error);
  EXPECT_THROW(tile_hash(std::string(kTileBytes, 'x'), 255, 2), Error);
}

TEST(TileAppender, TakesWhatEachBatchAdds) {
  const TreeModel model = TreeModel::of_size(66'000);
  MemoryTiles whole(model);
  std::mt19937 random(10);
  TileAppender tree;
  MemoryTiles tiles;
  for (std::uint64_t i = 0; i < model.size();) {
    for (std::uint64_t end = std::min(model.size(), i + random() % 900); i < end; ++i) tree.append(model.leaf(i));
    tiles.add(tree);
    if (random() % 8 == 0) tree = TileAppender(CompactRange(tree.tree().size(), tree.tree().hashes()));
  }
  EXPECT_EQ(tiles.tiles(), whole.tiles());
  EXPECT_EQ(tiles.tiles().size(), new_tiles(0, model.size()).size());
  EXPECT_EQ(tree.tree().root(), tree_root(model.size(), tiles));
  bool more = false;
  tree.take([&](const TileAppender::Addition&) { more = true; });
  EXPECT_FALSE(more);
}

TEST(EntryBundles, HoldWhatWasAppended) {
  std::string bundle;
  const std::vector<std::string> entries = {"", "a", std::string(255, 'b'), std::string(256, 'c'),
                                            std::string(kMaxEntryBytes, 'd')};
  for (const std::string& entry : entries) append_entry(bundle, entry);
  const auto parsed = parse_entries(bundle, 5);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::vector<std::string>(parsed->begin(), parsed->end()), entries);
  EXPECT_EQ(bundle.substr(0, 5), std::string("\0\0\0\1a", 5));
  EXPECT_THROW(append_entry(bundle, std::string(kMaxEntryBytes + 1, 'e')), Error);
}

TEST(EntryBundles, OfAnotherWidthOrLengthAreRefused) {
  std::string bundle;
  append_entry(bundle, "one");
  append_entry(bundle, "two");
  EXPECT_TRUE(parse_entries(bundle, 2));
  EXPECT_FALSE(parse_entries(bundle, 1));
  EXPECT_FALSE(parse_entries(bundle, 3));
  for (std::size_t size = 0; size < bundle.size(); ++size) {
    EXPECT_FALSE(parse_entries(std::string_view(bundle).substr(0, size), 2)) << size;
  }
  EXPECT_FALSE(parse_entries(bundle + '\0', 2));
  EXPECT_TRUE(parse_entries("", 0));
}

// The test log of transparency-dev/tessera: each tile follows from the bundle of entries beside it.
TEST(PublishedTiles, FollowFromTheirEntries) {
  const std::string log = PLOG_SOURCE_DIR "/../shared/vectors/tlog-tiles/";
  if (!std::filesystem::exists(log)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
  for (unsigned size = 1; size <= 15; ++size) {
    const std::string tile = read_file(log + tile_path({0, 0, size}), kTileBytes);
    const std::string bundle = read_file(log + entries_path(0, size), 1 << 20);
    const auto entries = parse_entries(bundle, size);
    ASSERT_TRUE(entries) << size;
    TileAppender tree;
    for (const std::string_view entry : *entries) tree.append(hash_leaf(entry));
    std::string ours;
    tree.take([&](const TileAppender::Addition& addition) { ours += addition.octets; });
    EXPECT_EQ(ours, tile);
  }
}

}  // namespace
}  // namespace plog::ledger
