#include "base/file.h"
#include "base/network_file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "base/error.h"

namespace plog {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "plog-file-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = fs::canonical(pattern).string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  Fd create(const std::string& name) const { return open_file(at(name), O_RDWR | O_CREAT); }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 07777;
  }
  // Runs the check in a child process and returns its result.
  static bool in_child(const std::function<bool()>& check) {
    const pid_t pid = fork();
    if (pid == 0) _exit(check() ? 0 : 1);
    int status = -1;
    waitpid(pid, &status, 0);
    return status == 0;
  }
  static Status status_of(const std::function<void()>& action, std::string* message = nullptr) {
    try {
      action();
    } catch (const Error& error) {
      if (message != nullptr) *message = error.what();
      return error.status();
    }
    return Status::kOk;
  }

  std::string folder_;
};

TEST(ErrnoError, ADiskThatIsFullHasItsOwnStatus) {
  EXPECT_EQ(errno_error("cannot write", ENOSPC).status(), Status::kFull);
  EXPECT_EQ(errno_error("cannot write", EDQUOT).status(), Status::kFull);
  EXPECT_EQ(errno_error("cannot write", EIO).status(), Status::kIo);
  EXPECT_STREQ(errno_error("cannot open /x/y", EACCES).what(), "cannot open /x/y: Permission denied");
}

