// usage: plog_bench_tree LEAVES ROUNDS
//
// Measures the tree in memory: adding a leaf, creating and checking proofs from tiles, signing and opening heads. Each
// figure is a list of nanoseconds, one per round. Where OpenSSL alone can do the same work, its times are listed too.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <map>
#include <random>
#include <utility>

#include "base/uuid.h"
#include "bench.h"
#include "ledger/checkpoint.h"
#include "ledger/leaf.h"
#include "ledger/proof.h"
#include "ledger/tile.h"

namespace {

using namespace plog::ledger;

class MemoryTiles final : public TileReader {
 public:
  void add(TileAppender& tree) {
    tree.take([this](const TileAppender::Addition& addition) {
      tiles_[{addition.level, addition.index}] += addition.octets;
    });
  }
  std::string_view read(const Tile& tile) override { return tiles_.at({tile.level, tile.index}); }

 private:
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles_;
};

Leaf leaf_number(std::uint64_t number, const Hash& hash, const Hash& prev_hash) {
  Leaf leaf;
  leaf.agent = "research-agent-7";
  leaf.sequence = number + 1;
  leaf.hash = hash;
  leaf.prev_hash = prev_hash;
  return leaf;
}

// Calls `work` `count` times and returns the nanoseconds per call.
template <typename Work>
double nanos_of(std::uint64_t count, Work&& work) {
  const std::int64_t start = plog::bench::now_nanos();
  for (std::uint64_t i = 0; i < count; ++i) work(i);
  return plog::bench::seconds_since(start) * 1e9 / static_cast<double>(count);
}

class Report {
 public:
  void add(const char* name, double nanos) { figures_[name].push_back(nanos); }
  void print() const {
    const char* before = "{";
    for (const auto& [name, values] : figures_) {
      std::printf("%s\"%s\":[", before, name.c_str());
      for (std::size_t i = 0; i < values.size(); ++i) std::printf(i == 0 ? "%.1f" : ",%.1f", values[i]);
      std::printf("]");
      before = ",";
    }
    std::printf("}\n");
  }

 private:
  std::map<std::string, std::vector<double>> figures_;
};

// Hashes the same bytes with OpenSSL alone: the text of a leaf and one node, since each leaf completes about one node.
void hash_bare(std::string_view leaf, Hash& hash) {
  SHA256_CTX context;
  const std::uint8_t prefix[] = {0, 1};
  SHA256_Init(&context);
  SHA256_Update(&context, prefix, 1);
  SHA256_Update(&context, leaf.data(), leaf.size());
  SHA256_Final(hash.data(), &context);
  SHA256_Init(&context);
  SHA256_Update(&context, prefix + 1, 1);
  SHA256_Update(&context, hash.data(), hash.size());
  SHA256_Update(&context, hash.data(), hash.size());
  SHA256_Final(hash.data(), &context);
}

void sign_bare(EVP_PKEY* key, std::string_view text) {
  std::uint8_t signature[64];
  std::size_t size = sizeof signature;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  if (EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key) != 1 ||
      EVP_DigestSign(context, signature, &size, reinterpret_cast<const std::uint8_t*>(text.data()), text.size()) != 1) {
    plog::bench::die("OpenSSL cannot sign");
  }
  EVP_MD_CTX_free(context);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) plog::bench::die("usage: plog_bench_tree LEAVES ROUNDS");
  const std::uint64_t leaves = std::strtoull(argv[1], nullptr, 10);
  const int rounds = std::atoi(argv[2]);
  if (leaves < 2 || rounds < 1) plog::bench::die("LEAVES must be 2 or more, ROUNDS 1 or more");

  Report report;
  plog::Buffer buffer;
  Hash hash = hash_leaf("start");
  const std::uint64_t part = std::min<std::uint64_t>(leaves, 500'000);
  for (int round = 0; round < rounds; ++round) {
    TileAppender tree;
    MemoryTiles tiles;
    report.add("append", nanos_of(part, [&](std::uint64_t i) {
                 tree.append(leaf_hash(leaf_number(i, hash, hash), buffer));
                 if (i % 4'096 == 4'095) tiles.add(tree);
               }));
    const std::string text(leaf_octets(leaf_number(part, hash, hash), buffer));
    report.add("append_bare", nanos_of(part, [&](std::uint64_t) { hash_bare(text, hash); }));
  }

  TileAppender tree;
  MemoryTiles tiles;
  std::string number(8, '\0');
  const auto hash_of = [&number](std::uint64_t i) {
    for (std::size_t at = 0; at < number.size(); ++at) number[at] = static_cast<char>(i >> (8 * at));
    return hash_leaf(number);
  };
  for (std::uint64_t i = 0; i < leaves; ++i) {
    tree.append(hash_of(i));
    if (i % 65'536 == 65'535) tiles.add(tree);
  }
  tiles.add(tree);
  const Hash root = tree.tree().root();

  std::mt19937_64 random(1);
  constexpr std::uint64_t kProofs = 2'000;
  const plog::crypto::Signer signer = plog::crypto::Signer::generate("example.com/ledger");
  const Checkpoint head{signer.name(), leaves, root, {}};
  const std::string head_text = format_checkpoint(head);
  const std::string note = sign_checkpoint(head, signer);
  const plog::crypto::Seed seed = signer.key().seed();
  EVP_PKEY* const bare_key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), plog::crypto::Seed::size());
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::uint64_t> indexes(kProofs);
    for (std::uint64_t& index : indexes) index = random() % leaves;
    std::vector<Proof> proofs(kProofs);
    report.add("inclusion_made", nanos_of(kProofs, [&](std::uint64_t i) {
                 proofs[i] = inclusion_proof(indexes[i], leaves, tiles, &tree.tree());
               }));
    std::vector<Hash> hashes(kProofs);
    for (std::uint64_t i = 0; i < kProofs; ++i) hashes[i] = hash_of(indexes[i]);
    bool good = true;
    report.add("inclusion_checked", nanos_of(kProofs, [&](std::uint64_t i) {
                 good &= verify_inclusion(indexes[i], leaves, hashes[i], proofs[i], root);
               }));
    report.add("consistency_made", nanos_of(kProofs, [&](std::uint64_t i) {
                 proofs[i] = consistency_proof(indexes[i] + 1, leaves, tiles, &tree.tree());
               }));
    for (std::uint64_t i = 0; i < kProofs; ++i) hashes[i] = tree_root(indexes[i] + 1, tiles);
    report.add("consistency_checked", nanos_of(kProofs, [&](std::uint64_t i) {
                 good &= verify_consistency(indexes[i] + 1, leaves, proofs[i], hashes[i], root);
               }));
    report.add("head_signed",
               nanos_of(kProofs, [&](std::uint64_t) { good &= !sign_checkpoint(head, signer).empty(); }));
    report.add("head_signed_bare", nanos_of(kProofs, [&](std::uint64_t) { sign_bare(bare_key, head_text); }));
    report.add("head_opened", nanos_of(kProofs, [&](std::uint64_t) {
                 good &= open_checkpoint(note, {&signer.verifier(), 1}).fault == CheckpointFault::kNone;
               }));
    if (!good) plog::bench::die("a proof or a head is not valid");
  }
  EVP_PKEY_free(bare_key);
  report.print();
  return 0;
}
