// AVX-512 with VNNI: four int8 products and their sum in one instruction.
#include "simd/avx512.h"

namespace undertow {
namespace {

namespace simd = simd_avx512;

constexpr uint32_t tile_rows = 6, tile_groups = 4;

inline simd::I32 dot4(simd::I32 acc, simd::I32 x, const int8_t* weights) {
  return {_mm512_dpbusd_epi32(acc.v, x.v, _mm512_loadu_si512(weights))};
}

}  // namespace
}  // namespace undertow

#include "kernels_impl.h"

namespace undertow {

const Kernels avx512vnni_kernels = kernels_named("avx512vnni");

}  // namespace undertow
