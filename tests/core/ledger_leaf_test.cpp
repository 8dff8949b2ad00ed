#include "ledger/leaf.h"

#include <gtest/gtest.h>

#include <random>

#include "base/encoding.h"
#include "json/value.h"

namespace plog::ledger {
namespace {

Leaf example() {
  Leaf leaf;
  leaf.agent = "research-agent";
  leaf.id = parse_uuid("01951f7a-5c00-7000-8000-000000000001").value();
  leaf.sequence = 42;
  leaf.hash = sha256("hash");
  leaf.prev_hash = sha256("previous");
  return leaf;
}

TEST(Leaf, IsWrittenAsSpecified) {
  Buffer buffer;
  Leaf leaf = example();
  const std::string start =
      "{\"agent_id\":\"research-agent\",\"hash\":\"d04b98f48e8f8bcc15c6ae5ac050801cd6dcfd428fb5f9e65c4e16e7807340fa\","
      "\"id\":\"01951f7a-5c00-7000-8000-000000000001\","
      "\"prev_hash\":\"" +
      sha256_hex("previous") + "\",\"sequence\":42,\"v\":1";
  EXPECT_EQ(leaf_octets(leaf, buffer), start + "}");
  EXPECT_EQ(leaf_hash(leaf, buffer), hash_leaf(start + "}"));
  const Hash warnings = warnings_digest("[{\"code\":\"cycle\"}]", "c2FsdA");
  EXPECT_EQ(warnings, sha256("[{\"code\":\"cycle\"}]c2FsdA"));
  leaf.warnings = &warnings;
  const std::string whole = start + ",\"warnings\":\"" + sha256_hex("[{\"code\":\"cycle\"}]c2FsdA") + "\"}";
  EXPECT_EQ(leaf_octets(leaf, buffer), whole);
  EXPECT_EQ(leaf_hash(leaf, buffer), hash_leaf(whole));
}

TEST(Leaf, IsTheCanonicalFormOfItsMembers) {
  std::mt19937_64 random(5);
  const std::string characters[] = {"a", "\"", "\\", "\n", "\x01", "\x7F", "/", "é", "\xE2\x80\xA8", "😀", " "};
  Buffer buffer;
  for (int i = 0; i < 2'000; ++i) {
    std::string agent;
    for (std::uint64_t n = random() % (i % 50 == 0 ? 1'000 : 20); n > 0; --n) agent += characters[random() % 11];
    Leaf leaf = example();
    leaf.agent = agent;
    leaf.sequence = random() >> (11 + random() % 53);
    for (Hash* hash : {&leaf.hash, &leaf.prev_hash}) *hash = sha256(std::to_string(random()));
    random_octets(leaf.id.data(), leaf.id.size());
    const Hash warnings = sha256(std::to_string(random()));
    json::Value::Object object = {
        {"agent_id", agent},          {"hash", hex_encode(leaf.hash.data(), 32)},
        {"id", format_uuid(leaf.id)}, {"prev_hash", hex_encode(leaf.prev_hash.data(), 32)},
        {"sequence", leaf.sequence},  {"v", 1},
    };
    if (random() % 2 == 0) {
      leaf.warnings = &warnings;
      object.emplace("warnings", hex_encode(warnings.data(), 32));
    }
    ASSERT_EQ(leaf_octets(leaf, buffer), json::Value(object).canonical());
  }
}

TEST(Leaf, ChangesWithEachOfItsMembers) {
  Buffer buffer;
  const Hash hash = leaf_hash(example(), buffer);
  Leaf leaf = example();
  leaf.agent = "research_agent";
  EXPECT_NE(leaf_hash(leaf, buffer), hash);
  leaf = example();
  leaf.id[15] ^= 1;
  EXPECT_NE(leaf_hash(leaf, buffer), hash);
  leaf = example();
  leaf.sequence = 43;
  EXPECT_NE(leaf_hash(leaf, buffer), hash);
  leaf = example();
  leaf.hash[0] ^= 1;
  EXPECT_NE(leaf_hash(leaf, buffer), hash);
  leaf = example();
  leaf.prev_hash[31] ^= 1;
  EXPECT_NE(leaf_hash(leaf, buffer), hash);
  leaf = example();
  const Hash none{};
  leaf.warnings = &none;
  EXPECT_NE(leaf_hash(leaf, buffer), hash);
}

TEST(Leaf, FitsAnEntryOfATileWithTheLongestAgent) {
  Buffer buffer;
  Leaf leaf = example();
  const std::string agent(1'024, '\x01');
  const Hash none{};
  leaf.agent = agent;
  leaf.warnings = &none;
  leaf.sequence = (std::uint64_t{1} << 53) - 1;
  EXPECT_LE(leaf_octets(leaf, buffer).size(), 65'535u);
}

}  // namespace
}  // namespace plog::ledger
