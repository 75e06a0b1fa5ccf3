// The SIMD vocabulary (see scalar.h) in AVX2 and FMA: 8 floats or 4 doubles.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace undertow::simd_avx2 {
namespace {

struct I32 {
  static constexpr int lanes = 8;
  __m256i v;

  static inline I32 broadcast(int32_t x) { return {_mm256_set1_epi32(x)}; }
  static inline I32 load(const int32_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
};

struct I64 {
  static constexpr int lanes = 4;
  __m256i v;

  static inline I64 broadcast(int64_t x) { return {_mm256_set1_epi64x(x)}; }
};

struct F32 {
  static constexpr int lanes = 8;
  __m256 v;

  static inline F32 broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static inline F32 load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static inline F32 load(const uint16_t* p) {
    const __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return {_mm256_castsi256_ps(_mm256_slli_epi32(words, 16))};
  }
};

struct F64 {
  static constexpr int lanes = 4;
  __m256d v;

  static inline F64 broadcast(double x) { return {_mm256_set1_pd(x)}; }
  static inline F64 load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static inline F64 load(const float* p) { return {_mm256_cvtps_pd(_mm_loadu_ps(p))}; }
};

inline void store(float* p, F32 x) { _mm256_storeu_ps(p, x.v); }
inline void store(double* p, F64 x) { _mm256_storeu_pd(p, x.v); }
inline void store(int32_t* p, I32 x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x.v); }
inline void store_u8(uint8_t* p, I32 x) {
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(x.v), _mm256_extracti128_si256(x.v, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
}

inline F32 operator+(F32 a, F32 b) { return {_mm256_add_ps(a.v, b.v)}; }
inline F32 operator-(F32 a, F32 b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline F32 operator*(F32 a, F32 b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline F32 operator/(F32 a, F32 b) { return {_mm256_div_ps(a.v, b.v)}; }
inline F32 fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline F32 vmin(F32 a, F32 b) { return {_mm256_min_ps(a.v, b.v)}; }
inline F32 vmax(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
inline F32 select_lt(F32 a, F32 b, F32 x, F32 y) {
  return {_mm256_blendv_ps(y.v, x.v, _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ))};
}
inline F32 round_even(F32 x) { return {_mm256_round_ps(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline F64 operator+(F64 a, F64 b) { return {_mm256_add_pd(a.v, b.v)}; }
inline F64 operator-(F64 a, F64 b) { return {_mm256_sub_pd(a.v, b.v)}; }
inline F64 operator*(F64 a, F64 b) { return {_mm256_mul_pd(a.v, b.v)}; }
inline F64 operator/(F64 a, F64 b) { return {_mm256_div_pd(a.v, b.v)}; }
inline F64 fma(F64 a, F64 b, F64 c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
inline F64 vmin(F64 a, F64 b) { return {_mm256_min_pd(a.v, b.v)}; }
inline F64 vmax(F64 a, F64 b) { return {_mm256_max_pd(a.v, b.v)}; }

inline I32 operator+(I32 a, I32 b) { return {_mm256_add_epi32(a.v, b.v)}; }
inline I32 operator-(I32 a, I32 b) { return {_mm256_sub_epi32(a.v, b.v)}; }
inline I32 operator<<(I32 a, int n) { return {_mm256_slli_epi32(a.v, n)}; }
inline I64 operator+(I64 a, I64 b) { return {_mm256_add_epi64(a.v, b.v)}; }
inline I64 operator<<(I64 a, int n) { return {_mm256_slli_epi64(a.v, n)}; }

inline I32 to_int(F32 x) { return {_mm256_cvtps_epi32(x.v)}; }
inline F32 to_float(I32 x) { return {_mm256_cvtepi32_ps(x.v)}; }
inline I32 bits(F32 x) { return {_mm256_castps_si256(x.v)}; }
inline F32 from_bits(I32 x) { return {_mm256_castsi256_ps(x.v)}; }
inline I64 bits(F64 x) { return {_mm256_castpd_si256(x.v)}; }
inline F64 from_bits(I64 x) { return {_mm256_castsi256_pd(x.v)}; }

}  // namespace
}  // namespace undertow::simd_avx2
