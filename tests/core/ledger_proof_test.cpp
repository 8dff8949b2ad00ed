#include "ledger/proof.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>
#include <sstream>

#include "base/file.h"
#include "crypto/note.h"
#include "json/value.h"
#include "ledger_tree_model.h"

namespace plog::ledger {
namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};

// The test cases of transparency-dev/merkle, one JSON object on each line.
class PublishedProofs : public testing::Test {
 protected:
  // Skips the test if the file is missing.
  void load(const std::string& name) {
    const std::string path = PLOG_SOURCE_DIR "/../shared/vectors/" + name;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
    std::istringstream lines(read_file(path, 1 << 24));
    for (std::string line; std::getline(lines, line);) cases_.push_back(json::parse(line));
    ASSERT_EQ(cases_.size(), 98u);
  }
  static std::uint64_t number(const json::Value& vector, std::string_view key) {
    return std::stoull(vector.find(key)->text());
  }
  // nullopt: not 32 bytes, so it cannot be passed to the API.
  static std::optional<Hash> hash(const json::Value& value) {
    const std::optional<std::string> octets = base64_decode(value.text());
    Hash hash;
    if (!octets || octets->size() != hash.size()) return std::nullopt;
    std::copy(octets->begin(), octets->end(), hash.begin());
    return hash;
  }
  static std::optional<Proof> proof(const json::Value& vector) {
    Proof proof;
    for (const json::Value& value : vector.find("proof")->array()) {
      const std::optional<Hash> one = hash(value);
      if (!one) return std::nullopt;
      proof.push_back(*one);
    }
    return proof;
  }
  std::vector<json::Value> cases_;
};

TEST_F(PublishedProofs, OfInclusionAreAcceptedOrRefusedAsStated) {
  load("merkle-inclusion.jsonl");
  for (const json::Value& vector : cases_) {
    const std::optional<Hash> leaf = hash(*vector.find("leafHash")), root = hash(*vector.find("root"));
    const std::optional<Proof> hashes = proof(vector);
    const bool good = leaf && root && hashes &&
                      verify_inclusion(number(vector, "leafIdx"), number(vector, "treeSize"), *leaf, *hashes, *root);
    EXPECT_EQ(good, !vector.find("wantErr")->as_bool()) << vector.find("name")->text();
  }
}

TEST_F(PublishedProofs, OfConsistencyAreAcceptedOrRefusedAsStated) {
  load("merkle-consistency.jsonl");
  for (const json::Value& vector : cases_) {
    // Some cases have other text in place of roots; only whether the two are equal matters.
    const auto root = [&](std::string_view key) {
      const json::Value& value = *vector.find(key);
      return hash(value).value_or(sha256(value.text()));
    };
    const std::optional<Proof> hashes = proof(vector);
    const bool good = hashes && verify_consistency(number(vector, "size1"), number(vector, "size2"), *hashes,
                                                   root("root1"), root("root2"));
    EXPECT_EQ(good, !vector.find("wantErr")->as_bool()) << vector.find("name")->text();
  }
}

// The "Subtree Test Vectors" of draft-ietf-plants-merkle-tree-certs: entry i is the byte i.
TEST(Proofs, OfInclusionMatchTheAccumulatedVector) {
  std::string lines;
  for (std::uint64_t end = 1; end <= 130; ++end) {
    for (std::uint64_t start = 0; start < end; ++start) {
      if (start % std::bit_ceil(end - start) != 0) continue;
      std::vector<std::string> entries;
      for (std::uint64_t i = start; i < end; ++i) entries.emplace_back(1, static_cast<char>(i));
      MemoryTiles tiles((TreeModel(entries)));
      for (std::uint64_t index = start; index < end; ++index) {
        lines += std::to_string(index) + " [" + std::to_string(start) + ", " + std::to_string(end) + ')';
        for (const Hash& hash : inclusion_proof(index - start, end - start, tiles)) lines += ' ' + hex(hash);
        lines += '\n';
      }
    }
  }
  EXPECT_EQ(sha256_hex(lines), "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f");
}

