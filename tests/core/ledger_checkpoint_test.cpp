#include "ledger/checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "json/value.h"
#include "ledger/tile.h"

namespace plog::ledger {
namespace {

const std::string kRoot = "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=";  // the leaf hash of "hello world"

TEST(Checkpoint, IsWrittenAsTheFormatSays) {
  Checkpoint checkpoint{"go.sum database tree", 123'456'789'012, hash_leaf("hello world"), {}};
  EXPECT_EQ(format_checkpoint(checkpoint), "go.sum database tree\n123456789012\n" + kRoot + "\n");
  checkpoint.extensions = {"one", "two words"};
  EXPECT_EQ(format_checkpoint(checkpoint), "go.sum database tree\n123456789012\n" + kRoot + "\none\ntwo words\n");
}

TEST(Checkpoint, IsParsedAsItIsWritten) {
  for (const std::uint64_t size : {std::uint64_t{1}, std::uint64_t{10}, ~std::uint64_t{0}}) {
    for (const std::vector<std::string>& extensions :
         {std::vector<std::string>{}, {"x"}, {"\xC3\xA9", " ", "\xE2\x80\x94 a b"}}) {
      const Checkpoint checkpoint{"example.com/log", size, hash_leaf("x"), extensions};
      EXPECT_EQ(parse_checkpoint(format_checkpoint(checkpoint)), checkpoint);
    }
  }
  const Checkpoint empty{"log", 0, empty_root(), {}};
  EXPECT_EQ(parse_checkpoint(format_checkpoint(empty)), empty);
}

TEST(Checkpoint, OfAnyOtherFormIsRefused) {
  ASSERT_TRUE(parse_checkpoint("Log\n123\n" + kRoot + "\n"));
  for (const std::string& text : {
           std::string(),
           std::string("\n"),
           std::string("Log"),
           std::string("Log\n123\n"),
           "\n123\n" + kRoot + "\n",
           "Log\n123\n" + kRoot,
           "Log\nbananas\n" + kRoot + "\n",
           "Log\n\n" + kRoot + "\n",
           "Log\n-34\n" + kRoot + "\n",
           "Log\n+34\n" + kRoot + "\n",
           "Log\n034\n" + kRoot + "\n",
           "Log\n00\n" + kRoot + "\n",
           "Log\n0x10\n" + kRoot + "\n",
           "Log\n12 \n" + kRoot + "\n",
           "Log\n1e3\n" + kRoot + "\n",
           "Log\n3438945738945739845734895735\n" + kRoot + "\n",
           "Log\n18446744073709551616\n" + kRoot + "\n",
           "Log\n0\n" + kRoot + "\n",  // the root of an empty tree must be the empty root
           std::string("Log\n123\nThisIsn'tBase64\n"),
           std::string("Log\n123\nYmFuYW5hcw==\n"),  // not 32 bytes
           "Log\n123\n" + std::string(44, 'A') + "\n",
           "Log\n123\n" + kRoot.substr(0, 43) + "\n",
           "Log\n123\n" + kRoot.substr(0, 42) + "1=\n",  // leftover bits
           "Log\n123\n" + kRoot + " \n",
           "Log\n123\n " + kRoot + "\n",
           "Log\n123\n" + kRoot + "\n\n",
           "Log\n123\n" + kRoot + "\n\nx\n",
           "Log\n123\n" + kRoot + "\nx",
           "Log\r\n123\r\n" + kRoot + "\r\n",
           "Log\n123\n" + kRoot + "\nx\ty\n",
           "L\xFFg\n123\n" + kRoot + "\n",
           std::string("L\0g\n123\n", 8) + kRoot + "\n",
       }) {
    EXPECT_FALSE(parse_checkpoint(text)) << text;
  }
}

TEST(Checkpoint, ThatCannotBeParsedIsNotWritten) {
  const Hash root = hash_leaf("x");
  for (const Checkpoint& checkpoint : std::vector<Checkpoint>{
           {"", 1, root, {}},
           {"a\nb", 1, root, {}},
           {"log", 0, root, {}},
           {"log", 1, root, {""}},
           {"log", 1, root, {"a\nb"}},
           {"l\tg", 1, root, {}},
           {"l\xFFg", 1, root, {}},
       }) {
    EXPECT_THROW(format_checkpoint(checkpoint), Error);
  }
}

class OpenedCheckpoints : public testing::Test {
 protected:
  const crypto::Signer signer_{"example.com/log", crypto::PrivateKey(crypto::Seed())};
  const crypto::Signer other_ = crypto::Signer::generate("example.com/log");
  const Checkpoint checkpoint_{"example.com/log", 7, hash_leaf("x"), {}};
  const std::string note_ = sign_checkpoint(checkpoint_, signer_);
  OpenedCheckpoint open(std::string_view note, const crypto::Verifier& verifier, std::string_view origin = {}) {
    return open_checkpoint(note, {&verifier, 1}, origin);
  }
};

TEST_F(OpenedCheckpoints, AreWhatWasSigned) {
  const OpenedCheckpoint opened = open(note_, signer_.verifier(), "example.com/log");
  EXPECT_EQ(opened.fault, CheckpointFault::kNone);
  EXPECT_EQ(opened.checkpoint, checkpoint_);
  EXPECT_EQ(opened.text, format_checkpoint(checkpoint_));
  ASSERT_EQ(opened.verified.size(), 1u);
  EXPECT_EQ(opened.verified[0].key_id, signer_.verifier().key_id());
  EXPECT_TRUE(opened.unverified.empty());
}

TEST_F(OpenedCheckpoints, TellWhatIsWrong) {
  const auto fault = [&](std::string_view note, const crypto::Verifier& verifier, std::string_view origin = {}) {
    const OpenedCheckpoint opened = open(note, verifier, origin);
    EXPECT_EQ(opened.text.empty(), opened.fault != CheckpointFault::kOtherOrigin);
    return opened.fault;
  };
  EXPECT_EQ(fault("x", signer_.verifier()), CheckpointFault::kMalformed);
  EXPECT_EQ(fault(note_, other_.verifier()), CheckpointFault::kUnknownKey);
  EXPECT_EQ(fault(note_, signer_.verifier(), "example.com/log2"), CheckpointFault::kOtherOrigin);
  EXPECT_EQ(fault(crypto::sign_note("no checkpoint\n", signer_), signer_.verifier()), CheckpointFault::kMalformed);
  std::string changed = note_;
  changed[changed.find("\n7\n") + 1] = '8';
  EXPECT_EQ(fault(changed, signer_.verifier()), CheckpointFault::kBadSignature);
}

// The test log of transparency-dev/tessera.
TEST(PublishedCheckpoints, AreOpenedAndSignedAlike) {
  const std::string vectors = PLOG_SOURCE_DIR "/../shared/vectors/";
  if (!std::filesystem::exists(vectors)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
  const json::Value notes = json::parse(read_file(vectors + "signed-notes.json", 1 << 20));
  const json::Value& log = *notes.find("tiles_log");
  const crypto::Verifier verifier = crypto::Verifier::parse(log.find("vkey")->text());
  const crypto::Signer signer = crypto::Signer::parse(log.find("skey")->text());
  EXPECT_EQ(signer.verifier(), verifier);
  CompactRange tree;
  const std::string bundle = read_file(vectors + "tlog-tiles/" + entries_path(0, 15), 1 << 20);
  const auto entries = parse_entries(bundle, 15);
  ASSERT_TRUE(entries);
  for (std::uint64_t size = 0; size <= 15; ++size) {
    if (size > 0) tree.append(hash_leaf((*entries)[size - 1]));
    const std::string note = read_file(vectors + "tlog-tiles/checkpoint." + std::to_string(size), 1 << 20);
    const OpenedCheckpoint opened = open_checkpoint(note, {&verifier, 1});
    ASSERT_EQ(opened.fault, CheckpointFault::kNone) << size;
    EXPECT_EQ(opened.checkpoint.size, size);
    EXPECT_EQ(opened.checkpoint.root, tree.root()) << size;
    EXPECT_EQ(sign_checkpoint(opened.checkpoint, signer), note) << size;
  }
}

}  // namespace
}  // namespace plog::ledger
