// Flips every bit of the hashed data of a small ledger. Verification must notice each change.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "attacks/attacked_ledger.h"
#include "base/file.h"

namespace plog::attacks {
namespace {

constexpr int kEvents = 4;
constexpr std::size_t kPage = 4096;
// The distance between tested bits. Sanitizers are slow. Tables that only repeat hashed data are tested completely only
// in the long run.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStride = 61, kStrideOfOthers = 61;
#else
constexpr std::size_t kStride = 1, kStrideOfOthers = 7;
#endif

// A range of bytes of the file: the columns of an event, or something else.
struct Region {
  std::size_t begin = 0, end = 0;
  std::string agent;  // empty if the region does not belong to an event
  std::uint64_t sequence = 0;
};

class Bits : public ::testing::Test {
 protected:
  Bits() : ledger_(kEvents, Log::kMerged), octets_(read_file(ledger_.path())), answers_(answers()) {}

  std::uint64_t number(std::size_t at, std::size_t size) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint8_t>(octets_[at + i]);
    return value;
  }

  // Reads a varint of SQLite and moves `at` past it.
  std::uint64_t varint(std::size_t& at) const {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      const auto octet = static_cast<std::uint8_t>(octets_[at++]);
      value = value << 7 | (octet & 0x7f);
      if (octet < 0x80) return value;
    }
    return value << 8 | static_cast<std::uint8_t>(octets_[at++]);
  }

