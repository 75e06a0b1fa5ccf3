// AVX2 and FMA: eight floats, or eight outputs of four int8 products each.
#include "simd/avx2.h"

namespace undertow {
namespace {

namespace simd = simd_avx2;

constexpr uint32_t tile_rows = 6, tile_groups = 1;

// pmaddubsw adds pairs in 16 bits; the weights are such that no pair can overflow (parse checks it).
inline simd::I32 dot4(simd::I32 acc, simd::I32 x, const int8_t* weights) {
  const __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
  const __m256i pairs = _mm256_maddubs_epi16(x.v, w);
  return {_mm256_add_epi32(acc.v, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))};
}

}  // namespace
}  // namespace undertow

#include "kernels_impl.h"

namespace undertow {

const Kernels avx2_kernels = kernels_named("avx2");

}  // namespace undertow
