// Addresses of ledgers: paths and URLs.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_suite.h"

namespace plog::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class StoreAddressTest : public StoreTest {
 protected:
  // Runs in the temporary directory, which is the home directory too.
  void SetUp() override {
    previous_ = std::filesystem::current_path();
    std::filesystem::current_path(directory_.path());
    const char* home = getenv("HOME");
    if (home != nullptr) home_ = home;
    setenv("HOME", directory_.path().c_str(), 1);
  }
  void TearDown() override {
    std::filesystem::current_path(previous_);
    home_ ? setenv("HOME", home_->c_str(), 1) : unsetenv("HOME");
  }
  static std::string path_of(const std::string& text) { return LedgerAddress::parse(text).path(); }
  // The message of the error, which must have this status.
  static std::string refusal(const std::string& text, Status status) {
    try {
      LedgerAddress::parse(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), status) << error.what();
      return error.what();
    }
    ADD_FAILURE() << text << " was accepted";
    return {};
  }

 private:
  std::filesystem::path previous_;
  std::optional<std::string> home_;
};

TEST_F(StoreAddressTest, ADefaultAddressNamesNoLedger) {
  const LedgerAddress none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.scheme(), "");
  EXPECT_EQ(status_of([&] { store::open(none, OpenMode::kReadOnly); }), Status::kInternal);
}

TEST_F(StoreAddressTest, APathNamesAnSqliteLedger) {
  const LedgerAddress address = LedgerAddress::parse("events.db");
  EXPECT_EQ(address.scheme(), "sqlite");
  EXPECT_EQ(address.path(), path());
  EXPECT_FALSE(address.empty());
  EXPECT_EQ(address, LedgerAddress::at(path()));
  EXPECT_EQ(path_of(path()), path());
  EXPECT_EQ(path_of("./events.db"), path());
}

TEST_F(StoreAddressTest, ATildeIsTheHomeDirectory) {
  EXPECT_EQ(path_of("~/events.db"), path());
  EXPECT_EQ(path_of("sqlite:///~/events.db"), path());
}

TEST_F(StoreAddressTest, AUrlNamesTheSameLedgerAsItsPath) {
  EXPECT_EQ(LedgerAddress::parse("sqlite:///events.db"), LedgerAddress::at(path()));
  EXPECT_EQ(LedgerAddress::parse("sqlite:///" + path()), LedgerAddress::at(path()));
  // Nothing in the path is decoded.
  EXPECT_EQ(path_of("sqlite:///a%20b.db?mode=ro#x"), path("a%20b.db?mode=ro#x"));
}

TEST_F(StoreAddressTest, SymbolicLinksAreResolved) {
  std::filesystem::create_directory(path("real"));
  std::filesystem::create_directory_symlink(path("real"), path("link"));
  EXPECT_EQ(path_of("link/events.db"), path("real/events.db"));
  // A link to a file that does not exist yet counts as that file.
  std::filesystem::create_symlink("real/events.db", path("current.db"));
  EXPECT_EQ(path_of("current.db"), path("real/events.db"));
  EXPECT_EQ(LedgerAddress::parse("current.db"), LedgerAddress::parse("sqlite:///link/events.db"));
}

TEST_F(StoreAddressTest, ARegisteredDriverHasItsScheme) {
  EXPECT_TRUE(has_driver("sqlite"));
  EXPECT_TRUE(has_driver("memory"));
  EXPECT_FALSE(has_driver("oracle"));
  const LedgerAddress address = LedgerAddress::parse("memory:///events.db");
  EXPECT_EQ(address.scheme(), "memory");
  EXPECT_EQ(address.path(), path());
  EXPECT_NE(address, LedgerAddress::at(path()));
  EXPECT_EQ(&driver_of(address), &memory::driver());
}

TEST_F(StoreAddressTest, TheMessageAboutAnUnknownSchemeKeepsThePasswordSecret) {
  const std::string message = refusal("postgresql+x://user:hunter2@db.example/plog?secret=3", Status::kUnsupported);
  EXPECT_THAT(message, HasSubstr("\"postgresql+x://\""));
  EXPECT_THAT(message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(message, Not(HasSubstr("user")));
  EXPECT_THAT(message, Not(HasSubstr("secret")));
  // So does the one about a URL of a known scheme that names no path.
  EXPECT_THAT(refusal("sqlite://user:hunter2@host/x", Status::kInvalid), Not(HasSubstr("hunter2")));
}

TEST_F(StoreAddressTest, AMalformedAddressIsRefused) {
  EXPECT_THAT(refusal("", Status::kInvalid), HasSubstr("empty"));
  for (const char* text : {"sqlite://", "sqlite:///", "sqlite://x", "sqlite://events.db"}) {
    EXPECT_THAT(refusal(text, Status::kInvalid), HasSubstr("sqlite:///events.db")) << text;
  }
}

TEST_F(StoreAddressTest, ATextThatIsNotAUrlIsAPath) {
  EXPECT_EQ(path_of("sqlite:events.db"), path("sqlite:events.db"));
  EXPECT_EQ(path_of("1a:b.db"), path("1a:b.db"));
  std::filesystem::create_directory(path("a_b:"));
  EXPECT_EQ(path_of("a_b://events.db"), path("a_b:/events.db"));
}

TEST_F(StoreAddressTest, MissingDirectoriesAreCreatedOnRequest) {
  EXPECT_EQ(path_of("a/b/events.db"), path("a/b/events.db"));
  EXPECT_FALSE(std::filesystem::exists(path("a")));
  const auto create = LedgerAddress::Directories::kCreate;
  EXPECT_EQ(LedgerAddress::parse("a/b/events.db", create).path(), path("a/b/events.db"));
  EXPECT_EQ(LedgerAddress::parse("sqlite:///" + path("c/events.db"), create).path(), path("c/events.db"));
  EXPECT_EQ(LedgerAddress::parse("~/d/events.db", create).path(), path("d/events.db"));
  struct stat info {};
  ASSERT_EQ(stat(path("a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  EXPECT_FALSE(std::filesystem::exists(path("a/b/events.db")));
  EXPECT_EQ(LedgerAddress::parse("events.db", create).path(), path());
}

TEST_F(StoreAddressTest, LinksAreResolvedAboveAMissingDirectoryToo) {
  std::filesystem::create_directory(path("real"));
  std::filesystem::create_directory_symlink("real", path("link"));
  std::filesystem::create_directory_symlink("later", path("dangling"));
  EXPECT_EQ(path_of("link/a/b/events.db"), path("real/a/b/events.db"));
  EXPECT_EQ(path_of(path("link/a/events.db")), path("real/a/events.db"));
  EXPECT_EQ(path_of("dangling/events.db"), path("later/events.db"));
  EXPECT_EQ(path_of("/none/events.db"), "/none/events.db");
  // The address does not change once the directory exists.
  EXPECT_EQ(LedgerAddress::parse("link/a/b/events.db", LedgerAddress::Directories::kCreate).path(),
            path("real/a/b/events.db"));
}

TEST_F(StoreAddressTest, APathThatCannotBeResolvedIsAnError) {
  std::filesystem::create_symlink("loop", path("loop"));
  refusal("loop", Status::kIo);
  refusal("loop/events.db", Status::kIo);
}

}  // namespace
}  // namespace plog::store