class AllProofs : public testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 130;
  const TreeModel model_ = TreeModel::of_size(kSize);
  MemoryTiles tiles_{model_};
  Hash root(std::uint64_t size) const { return model_.root(0, size); }
};

TEST_F(AllProofs, OfInclusionAreThoseOfRfc6962AndAccepted) {
  for (std::uint64_t size = 1; size <= kSize; ++size) {
    const CompactRange edge = compact_range(size, tiles_);
    for (std::uint64_t index = 0; index < size; ++index) {
      const Proof proof = inclusion_proof(index, size, tiles_);
      ASSERT_EQ(inclusion_proof(index, size, tiles_, &edge), proof);
      ASSERT_EQ(proof, model_.path(index, 0, size)) << index << ' ' << size;
      ASSERT_TRUE(verify_inclusion(index, size, model_.leaf(index), proof, root(size))) << index << ' ' << size;
    }
  }
}

TEST_F(AllProofs, OfConsistencyAreThoseOfRfc6962AndAccepted) {
  for (std::uint64_t size = 1; size <= kSize; ++size) {
    const CompactRange edge = compact_range(size, tiles_);
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const Proof proof = consistency_proof(old_size, size, tiles_);
      ASSERT_EQ(consistency_proof(old_size, size, tiles_, &edge), proof);
      ASSERT_EQ(proof, model_.subproof(old_size, 0, size, true)) << old_size << ' ' << size;
      ASSERT_TRUE(verify_consistency(old_size, size, proof, root(old_size), root(size))) << old_size << ' ' << size;
    }
  }
}

TEST_F(AllProofs, OfInclusionFitOneLeafOfOneTreeOnly) {
  for (std::uint64_t size = 1; size <= 40; ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const Proof proof = inclusion_proof(index, size, tiles_);
      for (std::uint64_t other = 0; other < 45; ++other) {
        ASSERT_EQ(verify_inclusion(other, size, model_.leaf(index), proof, root(size)), other == index);
        ASSERT_EQ(verify_inclusion(index, size, model_.leaf(other), proof, root(size)), other == index);
        ASSERT_EQ(verify_inclusion(index, size, model_.leaf(index), proof, root(other)), other == size);
      }
    }
  }
}

TEST_F(AllProofs, OfConsistencyFitOnePairOfRootsOnly) {
  for (std::uint64_t size = 1; size <= 40; ++size) {
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const Proof proof = consistency_proof(old_size, size, tiles_);
      for (std::uint64_t other = 0; other < 45; ++other) {
        ASSERT_EQ(verify_consistency(old_size, size, proof, root(other), root(size)), other == old_size);
        ASSERT_EQ(verify_consistency(old_size, size, proof, root(old_size), root(other)), other == size);
      }
    }
  }
}

// Flips every bit of every hash, and removes, inserts, duplicates and swaps hashes.
template <typename Check>
void expect_mutations_refused(const Proof& proof, Check accepted) {
  ASSERT_TRUE(accepted(proof));
  const Hash zero{};
  for (std::size_t i = 0; i < proof.size(); ++i) {
    for (unsigned bit = 0; bit < 256; ++bit) {
      Proof mutated = proof;
      mutated[i][bit / 8] = static_cast<std::uint8_t>(mutated[i][bit / 8] ^ (1u << bit % 8));
      ASSERT_FALSE(accepted(mutated)) << "bit " << bit << " of hash " << i;
    }
    Proof without = proof;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    ASSERT_FALSE(accepted(without)) << "without hash " << i;
    for (std::size_t j = i + 1; j < proof.size(); ++j) {
      Proof swapped = proof;
      std::swap(swapped[i], swapped[j]);
      ASSERT_FALSE(accepted(swapped)) << "hashes " << i << " and " << j << " swapped";
    }
  }
  for (std::size_t i = 0; i <= proof.size(); ++i) {
    for (const Hash& extra : {zero, empty_root(), i > 0 ? proof[i - 1] : zero}) {
      Proof longer = proof;
      longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i), extra);
      ASSERT_FALSE(accepted(longer)) << "an additional hash before " << i;
    }
  }
  Proof padded = proof;
  padded.resize(200);
  ASSERT_FALSE(accepted(padded));
}

