#include "base/uuid.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"

namespace plog {
namespace {

// Detects that this process is a copy of another one, because both must not use the same random pool. The epoch is in a
// page that the kernel zeroes in every child, however the child was created. Where the kernel cannot do that, a fork
// handler zeroes the epoch.
std::atomic<std::uint64_t>* epoch_cell() noexcept {
  static std::atomic<std::uint64_t>* const cell = []() noexcept {
    static std::atomic<std::uint64_t> fallback{0};
    std::atomic<std::uint64_t>* result = &fallback;
#ifdef MADV_WIPEONFORK
    const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) {
      if (madvise(page, size, MADV_WIPEONFORK) == 0) {
        result = new (page) std::atomic<std::uint64_t>(0);
      } else {
        munmap(page, size);
      }
    }
#endif
    return result;
  }();
  return cell;
}

void forget_epoch() noexcept { epoch_cell()->store(0, std::memory_order_relaxed); }

// Returns the epoch of this process, which is never 0 and never that of an ancestor.
std::uint64_t current_epoch() noexcept {
  static const int registered = pthread_atfork(nullptr, nullptr, forget_epoch);
  static_cast<void>(registered);
  static std::atomic<std::uint64_t> last{0};
  std::atomic<std::uint64_t>* cell = epoch_cell();
  std::uint64_t epoch = cell->load(std::memory_order_relaxed);
  if (epoch != 0) [[likely]]
    return epoch;
  const std::uint64_t fresh = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return cell->compare_exchange_strong(epoch, fresh, std::memory_order_relaxed) ? fresh : epoch;
}

// The last resort, if the system provides no randomness at all (a chroot without devices under a strict seccomp
// filter). The ids are guessable then, but must still be unique.
void mix_octets(std::uint8_t* out, std::size_t size) noexcept {
  static std::atomic<std::uint64_t> counter{0};
  std::uint64_t state = static_cast<std::uint64_t>(now_micros()) ^ (static_cast<std::uint64_t>(getpid()) << 40) ^
                        reinterpret_cast<std::uintptr_t>(&state) ^ (counter.fetch_add(1) << 56);
  for (std::size_t i = 0; i < size; ++i) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    state = (state ^ static_cast<std::uint64_t>(now.tv_nsec)) * 0x9E3779B97F4A7C15u;
    state ^= state >> 29;
    out[i] = static_cast<std::uint8_t>(state >> 56);
  }
}

void system_octets(std::uint8_t* out, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t got = getrandom(out, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out += got;
    size -= static_cast<std::size_t>(got);
  }
  if (size == 0) return;
  const int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && size > 0) {
    const ssize_t got = read(fd, out, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out += got;
    size -= static_cast<std::size_t>(got);
  }
  if (fd >= 0) close(fd);
  if (size > 0) mix_octets(out, size);
}

// One per thread. Trivially destructible, so that it can be used until the thread has ended.
struct Generator {
  static constexpr std::size_t kPoolSize = 1024;

  std::uint64_t epoch;
  std::size_t left;  // unused bytes at the end of the pool
  std::uint64_t millis;
  std::uint64_t high;  // the upper 12 of the last id's 74 random bits; kSpent if there is no id to count up from
  std::uint64_t low;   // the lower 62
  std::uint8_t pool[kPoolSize];

  // Discards the state that the parent process may use too. Advances the millisecond, because the new random bits may
  // be smaller than the last ones.
  void check_fork() noexcept {
    const std::uint64_t now = current_epoch();
    if (now == epoch) [[likely]]
      return;
    if (epoch != 0) ++millis;
    high = kSpent;
    left = 0;
    epoch = now;
  }

  void take(void* out, std::size_t size) noexcept {
    if (size > left) {
      if (size > kPoolSize / 4) {
        system_octets(static_cast<std::uint8_t*>(out), size);
        return;
      }
      system_octets(pool, kPoolSize);
      left = kPoolSize;
    }
    std::uint8_t* from = pool + (kPoolSize - left);
    std::memcpy(out, from, size);
    std::memset(from, 0, size);  // a later memory dump must not reveal the salts of earlier events
    left -= size;
  }

