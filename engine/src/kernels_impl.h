// The loops of kernels.h over whichever SIMD vocabulary is in scope as `simd`; included once by each kernels_<isa>.cpp,
// which also says how many rows and groups of 16 outputs its registers hold (`tile_rows`, `tile_groups`) and how four
// bytes meet four weights:
//
//   simd::I32 dot4(simd::I32 acc, simd::I32 x, const int8_t* weights)
//
// All of it without linkage: code of one instruction set must never stand in for another's.
#pragma once

#include <cstring>

#include "kernels.h"
#include "math.h"
#include "simd/softmax.h"

namespace undertow {
namespace {

using simd::F32;
using simd::I32;

constexpr int group_vectors = int(lane_group) / F32::lanes;

// R rows by V vectors of outputs; `width` outputs lie between one input's weights and the next's.
template <int R, int V, class Weight>
inline void float_tile(const Weight* weights, uint32_t depth, size_t width, const float* const* x, float* const* acc) {
  F32 sum[R][V];
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) sum[r][v] = F32::load(acc[r] + v * F32::lanes);
  for (uint32_t i = 0; i < depth; i++, weights += width) {
    F32 w[V];
    for (int v = 0; v < V; v++) w[v] = F32::load(weights + v * F32::lanes);
    for (int r = 0; r < R; r++) {
      const F32 xi = F32::broadcast(x[r][i]);
      for (int v = 0; v < V; v++) sum[r][v] = fma(w[v], xi, sum[r][v]);
    }
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) store(acc[r] + v * F32::lanes, sum[r][v]);
}

template <int R, int V>
inline void byte_tile(const int8_t* weights, uint32_t depth, size_t width, const uint8_t* const* x,
                      int32_t* const* acc) {
  I32 sum[R][V];
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) sum[r][v] = I32::load(acc[r] + v * I32::lanes);
  for (uint32_t i = 0; i < depth; i += 4, weights += 4 * width) {
    for (int r = 0; r < R; r++) {
      int32_t four;
      std::memcpy(&four, x[r] + i, 4);
      const I32 xi = I32::broadcast(four);
      for (int v = 0; v < V; v++) sum[r][v] = dot4(sum[r][v], xi, weights + v * I32::lanes * 4);
    }
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) store(acc[r] + v * I32::lanes, sum[r][v]);
}

template <int R, int V, class Weight, class X, class Acc>
inline void tile(const Weight* weights, uint32_t depth, size_t width, const X* const* x, Acc* const* acc) {
  if constexpr (sizeof(X) == 1)
    byte_tile<R, V>(weights, depth, width, x, acc);
  else
    float_tile<R, V>(weights, depth, width, x, acc);
}

// One row: a panel's every output at once, so that its weights are read in one sweep.
template <class Weight, class X, class Acc>
inline void row_of_panel(const Weight* weights, uint32_t depth, size_t width, const X* const* x, Acc* const* acc) {
  switch (width / lane_group) {
    case 1: return tile<1, group_vectors>(weights, depth, width, x, acc);
    case 2: return tile<1, 2 * group_vectors>(weights, depth, width, x, acc);
    case 3: return tile<1, 3 * group_vectors>(weights, depth, width, x, acc);
    default: return tile<1, 4 * group_vectors>(weights, depth, width, x, acc);
  }
}

template <int V, class Weight, class X, class Acc>
inline void rows_of_tile(int rows, const Weight* weights, uint32_t depth, size_t width, const X* const* x,
                         Acc* const* acc) {
  switch (rows) {
    case 1: return tile<1, V>(weights, depth, width, x, acc);
    case 2: return tile<2, V>(weights, depth, width, x, acc);
    case 3: return tile<3, V>(weights, depth, width, x, acc);
    case 4: return tile<4, V>(weights, depth, width, x, acc);
    case 5: return tile<5, V>(weights, depth, width, x, acc);
    default: return tile<6, V>(weights, depth, width, x, acc);
  }
}

// Weight, X, Acc and the number of weights one input of one output takes up: 1, or 4 inputs together.
template <class Weight, class X, class Acc, int Together>
inline void product(const Product& p) {
  for (uint32_t begin = p.begin, width; begin < p.end; begin += width) {
    width = p.end - begin < panel_width ? p.end - begin : panel_width;
    const Weight* panel = static_cast<const Weight*>(p.weights) + size_t(begin) * p.depth;
    Acc* const acc = static_cast<Acc*>(p.acc) + begin;
    const X* const* x = reinterpret_cast<const X* const*>(p.x);
    if (p.num_rows == 1) {
      row_of_panel(panel, p.depth, width, x, &acc);
      continue;
    }
    for (uint32_t row = 0; row < p.num_rows; row += tile_rows) {
      const int rows = int(p.num_rows - row < tile_rows ? p.num_rows - row : tile_rows);
      for (uint32_t column = 0; column < width;) {
        Acc* targets[tile_rows];
        for (int r = 0; r < rows; r++) targets[r] = acc + (row + r) * p.stride + column;
        const Weight* first = panel + size_t(column) * Together;
        if (width - column >= tile_groups * lane_group) {
          rows_of_tile<tile_groups * group_vectors>(rows, first, p.depth, width, x + row, targets);
          column += tile_groups * lane_group;
        } else {
          rows_of_tile<group_vectors>(rows, first, p.depth, width, x + row, targets);
          column += lane_group;
        }
      }
    }
  }
}

void product_f32(const Product& p) { product<float, float, float, 1>(p); }
void product_bf16(const Product& p) { product<uint16_t, float, float, 1>(p); }
void product_i8(const Product& p) { product<int8_t, uint8_t, int32_t, 4>(p); }

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
  for (int c = 0; c < chains; c++) store(sink, sum[c]);
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
  for (int c = 0; c < chains; c++) store(sink, sum[c]);
  return rounds * chains * I32::lanes * 4;
}

}  // namespace
}  // namespace undertow
