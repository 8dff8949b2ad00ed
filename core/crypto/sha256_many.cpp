#include "crypto/sha256_many.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace plog {

#if defined(__x86_64__)

namespace {

// The processor's SHA-256 instructions wait for each other's results. Interleaving a second message fills the wait.
constexpr std::size_t kLanes = 2;
constexpr std::size_t kBlock = 64;

alignas(16) constexpr std::uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The eight words of the state in the layout that the instructions use; the first word named is the highest.
struct State {
  __m128i abef, cdgh;
};

constexpr std::uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

State initial_state() noexcept {
  const auto word = [](int i) { return static_cast<int>(kInitial[i]); };
  return {_mm_set_epi32(word(0), word(1), word(4), word(5)), _mm_set_epi32(word(2), word(3), word(6), word(7))};
}

// Splits a message into blocks: first the whole blocks of the first part, in place, then copies of the remaining bytes,
// followed by the padding of FIPS 180-4.
class Lane {
 public:
  void start(const HashInput& input, Digest* digest) noexcept {
    first_ = input.first;
    second_ = input.second;
    bits_ = (std::uint64_t{first_.size()} + second_.size()) * 8;
    marked_ = done_ = false;
    digest_ = digest;
    state = initial_state();
  }
  bool done() const noexcept { return done_; }

  const std::uint8_t* next_block() noexcept {
    if (first_.size() >= kBlock) {
      const auto* block = reinterpret_cast<const std::uint8_t*>(first_.data());
      first_.remove_prefix(kBlock);
      return block;
    }
    std::size_t size = take(first_, 0);
    size = take(second_, size);
    if (size == kBlock) return copy_;
    if (!marked_) {
      copy_[size++] = 0x80;
      marked_ = true;
    }
    std::memset(copy_ + size, 0, kBlock - size);
    if (size <= kBlock - 8) {
      for (int i = 0; i < 8; ++i) copy_[kBlock - 1 - i] = static_cast<std::uint8_t>(bits_ >> (8 * i));
      done_ = true;  // this is the last block
    }
    return copy_;
  }

  void finish() noexcept {
    alignas(16) std::uint32_t words[8];
    _mm_store_si128(reinterpret_cast<__m128i*>(words), state.abef);
    _mm_store_si128(reinterpret_cast<__m128i*>(words + 4), state.cdgh);
    const std::uint32_t order[8] = {words[3], words[2], words[7], words[6], words[1], words[0], words[5], words[4]};
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t word = __builtin_bswap32(order[i]);
      std::memcpy(digest_->data() + 4 * i, &word, sizeof word);
    }
  }

  State state;

 private:
  // Moves bytes from the front of `part` to position `at` of the block, as many as fit. Returns the end position.
  std::size_t take(std::string_view& part, std::size_t at) noexcept {
    const std::size_t size = std::min(part.size(), kBlock - at);
    if (size > 0) std::memcpy(copy_ + at, part.data(), size);
    part.remove_prefix(size);
    return at + size;
  }

  std::string_view first_, second_;
  std::uint64_t bits_ = 0;
  bool marked_ = false;  // whether the 1 bit after the message is written
  bool done_ = true;
  Digest* digest_ = nullptr;
  std::uint8_t copy_[kBlock];
};

// Adds one block to the state of each lane.
template <std::size_t Lanes>
__attribute__((target("sha,sse4.1"))) void compress(State* const (&states)[Lanes],
                                                    const std::uint8_t* const (&blocks)[Lanes]) noexcept {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abef[Lanes], cdgh[Lanes], words[Lanes][4];
  for (std::size_t lane = 0; lane < Lanes; ++lane) {
    abef[lane] = states[lane]->abef;
    cdgh[lane] = states[lane]->cdgh;
  }
#pragma GCC unroll 16
  for (int group = 0; group < 16; ++group) {  // four rounds each
    const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants) + group);
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < Lanes; ++lane) {
      __m128i* const w = words[lane];
      __m128i& own = w[group % 4];
      if (group < 4) {
        own = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks[lane]) + group), big_endian);
      } else {
        const __m128i last = w[(group + 3) % 4];
        const __m128i seventh = _mm_alignr_epi8(last, w[(group + 2) % 4], 4);
        own = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(own, w[(group + 1) % 4]), seventh), last);
      }
      const __m128i input = _mm_add_epi32(own, constants);
      cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], input);
      abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(input, 0x0E));
    }
  }
  for (std::size_t lane = 0; lane < Lanes; ++lane) {
    states[lane]->abef = _mm_add_epi32(states[lane]->abef, abef[lane]);
    states[lane]->cdgh = _mm_add_epi32(states[lane]->cdgh, cdgh[lane]);
  }
}

bool has_instructions() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & (1u << 29)) == 0) return false;
  return __builtin_cpu_supports("sse4.1") != 0;
}

void hash_in_lanes(std::span<const HashInput> inputs, Digest* digests) noexcept {
  Lane lanes[kLanes];
  std::size_t next = 0, open = 0;
  Lane* at[kLanes];  // the first `open` entries are the lanes that have a message
  for (; open < kLanes && next < inputs.size(); ++open, ++next) {
    at[open] = &lanes[open];
    at[open]->start(inputs[next], &digests[next]);
  }
  while (open == kLanes) {
    State* const states[kLanes] = {&at[0]->state, &at[1]->state};
    const std::uint8_t* const blocks[kLanes] = {at[0]->next_block(), at[1]->next_block()};
    compress(states, blocks);
    for (std::size_t i = kLanes; i-- > 0;) {
      if (!at[i]->done()) continue;
      at[i]->finish();
      if (next < inputs.size()) {
        at[i]->start(inputs[next], &digests[next]);
        ++next;
      } else {
        at[i] = at[--open];
      }
    }
  }
  if (open == 0) return;
  while (!at[0]->done()) {
    State* const states[1] = {&at[0]->state};
    const std::uint8_t* const blocks[1] = {at[0]->next_block()};
    compress(states, blocks);
  }
  at[0]->finish();
}

}  // namespace

bool sha256_is_parallel() noexcept {
  static const bool parallel = has_instructions();
  return parallel;
}

void sha256_many(std::span<const HashInput> inputs, Digest* digests) {
  if (sha256_is_parallel()) {
    hash_in_lanes(inputs, digests);
    return;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) digests[i] = sha256(inputs[i].first, inputs[i].second);
}

#else

bool sha256_is_parallel() noexcept { return false; }

void sha256_many(std::span<const HashInput> inputs, Digest* digests) {
  for (std::size_t i = 0; i < inputs.size(); ++i) digests[i] = sha256(inputs[i].first, inputs[i].second);
}

#endif

}  // namespace plog