TEST_F(FileTest, FilesArePrivateAndClosedOnExec) {
  const Fd fd = create("a");
  EXPECT_EQ(mode_of(at("a")), 0600u);
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(FileTest, AnFdClosesWhatItOwnsOnce) {
  Fd first = create("a");
  const int number = first.get();
  Fd second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
  errno = 77;
  second.reset();
  EXPECT_EQ(errno, 77);
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
  Fd third = create("b");
  const int kept = third.release();
  EXPECT_FALSE(third);
  EXPECT_NE(fcntl(kept, F_GETFD), -1);
  close(kept);
}

TEST_F(FileTest, AMissingFileIsAnErrorOrAnEmptyFd) {
  std::string message;
  EXPECT_EQ(status_of([&] { open_file(at("none"), O_RDONLY); }, &message), Status::kIo);
  EXPECT_EQ(message, "cannot open " + at("none") + ": No such file or directory");
  EXPECT_FALSE(open_existing(at("none"), O_RDONLY));
  EXPECT_FALSE(open_existing(at("none"), O_RDWR | O_CREAT));
  EXPECT_FALSE(fs::exists(at("none")));
  create("some");
  EXPECT_TRUE(open_existing(at("some"), O_RDONLY));
  EXPECT_EQ(status_of([&] { open_existing(at("some") + "/x", O_RDONLY); }), Status::kIo);
}

TEST_F(FileTest, DirectoriesAreMadeWithTheirParentsAndPrivate) {
  make_directories(at("a/b//c/"));
  EXPECT_EQ(mode_of(at("a")), 0700u);
  EXPECT_EQ(mode_of(at("a/b")), 0700u);
  EXPECT_EQ(mode_of(at("a/b/c")), 0700u);
}

TEST_F(FileTest, ExistingDirectoriesAndLinksToThemStayAsTheyAre) {
  fs::create_directory(at("open"));
  ASSERT_EQ(chmod(at("open").c_str(), 0755), 0);
  fs::create_directory_symlink(at("open"), at("link"));
  make_directories(at("link/x"));
  EXPECT_EQ(mode_of(at("open")), 0755u);
  EXPECT_EQ(mode_of(at("open/x")), 0700u);
  EXPECT_TRUE(fs::is_symlink(at("link")));
  make_directories("/");
}

TEST_F(FileTest, AFileInTheWayOfADirectoryIsNamed) {
  create("file");
  for (const char* path : {"file", "file/x", "file/x/y"}) {
    std::string message;
    EXPECT_EQ(status_of([&] { make_directories(at(path)); }, &message), Status::kIo);
    EXPECT_NE(message.find(at("file")), std::string::npos) << message;
  }
  EXPECT_EQ(status_of([] { make_directories(""); }), Status::kIo);
}

TEST_F(FileTest, RelativeDirectoriesAreMadeFromHere) {
  EXPECT_TRUE(in_child([&] {
    if (chdir(folder_.c_str()) != 0) return false;
    make_directories("r/s");
    make_directories("./t");
    return fs::is_directory(at("r/s")) && fs::is_directory(at("t"));
  }));
}

TEST_F(FileTest, WhatIsWrittenIsReadAtItsOffset) {
  const Fd fd = create("a");
  write_all(fd.get(), "hello world", 11);
  pwrite_all(fd.get(), "WORLD", 5, 6);
  EXPECT_EQ(file_size(fd.get()), 11u);
  char text[32];
  EXPECT_EQ(pread_some(fd.get(), text, 5, 6), 5u);
  EXPECT_EQ(std::string(text, 5), "WORLD");
  EXPECT_EQ(pread_some(fd.get(), text, sizeof text, 6), 5u);
  EXPECT_EQ(pread_some(fd.get(), text, sizeof text, 11), 0u);
  sync_file(fd.get());
  sync_directory(folder_);
}

TEST_F(FileTest, FailuresOfTheSystemAreErrors) {
  const Fd fd = create("a");
  const Fd read_only = open_file(at("a"), O_RDONLY);
  char c = 0;
  EXPECT_EQ(status_of([&] { write_all(read_only.get(), "x", 1); }), Status::kIo);
  EXPECT_EQ(status_of([&] { pwrite_all(read_only.get(), "x", 1, 0); }), Status::kIo);
  EXPECT_EQ(status_of([&] { pread_some(-1, &c, 1, 0); }), Status::kIo);
  EXPECT_EQ(status_of([] { sync_file(-1); }), Status::kIo);
  EXPECT_EQ(status_of([] { file_size(-1); }), Status::kIo);
  EXPECT_EQ(status_of([] { try_lock(-1); }), Status::kIo);
  EXPECT_EQ(status_of([&] { sync_directory(at("none")); }), Status::kIo);
}

TEST_F(FileTest, ADiskThatIsFullIsToldApart) {
  if (access("/dev/full", F_OK) != 0) GTEST_SKIP() << "no /dev/full on this system";
  const Fd full = open_file("/dev/full", O_WRONLY);
  EXPECT_EQ(status_of([&] { write_all(full.get(), "x", 1); }), Status::kFull);
}

TEST_F(FileTest, AWholeFileIsReadUpToALimit) {
  const Fd fd = create("a");
  const std::string content(200'000, 'x');
  write_all(fd.get(), content.data(), content.size());
  EXPECT_EQ(read_file(at("a"), content.size()), content);
  std::string message;
  EXPECT_EQ(status_of([&] { read_file(at("a"), content.size() - 1); }, &message), Status::kInvalid);
  EXPECT_NE(message.find(at("a")), std::string::npos);
  EXPECT_EQ(status_of([&] { read_file(at("none"), 10); }), Status::kIo);
  EXPECT_EQ(status_of([&] { read_file(folder_, 10); }), Status::kIo);
}

TEST_F(FileTest, ALockIsSeenByOtherProcessesAndByOtherDescriptions) {
  const Fd fd = create("lock");
  ASSERT_TRUE(try_lock(fd.get()));
  EXPECT_TRUE(try_lock(fd.get()));  // the same description may lock again
  const auto others_can = [&] { return try_lock(open_file(at("lock"), O_RDWR).get()); };
  EXPECT_FALSE(others_can());
  EXPECT_FALSE(in_child(others_can));
  unlock(fd.get());
  EXPECT_TRUE(in_child(others_can));
}

TEST_F(FileTest, ALockDiesWithItsProcess) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const Fd fd = open_file(at("lock"), O_RDWR | O_CREAT);
    const char locked = try_lock(fd.get()) ? 1 : 0;
    if (write(ready[1], &locked, 1) == 1) pause();
    _exit(1);
  }
  char locked = 0;
  ASSERT_EQ(read(ready[0], &locked, 1), 1);
  ASSERT_EQ(locked, 1);
  const Fd fd = open_file(at("lock"), O_RDWR);
  EXPECT_FALSE(try_lock(fd.get()));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_TRUE(try_lock(fd.get()));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(FileTest, AReplacedFileIsNoLongerTheSame) {
  const Fd fd = create("a");
  EXPECT_TRUE(same_file(fd.get(), at("a")));
  fs::create_symlink(at("a"), at("link"));
  EXPECT_TRUE(same_file(fd.get(), at("link")));
  fs::rename(at("a"), at("b"));
  EXPECT_FALSE(same_file(fd.get(), at("a")));
  EXPECT_TRUE(same_file(fd.get(), at("b")));
  create("a");
  EXPECT_FALSE(same_file(fd.get(), at("a")));
}

TEST_F(FileTest, ARealPathHasNoLinks) {
  make_directories(at("real/sub"));
  fs::create_directory_symlink("real", at("link"));
  create("real/file");
  fs::create_symlink("real/file", at("to_file"));
  EXPECT_EQ(real_path(at("link/sub/../file")), at("real/file"));
  EXPECT_EQ(real_path(at("to_file")), at("real/file"));
  EXPECT_EQ(real_path(at("link/")), at("real"));
  EXPECT_EQ(real_path("/"), "/");
}

TEST_F(FileTest, TheLastComponentOfARealPathNeedNotExist) {
  make_directories(at("real"));
  fs::create_directory_symlink("real", at("link"));
  EXPECT_EQ(real_path(at("link/new.db")), at("real/new.db"));
  EXPECT_EQ(real_path("/no-such-file-at-the-root"), "/no-such-file-at-the-root");
  EXPECT_TRUE(in_child([&] { return chdir(folder_.c_str()) == 0 && real_path("new.db") == at("new.db"); }));
  EXPECT_EQ(status_of([&] { real_path(at("none/new.db")); }), Status::kIo);
  EXPECT_EQ(status_of([] { real_path(""); }), Status::kIo);
}

TEST_F(FileTest, ALinkToAFileThatIsYetToBeMadeIsFollowed) {
  make_directories(at("real"));
  fs::create_symlink("real/new.db", at("dangling"));
  fs::create_symlink(at("dangling"), at("twice"));
  EXPECT_EQ(real_path(at("dangling")), at("real/new.db"));
  EXPECT_EQ(real_path(at("twice")), at("real/new.db"));
  fs::create_symlink("loop", at("loop"));
  EXPECT_EQ(status_of([&] { real_path(at("loop")); }), Status::kIo);
}

TEST_F(FileTest, ATildeIsTheHomeDirectory) {
  const char* before = getenv("HOME");
  const std::string saved = before == nullptr ? "" : before;
  setenv("HOME", "/home/of mine", 1);
  EXPECT_EQ(expand_home("~"), "/home/of mine");
  EXPECT_EQ(expand_home("~/x/y"), "/home/of mine/x/y");
  EXPECT_EQ(expand_home("~other/x"), "~other/x");
  EXPECT_EQ(expand_home("/a/~"), "/a/~");
  EXPECT_EQ(expand_home(""), "");
  unsetenv("HOME");
  const std::string from_password_file = expand_home("~");
  EXPECT_TRUE(from_password_file.starts_with("/")) << from_password_file;
  if (before != nullptr) setenv("HOME", saved.c_str(), 1);
}

TEST_F(FileTest, ALocalDirectoryIsOnNoNetworkFileSystem) {
  EXPECT_EQ(network_file_system("/proc/self"), std::nullopt);
  EXPECT_EQ(network_file_system("/proc/no/such/path"), std::nullopt);
  EXPECT_EQ(network_file_system("/dev/shm"), std::nullopt);
}

}  // namespace
}  // namespace plog
