// Which paths belong to a ledger: by name, through links, and by the file that they lead to.
#include <unistd.h>

#include <fstream>

#include "store/driver.h"
#include "store/ledger_paths.h"
#include "store_fixture.h"

namespace plog::store {
namespace {

namespace fs = std::filesystem;

class StorePathsTest : public StoreTest {
 protected:
  bool contain(const std::string& name, std::span<const std::string> others = {}) const {
    return paths().contain(path(name), driver_of(LedgerAddress::at(path())).file_names(), others);
  }
  LedgerPaths paths() const { return LedgerPaths(LedgerAddress::at(path())); }
  void make(const std::string& name) const { std::ofstream(path(name)) << name; }
};

TEST_F(StorePathsTest, EveryFileOfTheLedgerIsKnownByItsNameBeforeItExists) {
  for (const char* name : {"events.db",
                           "events.db-wal",
                           "events.db-shm",
                           "events.db-journal",
                           "events.db.head",
                           "events.db.key",
                           "events.db.lock",
                           "events.db.journal",
                           "events.db.journal/",
                           "events.db.journal/x",
                           "events.db.journal/a/b",
                           "events.db.new-x",
                           "events.db.head.new-x",
                           "events.db.key.new-x",
                           "events.db.first-x",
                           "events.db.restored-x",
                           "events.db.replaced-x",
                           "events.db-wal.orphaned-x",
                           "./events.db",
                           "sub/../events.db",
                           ".//events.db.key"}) {
    EXPECT_TRUE(contain(name)) << name;
  }
}

TEST_F(StorePathsTest, OtherNamesDoNotBelongToTheLedger) {
  for (const char* name : {"", "events", "events.db.plog", "events.dbx", "events.db-wal2", "events.db.journal2",
                           "events.db.heads", "other.db", "events.db.backup", "sub/events.db"}) {
    EXPECT_FALSE(contain(name)) << name;
  }
}

TEST_F(StorePathsTest, LinksLeadToTheFilesOfTheLedger) {
  for (const char* name : {"events.db", "events.db.head", "events.db-wal"}) make(name);
  fs::create_directories(path("events.db.journal"));
  make("events.db.journal/1");
  fs::create_symlink("events.db", path("symbolic"));
  fs::create_hard_link(path("events.db.head"), path("hard"));
  fs::create_hard_link(path("events.db.journal/1"), path("hard journal"));
  fs::create_directory_symlink("events.db.journal", path("directory"));
  fs::create_directory_symlink(directory_.path(), path("home"));
  for (const char* name : {"symbolic", "hard", "hard journal", "directory", "directory/new", "home/events.db-wal",
                           "home/events.db.key", "home/directory/new"}) {
    EXPECT_TRUE(contain(name)) << name;
  }
  make("unrelated");
  EXPECT_FALSE(contain("unrelated"));
  EXPECT_FALSE(contain("home/unrelated"));
}

TEST_F(StorePathsTest, AJournalDirectoryElsewhereIsFollowed) {
  fs::create_directory(path("elsewhere"));
  fs::create_directory_symlink("elsewhere", path("events.db.journal"));
  EXPECT_TRUE(contain("elsewhere"));
  EXPECT_TRUE(contain("elsewhere/new"));
  EXPECT_FALSE(contain("elsewhere2"));
}

TEST_F(StorePathsTest, FilesThatAreKeptElsewhereCountToo) {
  const std::vector<std::string> others = {path("keys/my.key"), path("copy.head")};
  EXPECT_TRUE(contain("keys/my.key", others));
  EXPECT_TRUE(contain("copy.head", others));
  EXPECT_FALSE(contain("keys/other.key", others));
  make("copy.head");
  fs::create_hard_link(path("copy.head"), path("hard"));
  EXPECT_TRUE(contain("hard", others));
}

TEST_F(StorePathsTest, ARelativePathIsTakenFromTheWorkingDirectory) {
  const fs::path before = fs::current_path();
  fs::current_path(directory_.path());
  EXPECT_TRUE(paths().contain("events.db", {}));
  EXPECT_TRUE(paths().contain("./events.db.journal/x", {}));
  EXPECT_FALSE(paths().contain("export.plog", {}));
  fs::current_path(before);
}

}  // namespace
}  // namespace plog::store
