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
template <bool integer, Activation activation>
inline void finish_lanes(const FinishedRow& row, uint32_t group, uint32_t lane) {
  constexpr uint32_t parts = parts_of(activation);
  const uint32_t c = group + lane;
  F32 part[parts];
  for (uint32_t p = 0; p < parts; p++) {
    part[p] = preactivation<integer>(row, parts * size_t(group) + p * lane_group + lane);
    if (row.add) part[p] = part[p] + F32::load(row.add + p * size_t(row.part) + c);
  }
  if constexpr (activation == Activation::gate) put(row, c, math::gate(part[0], part[1]));
  if constexpr (activation == Activation::swiglu) put(row, c, math::swish(part[0], part[0]) * part[1]);
  if constexpr (activation == Activation::maxout) put(row, c, vmax(part[0], part[1]));
  if constexpr (activation == Activation::glu) put(row, c, math::swish(part[0], part[1]));
  if constexpr (activation == Activation::multiply)
    put(row, c, math::multiplicative(part[0], part[1], part[2], part[3], F32::load(row.input + c)));
}

template <bool integer, Activation activation>
inline void finish_parts(const FinishedRow row, uint32_t begin, uint32_t end) {
  for (uint32_t group = begin; group < end; group += lane_group)
    for (uint32_t lane = 0; lane < lane_group; lane += F32::lanes) finish_lanes<integer, activation>(row, group, lane);
}

template <Activation activation>
inline F32 activated(F32 y) {
  if constexpr (activation == Activation::relu) return vmax(y, F32::broadcast(0.0f));
  if constexpr (activation == Activation::tanh) return math::tanh32(y);
  if constexpr (activation == Activation::gelu) return math::gelu(y);
  if constexpr (activation == Activation::gelu_tanh) return math::gelu_tanh(y);
  if constexpr (activation == Activation::elu) return math::elu(y);
  return y;
}

template <bool integer, Activation activation>
inline void finish_plain(const FinishedRow row, uint32_t begin, uint32_t end) {
  for (uint32_t c = begin; c < end; c += F32::lanes) {
    F32 y = preactivation<integer>(row, c);
    if (row.add) y = y + F32::load(row.add + c);
    put(row, c, activated<activation>(y));
  }
}

template <bool integer>
inline void finish_row(const FinishedRow& row, Activation activation, uint32_t begin, uint32_t end) {
  switch (activation) {
    case Activation::none: return finish_plain<integer, Activation::none>(row, begin, end);
    case Activation::relu: return finish_plain<integer, Activation::relu>(row, begin, end);
    case Activation::gate: return finish_parts<integer, Activation::gate>(row, begin, end);
    case Activation::multiply: return finish_parts<integer, Activation::multiply>(row, begin, end);
    case Activation::tanh: return finish_plain<integer, Activation::tanh>(row, begin, end);
    case Activation::gelu: return finish_plain<integer, Activation::gelu>(row, begin, end);
    case Activation::gelu_tanh: return finish_plain<integer, Activation::gelu_tanh>(row, begin, end);
    case Activation::swiglu: return finish_parts<integer, Activation::swiglu>(row, begin, end);
    case Activation::maxout: return finish_parts<integer, Activation::maxout>(row, begin, end);
    case Activation::elu: return finish_plain<integer, Activation::elu>(row, begin, end);
    case Activation::glu: return finish_parts<integer, Activation::glu>(row, begin, end);
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
    finish_row<integer>(row, f.activation, f.begin, f.end);
  }
}

void finish(const Finish& f) {
  if (f.scale)
    finish_rows<true>(f);
  else
    finish_rows<false>(f);
}

constexpr float lane_numbers[lane_group] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// Sixteen lanes' sum: the upper half is added to the lower one until one is left.
inline float total_of(const F32 (&sum)[group_vectors]) {
  float total[lane_group];
  for (int v = 0; v < group_vectors; v++) store(total + v * F32::lanes, sum[v]);
  for (uint32_t half = lane_group / 2; half > 0; half /= 2)
    for (uint32_t i = 0; i < half; i++) total[i] += total[i + half];
  return total[0];
}

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
  return total_of(sum);
}

void normalise(const Normalise& n) {
  const float size = float(n.channels);
  const float mean = n.centred ? sum_of<false>(n.x, n.channels, F32::broadcast(0.0f)) / size : 0.0f;
  const F32 centre = F32::broadcast(mean);
  const F32 inverse = F32::broadcast(1.0f / __builtin_sqrtf(sum_of<true>(n.x, n.channels, centre) / size + n.epsilon));
  for (uint32_t c = 0; c < n.channels; c += F32::lanes) {
    F32 y = fma((F32::load(n.x + c) - centre) * inverse, F32::load(n.weight + c), F32::load(n.bias + c));
    if (n.activation == Activation::relu) y = vmax(y, F32::broadcast(0.0f));
    store(n.y + c, y);
  }
}

