#include "crypto/note.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "json/value.h"

namespace plog::crypto {
namespace {

const std::string kSecret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const std::string kPeter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string kEnoch = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const std::string kText =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const std::string kPeterLine =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const std::string kEnochLine =
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

NoteFault fault(std::string_view note, std::span<const Verifier> verifiers) {
  const OpenedNote opened = open_note(note, verifiers);
  EXPECT_EQ(opened.fault == NoteFault::kNone, !opened.verified.empty());
  EXPECT_EQ(opened.fault == NoteFault::kNone, !opened.text.empty());
  return opened.fault;
}

Status refusal(auto parse) {
  try {
    parse();
  } catch (const Error& error) {
    return error.status();
  }
  return Status::kOk;
}

TEST(PublishedNotes, AreOpenedAndSignedAlike) {
  const std::string path = PLOG_SOURCE_DIR "/../shared/vectors/signed-notes.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test vectors at ../shared/vectors";
  const json::Value vectors = json::parse(read_file(path, 1 << 20));
  for (const json::Value& vector : vectors.find("notes")->array()) {
    const Verifier verifier = Verifier::parse(vector.find("vkey")->text());
    EXPECT_EQ(verifier.format(), vector.find("vkey")->text());
    const std::string& text = vector.find("text")->text();
    const std::string note = text + '\n' + vector.find("line")->text() + '\n';
    const OpenedNote opened = open_note(note, verifier);
    EXPECT_EQ(opened.fault, NoteFault::kNone) << note;
    EXPECT_EQ(opened.text, text);
    if (const json::Value* secret = vector.find("skey")) {
      const Signer signer = Signer::parse(secret->text());
      EXPECT_EQ(signer.format(), secret->text());
      EXPECT_EQ(sign_note(text, signer), note);
    }
  }
  EXPECT_EQ(vectors.find("notes")->array().size(), 4u);
}

TEST(Notes, AreSignedAndOpened) {
  const Signer peter = Signer::parse(kSecret);
  const std::string note = kText + '\n' + kPeterLine;
  EXPECT_EQ(sign_note(kText, peter), note);
  const Verifier verifiers[] = {Verifier::parse(kEnoch), Verifier::parse(kPeter)};
  OpenedNote opened = open_note(note, verifiers);
  EXPECT_EQ(opened.fault, NoteFault::kNone);
  EXPECT_EQ(opened.text, kText);
  ASSERT_EQ(opened.verified.size(), 1u);
  EXPECT_EQ(opened.verified[0].name, "PeterNeumann");
  EXPECT_EQ(opened.verified[0].key_id, 0xC74F20A3u);
  EXPECT_TRUE(opened.unverified.empty());

  opened = open_note(note + kEnochLine, verifiers);
  EXPECT_EQ(opened.fault, NoteFault::kNone);
  EXPECT_EQ(opened.verified.size(), 2u);

  // Signatures of unknown keys are returned unchanged.
  opened = open_note(kText + '\n' + kEnochLine + kPeterLine, verifiers[1]);
  EXPECT_EQ(opened.fault, NoteFault::kNone);
  ASSERT_EQ(opened.unverified.size(), 1u);
  EXPECT_EQ(opened.unverified[0].name, "EnochRoot");
}

TEST(Notes, AreSignedByManyInOrder) {
  const Signer one = Signer::generate("one"), two = Signer::generate("two");
  const Signer* const signers[] = {&two, &one};
  const std::optional<Note> note = parse_note(sign_note("text\n", signers));
  ASSERT_TRUE(note);
  ASSERT_EQ(note->signatures.size(), 2u);
  EXPECT_EQ(note->signatures[0].name, "two");
  EXPECT_EQ(note->signatures[1].name, "one");
  const Verifier verifiers[] = {one.verifier(), two.verifier()};
  EXPECT_EQ(open_note(format_note(*note), verifiers).verified.size(), 2u);
}

TEST(Notes, TheLastEmptyLineDivides) {
  const Signer signer = Signer::generate("name");
  for (const char* text : {"\n", "\n\n", "a\n\nb\n", "\n\na\n\n\n"}) {
    const OpenedNote opened = open_note(sign_note(text, signer), signer.verifier());
    EXPECT_EQ(opened.fault, NoteFault::kNone);
    EXPECT_EQ(opened.text, text);
  }
}

TEST(Notes, TellWhyTheyAreRefused) {
  const Verifier peter = Verifier::parse(kPeter), enoch = Verifier::parse(kEnoch);
  const Verifier both[] = {peter, enoch};
  EXPECT_EQ(fault(kText + '\n' + kPeterLine, {&enoch, 1}), NoteFault::kUnknownKey);
  EXPECT_EQ(fault(kText + '\n' + kPeterLine, {}), NoteFault::kUnknownKey);
  EXPECT_EQ(fault("x" + kText + '\n' + kPeterLine, {&peter, 1}), NoteFault::kBadSignature);
  std::string line = kPeterLine;
  line[30] = line[30] == 'A' ? 'B' : 'A';
  EXPECT_EQ(fault(kText + '\n' + line, {&peter, 1}), NoteFault::kBadSignature);
  // A valid signature does not compensate for an invalid one, whether of another key or of the same key.
  EXPECT_EQ(fault(kText + '\n' + kEnochLine + line, both), NoteFault::kBadSignature);
  EXPECT_EQ(fault(kText + '\n' + kPeterLine + line, both), NoteFault::kBadSignature);
  EXPECT_EQ(fault(kText + '\n' + line, {&enoch, 1}), NoteFault::kUnknownKey);
  // A signature with the name of one key and the id of another belongs to neither.
  std::string renamed = kPeterLine;
  renamed.replace(renamed.find("PeterNeumann"), 12, "EnochRoot");
  EXPECT_EQ(fault(kText + '\n' + renamed, {&enoch, 1}), NoteFault::kUnknownKey);
}

TEST(Notes, OfOneKeyTwiceCountOnce) {
  const Verifier peter = Verifier::parse(kPeter);
  const Verifier twice[] = {peter, peter};
  const OpenedNote opened = open_note(kText + '\n' + kPeterLine + kPeterLine, twice);
  EXPECT_EQ(opened.fault, NoteFault::kNone);
  EXPECT_EQ(opened.verified.size(), 1u);
}

// Two keys named "a" whose ids are both a308d78d, found by trying seeds.
TEST(Notes, ThatTwoKeysMayHaveSignedAreRefused) {
  const auto signer = [](std::uint32_t number) {
    Seed seed;
    for (int i = 0; i < 4; ++i) seed.data()[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return Signer("a", PrivateKey(seed));
  };
  const Signer one = signer(25'666), two = signer(113'795);
  ASSERT_EQ(one.verifier().key_id(), two.verifier().key_id());
  ASSERT_NE(one.verifier(), two.verifier());
  const Verifier both[] = {one.verifier(), two.verifier()};
  EXPECT_EQ(fault(sign_note("text\n", one), both), NoteFault::kAmbiguousKey);
  EXPECT_EQ(fault(sign_note("text\n", one), {both, 1}), NoteFault::kNone);
}

TEST(Notes, ThatAreMalformedAreRefused) {
  const Verifier peter = Verifier::parse(kPeter);
  const std::string good = kText + '\n' + kPeterLine;
  ASSERT_EQ(fault(good, {&peter, 1}), NoteFault::kNone);
  const std::string base64 = kPeterLine.substr(17, kPeterLine.size() - 18);
  for (const std::string& note : {
           std::string(),
           std::string("\n"),
           std::string("\n\n"),
           kText,
           kText + '\n',
           kPeterLine,
           "\n" + kPeterLine,
           kText + kPeterLine,
           kText.substr(0, kText.size() - 1) + '\n' + kPeterLine,
           good.substr(0, good.size() - 1),
           good + '\n',
           good + "\n\n",
           good + "unexpected line\n",
           good + "\n— \n",
           kText + '\n' + "unexpected line\n" + kPeterLine,
           kText + "\n\xEF\xBB\xBF" + kPeterLine,
           "\x01" + good,
           "\xFF" + good,
           "\t" + good,
           kText + "\x7F\x80\n\n" + kPeterLine,
           kText + "\r\n\r\n" + kPeterLine,
           kText + "\n" + kPeterLine.substr(0, kPeterLine.size() - 1) + "\r\n",
           std::string("a\0b\n", 4) + '\n' + kPeterLine,
           kText + "\n- PeterNeumann " + base64 + '\n',
           kText + "\n—  PeterNeumann " + base64 + '\n',
           kText + "\n—\xC2\xA0PeterNeumann " + base64 + '\n',
           kText + "\n— PeterNeumann  " + base64 + '\n',
           kText + "\n— PeterNeumann " + base64 + " \n",
           kText + "\n— PeterNeumann " + base64 + " x\n",
           kText + "\n— Bad Name " + base64 + '\n',
           kText + "\n— Bad\xC2\xA0Name " + base64 + '\n',
           kText + "\n— Bad\xE3\x80\x80Name " + base64 + '\n',
           kText + "\n— Bad+Name " + base64 + '\n',
           kText + "\n—  " + base64 + '\n',
           kText + "\n— " + base64 + '\n',
           kText + "\n— PeterNeumann\n",
           kText + "\n— PeterNeumann \n",
           kText + "\n— PeterNeumann x08gow==\n",  // only a key id
           kText + "\n— PeterNeumann " + base64.substr(0, base64.size() - 1) + '\n',
           kText + "\n— PeterNeumann " + base64 + "=\n",
           kText + "\n— PeterNeumann " + base64.substr(0, base64.size() - 2) + "N=\n",  // non-zero unused bits
           kText + "\n— PeterNeumann " + base64.substr(0, 20) + '\n' + base64.substr(20) + '\n',
           kText + "\n— PeterNeumann " + base64.substr(0, 20) + '-' + base64.substr(21) + '\n',
       }) {
    EXPECT_EQ(fault(note, {&peter, 1}), NoteFault::kMalformed) << note;
  }
}

TEST(Notes, HaveNoOtherSpellingThatIsAccepted) {
  const Verifier peter = Verifier::parse(kPeter);
  const std::string good = kText + '\n' + kPeterLine;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string changed = good;
      changed[i] = static_cast<char>(changed[i] ^ (1u << bit));
      ASSERT_NE(fault(changed, {&peter, 1}), NoteFault::kNone) << "bit " << bit << " of byte " << i;
    }
    ASSERT_NE(fault(good.substr(0, i), {&peter, 1}), NoteFault::kNone);
    ASSERT_NE(fault(good.substr(0, i) + good.substr(i + 1), {&peter, 1}), NoteFault::kNone) << i;
    ASSERT_NE(fault(good.substr(0, i) + "ABCD" + good.substr(i), {&peter, 1}), NoteFault::kNone) << i;
  }
}

TEST(Notes, AreLimited) {
  const Verifier peter = Verifier::parse(kPeter);
  const auto with_lines = [](int count) {
    std::string note = kText + '\n' + kPeterLine;
    for (int i = 1; i < count; ++i) note += "— other" + std::to_string(i) + " AAAAAAA=\n";
    return note;
  };
  for (const int count : {16, 17, 100}) {
    EXPECT_EQ(open_note(with_lines(count), peter).unverified.size(), static_cast<std::size_t>(count - 1));
  }
  EXPECT_EQ(fault(with_lines(101), {&peter, 1}), NoteFault::kMalformed);
  EXPECT_EQ(fault(with_lines(100'000), {&peter, 1}), NoteFault::kMalformed);

  const Signer signer = Signer::generate("n");
  const std::size_t room = kMaxNoteSize - sign_note("\n", signer).size();
  EXPECT_EQ(fault(sign_note(std::string(room, 'x') + '\n', signer), {&signer.verifier(), 1}), NoteFault::kNone);
  EXPECT_THROW(sign_note(std::string(room + 1, 'x') + '\n', signer), Error);
}

TEST(Notes, ThatWouldBeMalformedAreNotWritten) {
  const Signer signer = Signer::generate("n");
  for (const char* text : {"", "no newline", "a\tb\n", "\xFF\n"}) EXPECT_THROW(sign_note(text, signer), Error) << text;
  EXPECT_THROW(sign_note("text\n", std::span<const Signer* const>()), Error);
  EXPECT_THROW(format_note({"text\n", {{"bad name", 1, "x"}}}), Error);
  EXPECT_THROW(format_note({"text\n", {{"name", 1, ""}}}), Error);
  EXPECT_THROW(format_note({"text\n", std::vector<NoteSignature>(101, {"name", 1, "x"})}), Error);
}

TEST(Notes, AreWrittenAsTheyWereParsed) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    Note note;
    for (unsigned n = random() % 4; n > 0; --n) note.text += random() % 2 ? "\n" : "— line é\n";
    note.text += '\n';
    for (unsigned n = 1 + random() % 20; n > 0; --n) {
      std::string octets(1 + random() % 90, '\0');
      for (char& c : octets) c = static_cast<char>(random());
      note.signatures.push_back({"name" + std::to_string(random() % 9), static_cast<std::uint32_t>(random()), octets});
    }
    const std::optional<Note> parsed = parse_note(format_note(note));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->text, note.text);
    EXPECT_EQ(parsed->signatures, note.signatures);
  }
}

TEST(Keys, ThatAreIncompleteOrChangedAreRefused) {
  for (const std::string& text : {kPeter, kSecret}) {
    const auto accepted = [&](std::string_view changed) {
      const Status status =
          text == kPeter ? refusal([&] { Verifier::parse(changed); }) : refusal([&] { Signer::parse(changed); });
      return status == Status::kOk;
    };
    ASSERT_TRUE(accepted(text));
    for (std::size_t i = 0; i < text.size(); ++i) {
      for (std::size_t j = i; j <= text.size(); ++j) {
        if (j - i == text.size()) continue;
        ASSERT_FALSE(accepted(std::string_view(text).substr(i, j - i))) << i << ' ' << j;
      }
      std::string changed = text;
      ++changed[i];
      ASSERT_FALSE(accepted(changed)) << i;
    }
    EXPECT_FALSE(accepted(text + '\n'));
    EXPECT_FALSE(accepted(' ' + text));
  }
}

TEST(Keys, OfOtherKindsAreNamed) {
  // A key with a wrong length and a key with an unknown type, each with the matching id.
  EXPECT_EQ(
      refusal([] { Verifier::parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="); }),
      Status::kInvalid);
  EXPECT_EQ(refusal([] { Verifier::parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"); }),
            Status::kUnsupported);
  // The key of a witness, whose type is that of timestamped cosignatures.
  EXPECT_EQ(
      refusal([] { Verifier::parse("witness.example/w1+cc9a7044+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"); }),
      Status::kUnsupported);
  EXPECT_EQ(refusal([] { Verifier::parse("a+00000000+" + base64_encode(PublicKeyOctets{1}.data(), 32)); }),
            Status::kInvalid);
}

TEST(Keys, HaveNamesWithoutSpacesAndPlus) {
  for (const char* name : {"a", "example.com/log", "sum.golang.org", "é", "a=b"})
    EXPECT_TRUE(is_key_name(name)) << name;
  for (const char* name :
       {"", " ", "a b", "a+b", "a\tb", "a\nb", "\xFF", "a\xC2\x85", "a\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\x80",
        "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80", "\x01"}) {
    EXPECT_FALSE(is_key_name(name)) << name;
    EXPECT_THROW(Signer::generate(name), Error);
  }
  EXPECT_FALSE(is_key_name(std::string_view("a\0b", 3)));
}

TEST(Keys, NoMessageTellsASecret) {
  try {
    Signer::parse(kSecret.substr(0, kSecret.size() - 1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("AYEK"), std::string::npos);
  }
}

}  // namespace
}  // namespace plog::crypto
