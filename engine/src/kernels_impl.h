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
  const float *scale, *bias, *add, *inverse_step, *input;
  float* y;
  uint8_t* bytes;
  uint32_t part;
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

// Some lanes of a group of channels: its parts' accumulators take turns of a group.
template <bool integer, uint32_t parts>
inline void finish_lanes(const FinishedRow& row, uint32_t group, uint32_t lane) {
  const uint32_t c = group + lane;
  F32 part[parts];
  for (uint32_t p = 0; p < parts; p++) {
    part[p] = preactivation<integer>(row, parts * size_t(group) + p * lane_group + lane);
    if (row.add) part[p] = part[p] + F32::load(row.add + p * size_t(row.part) + c);
  }
  if constexpr (parts == 2)
    put(row, c, math::gate(part[0], part[1]));
  else
    put(row, c, math::multiplicative(part[0], part[1], part[2], part[3], F32::load(row.input + c)));
}

template <bool integer, uint32_t parts>
inline void finish_parts(const FinishedRow row, uint32_t begin, uint32_t end) {
  for (uint32_t group = begin; group < end; group += lane_group)
    for (uint32_t lane = 0; lane < lane_group; lane += F32::lanes) finish_lanes<integer, parts>(row, group, lane);
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
                          f.input ? f.input[r] : nullptr,
                          f.y ? f.y[r] : nullptr,
                          f.bytes ? f.bytes[r] : nullptr,
                          f.part,
                          F32::broadcast(f.zero_point)};
    if (f.activation == Activation::gate)
      finish_parts<integer, 2>(row, f.begin, f.end);
    else if (f.activation == Activation::multiply)
      finish_parts<integer, 4>(row, f.begin, f.end);
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

constexpr float lane_numbers[lane_group] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// Σ square(x - centre)^(1 or 2) over the channels, in the order that kernels.h says; beyond them there is nothing.
template <bool squared>
inline float sum_of(const float* x, uint32_t channels, F32 centre) {
  const F32 zero = F32::broadcast(0.0f);
  F32 sum[group_vectors];
  for (F32& lanes : sum) lanes = zero;
  const auto add = [&](int v, F32 term) { sum[v] = squared ? fma(term, term, sum[v]) : sum[v] + term; };
  const uint32_t whole = channels - channels % lane_group;
  for (uint32_t c = 0; c < whole; c += lane_group)
    for (int v = 0; v < group_vectors; v++) add(v, F32::load(x + c + v * F32::lanes) - centre);
  const F32 left = F32::broadcast(float(channels - whole));
  for (int v = 0; v < group_vectors && whole < channels; v++) {
    const F32 term = F32::load(x + whole + v * F32::lanes) - centre;
    add(v, select_lt(F32::load(lane_numbers + v * F32::lanes), left, term, zero));
  }
  float total[lane_group];
  for (int v = 0; v < group_vectors; v++) store(total + v * F32::lanes, sum[v]);
  for (uint32_t half = lane_group / 2; half > 0; half /= 2)
    for (uint32_t i = 0; i < half; i++) total[i] += total[i + half];
  return total[0];
}

void normalise(const Normalise& n) {
  const float size = float(n.channels), mean = sum_of<false>(n.x, n.channels, F32::broadcast(0.0f)) / size;
  const F32 centre = F32::broadcast(mean);
  const F32 inverse = F32::broadcast(1.0f / __builtin_sqrtf(sum_of<true>(n.x, n.channels, centre) / size + norm_epsilon));
  for (uint32_t c = 0; c < n.channels; c += F32::lanes) {
    F32 y = fma((F32::load(n.x + c) - centre) * inverse, F32::load(n.weight + c), F32::load(n.bias + c));
    if (n.activation == Activation::relu) y = vmax(y, F32::broadcast(0.0f));
    store(n.y + c, y);
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
