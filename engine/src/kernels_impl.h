// The loops of kernels.h over whichever SIMD vocabulary is in scope as `simd`; included once by each kernels_<isa>.cpp,
// with what kernels_product.h asks for.
//
// All of it without linkage: code of one instruction set must never stand in for another's.
#pragma once

#include "kernels.h"
#include "kernels_product.h"
#include "math.h"
#include "simd/softmax.h"

namespace undertow {
namespace {

using simd::F32;
using simd::I32;

// One row's part of a Finish: what is written through it is seen to leave these pointers alone.
struct FinishedRow {
  const float* floats;
  const int32_t* integers;
  const float *scale, *bias, *add, *inverse_step;
  float* y;
  uint8_t* bytes;
  uint32_t half;
  F32 zero_point;
};

// The pre-activation at accumulator `a`, before what is added.
template <bool integer>
inline F32 preactivation(const FinishedRow& row, size_t a) {
  if constexpr (!integer) return F32::load(row.floats + a);
  return fma(to_float(I32::load(row.integers + a)), F32::load(row.scale + a), F32::load(row.bias + a));
}

inline void put(const FinishedRow& row, uint32_t c, F32 y) {
  if (row.y) store(row.y + c, y);
  if (!row.bytes) return;
  const F32 level = round_even(y * F32::load(row.inverse_step + c)) + row.zero_point;
  store_u8(row.bytes + c, to_int(vmin(vmax(level, F32::broadcast(0.0f)), F32::broadcast(255.0f))));
}

template <bool integer>
inline void finish_gate(const FinishedRow row, uint32_t begin, uint32_t end) {
  for (uint32_t group = begin; group < end; group += lane_group) {
    for (uint32_t lane = 0; lane < lane_group; lane += F32::lanes) {
      const uint32_t c = group + lane;
      const size_t a = 2 * size_t(group) + lane;
      F32 filter = preactivation<integer>(row, a), gated = preactivation<integer>(row, a + lane_group);
      if (row.add) {
        filter = filter + F32::load(row.add + c);
        gated = gated + F32::load(row.add + row.half + c);
      }
      put(row, c, math::gate(filter, gated));
    }
  }
}

template <bool integer>
inline void finish_plain(const FinishedRow row, Activation activation, uint32_t begin, uint32_t end) {
  for (uint32_t c = begin; c < end; c += F32::lanes) {
    F32 y = preactivation<integer>(row, c);
    if (row.add) y = y + F32::load(row.add + c);
    if (activation == Activation::relu) y = vmax(y, F32::broadcast(0.0f));
    put(row, c, y);
  }
}

template <bool integer>
inline void finish_rows(const Finish& f) {
  for (uint32_t r = 0; r < f.num_rows; r++) {
    const FinishedRow row{static_cast<const float*>(f.acc) + r * f.stride,
                          static_cast<const int32_t*>(f.acc) + r * f.stride,
                          f.scale,
                          f.bias,
                          f.add ? f.add[r] : nullptr,
                          f.inverse_step,
                          f.y ? f.y[r] : nullptr,
                          f.bytes ? f.bytes[r] : nullptr,
                          f.half,
                          F32::broadcast(f.zero_point)};
    if (f.activation == Activation::gate)
      finish_gate<integer>(row, f.begin, f.end);
    else
      finish_plain<integer>(row, f.activation, f.begin, f.end);
  }
}

void finish(const Finish& f) {
  if (f.scale)
    finish_rows<true>(f);
  else
    finish_rows<false>(f);
}

void softmax(const float* logits, uint32_t n, double max, double inverse_temperature, double* weights) {
  math::softmax_weights<simd::F64>(logits, n, max, inverse_temperature, weights);
}

uint32_t read(const void* memory, size_t bytes) {
  constexpr size_t vector = I32::lanes * sizeof(int32_t), sums = 512 / vector;
  const char* at = static_cast<const char*>(memory);
  I32 sum[sums] = {};
  for (size_t i = 0; i < bytes; i += 512)
    for (size_t v = 0; v < sums; v++) sum[v] = sum[v] + I32::load(reinterpret_cast<const int32_t*>(at + i + v * vector));
  int32_t lanes[I32::lanes], total = 0;
  for (size_t v = 0; v < sums; v++) {
    store(lanes, sum[v]);
    for (int32_t lane : lanes) total ^= lane;
  }
  return uint32_t(total);
}

constexpr int chains = 12;  // independent sums: enough to hide an instruction's latency

uint64_t multiply_f32(uint64_t rounds, float* sink) {
  F32 sum[chains];
  for (int c = 0; c < chains; c++) sum[c] = F32::broadcast(sink[0] + float(c));
  const F32 a = F32::broadcast(sink[0]), b = F32::broadcast(sink[1]);
  for (uint64_t round = 0; round < rounds; round++)
    for (int c = 0; c < chains; c++) sum[c] = fma(sum[c], a, b);
  for (int c = 1; c < chains; c++) sum[0] = sum[0] + sum[c];
  store(sink, sum[0]);
  return rounds * chains * F32::lanes;
}

uint64_t multiply_i8(uint64_t rounds, int32_t* sink) {
  I32 sum[chains];
  int8_t weights[chains * I32::lanes * 4];
  for (int i = 0; i < int(sizeof(weights)); i++) weights[i] = int8_t(i % 61);
  for (int c = 0; c < chains; c++) sum[c] = I32::broadcast(c);
  I32 x = I32::broadcast(sink[0]);
  for (uint64_t round = 0; round < rounds; round++) {
    x = x + I32::broadcast(0x01010101);
    for (int c = 0; c < chains; c++) sum[c] = dot4(sum[c], x, weights + c * I32::lanes * 4);
  }
  for (int c = 1; c < chains; c++) sum[0] = sum[0] + sum[c];
  store(sink, sum[0]);
  return rounds * chains * I32::lanes * 4;
}

}  // namespace
}  // namespace undertow
