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

// Pre-activations at accumulator `a`, before what is added.
inline F32 preactivation(const Finish& f, uint32_t row, size_t a) {
  if (!f.scale) return F32::load(static_cast<const float*>(f.acc) + row * f.stride + a);
  const I32 acc = I32::load(static_cast<const int32_t*>(f.acc) + row * f.stride + a);
  return fma(to_float(acc), F32::load(f.scale + a), F32::load(f.bias + a));
}

inline void put(const Finish& f, uint32_t row, uint32_t c, F32 y) {
  if (f.y) store(f.y[row] + c, y);
  if (!f.bytes) return;
  const F32 zero = F32::broadcast(f.zero_point);
  const F32 level = round_even(y * F32::load(f.inverse_step + c)) + zero;
  store_u8(f.bytes[row] + c, to_int(vmin(vmax(level, F32::broadcast(0.0f)), F32::broadcast(255.0f))));
}

inline void finish_gate(const Finish& f, uint32_t row) {
  for (uint32_t group = f.begin; group < f.end; group += lane_group) {
    for (uint32_t lane = 0; lane < lane_group; lane += F32::lanes) {
      const uint32_t c = group + lane;
      const size_t a = 2 * size_t(group) + lane;
      F32 filter = preactivation(f, row, a), gated = preactivation(f, row, a + lane_group);
      if (f.add) {
        filter = filter + F32::load(f.add[row] + c);
        gated = gated + F32::load(f.add[row] + f.half + c);
      }
      put(f, row, c, math::gate(filter, gated));
    }
  }
}

inline void finish_plain(const Finish& f, uint32_t row) {
  for (uint32_t c = f.begin; c < f.end; c += F32::lanes) {
    F32 y = preactivation(f, row, c);
    if (f.add) y = y + F32::load(f.add[row] + c);
    if (f.activation == Activation::relu) y = vmax(y, F32::broadcast(0.0f));
    put(f, row, c, y);
  }
}

void finish(const Finish& f) {
  for (uint32_t row = 0; row < f.num_rows; row++) {
    if (f.activation == Activation::gate)
      finish_gate(f, row);
    else
      finish_plain(f, row);
  }
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
