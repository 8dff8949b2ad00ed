#include "ledger/merkle.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "json/value.h"
#include "ledger_tree_model.h"

namespace plog::ledger {
namespace {

std::string from_hex(std::string_view text) {
  std::string octets(text.size() / 2, '\0');
  EXPECT_TRUE(hex_decode(text, reinterpret_cast<std::uint8_t*>(octets.data()), octets.size()));
  return octets;
}

// The examples of transparency-dev/merkle: rfc6962_test.go and testonly/constants.go.
TEST(MerkleHashes, MatchPublishedExamples) {
  EXPECT_EQ(hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(hash_leaf("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(hex(hash_leaf("L123456")), "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
}

TEST(MerkleHashes, OfANodeIsSha256OfItsPrefixAndChildren) {
  std::mt19937 random(6962);
  for (int i = 0; i < 100; ++i) {
    Hash left, right;
    for (std::uint8_t& octet : left) octet = static_cast<std::uint8_t>(random());
    for (std::uint8_t& octet : right) octet = static_cast<std::uint8_t>(random());
    std::string octets(1, '\1');
    octets.append(left.begin(), left.end()).append(right.begin(), right.end());
    ASSERT_EQ(hash_node(left, right), sha256(octets));
  }
}

TEST(MerkleHashes, ALeafThatLooksLikeANodeHasAnotherHash) {
  const Hash left = hash_leaf("a"), right = hash_leaf("b");
  std::string octets(1, '\1');
  octets.append(left.begin(), left.end()).append(right.begin(), right.end());
  EXPECT_NE(hash_leaf(octets), hash_node(left, right));
  octets.erase(0, 1);
  EXPECT_NE(hash_leaf(octets), hash_node(left, right));
}

TEST(MerkleRoots, MatchPublishedTrees) {
  const std::string path = PLOG_SOURCE_DIR "/../shared/vectors/merkle-roots.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
  const json::Value vectors = json::parse(read_file(path, 1 << 20));
  EXPECT_EQ(hex(CompactRange().root()), vectors.find("empty_root")->text());
  CompactRange tree;
  const json::Value::Array& leaves = vectors.find("leaves")->array();
  const json::Value::Array& roots = vectors.find("roots")->array();
  ASSERT_EQ(leaves.size(), roots.size());
  ASSERT_EQ(leaves.size(), 8u);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    tree.append(hash_leaf(from_hex(leaves[i].text())));
    EXPECT_EQ(hex(tree.root()), roots[i].text());
  }
}

// The "Subtree Test Vectors" of draft-ietf-plants-merkle-tree-certs: entry i is the byte i.
TEST(MerkleRoots, OfAllSubtreesMatchTheAccumulatedVector) {
  std::string lines;
  for (std::uint64_t end = 1; end <= 130; ++end) {
    for (std::uint64_t start = 0; start < end; ++start) {
      if (start % std::bit_ceil(end - start) != 0) continue;
      CompactRange tree;
      for (std::uint64_t i = start; i < end; ++i) tree.append(hash_leaf(std::string(1, static_cast<char>(i))));
      lines += '[' + std::to_string(start) + ", " + std::to_string(end) + ") " + hex(tree.root()) + '\n';
    }
  }
  EXPECT_EQ(sha256_hex(lines), "94a95384a8c69acea9b50d035a58285b3a777cb7a724005faa5e1f1e1190007f");
}

TEST(MerkleRoots, AgreeWithTheRecursiveDefinition) {
  const TreeModel model = TreeModel::of_size(700);
  CompactRange tree;
  for (std::uint64_t size = 0;; ++size) {
    ASSERT_EQ(tree.size(), size);
    ASSERT_EQ(tree.root(), model.root(0, size)) << size;
    if (size == 130) {
      EXPECT_EQ(hex(tree.root()), "f05d2f5ef24c72dd70b0a8f28e576b3acaf944c00e014524c47aa42325d7d1c3");
    }
    if (size == model.size()) break;
    tree.append(model.leaf(size));
  }
}

TEST(CompactRange, TellsOfEveryCompleteNodeOnceAndUpwards) {
  const TreeModel model = TreeModel::of_size(300);
  CompactRange tree;
  std::map<std::pair<unsigned, std::uint64_t>, Hash> nodes;
  for (std::uint64_t i = 0; i < model.size(); ++i) {
    unsigned expected = 0;
    tree.append(model.leaf(i), [&](unsigned level, std::uint64_t index, const Hash& hash) {
      EXPECT_EQ(level, expected++);
      EXPECT_TRUE(nodes.emplace(std::pair(level, index), hash).second);
    });
  }
  std::size_t complete = 0;
  for (unsigned level = 0; level < 10; ++level) {
    for (std::uint64_t index = 0; index < model.size() >> level; ++index, ++complete) {
      ASSERT_EQ(nodes.at({level, index}), model.root(index << level, (index + 1) << level));
    }
  }
  EXPECT_EQ(nodes.size(), complete);
}

TEST(CompactRange, GoesOnFromItsStoredHashes) {
  const TreeModel model = TreeModel::of_size(200);
  for (std::uint64_t cut = 0; cut <= model.size(); ++cut) {
    CompactRange first;
    for (std::uint64_t i = 0; i < cut; ++i) first.append(model.leaf(i));
    CompactRange second(first.size(), first.hashes());
    EXPECT_EQ(second.root(), first.root());
    for (std::uint64_t i = cut; i < model.size(); ++i) second.append(model.leaf(i));
    ASSERT_EQ(second.root(), model.root(0, model.size())) << cut;
  }
}

TEST(CompactRange, HashesThatDoNotFitTheSizeAreRefused) {
  const std::vector<Hash> hashes(3);
  EXPECT_NO_THROW(CompactRange(7, hashes));
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{8}, ~std::uint64_t{0}}) {
    try {
      CompactRange(size, hashes);
      FAIL() << size;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::kCorrupt);
    }
  }
}

TEST(CompactRange, SubtreesFoundElsewhereGiveTheSameTree) {
  const TreeModel model = TreeModel::of_size(333);
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    CompactRange tree;
    std::map<std::pair<unsigned, std::uint64_t>, Hash> nodes;
    while (tree.size() < model.size()) {
      const std::uint64_t at = tree.size();
      unsigned level = at == 0 ? random() % 9 : random() % (static_cast<unsigned>(std::countr_zero(at)) + 1);
      while (at + (std::uint64_t{1} << level) > model.size()) --level;
      tree.append_subtree(level, model.root(at, at + (std::uint64_t{1} << level)),
                          [&](unsigned l, std::uint64_t index, const Hash& hash) {
                            EXPECT_EQ(hash, model.root(index << l, (index + 1) << l));
                          });
    }
    ASSERT_EQ(tree.root(), model.root(0, model.size()));
  }
}

TEST(CompactRange, TheLargestTreeHasItsHashes) {
  std::vector<Hash> hashes(63, hash_leaf("x"));
  CompactRange tree(~std::uint64_t{0} << 1, hashes);
  tree.append(hash_leaf("y"));
  EXPECT_EQ(tree.size(), ~std::uint64_t{0});
  EXPECT_EQ(tree.hashes().size(), 64u);
  EXPECT_EQ(tree.hashes().back(), hash_leaf("y"));
}

}  // namespace
}  // namespace plog::ledger
