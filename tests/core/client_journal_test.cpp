// The journal's files: how they are read in every state that a crash can leave, and how the journal of a dead process
// is adopted.
#include "spool/journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/encoding.h"
#include "base/error.h"
#include "event/builder.h"
#include "heads/heads.h"
#include "json/value.h"
#include "recorder_support.h"
#include "store/driver.h"
#include "writer/adopter.h"

namespace plog::client {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    std::string pattern = fs::temp_directory_path() / "plog-journal-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    directory_ = root_ / "events.db.journal";
  }
  ~JournalTest() override { fs::remove_all(root_); }

  static void append(spool::Journal& journal, const std::string& payload, std::uint64_t number) {
    std::string record(spool::kRecordHeader, '\0');
    record += payload;
    journal.append(record, crc32c(payload.data(), payload.size()), number);
  }

  static void patch(const std::string& path, std::uint64_t offset, const std::string& octets) {
    const Fd fd = open_file(path, O_RDWR);
    pwrite_all(fd.get(), octets.data(), octets.size(), static_cast<off_t>(offset));
  }

  // The payloads of a segment, followed by how it ends: "end" or "damaged".
  static std::vector<std::string> read(const std::string& path, std::uint64_t offset = 0) {
    const Fd fd = open_file(path, O_RDONLY);
    spool::SegmentReader reader(fd.get(), offset, file_size(fd.get()));
    std::vector<std::string> found;
    std::string_view payload;
    spool::SegmentReader::Result result;
    for (std::uint64_t number; (result = reader.next(payload, number)) == spool::SegmentReader::Result::kRecord;) {
      found.emplace_back(payload);
    }
    found.emplace_back(result == spool::SegmentReader::Result::kEnd ? "end" : "damaged");
    return found;
  }

  fs::path root_, directory_;
};

// ---- Segments

class SegmentTest : public JournalTest {
 protected:
  SegmentTest() : journal_(directory_) {
    append(journal_, "first", 1);
    second_ = journal_.end().offset;
    append(journal_, "second", 2);
    end_ = journal_.end().offset;
    path_ = spool::segment_path(directory_, journal_.id(), 1);
  }

  spool::Journal journal_;
  std::uint64_t second_ = 0, end_ = 0;
  std::string path_;
};

TEST_F(SegmentTest, RecordsComeBackInOrderWithTheirNumbersFromAnyRecordOn) {
  EXPECT_THAT(read(path_), ElementsAre("first", "second", "end"));
  EXPECT_THAT(read(path_, second_), ElementsAre("second", "end"));
  EXPECT_THAT(read(path_, end_), ElementsAre("end"));

  const Fd fd = open_file(path_, O_RDONLY);
  spool::SegmentReader reader(fd.get(), 0, end_);
  std::string_view payload;
  std::uint64_t number = 0;
  ASSERT_EQ(reader.next(payload, number), spool::SegmentReader::Result::kRecord);
  EXPECT_EQ(number, 1u);
  EXPECT_EQ(reader.offset(), second_);
  ASSERT_EQ(reader.next(payload, number), spool::SegmentReader::Result::kRecord);
  EXPECT_EQ(number, 2u);
  EXPECT_EQ(reader.offset(), end_);
}

TEST_F(SegmentTest, ARecordTornAtAnyOctetIsTheEnd) {
  for (std::uint64_t size = end_ - 1; size > second_; --size) {
    fs::resize_file(path_, size);
    EXPECT_THAT(read(path_), ElementsAre("first", "end")) << size;
  }
  for (std::uint64_t size = second_ - 1; size > 0; --size) {
    fs::resize_file(path_, size);
    EXPECT_THAT(read(path_), ElementsAre("end")) << size;
  }
}

