// Random numbers that are a function of (seed, row, step) alone: Philox 4x64-10 (Salmon et al., SC 2011).
#pragma once

#include <array>
#include <cstdint>

namespace undertow {

using PhiloxBlock = std::array<uint64_t, 4>;

inline PhiloxBlock philox(PhiloxBlock counter, uint64_t key0, uint64_t key1) {
  __extension__ using Wide = unsigned __int128;
  for (int round = 0; round < 10; ++round) {
    const Wide a = Wide(0xD2E7470EE14C6C93) * counter[0], b = Wide(0xCA5A826395121157) * counter[2];
    counter = {uint64_t(b >> 64) ^ counter[1] ^ key0, uint64_t(b), uint64_t(a >> 64) ^ counter[3] ^ key1, uint64_t(a)};
    key0 += 0x9E3779B97F4A7C15;
    key1 += 0xBB67AE8584CAA73B;
  }
  return counter;
}

// The uniforms in [0, 1) of one row's step, the numbers undertow.generation.noise.uniforms gives for it.
//
// A step owns whole blocks of four words; a word w gives (w >> 11)·2^-53. Block i has counter i + 1, as NumPy counts.
inline void uniforms(uint64_t seed, uint64_t row, uint64_t step, uint32_t num_uniforms, double* out) {
  const uint64_t blocks = (uint64_t(num_uniforms) + 3) / 4;
  PhiloxBlock words{};
  for (uint32_t i = 0; i < num_uniforms; ++i) {
    if (i % 4 == 0) {
      const uint64_t counter = step * blocks + i / 4 + 1;
      words = philox({counter, counter == 0, 0, 0}, seed, row);
    }
    out[i] = static_cast<double>(words[i % 4] >> 11) * 0x1p-53;
  }
}

}  // namespace undertow
