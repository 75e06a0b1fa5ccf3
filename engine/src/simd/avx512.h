// The SIMD vocabulary (see scalar.h) in AVX-512 F, BW, VL and DQ: 16 floats or 8 doubles.
#pragma once

// GCC 12 takes the intrinsics' own undefined registers for mistakes of ours (its bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#include <cstdint>

namespace undertow::simd_avx512 {
namespace {

struct I32 {
  static constexpr int lanes = 16;
  __m512i v;

  static inline I32 broadcast(int32_t x) { return {_mm512_set1_epi32(x)}; }
  static inline I32 load(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
};

struct I64 {
  static constexpr int lanes = 8;
  __m512i v;

  static inline I64 broadcast(int64_t x) { return {_mm512_set1_epi64(x)}; }
};

struct F32 {
  static constexpr int lanes = 16;
  __m512 v;

  static inline F32 broadcast(float x) { return {_mm512_set1_ps(x)}; }
  static inline F32 load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static inline F32 load(const uint16_t* p) {
    const __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return {_mm512_castsi512_ps(_mm512_slli_epi32(words, 16))};
  }
};

struct F64 {
  static constexpr int lanes = 8;
  __m512d v;

  static inline F64 broadcast(double x) { return {_mm512_set1_pd(x)}; }
  static inline F64 load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static inline F64 load(const float* p) { return {_mm512_cvtps_pd(_mm256_loadu_ps(p))}; }
};

inline void store(float* p, F32 x) { _mm512_storeu_ps(p, x.v); }
inline void store(double* p, F64 x) { _mm512_storeu_pd(p, x.v); }
inline void store(int32_t* p, I32 x) { _mm512_storeu_si512(p, x.v); }
inline void store_u8(uint8_t* p, I32 x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(x.v));
}

inline F32 operator+(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
inline F32 operator-(F32 a, F32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline F32 operator*(F32 a, F32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline F32 operator/(F32 a, F32 b) { return {_mm512_div_ps(a.v, b.v)}; }
inline F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline F32 vmin(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }
inline F32 vmax(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
inline F32 select_lt(F32 a, F32 b, F32 x, F32 y) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), y.v, x.v)};
}
inline F32 round_even(F32 x) { return {_mm512_roundscale_ps(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline F64 operator+(F64 a, F64 b) { return {_mm512_add_pd(a.v, b.v)}; }
inline F64 operator-(F64 a, F64 b) { return {_mm512_sub_pd(a.v, b.v)}; }
inline F64 operator*(F64 a, F64 b) { return {_mm512_mul_pd(a.v, b.v)}; }
inline F64 operator/(F64 a, F64 b) { return {_mm512_div_pd(a.v, b.v)}; }
inline F64 fma(F64 a, F64 b, F64 c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
inline F64 vmin(F64 a, F64 b) { return {_mm512_min_pd(a.v, b.v)}; }
inline F64 vmax(F64 a, F64 b) { return {_mm512_max_pd(a.v, b.v)}; }

inline I32 operator+(I32 a, I32 b) { return {_mm512_add_epi32(a.v, b.v)}; }
inline I32 operator-(I32 a, I32 b) { return {_mm512_sub_epi32(a.v, b.v)}; }
inline I32 operator<<(I32 a, int n) { return {_mm512_sll_epi32(a.v, _mm_cvtsi32_si128(n))}; }
inline I64 operator+(I64 a, I64 b) { return {_mm512_add_epi64(a.v, b.v)}; }
inline I64 operator<<(I64 a, int n) { return {_mm512_sll_epi64(a.v, _mm_cvtsi32_si128(n))}; }

inline I32 to_int(F32 x) { return {_mm512_cvtps_epi32(x.v)}; }
inline F32 to_float(I32 x) { return {_mm512_cvtepi32_ps(x.v)}; }
inline I32 bits(F32 x) { return {_mm512_castps_si512(x.v)}; }
inline F32 from_bits(I32 x) { return {_mm512_castsi512_ps(x.v)}; }
inline I64 bits(F64 x) { return {_mm512_castpd_si512(x.v)}; }
inline F64 from_bits(I64 x) { return {_mm512_castsi512_pd(x.v)}; }

}  // namespace
}  // namespace undertow::simd_avx512