TEST_F(SegmentTest, ZerosAreTheEnd) {
  patch(path_, end_, std::string(100'000, '\0'));
  EXPECT_THAT(read(path_), ElementsAre("first", "second", "end"));
  patch(path_, second_, std::string(end_ - second_, '\0'));
  EXPECT_THAT(read(path_), ElementsAre("first", "end"));
}

TEST_F(SegmentTest, ARecordOfWhichOnlyTheFrontWasWrittenIsTheEnd) {
  for (std::uint64_t written = end_ - 1; written >= second_; --written) {
    patch(path_, written, std::string(1, '\0'));
    EXPECT_THAT(read(path_), ElementsAre("first", "end")) << written;
  }
}

TEST_F(SegmentTest, ARecordWithoutItsEndIsDamageWhenSomethingStandsBehindIt) {
  append(journal_, "third", 3);
  patch(path_, end_ - 3, std::string(3, '\0'));
  EXPECT_THAT(read(path_), ElementsAre("first", "damaged"));
  patch(path_, end_, std::string(journal_.end().offset - end_, '\0'));
  EXPECT_THAT(read(path_), ElementsAre("first", "end"));
  const std::uint64_t size = fs::file_size(path_);
  patch(path_, size - 1, "x");
  EXPECT_THAT(read(path_), ElementsAre("first", "damaged"));
}

TEST_F(SegmentTest, ItGrowsInStepsThatHoldManyRecords) {
  std::uint64_t number = 2, sizes = 1;
  for (std::uint64_t size = fs::file_size(path_); number < 1000; size = fs::file_size(path_)) {
    ASSERT_GE(size, journal_.end().offset);
    append(journal_, std::string(500, 'x'), ++number);
    if (fs::file_size(path_) != size) ++sizes;
  }
  EXPECT_LT(sizes, 20u);
  EXPECT_THAT(read(path_), testing::SizeIs(number + 1));
  EXPECT_EQ(read(path_).back(), "end");
}

TEST_F(SegmentTest, AnyChangedOctetOfARecordIsNeverReadAsARecord) {
  std::ifstream in(path_, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  for (std::uint64_t at = second_; at < end_; ++at) {
    std::string changed(1, whole[at]);
    changed[0] = static_cast<char>(changed[0] ^ 0x20);
    patch(path_, at, changed);
    const auto found = read(path_);
    ASSERT_EQ(found.size(), 2u) << at;
    EXPECT_EQ(found[0], "first");
    // A length that now reaches beyond the file cannot be distinguished from a torn write. Any other change is damage.
    if (at >= second_ + 4) {
      EXPECT_EQ(found[1], "damaged") << at;
    }
    patch(path_, at, whole.substr(at, 1));
  }
  EXPECT_THAT(read(path_), ElementsAre("first", "second", "end"));
}

TEST_F(SegmentTest, ALengthBeyondTheLimitIsDamage) {
  patch(path_, second_, std::string("\x01\x00\x00\x10", 4));  // one byte more than 256 MiB
  EXPECT_THAT(read(path_), ElementsAre("first", "damaged"));
  patch(path_, second_, "\xFF\xFF\xFF\xFF");
  EXPECT_THAT(read(path_), ElementsAre("first", "damaged"));
}

TEST_F(SegmentTest, AReaderGoesNoFurtherThanItsLimitUntilItIsExtended) {
  const Fd fd = open_file(path_, O_RDONLY);
  spool::SegmentReader reader(fd.get(), 0, end_ - 1);
  std::string_view payload;
  std::uint64_t number = 0;
  ASSERT_EQ(reader.next(payload, number), spool::SegmentReader::Result::kRecord);
  EXPECT_EQ(reader.next(payload, number), spool::SegmentReader::Result::kEnd);
  reader.extend(end_);
  ASSERT_EQ(reader.next(payload, number), spool::SegmentReader::Result::kRecord);
  EXPECT_EQ(payload, "second");
}

TEST_F(SegmentTest, ARecordLargerThanTheReadersBufferIsRead) {
  const std::string large(3u << 20, 'x');
  append(journal_, large, 3);
  append(journal_, "last", 4);
  EXPECT_THAT(read(path_), ElementsAre("first", "second", large, "last", "end"));
}

TEST_F(JournalTest, DrainedSegmentsAreGivenUpButNeverTheOneBeingWritten) {
  spool::Journal journal(directory_);
  EXPECT_TRUE(journal.take_before({7, 0}).empty());
  const std::string large(spool::kSegmentBytes - spool::kSegmentHeader - spool::kRecordHeader, 'x');
  for (std::uint64_t number = 1; number <= 3; ++number) append(journal, large, number);
  ASSERT_EQ(journal.end().segment, 3u);
  ASSERT_EQ(journal.first_segment(), 1u);

  EXPECT_TRUE(journal.take_before({1, spool::kSegmentHeader}).empty());
  auto drained = journal.take_before({2, 0});
  ASSERT_EQ(drained.size(), 1u);
  EXPECT_EQ(drained[0].path, spool::segment_path(directory_, journal.id(), 1));
  EXPECT_TRUE(fs::exists(drained[0].path)) << "the caller deletes the file";
  EXPECT_EQ(journal.first_segment(), 2u);
  std::uint64_t limit = 0;
  EXPECT_EQ(journal.segment(1, &limit), nullptr);

  drained = journal.take_before({99, 0});
  ASSERT_EQ(drained.size(), 1u);
  EXPECT_EQ(drained[0].path, spool::segment_path(directory_, journal.id(), 2));
  ASSERT_NE(journal.segment(3, &limit), nullptr);
  EXPECT_EQ(limit, spool::kSegmentBytes);
}

// ---- The account of dropped events

TEST(DropAccountTest, IsTheSameAfterTheFile) {
  spool::DropAccount account;
  account.generation = 7;
  account.add("a", 1000);
  account.freeze();
  account.add("b", 3000);
  account.add("b", 2000);
  const std::string octets = spool::encode_owner(account);
  EXPECT_EQ(octets.size(), spool::kOwnerBytes);
  const auto read = spool::decode_owner(octets);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->generation, 7u);
  ASSERT_EQ(read->frozen.size(), 1u);
  EXPECT_EQ(read->frozen[0].agent, "a");
  ASSERT_EQ(read->current.size(), 1u);
  EXPECT_EQ(read->current[0].agent, "b");
  EXPECT_EQ(read->current[0].count, 2u);
  EXPECT_EQ(read->current[0].first, 2000);
  EXPECT_EQ(read->current[0].last, 3000);
}

TEST(DropAccountTest, AgentsBeyondItsRoomAreCountedTogether) {
  spool::DropAccount account;
  for (int agent = 0; agent < 40; ++agent) {
    account.add("agent-" + std::to_string(agent) + std::string(200, 'n'), agent);
  }
  account.freeze();
  for (int agent = 0; agent < 40; ++agent) account.add(std::to_string(agent), agent);
  const auto read = spool::decode_owner(spool::encode_owner(account));
  ASSERT_TRUE(read.has_value());
  for (const auto* table : {&read->frozen, &read->current}) {
    ASSERT_EQ(table->size(), spool::DropAccount::kAgents + 1);
    EXPECT_EQ(table->back().agent, "other");
    EXPECT_EQ(table->back().count, 40 - spool::DropAccount::kAgents);
  }
  EXPECT_EQ(read->frozen[0].agent.size(), 87u);
}

TEST(DropAccountTest, ALongNameIsCutBetweenCharacters) {
  spool::DropAccount account;
  account.add(std::string(86, 'n') + "\xC3\xA4", 1);
  EXPECT_EQ(account.current[0].agent, std::string(86, 'n'));
}

TEST(DropAccountTest, WhatIsFrozenWaitsUntilItIsSettled) {
  spool::DropAccount account;
  account.settle();
  EXPECT_EQ(account.generation, 1u) << "nothing was frozen";
  account.freeze();
  EXPECT_TRUE(account.empty());
  account.add("a", 1);
  account.freeze();
  account.add("b", 2);
  account.freeze();
  ASSERT_EQ(account.frozen.size(), 1u);
  EXPECT_EQ(account.frozen[0].agent, "a");
  ASSERT_EQ(account.current.size(), 1u);
  EXPECT_EQ(account.current[0].agent, "b");
  account.settle();
  EXPECT_EQ(account.generation, 2u);
  EXPECT_FALSE(account.empty());
  account.freeze();
  ASSERT_EQ(account.frozen.size(), 1u);
  EXPECT_EQ(account.frozen[0].agent, "b");
  account.settle();
  EXPECT_TRUE(account.empty());
}

TEST(DropAccountTest, OtherVersionsAndForeignContentAreNotDecoded) {
  const std::string good = spool::encode_owner(spool::DropAccount{});
  ASSERT_TRUE(spool::decode_owner(good).has_value());
  std::string other = good;
  other[8] = 2;
  EXPECT_FALSE(spool::decode_owner(other).has_value());
  other = good;
  other[0] = 'X';
  EXPECT_FALSE(spool::decode_owner(other).has_value());
  EXPECT_FALSE(spool::decode_owner(std::string_view(good).substr(1)).has_value());
  EXPECT_FALSE(spool::decode_owner("").has_value());
}

// ---- Adoption

class AdoptionTest : public JournalTest {
 protected:
  AdoptionTest()
      : address_(store::LedgerAddress::at(root_ / "events.db")),
        store_(store::open(address_, store::OpenMode::kReadWrite)),
        committer_(*store_, address_.path(), heads::file_heads(address_, {}), true, nullptr) {
    committer_.begin();
    committer_.commit(false);
  }

  // Leaves the journal of a dead process, with events of these names.
  Uuid dead_process(const std::vector<std::string>& names, const spool::DropAccount& account = {}) {
    spool::Journal journal(directory_);
    std::uint64_t number = 0;
    for (const std::string& name : names) append(journal, encoded_event(name), ++number);
    journal.account() = account;
    journal.save_account();
    journal.abandon();
    return journal.id();
  }

  writer::Adopted adopt_all(std::size_t batch = 100) {
    writer::Adopted total;
    for (spool::Orphan& orphan : spool::find_orphans(directory_)) {
      const writer::Adopted adopted = adopt(orphan, directory_, committer_, batch, false);
      total.recovered += adopted.recovered;
      total.gaps += adopted.gaps;
      total.errors.insert(total.errors.end(), adopted.errors.begin(), adopted.errors.end());
    }
    return total;
  }

  // The parsed events in commit order, without ledger.created.
  std::vector<json::Value> events() {
    store::Filter filter;
    filter.include_system = true;
    std::vector<store::EventRow> rows;
    while (store_->page(filter, 100, rows)) {
    }
    std::vector<json::Value> parsed;
    for (std::size_t i = 1; i < rows.size(); ++i) parsed.push_back(json::parse(rows[i].canonical));
    return parsed;
  }
  std::vector<std::string> names() {
    std::vector<std::string> result;
    for (const json::Value& event : events()) result.push_back(event.find("action_name")->text());
    return result;
  }

  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory_)) found.push_back(entry.path().filename());
    return found;
  }

  void save_files() { fs::copy(directory_, root_ / "saved", fs::copy_options::recursive); }
  void restore_files() {
    fs::copy(root_ / "saved", directory_, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  void set_position(const Uuid& id, const store::JournalPosition& position) {
    const auto transaction = store_->begin();
    transaction->set_journal_position(id, position);
    transaction->commit(false);
  }

  const store::LedgerAddress address_;
  std::unique_ptr<store::Store> store_;
  writer::Committer committer_;
};

TEST_F(AdoptionTest, ADeadProcesssEventsAreCommittedInOrderAndItsFilesGo) {
  dead_process({"one", "two", "three"});
  EXPECT_EQ(spool::count_pending(directory_, *store_), 3u);
  const writer::Adopted adopted = adopt_all(2);
  EXPECT_EQ(adopted.recovered, 3u);
  EXPECT_EQ(adopted.gaps, 0u);
  EXPECT_TRUE(adopted.errors.empty());
  EXPECT_THAT(names(), ElementsAre("one", "two", "three"));
  EXPECT_THAT(files(), ElementsAre());
  EXPECT_EQ(spool::count_pending(directory_, *store_), 0u);
  EXPECT_TRUE(store_->journals().empty());
}

TEST_F(AdoptionTest, AJournalWhoseOwnerLivesIsLeftAlone) {
  spool::Journal alive(directory_);
  append(alive, encoded_event("mine"), 1);
  EXPECT_TRUE(spool::find_orphans(directory_).empty());
  EXPECT_TRUE(fs::exists(spool::segment_path(directory_, alive.id(), 1)));
}

TEST_F(AdoptionTest, RepeatedWithoutTheLedgersPositionItRecordsNothingTwice) {
  spool::DropAccount account;
  account.add("a", 1000);
  account.freeze();
  account.add("b", 2000);
  dead_process({"one", "two"}, account);
  save_files();
  EXPECT_EQ(adopt_all().gaps, 2u);
  const auto before = names();
  EXPECT_THAT(before, ElementsAre("one", "two", "gap", "gap"));

  restore_files();
  const writer::Adopted again = adopt_all();
  EXPECT_EQ(again.recovered, 0u);
  EXPECT_EQ(again.gaps, 0u);
  EXPECT_TRUE(again.errors.empty());
  EXPECT_EQ(names(), before);
  EXPECT_THAT(files(), ElementsAre());
}

TEST_F(AdoptionTest, ItGoesOnWhereACrashInterruptedIt) {
  const Uuid id = dead_process({"one", "two"});
  const std::uint64_t first = spool::kSegmentHeader + spool::kRecordHeader + encoded_event("one").size();
  set_position(id, {1, first});
  EXPECT_EQ(spool::count_pending(directory_, *store_), 1u);
  EXPECT_EQ(adopt_all().recovered, 1u);
  EXPECT_THAT(names(), ElementsAre("two"));
}

TEST_F(AdoptionTest, ACrashBetweenCommitAndUnlinkLeavesOnlyFilesToRemove) {
  const Uuid id = dead_process({"one"});
  save_files();
  adopt_all();
  restore_files();
  set_position(id, {2, 0});
  EXPECT_EQ(adopt_all().recovered, 0u);
  EXPECT_THAT(names(), ElementsAre("one"));
  EXPECT_THAT(files(), ElementsAre());
  EXPECT_TRUE(store_->journals().empty());
}

TEST_F(AdoptionTest, ASettledGapIsNotRecordedAgainAndTheNextOneIs) {
  spool::DropAccount account;
  account.add("a", 1000);
  account.freeze();
  dead_process({}, account);
  EXPECT_EQ(adopt_all().gaps, 1u);
  const auto found = events();
  ASSERT_EQ(found.size(), 1u);
  const json::Value& input = *found[0].find("action_input");
  EXPECT_EQ(input.find("reason")->text(), "journal_full");
  ASSERT_EQ(input.find("dropped")->array().size(), 1u);
  EXPECT_EQ(input.find("dropped")->array()[0].find("agent_id")->text(), "a");
  EXPECT_EQ(input.find("dropped")->array()[0].find("count")->canonical(), "1");
}

TEST_F(AdoptionTest, OwnersThatWereNeverBornAreRemoved) {
  fs::create_directories(directory_);
  const std::string unborn = spool::owner_path(directory_, uuid_v7()) + ".new";
  const std::string held = spool::owner_path(directory_, uuid_v7()) + ".new";
  open_file(unborn, O_RDWR | O_CREAT);
  const Fd fd = open_file(held, O_RDWR | O_CREAT);
  ASSERT_TRUE(try_lock(fd.get()));
  EXPECT_TRUE(spool::find_orphans(directory_).empty());
  EXPECT_FALSE(fs::exists(unborn));
  EXPECT_TRUE(fs::exists(held)) << "its process is about to rename it";
}

TEST_F(AdoptionTest, AnOwnerFileOfZerosIsAJournalWithoutDrops) {
  const Uuid id = dead_process({"one"});
  fs::resize_file(spool::owner_path(directory_, id), 0);
  EXPECT_EQ(adopt_all().recovered, 1u);
  EXPECT_THAT(files(), ElementsAre());
}

TEST_F(AdoptionTest, ADamagedSegmentIsKeptAndWhatIsLostIsAGap) {
  const Uuid id = dead_process({"one", "two", "three"});
  const std::string path = spool::segment_path(directory_, id, 1);
  const std::uint64_t second = spool::kSegmentHeader + spool::kRecordHeader + encoded_event("one").size();
  patch(path, second + spool::kRecordHeader + 20, "?????");
  const writer::Adopted adopted = adopt_all();
  EXPECT_EQ(adopted.recovered, 1u);
  EXPECT_EQ(adopted.gaps, 1u);
  ASSERT_EQ(adopted.errors.size(), 1u);
  EXPECT_EQ(adopted.errors[0].status(), Status::kCorrupt);
  EXPECT_NE(std::string(adopted.errors[0].what()).find(path + ".damaged"), std::string::npos);
  EXPECT_THAT(names(), ElementsAre("one", "gap"));
  const json::Value gap = events().back();
  EXPECT_EQ(gap.find("agent_id")->text(), "provenlog");
  EXPECT_EQ(gap.find("action_input")->find("reason")->text(), "journal_damaged");
  EXPECT_EQ(gap.find("action_input")->find("journal")->text(), format_uuid(id));
  EXPECT_THAT(files(), ElementsAre(fs::path(path).filename().string() + ".damaged"));
  EXPECT_TRUE(spool::find_orphans(directory_).empty());
}

TEST_F(AdoptionTest, ADamagedSegmentIsKeptAlsoWhenACrashFollowsTheCommit) {
  const Uuid id = dead_process({"one", "two"});
  const std::string path = spool::segment_path(directory_, id, 1);
  patch(path, spool::kSegmentHeader + spool::kRecordHeader + 20, "?????");
  save_files();
  EXPECT_EQ(adopt_all().gaps, 1u);
  fs::remove_all(directory_);
  restore_files();
  set_position(id, {2, 0});
  EXPECT_EQ(adopt_all().gaps, 0u);
  EXPECT_THAT(names(), ElementsAre("gap"));
  EXPECT_THAT(files(), ElementsAre(fs::path(path).filename().string() + ".damaged"));
}

TEST_F(AdoptionTest, ARecordThatIsNoEventIsDamage) {
  spool::Journal journal(directory_);
  append(journal, encoded_event("one"), 1);
  append(journal, "no event", 2);
  journal.abandon();
  const writer::Adopted adopted = adopt_all();
  EXPECT_EQ(adopted.recovered, 1u);
  EXPECT_EQ(adopted.gaps, 1u);
  EXPECT_THAT(names(), ElementsAre("one", "gap"));
}

TEST_F(AdoptionTest, ATornLastRecordIsNeitherDamageNorAGap) {
  const Uuid id = dead_process({"one", "two"});
  const std::string path = spool::segment_path(directory_, id, 1);
  const std::uint64_t second = spool::kSegmentHeader + spool::kRecordHeader + encoded_event("one").size();
  const std::uint64_t end = second + spool::kRecordHeader + encoded_event("two").size();
  fs::resize_file(path, end - 1);
  const writer::Adopted adopted = adopt_all();
  EXPECT_EQ(adopted.recovered, 1u);
  EXPECT_EQ(adopted.gaps, 0u);
  EXPECT_TRUE(adopted.errors.empty());
  EXPECT_THAT(names(), ElementsAre("one"));
  EXPECT_THAT(files(), ElementsAre());
}

TEST_F(AdoptionTest, AJournalOfAnUnknownVersionIsNeverTouched) {
  const Uuid id = dead_process({"one"});
  patch(spool::owner_path(directory_, id), 8, std::string("\x02\x00\x00\x00", 4));
  save_files();
  EXPECT_TRUE(spool::find_orphans(directory_).empty());
  EXPECT_EQ(adopt_all().recovered, 0u);
  for (const auto& entry : fs::directory_iterator(root_ / "saved")) {
    EXPECT_EQ(read_file(entry.path(), 1u << 20), read_file(directory_ / entry.path().filename(), 1u << 20));
  }
  EXPECT_EQ(files().size(), 2u);
}

}  // namespace
}  // namespace plog::client