  // Finds the rows of a table or the entries of an index: the cells in the leaves of its B-tree.
  void add_rows(std::uint64_t page, std::vector<Region>& regions) const {
    const std::size_t at = (page - 1) * kPage;
    const char kind = octets_[at];
    const bool table = kind == 0x0d || kind == 0x05, leaf = kind == 0x0d || kind == 0x0a;
    ASSERT_TRUE(table || leaf) << "an index of more than a page";
    const std::size_t cells = number(at + 3, 2);
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t cell = at + number(at + (leaf ? 8 : 12) + 2 * i, 2);
      if (!leaf) {
        add_rows(number(cell, 4), regions);
        continue;
      }
      std::size_t end = cell;
      const std::uint64_t payload = varint(end);
      if (table) varint(end);  // the rowid
      end += static_cast<std::size_t>(payload);
      ASSERT_LE(end, at + kPage) << "a row of more than a page";
      regions.push_back({cell, end, {}, 0});
    }
    if (!leaf) add_rows(number(at + 8, 4), regions);
  }
  std::vector<Region> rows_of(const std::string& condition) const {
    std::vector<Region> regions;
    select("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0 AND " + condition,
           [&](sqlite3_stmt* row) { add_rows(static_cast<std::uint64_t>(sqlite3_column_int64(row, 0)), regions); });
    return regions;
  }

  template <typename Visit>
  void select(const std::string& sql, const Visit& visit) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open_v2(("file:" + ledger_.path() + "?immutable=1").c_str(), &db,
                              SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr),
              SQLITE_OK);
    sqlite3_stmt* rows = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &rows, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    while (sqlite3_step(rows) == SQLITE_ROW) visit(rows);
    sqlite3_finalize(rows);
    sqlite3_close(db);
  }

  using Judge = std::function<void(const Region&)>;

  // Flips each tested bit in some regions of a file, calls `judge`, and flips it back.
  void turn_over(const std::string& path, const std::vector<Region>& regions, std::size_t stride, const Judge& judge) {
    const std::string octets = read_file(path);
    const Fd fd = open_file(path, O_RDWR);
    std::size_t bits = 0;
    for (const Region& region : regions) {
      for (std::size_t bit = 8 * region.begin + bits % stride; bit < 8 * region.end; bit += stride, ++bits) {
        SCOPED_TRACE("bit " + std::to_string(bit) + ", in byte " + std::to_string(bit / 8 % kPage) + " of its page");
        const auto turned = static_cast<char>(octets[bit / 8] ^ 1 << bit % 8);
        const auto at = static_cast<off_t>(bit / 8);
        ASSERT_EQ(pwrite(fd.get(), &turned, 1, at), 1);
        judge(region);
        ASSERT_EQ(pwrite(fd.get(), &octets[bit / 8], 1, at), 1);
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(bits * stride, 8u * 100);
    EXPECT_EQ(verify(ledger_.path()).verdict, ledger::Verdict::kOk) << "the file was not restored";
    RecordProperty("bits", static_cast<int>(bits));
  }

  // For a bit in an event's columns: a finding must name the event. These checks suffice; a full verification has more.
  void expect_named(const Region& region) const {
    verify::Request request;
    request.level = verify::Level::kTree;
    request.checks = ledger::Checks::all_but(ledger::Check::kSchema);
    request.read_only = true;
    const verify::Report report = client::verify_ledger(store::LedgerAddress::at(ledger_.path()), request);
    ASSERT_EQ(report.verdict, ledger::Verdict::kTampered) << report.json();
    const auto& found = report.findings.kept();
    const auto names_it = [&](const ledger::Finding& finding) {
      return finding.of_event && finding.agent == region.agent && finding.sequence == region.sequence;
    };
    ASSERT_TRUE(std::any_of(found.begin(), found.end(), names_it))
        << region.agent << ", event " << region.sequence << ": " << report.json();
  }

  // For a bit elsewhere: either verification finds the change, or the bit has no meaning and all queries answer as
  // before.
  void expect_found_or_meaningless() const {
    const verify::Report report = verify(ledger_.path());
    if (!ledger::verdict_valid(report.verdict)) return;
    ASSERT_EQ(answers(), answers_);
  }

  AttackedLedger ledger_;
  const std::string octets_;

 private:
  std::string answers() const { return Answers(ledger_.path(), ledger_.directory()).text(); }

  const std::string answers_;
};

TEST_F(Bits, OfEveryEventAreTamperedWithAndTheEventIsNamed) {
  std::vector<Region> rows = rows_of("name = 'event'"), parts;
  std::size_t next = 0;
  select(
      "SELECT text, sequence, event.id || hash || prev_hash || canonical || ifnull(warnings, x'') FROM event JOIN term "
      "ON term.id = agent ORDER BY commit_index",
      [&](sqlite3_stmt* row) {
        const std::string_view columns(static_cast<const char*>(sqlite3_column_blob(row, 2)),
                                       static_cast<std::size_t>(sqlite3_column_bytes(row, 2)));
        const Region whole = rows.at(next++);
        const std::size_t at = octets_.find(columns, whole.begin);
        ASSERT_EQ(at + columns.size(), whole.end) << "the row does not end with these columns";
        parts.push_back({whole.begin, at, {}, 0});
        parts.push_back({at, whole.end, reinterpret_cast<const char*>(sqlite3_column_text(row, 0)),
                         static_cast<std::uint64_t>(sqlite3_column_int64(row, 1))});
      });
  ASSERT_GE(rows.size(), std::size_t{kEvents});
  ASSERT_EQ(next, rows.size());
  turn_over(ledger_.path(), parts, kStride,
            [&](const Region& part) { part.agent.empty() ? expect_found_or_meaningless() : expect_named(part); });
}

TEST_F(Bits, OfTheTreeAreNoticed) {
  turn_over(ledger_.path(), rows_of("name = 'tile'"), kStride, [&](const Region&) { expect_found_or_meaningless(); });
}

TEST_F(Bits, OfTheHeadAreNeverPassedOver) {
  const std::string head = ledger_.path() + ".head";
  turn_over(head, {{0, read_file(head).size(), {}, 0}}, kStride, [&](const Region&) {
    EXPECT_FALSE(ledger::verdict_valid(verify(ledger_.path(), verify::Level::kTree).verdict));
  });
}

TEST_F(Bits, OfIndexesAndOfAllThatQueriesReadAreFoundOrChangeNoAnswer) {
  // The table `journal` is not covered by events, and queries do not read it.
  const std::string others = "name NOT IN ('event', 'tile', 'journal')";
  turn_over(ledger_.path(), rows_of(others), is_long() ? 1 : kStrideOfOthers,
            [&](const Region&) { expect_found_or_meaningless(); });
}

}  // namespace
}  // namespace plog::attacks
