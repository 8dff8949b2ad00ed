#include "base/uuid.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace plog {
namespace {

std::int64_t millis_of(const Uuid& uuid) {
  std::int64_t millis = 0;
  for (int i = 0; i < 6; ++i) millis = millis << 8 | uuid[static_cast<std::size_t>(i)];
  return millis;
}

// Runs `child` in a copy of this process, which `copy` creates, and returns the bytes that `child` returns.
std::vector<std::uint8_t> in_child(const std::function<pid_t()>& copy,
                                   const std::function<std::vector<std::uint8_t>()>& child) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t pid = copy();
  if (pid == 0) {
    const std::vector<std::uint8_t> octets = child();
    const ssize_t written = write(ends[1], octets.data(), octets.size());
    _exit(written == static_cast<ssize_t>(octets.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::vector<std::uint8_t> got(4096);
  std::size_t size = 0;
  for (ssize_t n = 0; (n = read(ends[0], got.data() + size, got.size() - size)) > 0;)
    size += static_cast<std::size_t>(n);
  close(ends[0]);
  int status = -1;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  got.resize(size);
  return got;
}

std::vector<std::uint8_t> ids_and_octets() {
  std::vector<std::uint8_t> all;
  for (int i = 0; i < 16; ++i) {
    const Uuid uuid = uuid_v7();
    all.insert(all.end(), uuid.begin(), uuid.end());
  }
  std::uint8_t octets[64];
  random_octets(octets, sizeof octets);
  all.insert(all.end(), octets, octets + sizeof octets);
  return all;
}

// Splits the sources into pieces of 16 bytes and expects that no piece occurs twice.
void expect_no_shared_piece(const std::vector<std::vector<std::uint8_t>>& sources) {
  std::set<std::string> seen;
  for (const auto& source : sources) {
    ASSERT_EQ(source.size(), 16u * 16 + 64);
    for (std::size_t i = 0; i < source.size(); i += 16) {
      const auto at = source.begin() + static_cast<std::ptrdiff_t>(i);
      EXPECT_TRUE(seen.emplace(at, at + 16).second);
    }
  }
}

TEST(Uuid7, HasItsVersionVariantAndTheTime) {
  const std::int64_t before = now_micros() / 1000;
  // A new thread has no last id that could be ahead of the clock.
  std::thread([&] {
    const Uuid uuid = uuid_v7();
    EXPECT_EQ(uuid[6] >> 4, 7);
    EXPECT_EQ(uuid[8] >> 6, 2);
    EXPECT_GE(millis_of(uuid), before);
    EXPECT_LE(millis_of(uuid), now_micros() / 1000);
  }).join();
}

TEST(Uuid7, IncreasesStrictlyWithinAThread) {
  Uuid last = uuid_v7();
  for (int i = 0; i < 300'000; ++i) {
    const Uuid next = uuid_v7();
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(Uuid7, IsUniqueAcrossThreads) {
  constexpr int kThreads = 8;
  constexpr std::size_t kEach = 20'000;
  std::vector<std::vector<Uuid>> made(kThreads);
  std::vector<std::thread> threads;
  for (auto& own : made) {
    threads.emplace_back([&own] {
      for (std::size_t i = 0; i < kEach; ++i) own.push_back(uuid_v7());
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<Uuid> all;
  for (const auto& own : made) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  EXPECT_EQ(all.size(), kThreads * kEach);
}

TEST(Uuid7, AForkedChildSharesNothingWithItsParentAndSiblings) {
  ids_and_octets();  // fills the pool that the child inherits
  const auto fork_it = [] { return fork(); };
  const auto first = in_child(fork_it, ids_and_octets);
  const auto second = in_child(fork_it, ids_and_octets);
  const auto grandchild = in_child(fork_it, [&] {
    ids_and_octets();
    return in_child(fork_it, ids_and_octets);
  });
  expect_no_shared_piece({first, second, grandchild, ids_and_octets()});
}

TEST(Uuid7, ACopyMadeBehindTheCLibrarysBackSharesNothing) {
  ids_and_octets();
  const auto clone_it = [] { return static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0)); };
  const auto first = in_child(clone_it, ids_and_octets);
  const auto second = in_child(clone_it, ids_and_octets);
  expect_no_shared_piece({first, second, ids_and_octets()});
}

TEST(Uuid7, StillIncreasesInAForkedChild) {
  const Uuid before = uuid_v7();
  const auto made = in_child([] { return fork(); },
                             [] {
                               const Uuid uuid = uuid_v7();
                               return std::vector<std::uint8_t>(uuid.begin(), uuid.end());
                             });
  ASSERT_EQ(made.size(), before.size());
  EXPECT_TRUE(std::lexicographical_compare(before.begin(), before.end(), made.begin(), made.end()));
}

TEST(RandomOctets, FillAllSizes) {
  for (const std::size_t size : {0u, 1u, 16u, 255u, 256u, 257u, 1024u, 100'000u}) {
    std::vector<std::uint8_t> octets(size + 2, 0xA5);
    random_octets(octets.data() + 1, size);
    EXPECT_EQ(octets.front(), 0xA5);
    EXPECT_EQ(octets.back(), 0xA5);
    if (size < 100) continue;
    EXPECT_GT(std::set<std::uint8_t>(octets.begin(), octets.end()).size(), 50u);
  }
}

TEST(RandomOctets, DoNotRepeatAcrossRefills) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    std::uint8_t octets[16];
    random_octets(octets, sizeof octets);
    EXPECT_TRUE(seen.emplace(octets, octets + sizeof octets).second);
  }
}

TEST(Uuid5, MatchesPublishedExamples) {
  const Uuid dns = *parse_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  EXPECT_EQ(format_uuid(uuid_v5(dns, "www.example.com")), "2ed6657d-e927-568b-95e1-2665a8aea6a2");  // RFC 9562, A.4
  EXPECT_EQ(format_uuid(uuid_v5(dns, "python.org")), "886313e1-3b8a-5372-9b90-0c9aee199e5d");       // Python's manual
  EXPECT_EQ(foreign_id_namespace(), uuid_v5(dns, "provenlog"));
}

TEST(UuidText, RoundTripsInLowerCase) {
  const std::string text = "0192f0c4-5b7a-7c3e-9d1a-2b3c4d5e6f70";
  EXPECT_EQ(format_uuid(*parse_uuid(text)), text);
  EXPECT_EQ(format_uuid(*parse_uuid("0192F0C4-5B7A-7C3E-9D1A-2B3C4D5E6F70")), text);
}

TEST(UuidText, OtherFormsAreRefused) {
  const std::string text = "0192f0c4-5b7a-7c3e-9d1a-2b3c4d5e6f70";
  for (const std::string& bad :
       {std::string(), text.substr(1), text + "0", "{" + text + "}", "urn:uuid:" + text,
        std::string("0192f0c45b7a7c3e9d1a2b3c4d5e6f70"), std::string("0192f0c4-5b7a-7c3e-9d1a-2b3c4d5e6f7g"),
        std::string("0192f0c4-5b7a-7c3e-9d1a02b3c4d5e6f70"), std::string("0192f0c-45b7a-7c3e-9d1a-2b3c4d5e6f70")}) {
    EXPECT_EQ(parse_uuid(bad), std::nullopt) << bad;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string bad = text;
    bad[i] = bad[i] == '-' ? '0' : '-';
    EXPECT_EQ(parse_uuid(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace plog