  static constexpr std::uint64_t kSpent = ~std::uint64_t{0};
};

thread_local constinit Generator generator{};

constexpr std::uint64_t kLowMask = (std::uint64_t{1} << 62) - 1;

void store_big_endian(std::uint64_t value, std::uint8_t* out) noexcept {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool is_dash(std::size_t position) noexcept {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

}  // namespace

Uuid uuid_v7() noexcept { return uuid_v7(now_micros()); }

Uuid uuid_v7(Micros now) noexcept {
  Generator& own = generator;
  own.check_fork();
  const std::uint64_t millis = now > 0 ? static_cast<std::uint64_t>(now) / 1000 : 0;
  if (millis > own.millis || own.high == Generator::kSpent) {
    std::uint64_t random[2];
    own.take(random, sizeof random);
    own.millis = std::max(own.millis, millis);
    own.high = random[0] & 0x7FF;  // the top bit stays clear, so counting up practically never overflows
    own.low = random[1] & kLowMask;
  } else {
    ++own.low;
    if (own.low > kLowMask) {
      own.low &= kLowMask;
      if (++own.high > 0xFFF) {
        own.high = 0;
        ++own.millis;
      }
    }
  }
  Uuid uuid;
  store_big_endian((own.millis << 16) | 0x7000 | own.high, uuid.data());
  store_big_endian((std::uint64_t{2} << 62) | own.low, uuid.data() + 8);
  return uuid;
}

void random_octets(std::uint8_t* out, std::size_t size) noexcept {
  generator.check_fork();
  generator.take(out, size);
}

Uuid uuid_v5(const Uuid& name_space, std::string_view name) {
  std::string input(reinterpret_cast<const char*>(name_space.data()), name_space.size());
  input += name;
  std::uint8_t digest[EVP_MAX_MD_SIZE];
  if (EVP_Digest(input.data(), input.size(), digest, nullptr, EVP_sha1(), nullptr) != 1) {
    throw Error(Status::kInternal,
                "cannot create a UUIDv5: OpenSSL does not provide SHA-1; use an OpenSSL build with SHA-1");
  }
  Uuid uuid;
  std::memcpy(uuid.data(), digest, uuid.size());
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x50);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
  return uuid;
}

const Uuid& foreign_id_namespace() {
  static const Uuid result = [] {
    constexpr Uuid kDns = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                           0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    return uuid_v5(kDns, "provenlog");
  }();
  return result;
}

Uuid resolved_id(std::string_view text) {
  if (const auto id = parse_uuid(text)) return *id;
  return uuid_v5(foreign_id_namespace(), text);
}

void format_uuid(const Uuid& uuid, char* out) noexcept {
  char digits[32];
  hex_encode(uuid.data(), uuid.size(), digits);
  std::memcpy(out, digits, 8);
  out[8] = '-';
  std::memcpy(out + 9, digits + 8, 4);
  out[13] = '-';
  std::memcpy(out + 14, digits + 12, 4);
  out[18] = '-';
  std::memcpy(out + 19, digits + 16, 4);
  out[23] = '-';
  std::memcpy(out + 24, digits + 20, 12);
}

std::string format_uuid(const Uuid& uuid) {
  char text[kUuidTextSize];
  format_uuid(uuid, text);
  return std::string(text, kUuidTextSize);
}

std::optional<Uuid> parse_uuid(std::string_view text) noexcept {
  if (text.size() != kUuidTextSize) return std::nullopt;
  Uuid uuid;
  std::size_t next = 0;
  for (std::size_t i = 0; i < kUuidTextSize;) {
    if (is_dash(i)) {
      if (text[i++] != '-') return std::nullopt;
      continue;
    }
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid[next++] = static_cast<std::uint8_t>(high << 4 | low);
    i += 2;
  }
  return uuid;
}

}  // namespace plog
