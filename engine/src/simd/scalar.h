// The SIMD vocabulary, one lane wide: what every machine has, and what the vector headers must equal bit for bit.
//
// Each of scalar.h, avx2.h and avx512.h defines the same names in a namespace of its own (undertow::simd_scalar,
// simd_avx2, simd_avx512), without linkage, so that no code of one instruction set can stand in for another's. A kernel
// includes one of them and writes `namespace simd = undertow::simd_avx2;`.
//
//   F32, F64, I32, I64         F32 and I32 have `F32::lanes` lanes, F64 and I64 have `F64::lanes`
//   F::broadcast(x)            every lane x (all four types)
//   F32::load(const float*)    F32::load(const uint16_t*): bf16, widened
//   F64::load(const double*)   F64::load(const float*), I32::load(const int32_t*)
//   store(p, F32|F64|I32)      store_u8(uint8_t*, I32): lanes already in 0 … 255
//   + - * / on floats          + and `i << n` on integers, - on I32
//   fma(a, b, c)               a·b + c, rounded once
//   vmin(a, b), vmax(a, b)     a < b ? a : b, a > b ? a : b: a NaN on either side gives b
//   select_lt(a, b, x, y)      a < b ? x : y, of F32
//   round_even(F32)            to nearest, ties to even
//   to_int(F32), to_float(I32) to nearest even; to_int wants values that fit
//   bits(F), from_bits(I)      bitcasts, F32 <-> I32 and F64 <-> I64
//
// Loads and stores need no alignment. Nothing here contracts: a·b + c in one rounding is always written fma.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace undertow::simd_scalar {
namespace {

template <class T>
inline T read(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

struct I32 {
  static constexpr int lanes = 1;
  int32_t v;

  static inline I32 broadcast(int32_t x) { return {x}; }
  static inline I32 load(const int32_t* p) { return {read<int32_t>(p)}; }
};

struct I64 {
  static constexpr int lanes = 1;
  int64_t v;

  static inline I64 broadcast(int64_t x) { return {x}; }
};

struct F32 {
  static constexpr int lanes = 1;
  float v;

  static inline F32 broadcast(float x) { return {x}; }
  static inline F32 load(const float* p) { return {read<float>(p)}; }
  static inline F32 load(const uint16_t* p) { return {std::bit_cast<float>(uint32_t(read<uint16_t>(p)) << 16)}; }
};

struct F64 {
  static constexpr int lanes = 1;
  double v;

  static inline F64 broadcast(double x) { return {x}; }
  static inline F64 load(const double* p) { return {read<double>(p)}; }
  static inline F64 load(const float* p) { return {read<float>(p)}; }
};

inline void store(float* p, F32 x) { std::memcpy(p, &x.v, sizeof x.v); }
inline void store(double* p, F64 x) { std::memcpy(p, &x.v, sizeof x.v); }
inline void store(int32_t* p, I32 x) { std::memcpy(p, &x.v, sizeof x.v); }
inline void store_u8(uint8_t* p, I32 x) { *p = static_cast<uint8_t>(x.v); }

inline F32 operator+(F32 a, F32 b) { return {a.v + b.v}; }
inline F32 operator-(F32 a, F32 b) { return {a.v - b.v}; }
inline F32 operator*(F32 a, F32 b) { return {a.v * b.v}; }
inline F32 operator/(F32 a, F32 b) { return {a.v / b.v}; }
inline F32 fma(F32 a, F32 b, F32 c) { return {__builtin_fmaf(a.v, b.v, c.v)}; }
inline F32 vmin(F32 a, F32 b) { return a.v < b.v ? a : b; }
inline F32 vmax(F32 a, F32 b) { return a.v > b.v ? a : b; }
inline F32 select_lt(F32 a, F32 b, F32 x, F32 y) { return a.v < b.v ? x : y; }
inline F32 round_even(F32 x) { return {__builtin_rintf(x.v)}; }

inline F64 operator+(F64 a, F64 b) { return {a.v + b.v}; }
inline F64 operator-(F64 a, F64 b) { return {a.v - b.v}; }
inline F64 operator*(F64 a, F64 b) { return {a.v * b.v}; }
inline F64 operator/(F64 a, F64 b) { return {a.v / b.v}; }
inline F64 fma(F64 a, F64 b, F64 c) { return {__builtin_fma(a.v, b.v, c.v)}; }
inline F64 vmin(F64 a, F64 b) { return a.v < b.v ? a : b; }
inline F64 vmax(F64 a, F64 b) { return a.v > b.v ? a : b; }

// Through unsigned numbers, which wrap as the vector instructions do.
inline I32 operator+(I32 a, I32 b) { return {static_cast<int32_t>(uint32_t(a.v) + uint32_t(b.v))}; }
inline I32 operator-(I32 a, I32 b) { return {static_cast<int32_t>(uint32_t(a.v) - uint32_t(b.v))}; }
inline I32 operator<<(I32 a, int n) { return {static_cast<int32_t>(uint32_t(a.v) << n)}; }
inline I64 operator+(I64 a, I64 b) { return {static_cast<int64_t>(uint64_t(a.v) + uint64_t(b.v))}; }
inline I64 operator<<(I64 a, int n) { return {static_cast<int64_t>(uint64_t(a.v) << n)}; }

inline I32 to_int(F32 x) { return {static_cast<int32_t>(__builtin_rintf(x.v))}; }
inline F32 to_float(I32 x) { return {static_cast<float>(x.v)}; }
inline I32 bits(F32 x) { return {std::bit_cast<int32_t>(x.v)}; }
inline F32 from_bits(I32 x) { return {std::bit_cast<float>(x.v)}; }
inline I64 bits(F64 x) { return {std::bit_cast<int64_t>(x.v)}; }
inline F64 from_bits(I64 x) { return {std::bit_cast<double>(x.v)}; }

}  // namespace
}  // namespace undertow::simd_scalar
