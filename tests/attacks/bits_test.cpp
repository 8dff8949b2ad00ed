// Every bit of all that is hashed, of a small ledger, is turned over: none goes unnoticed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "attacks/attacked_ledger.h"
#include "base/file.h"

namespace plog::attacks {
namespace {

constexpr int kEvents = 4;
constexpr std::size_t kPage = 4096;
// Sanitizers take their time: there, some of the bits.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStride = 61;
#else
constexpr std::size_t kStride = 1;
#endif

// A run of octets of the file; of an event's columns, or of whatever else is stored.
struct Region {
  std::size_t begin = 0, end = 0;
  std::string agent;  // empty: of no event
  std::uint64_t sequence = 0;
};

class Bits : public ::testing::Test {
 protected:
  Bits() : ledger_(kEvents, Log::kMerged), octets_(read_file(ledger_.path())) {}

  std::uint64_t number(std::size_t at, std::size_t size) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint8_t>(octets_[at + i]);
    return value;
  }

  // A varint of SQLite's, which ends up behind it.
  std::uint64_t varint(std::size_t& at) const {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      const auto octet = static_cast<std::uint8_t>(octets_[at++]);
      value = value << 7 | (octet & 0x7f);
      if (octet < 0x80) return value;
    }
    return value << 8 | static_cast<std::uint8_t>(octets_[at++]);
  }

  // Where the rows of a table lie: the leaf cells of its B-tree.
  void add_rows(std::uint64_t page, std::vector<Region>& regions) const {
    const std::size_t at = (page - 1) * kPage;
    const bool leaf = octets_[at] == 0x0d;
    const std::size_t cells = number(at + 3, 2);
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t cell = at + number(at + (leaf ? 8 : 12) + 2 * i, 2);
      if (!leaf) {
        add_rows(number(cell, 4), regions);
        continue;
      }
      std::size_t end = cell;
      const std::uint64_t payload = varint(end);
      ASSERT_LT(payload, kPage - 35) << "a row of more than a page";
      varint(end);  // the rowid
      regions.push_back({cell, end + payload, {}, 0});
    }
    if (!leaf) add_rows(number(at + 8, 4), regions);
  }
  std::vector<Region> rows_of(const std::string& table) const {
    std::vector<Region> regions;
    select("SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'",
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

  // Turns each bit of the regions over, and back. In a region of an event's columns it is found in that event. The form
  // of a row has bits that mean nothing: no query may then answer another thing.
  void turn_over(const std::vector<Region>& regions) {
    const Fd fd = open_file(ledger_.path(), O_RDWR);
    const std::string expected = answers();
    std::size_t bits = 0;
    for (const Region& region : regions) {
      for (std::size_t bit = 8 * region.begin + bits % kStride; bit < 8 * region.end; bit += kStride, ++bits) {
        SCOPED_TRACE("bit " + std::to_string(bit) + ", in octet " + std::to_string(bit / 8 % kPage) + " of its page");
        const auto turned = static_cast<char>(octets_[bit / 8] ^ 1 << bit % 8);
        const auto at = static_cast<off_t>(bit / 8);
        ASSERT_EQ(pwrite(fd.get(), &turned, 1, at), 1);
        judge(region,
              verify(ledger_.path(), region.agent.empty() ? client::VerifyLevel::kFull : client::VerifyLevel::kTree),
              expected);
        ASSERT_EQ(pwrite(fd.get(), &octets_[bit / 8], 1, at), 1);
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(bits * kStride, 8u * 100);
    EXPECT_EQ(verify(ledger_.path()).verdict, ledger::Verdict::kOk) << "the file is as it was";
    RecordProperty("bits", static_cast<int>(bits));
  }

 private:
  std::string answers() const { return Answers(ledger_.path(), ledger_.directory()).text(); }

  void judge(const Region& region, const client::VerifyReport& report, const std::string& expected) const {
    if (region.agent.empty() && report.verdict == ledger::Verdict::kOk) {
      ASSERT_EQ(answers(), expected);
      return;
    }
    ASSERT_EQ(report.verdict, ledger::Verdict::kTampered) << report.json();
    if (region.agent.empty()) return;
    const auto& found = report.findings.kept();
    const auto names_it = [&](const ledger::Finding& finding) {
      return finding.of_event && finding.agent == region.agent && finding.sequence == region.sequence;
    };
    ASSERT_TRUE(std::any_of(found.begin(), found.end(), names_it))
        << region.agent << ", event " << region.sequence << ": " << report.json();
  }

 protected:
  AttackedLedger ledger_;
  const std::string octets_;
};

TEST_F(Bits, OfEveryEventAreTamperedWithAndTheEventIsNamed) {
  std::vector<Region> rows = rows_of("event"), parts;
  std::size_t next = 0;
  select(
      "SELECT text, sequence, event.id || hash || prev_hash || canonical || ifnull(warnings, x'') FROM event JOIN term "
      "ON term.id = agent ORDER BY commit_index",
      [&](sqlite3_stmt* row) {
        const std::string_view columns(static_cast<const char*>(sqlite3_column_blob(row, 2)),
                                       static_cast<std::size_t>(sqlite3_column_bytes(row, 2)));
        const Region whole = rows.at(next++);
        const std::size_t at = octets_.find(columns, whole.begin);
        ASSERT_EQ(at + columns.size(), whole.end) << "the octets are what a row ends with";
        parts.push_back({whole.begin, at, {}, 0});
        parts.push_back({at, whole.end, reinterpret_cast<const char*>(sqlite3_column_text(row, 0)),
                         static_cast<std::uint64_t>(sqlite3_column_int64(row, 1))});
      });
  ASSERT_GE(rows.size(), std::size_t{kEvents});
  ASSERT_EQ(next, rows.size());
  turn_over(parts);
}

TEST_F(Bits, OfTheTreeAreTamperedWith) { turn_over(rows_of("tile")); }

}  // namespace
}  // namespace plog::attacks