TEST_F(AllProofs, OfInclusionAreRefusedWhenMutated) {
  for (const std::uint64_t size : {1, 2, 3, 7, 8, 9, 64, 65, 127, 130}) {
    for (std::uint64_t index = 0; index < size; index += 1 + size / 20) {
      expect_mutations_refused(inclusion_proof(index, size, tiles_), [&](const Proof& proof) {
        return verify_inclusion(index, size, model_.leaf(index), proof, root(size));
      });
    }
  }
}

TEST_F(AllProofs, OfConsistencyAreRefusedWhenMutated) {
  for (const std::uint64_t size : {1, 2, 3, 7, 8, 9, 64, 65, 127, 130}) {
    for (std::uint64_t old_size = 1; old_size <= size; old_size += 1 + size / 20) {
      expect_mutations_refused(consistency_proof(old_size, size, tiles_), [&](const Proof& proof) {
        return verify_consistency(old_size, size, proof, root(old_size), root(size));
      });
    }
  }
}

TEST(Proofs, OfRandomTreesAgreeWithTheModelAndReadFewTiles) {
  std::mt19937_64 random(11);
  for (const std::uint64_t size : {255u, 256u, 257u, 511u, 65'535u, 65'536u, 65'793u, 70'000u}) {
    const TreeModel model = TreeModel::of_size(size);
    MemoryTiles tiles(model);
    const CompactRange edge = compact_range(size, tiles);
    ASSERT_EQ(edge.root(), model.root(0, size));
    EXPECT_THROW(inclusion_proof(0, size - 1, tiles, &edge), Error);
    for (int i = 0; i < 60; ++i) {
      const std::uint64_t index = i == 0 ? 0 : i == 1 ? size - 1 : random() % size;
      tiles.reads = 0;
      const Proof inclusion = inclusion_proof(index, size, tiles);
      EXPECT_LE(tiles.reads, 6);  // two for each tile level
      ASSERT_EQ(inclusion, model.path(index, 0, size));
      tiles.reads = 0;
      ASSERT_EQ(inclusion_proof(index, size, tiles, &edge), inclusion);
      EXPECT_LE(tiles.reads, 3);  // one for each tile level
      ASSERT_TRUE(verify_inclusion(index, size, model.leaf(index), inclusion, model.root(0, size)));
      tiles.reads = 0;
      const Proof consistency = consistency_proof(index + 1, size, tiles);
      EXPECT_LE(tiles.reads, 6);
      ASSERT_EQ(consistency, model.subproof(index + 1, 0, size, true));
      ASSERT_EQ(consistency_proof(index + 1, size, tiles, &edge), consistency);
      ASSERT_TRUE(verify_consistency(index + 1, size, consistency, model.root(0, index + 1), model.root(0, size)));
      // A tree of an earlier size is read from the tiles of the later one.
      ASSERT_EQ(tree_root(index + 1, tiles), model.root(0, index + 1));
    }
  }
}

