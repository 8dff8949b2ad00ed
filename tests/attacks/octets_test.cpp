// Overwrites random bytes of the database files thousands of times. Verification must not crash or hang, and a ledger
// that it calls valid must answer every query as before.
//
// PLOG_TEST_SEED=N repeats a run. PLOG_TEST_LONG=1 makes it longer.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "attacks/attacked_ledger.h"
#include "base/file.h"

namespace plog::attacks {
namespace {

constexpr int kEvents = 40;
constexpr int kChildren = 2;
constexpr unsigned kSecondsForOne = 60;  // a hundred times the usual time of a round
constexpr rlim_t kMemory = rlim_t{1} << 30;
constexpr std::size_t kMostOctets = 16;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
constexpr std::uint64_t kRounds = 100;
#else
constexpr bool kSanitized = false;
constexpr std::uint64_t kRounds = 500;
#endif
constexpr std::uint64_t kLongRounds = 15'000;

std::uint64_t seed() {
  if (is_set("PLOG_TEST_SEED")) return std::strtoull(getenv("PLOG_TEST_SEED"), nullptr, 10);
  return std::random_device()();
}

// The results of a child, in memory that it shares with its parent.
struct Account {
  std::uint64_t round = 0;  // the current round
  std::uint64_t sound = 0;  // rounds in which the ledger was valid
  std::uint64_t found = 0;  // rounds in which it was not
  char failure[4000] = {};  // the first failure
};

// A copy of the ledger's files for one child.
class Victim {
 public:
  Victim(const AttackedLedger& ledger, const std::string& name, const char* suffix)
      : directory_(ledger.directory() + "/" + name), target_(path() + suffix) {
    std::filesystem::create_directory(directory_);
    for (const char* each : {"", "-wal", ".head"}) {
      if (std::filesystem::exists(ledger.path() + each)) write_file(path() + each, read_file(ledger.path() + each));
    }
    octets_ = read_file(target_);
    file_ = open_file(target_, O_RDWR);
  }

  std::string path() const { return directory_ + "/events.db"; }
  const std::string& directory() const { return directory_; }

  // Overwrites some bytes and returns a description of the change.
  std::string damage(std::uint64_t random_seed) {
    std::mt19937_64 random(random_seed);
    at_ = random() % octets_.size();
    size_ = std::min(1 + random() % kMostOctets, octets_.size() - at_);
    char written[kMostOctets];
    for (std::size_t i = 0; i < size_; ++i) written[i] = static_cast<char>(random());
    write(written);
    return std::to_string(size_) + " bytes at " + std::to_string(at_) + " of " + target_ + " = " +
           hex_encode(reinterpret_cast<const std::uint8_t*>(written), size_);
  }
  void repair() { write(octets_.data() + at_); }

 private:
  void write(const char* octets) {
    if (pwrite(file_.get(), octets, size_, static_cast<off_t>(at_)) != static_cast<ssize_t>(size_)) {
      throw Error(Status::kIo, "cannot write " + target_);
    }
  }

  const std::string directory_, target_;
  std::string octets_;
  Fd file_;
  std::size_t at_ = 0, size_ = 0;
};

// Runs one round. Returns a description of the failure, or an empty string.
std::string attack(Victim& victim, std::uint64_t round, const std::string& expected, Account& account) {
  const std::string what = victim.damage(round);
  const verify::Report report = verify(victim.path());
  std::string failure;
  if (ledger::verdict_valid(report.verdict)) {
    ++account.sound;
    try {
      if (Answers(victim.path(), victim.directory()).text() != expected) {
        failure = what + ": " + report.json() + ", but a query has another answer";
      }
    } catch (const Error& error) {
      failure = what + ": " + report.json() + ", but a query fails: " + error.what();
    }
  } else {
    ++account.found;
  }
  victim.repair();
  return failure;
}

class Octets : public ::testing::TestWithParam<const char*> {};

TEST_P(Octets, OverwrittenAtRandomAreFoundOrChangeNoAnswer) {
  const std::string suffix = GetParam();
  const AttackedLedger ledger(kEvents, suffix.empty() ? Log::kMerged : Log::kBeside);
  const verify::Report sound = verify(ledger.path());
  ASSERT_EQ(sound.verdict, ledger::Verdict::kOk) << sound.json();
  const std::string expected = Answers(ledger.path(), ledger.directory()).text();
  const std::uint64_t first = seed(), rounds = is_long() ? kLongRounds : kRounds;
  std::printf("PLOG_TEST_SEED=%llu\n", static_cast<unsigned long long>(first));

  auto* accounts = static_cast<Account*>(
      mmap(nullptr, kChildren * sizeof(Account), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(accounts, MAP_FAILED);
  pid_t children[kChildren];
  for (int child = 0; child < kChildren; ++child) {
    children[child] = fork();
    if (children[child] != 0) continue;
    if (!kSanitized) {
      const rlimit limit{kMemory, kMemory};
      setrlimit(RLIMIT_AS, &limit);
    }
    Account& account = accounts[child];
    int code = 0;
    try {
      Victim victim(ledger, "victim-" + std::to_string(child), GetParam());
      for (std::uint64_t i = static_cast<std::uint64_t>(child); i < rounds && account.failure[0] == '\0';
           i += kChildren) {
        alarm(kSecondsForOne);
        account.round = first + i;
        const std::string failure = attack(victim, account.round, expected, account);
        std::strncpy(account.failure, failure.c_str(), sizeof account.failure - 1);
      }
    } catch (const std::exception& error) {
      std::strncpy(account.failure, error.what(), sizeof account.failure - 1);
      code = 1;
    }
    _exit(code);
  }
  std::uint64_t calm = 0, found = 0;
  for (int child = 0; child < kChildren; ++child) {
    int status = 0;
    ASSERT_EQ(waitpid(children[child], &status, 0), children[child]);
    const Account& account = accounts[child];
    EXPECT_STREQ(account.failure, "") << "PLOG_TEST_SEED=" << account.round;
    EXPECT_EQ(status, 0) << "the verification crashed or hung: PLOG_TEST_SEED=" << account.round;
    calm += account.sound;
    found += account.found;
  }
  munmap(accounts, kChildren * sizeof(Account));
  EXPECT_EQ(calm + found, rounds);
  EXPECT_GT(found, 0u);
}

INSTANTIATE_TEST_SUITE_P(OfTheDatabase, Octets, ::testing::Values(""));
INSTANTIATE_TEST_SUITE_P(OfItsLog, Octets, ::testing::Values("-wal"));

}  // namespace
}  // namespace plog::attacks