// The largest of n numbers. A NaN may be passed over: it is met again where it is weighed.
inline float largest(const float* x, uint32_t n) {
  F32 most = F32::broadcast(x[0]);
  const uint32_t whole = n - n % F32::lanes;
  for (uint32_t i = 0; i < whole; i += F32::lanes) most = vmax(most, F32::load(x + i));
  float lanes[F32::lanes], max = x[0];
  store(lanes, most);
  for (float one : lanes) max = max > one ? max : one;
  for (uint32_t i = whole; i < n; i++) max = max > x[i] ? max : x[i];
  return max;
}

void weigh(float* scores, uint32_t n, float scale) {
  const F32 max = F32::broadcast(largest(scores, n)), by = F32::broadcast(scale);
  const F32 low = F32::broadcast(-80.0f), zero = F32::broadcast(0.0f);
  F32 sum[group_vectors];
  for (F32& lanes : sum) lanes = zero;
  for (uint32_t i = 0; i < n; i += lane_group) {
    const F32 left = F32::broadcast(float(n - i < lane_group ? n - i : lane_group));
    for (int v = 0; v < group_vectors; v++) {
      float* at = scores + i + v * F32::lanes;
      const F32 weight = math::exp32(vmax(low, (F32::load(at) - max) * by));
      const F32 inside = select_lt(F32::load(lane_numbers + v * F32::lanes), left, weight, zero);
      sum[v] = sum[v] + inside;
      store(at, inside);
    }
  }
  const F32 inverse = F32::broadcast(1.0f / total_of(sum));
  for (uint32_t i = 0; i < n; i += F32::lanes) store(scores + i, F32::load(scores + i) * inverse);
}

// Four vectors at once hide what tanh waits for.
template <int V>
inline void compare_lanes(const Compare& c, const float* keys, size_t width, float* scores) {
  F32 sum[V];
  for (F32& lanes : sum) lanes = F32::broadcast(0.0f);
  for (uint32_t i = 0; i < c.depth; i++, keys += width) {
    const F32 query = F32::broadcast(c.query[i]), by = F32::broadcast(c.vector[i]);
    for (int v = 0; v < V; v++) sum[v] = fma(by, math::tanh32(query + F32::load(keys + v * F32::lanes)), sum[v]);
  }
  for (int v = 0; v < V; v++) store(scores + v * F32::lanes, sum[v]);
}

void compare(const Compare& c) {
  for (uint32_t begin = 0; begin < c.outputs; begin += panel_width) {
    const uint32_t width = c.outputs - begin < panel_width ? c.outputs - begin : panel_width;
    const float* keys = c.keys + size_t(begin) * c.depth;
    uint32_t at = 0;
    for (; at + 4 * F32::lanes <= width; at += 4 * F32::lanes) compare_lanes<4>(c, keys + at, width, c.scores + begin + at);
    for (; at < width; at += F32::lanes) compare_lanes<1>(c, keys + at, width, c.scores + begin + at);
  }
}

void lstm(const Lstm& l) {
  const float* part[4];
  for (int p = 0; p < 4; p++) part[p] = l.gates + size_t(p) * l.channels;
  for (uint32_t c = 0; c < l.channels; c += F32::lanes) {
    const F32 cell = math::lstm_cell(F32::load(part[0] + c), F32::load(part[1] + c), F32::load(part[2] + c),
                                     F32::load(l.cell + c));
    store(l.cell + c, cell);
    store(l.y + c, math::gate(cell, F32::load(part[3] + c)));
  }
}

void gru(const Gru& g) {
  const size_t n = g.channels;
  const auto at = [](const float* from, size_t c) { return F32::load(from + c); };
  for (size_t c = 0; c < n; c += F32::lanes)
    store(g.y + c, math::gru_state(at(g.given, c), at(g.given, n + c), at(g.given, 2 * n + c), at(g.of_state, c),
                                   at(g.of_state, n + c), at(g.of_state, 2 * n + c), at(g.last, c)));
}

void softmax(const float* logits, uint32_t n, double max, double inverse_temperature, double* weights) {
  math::softmax_weights<simd::F64>(logits, n, max, inverse_temperature, weights);
}

void exponentials(double* x, uint32_t n) { math::exponentials<simd::F64>(x, n); }

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

constexpr Kernels kernels_named(std::string_view name) {
  return {
      .name = name,
      .product_f32 = product<float>,
      .product_bf16 = product<uint16_t>,
      .product_i8 = product<int8_t>,
      .finish = finish,
      .normalise = normalise,
      .weigh = weigh,
      .compare = compare,
      .lstm = lstm,
      .gru = gru,
      .softmax = softmax,
      .exponentials = exponentials,
      .read = read,
      .multiply_f32 = multiply_f32,
      .multiply_i8 = multiply_i8,
  };
}

}  // namespace
}  // namespace undertow
