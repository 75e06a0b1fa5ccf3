// AVX-512 (F, BW, VL, DQ) without the dot products of VNNI: sixteen floats, or sixteen outputs of four int8 products each.
#include "simd/avx512.h"

namespace undertow {
namespace {

namespace simd = simd_avx512;

constexpr uint32_t tile_rows = 6, tile_groups = 4;

// As in kernels_avx2.cpp: no pair can overflow its 16 bits.
inline simd::I32 dot4(simd::I32 acc, simd::I32 x, const int8_t* weights) {
  const __m512i pairs = _mm512_maddubs_epi16(x.v, _mm512_loadu_si512(weights));
  return {_mm512_add_epi32(acc.v, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)))};
}

}  // namespace
}  // namespace undertow

#include "kernels_impl.h"

namespace undertow {

const Kernels avx512_kernels = kernels_named("avx512");

}  // namespace undertow