TEST(Proofs, ATreeGoesOnFromItsTiles) {
  const TreeModel model = TreeModel::of_size(1'000);
  MemoryTiles tiles(model);
  for (const std::uint64_t size : {0, 1, 2, 255, 256, 257, 512, 999, 1'000}) {
    CompactRange tree = compact_range(size, tiles);
    EXPECT_EQ(tree.size(), size);
    for (std::uint64_t i = size; i < model.size(); ++i) tree.append(model.leaf(i));
    EXPECT_EQ(tree.root(), model.root(0, model.size()));
  }
}

TEST(Proofs, CannotBeMadeForWhatTheTreeHasNot) {
  MemoryTiles tiles(TreeModel::of_size(5));
  const auto status = [](auto make) {
    try {
      make();
    } catch (const Error& error) {
      return error.status();
    }
    return Status::kOk;
  };
  EXPECT_EQ(status([&] { inclusion_proof(5, 5, tiles); }), Status::kInvalid);
  EXPECT_EQ(status([&] { inclusion_proof(0, 0, tiles); }), Status::kInvalid);
  EXPECT_EQ(status([&] { inclusion_proof(kMax, kMax, tiles); }), Status::kInvalid);
  EXPECT_EQ(status([&] { consistency_proof(6, 5, tiles); }), Status::kInvalid);
  EXPECT_EQ(status([&] { inclusion_proof(2, 6, tiles); }), Status::kCorrupt);     // a tile is too short
  EXPECT_EQ(status([&] { inclusion_proof(2, 600, tiles); }), Status::kNotFound);  // a tile is missing
  EXPECT_TRUE(consistency_proof(0, 5, tiles).empty());
  EXPECT_TRUE(consistency_proof(5, 5, tiles).empty());
}

TEST(ProofChecks, AreTotal) {
  const Hash hash = hash_leaf("x");
  std::mt19937_64 random(12);
  const std::vector<std::uint64_t> numbers = {
      0, 1, 2, 3, (kMax >> 1) - 1, kMax >> 1, (kMax >> 1) + 1, (kMax >> 1) + 2, kMax - 1, kMax};
  for (const std::uint64_t a : numbers) {
    for (const std::uint64_t b : numbers) {
      for (const std::size_t count : {0, 1, 2, 62, 63, 64, 65, 66, 1'000}) {
        const Proof proof(count, hash);
        const bool trivial = b == 1 && a == 0 && count == 0;
        ASSERT_EQ(verify_inclusion(a, b, hash, proof, hash), trivial) << a << ' ' << b << ' ' << count;
        const bool same = a == b && a != 0 && count == 0;
        ASSERT_EQ(verify_consistency(a, b, proof, hash, hash), same) << a << ' ' << b << ' ' << count;
      }
    }
  }
}

TEST(ProofChecks, TheLargestTreesAreChecked) {
  // The last leaf of a tree of 2^63 + 1 leaves has one sibling: the root of all others.
  const Hash left = hash_leaf("left"), leaf = hash_leaf("leaf");
  const std::uint64_t half = (kMax >> 1) + 1;
  EXPECT_TRUE(verify_inclusion(half, half + 1, leaf, Proof{left}, hash_node(left, leaf)));
  EXPECT_TRUE(verify_consistency(half, half + 1, Proof{leaf}, left, hash_node(left, leaf)));
  Hash root = leaf;
  for (int i = 0; i < 64; ++i) root = hash_node(root, left);
  EXPECT_TRUE(verify_inclusion(0, kMax, leaf, Proof(64, left), root));
  EXPECT_FALSE(verify_inclusion(0, kMax, leaf, Proof(63, left), root));
  EXPECT_FALSE(verify_inclusion(0, kMax, leaf, Proof(65, left), root));
}

TEST(ProofChecks, TheEmptyTreeIsExtendedOnlyWhereThatIsAskedFor) {
  const Hash root = hash_leaf("x");
  EXPECT_FALSE(verify_consistency(0, 7, {}, empty_root(), root));
  EXPECT_FALSE(verify_consistency(0, 0, {}, empty_root(), empty_root()));
  EXPECT_TRUE(verify_consistency(0, 7, {}, empty_root(), root, EmptyTree::kAccept));
  EXPECT_TRUE(verify_consistency(0, 0, {}, empty_root(), empty_root(), EmptyTree::kAccept));
  EXPECT_FALSE(verify_consistency(0, 0, {}, empty_root(), root, EmptyTree::kAccept));
  EXPECT_FALSE(verify_consistency(0, 7, {}, root, root, EmptyTree::kAccept));
  EXPECT_FALSE(verify_consistency(0, 7, Proof{root}, empty_root(), root, EmptyTree::kAccept));
}

class TlogProofs : public testing::Test {
 protected:
  const std::string note_ = crypto::sign_note("log\n1\n" + base64_encode(empty_root().data(), 32) + '\n',
                                              crypto::Signer("log", crypto::PrivateKey(crypto::Seed())));
  const std::string hash_ = base64_encode(empty_root().data(), 32);
};

TEST_F(TlogProofs, AreWrittenAsTheFormatSays) {
  TlogProof proof{std::nullopt, 5, {empty_root(), empty_root()}, note_};
  EXPECT_EQ(format_tlog_proof(proof), "c2sp.org/tlog-proof@v1\nindex 5\n" + hash_ + '\n' + hash_ + "\n\n" + note_);
  proof.extra = "extra information";
  EXPECT_EQ(format_tlog_proof(proof), "c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 5\n" + hash_ +
                                          '\n' + hash_ + "\n\n" + note_);
  proof = {std::nullopt, 0, {}, note_};
  EXPECT_EQ(format_tlog_proof(proof), "c2sp.org/tlog-proof@v1\nindex 0\n\n" + note_);
  EXPECT_THROW(format_tlog_proof({std::nullopt, 0, {}, "no note\n"}), Error);
  EXPECT_THROW(format_tlog_proof({std::nullopt, 0, Proof(65), note_}), Error);
}

TEST_F(TlogProofs, AreParsedAsTheyAreWritten) {
  std::mt19937_64 random(13);
  for (std::size_t count = 0; count <= kMaxInclusionHashes; ++count) {
    TlogProof proof{std::nullopt, random() >> (random() % 64), Proof(count, hash_leaf("x")), note_};
    if (count % 3 != 0) proof.extra = std::string(count - 1, '\xFF');
    const std::string text = format_tlog_proof(proof);
    const std::optional<TlogProof> parsed = parse_tlog_proof(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->extra, proof.extra);
    EXPECT_EQ(parsed->index, proof.index);
    EXPECT_EQ(parsed->hashes, proof.hashes);
    EXPECT_EQ(parsed->checkpoint, note_);
    EXPECT_EQ(format_tlog_proof(*parsed), text);
  }
}

TEST_F(TlogProofs, OfAnyOtherFormAreRefused) {
  const std::string head = "c2sp.org/tlog-proof@v1\n", tail = "\n" + note_;
  ASSERT_TRUE(parse_tlog_proof(head + "index 0\n" + hash_ + "\n" + tail));
  for (const std::string& text : {
           std::string(),
           head,
           "wrong-header\nindex 0\n" + tail,
           "\n" + head + "index 0\n" + tail,
           head + "extra !!notbase64!!\nindex 0\n" + tail,
           head + "extra AB==\nindex 0\n" + tail,
           head + "extra\nindex 0\n" + tail,
           head + "extra AA==\nextra AA==\nindex 0\n" + tail,
           head + "index 0\nextra AA==\n" + tail,
           head + "\n" + tail,
           head + "index notanumber\n" + tail,
           head + "index -5\n" + tail,
           head + "index +5\n" + tail,
           head + "index 05\n" + tail,
           head + "index  5\n" + tail,
           head + "index 5 \n" + tail,
           head + "index 18446744073709551616\n" + tail,
           head + "index 5\r\n" + tail,
           head + "index 0\n!!notbase64!!\n" + tail,
           head + "index 0\n" + hash_ + " \n" + tail,
           head + "index 0\n" + std::string(88, 'A') + "\n" + tail,
           head + "index 0\n" + hash_.substr(0, 42) + "V=\n" + tail,
           head + "index 0\n" + std::string(65 * 1024, 'a') + "\n",
           head + "index 0\n" + note_,
           head + "index 0\n\n",
           head + "index 0\n\ncheckpoint\n",
           head + "index 0\n\n" + tail + "\n",
       }) {
    EXPECT_FALSE(parse_tlog_proof(text)) << text;
  }
  std::string many = head + "index 0\n";
  for (int i = 0; i < 64; ++i) many += hash_ + '\n';
  EXPECT_TRUE(parse_tlog_proof(many + tail));
  EXPECT_FALSE(parse_tlog_proof(many + hash_ + '\n' + tail));
}

}  // namespace
}  // namespace plog::ledger
