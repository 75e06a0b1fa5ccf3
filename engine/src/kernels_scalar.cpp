// The reference: the equations of kernels.h, one number at a time. Every other set of kernels gives these bits.
#include <algorithm>
#include <bit>
#include <cmath>

#include "aligned.h"
#include "kernels.h"
#include "math.h"
#include "simd/scalar.h"
#include "simd/softmax.h"

namespace undertow {
namespace {

using simd_scalar::F32;

float widened(float w) { return w; }
float widened(uint16_t w) { return std::bit_cast<float>(uint32_t(w) << 16); }

// A row's sums, where they start.
template <class Acc>
Acc* begun(const Product& p, uint32_t row) {
  Acc* acc = static_cast<Acc*>(p.acc) + row * p.stride;
  const Acc* start = static_cast<const Acc*>(p.start);
  if (start) std::copy(start + p.begin, start + p.end, acc + p.begin);
  return acc;
}

template <class Weight>
void product_float(const Product& p) {
  for (uint32_t row = 0; row < p.num_rows; row++) {
    const float* x = static_cast<const float*>(p.x[row]);
    float* acc = begun<float>(p, row);
    for (uint32_t first = p.begin; first < p.end; first += panel_width) {
      const uint32_t width = std::min(panel_width, p.end - first);
      const Weight* w = static_cast<const Weight*>(p.weights) + size_t(first) * p.depth;
      for (uint32_t i = 0; i < p.depth; i++, w += width)
        for (uint32_t o = 0; o < width; o++) acc[first + o] = std::fma(widened(w[o]), x[i], acc[first + o]);
    }
  }
}

void product_i8(const Product& p) {
  for (uint32_t row = 0; row < p.num_rows; row++) {
    const uint8_t* x = static_cast<const uint8_t*>(p.x[row]);
    int32_t* acc = begun<int32_t>(p, row);
    for (uint32_t first = p.begin; first < p.end; first += panel_width) {
      const uint32_t width = std::min(panel_width, p.end - first);
      const int8_t* w = static_cast<const int8_t*>(p.weights) + size_t(first) * p.depth;
      for (uint32_t i = 0; i < p.depth; i += 4)
        for (uint32_t o = 0; o < width; o++, w += 4)
          for (uint32_t j = 0; j < 4; j++) acc[first + o] += int32_t(x[i + j]) * w[j];
    }
  }
}

float preactivation(const Finish& f, uint32_t row, size_t a) {
  if (!f.scale) return static_cast<const float*>(f.acc)[row * f.stride + a];
  return std::fma(float(static_cast<const int32_t*>(f.acc)[row * f.stride + a]), f.scale[a], f.bias[a]);
}

// What part p of a gate or of multiplicative units has for channel c: the parts take turns of a group.
float part_of(const Finish& f, uint32_t row, uint32_t c, uint32_t p) {
  const size_t first = size_t(parts_of(f.activation)) * (c / lane_group * lane_group);
  const float sum = preactivation(f, row, first + p * lane_group + c % lane_group);
  return f.add ? sum + f.add[row][p * f.part + c] : sum;
}

float activated(const Finish& f, uint32_t row, uint32_t c) {
  const auto part = [&](uint32_t p) { return F32{part_of(f, row, c, p)}; };
  if (f.activation == Activation::gate) return math::gate(part(0), part(1)).v;
  if (f.activation == Activation::swiglu) return (math::swish(part(0), part(0)) * part(1)).v;
  if (f.activation == Activation::maxout) return vmax(part(0), part(1)).v;
  if (f.activation == Activation::glu) return math::swish(part(0), part(1)).v;
  if (f.activation == Activation::multiply)
    return math::multiplicative(part(0), part(1), part(2), part(3), F32{f.input[row][c]}).v;
  float y = preactivation(f, row, c);
  if (f.add) y += f.add[row][c];
  if (f.activation == Activation::tanh) return math::tanh32(F32{y}).v;
  if (f.activation == Activation::gelu) return math::gelu(F32{y}).v;
  if (f.activation == Activation::gelu_tanh) return math::gelu_tanh(F32{y}).v;
  if (f.activation == Activation::elu) return math::elu(F32{y}).v;
  return f.activation == Activation::relu && !(y > 0) ? 0.0f : y;
}

void finish(const Finish& f) {
  for (uint32_t row = 0; row < f.num_rows; row++) {
    for (uint32_t c = f.begin; c < f.end; c++) {
      const float y = activated(f, row, c);
      if (f.y) f.y[row][c] = y;
      if (!f.bytes) continue;
      const float level = std::nearbyint(y * f.inverse_step[c]) + f.zero_point;
      f.bytes[row][c] = !(level > 0.0f) ? 0 : level < 255.0f ? uint8_t(level) : 255;
    }
  }
}

// Sixteen sums of every sixteenth term, then of their halves.
template <class Term>
float sum_of(uint32_t count, const Term& term) {
  float sum[lane_group] = {};
  for (uint32_t i = 0; i < count; i++) sum[i % lane_group] = term(i, sum[i % lane_group]);
  for (uint32_t half = lane_group / 2; half > 0; half /= 2)
    for (uint32_t i = 0; i < half; i++) sum[i] += sum[i + half];
  return sum[0];
}

void normalise(const Normalise& n) {
  const auto add = [&](uint32_t c, float sum) { return sum + n.x[c]; };
  const float mean = n.centred ? sum_of(n.channels, add) / float(n.channels) : 0.0f;
  const auto centred = [&](uint32_t c) { return n.x[c] - mean; };
  const auto add_square = [&](uint32_t c, float sum) { return std::fma(centred(c), centred(c), sum); };
  const float inverse = 1.0f / std::sqrt(sum_of(n.channels, add_square) / float(n.channels) + n.epsilon);
  for (uint32_t c = 0; c < n.channels; c++) {
    const float y = std::fma(centred(c) * inverse, n.weight[c], n.bias[c]);
    n.y[c] = n.activation == Activation::relu && !(y > 0) ? 0.0f : y;
  }
}

void weigh(float* scores, uint32_t n, float scale) {
  float max = scores[0];
  for (uint32_t i = 0; i < n; i++) max = max > scores[i] ? max : scores[i];
  const float sum = sum_of(n, [&](uint32_t i, float before) {
    scores[i] = math::exp32(vmax(F32{-80.0f}, F32{(scores[i] - max) * scale})).v;
    return before + scores[i];
  });
  const float inverse = 1.0f / sum;
  for (uint32_t i = 0; i < round_up(n, lane_group); i++) scores[i] = i < n ? scores[i] * inverse : 0.0f;
}

void compare(const Compare& c) {
  for (uint32_t o = 0; o < c.outputs; o++) {
    const uint32_t begin = o / panel_width * panel_width, width = std::min(panel_width, c.outputs - begin);
    const float* keys = c.keys + size_t(begin) * c.depth + (o - begin);
    float sum = 0;
    for (uint32_t i = 0; i < c.depth; i++)
      sum = std::fma(c.vector[i], math::tanh32(F32{c.query[i] + keys[size_t(i) * width]}).v, sum);
    c.scores[o] = sum;
  }
}

void lstm(const Lstm& l) {
  for (uint32_t c = 0; c < l.channels; c++) {
    const auto gate = [&](uint32_t p) { return F32{l.gates[size_t(p) * l.channels + c]}; };
    const F32 cell = math::lstm_cell(gate(0), gate(1), gate(2), F32{l.cell[c]});
    l.cell[c] = cell.v;
    l.y[c] = math::gate(cell, gate(3)).v;
  }
}

void gru(const Gru& g) {
  for (uint32_t c = 0; c < g.channels; c++) {
    const auto part = [&](const float* from, uint32_t p) { return F32{from[size_t(p) * g.channels + c]}; };
    g.y[c] = math::gru_state(part(g.given, 0), part(g.given, 1), part(g.given, 2), part(g.of_state, 0),
                             part(g.of_state, 1), part(g.of_state, 2), F32{g.last[c]}).v;
  }
}

void softmax(const float* logits, uint32_t n, double max, double inverse_temperature, double* weights) {
  math::softmax_weights<simd_scalar::F64>(logits, n, max, inverse_temperature, weights);
}

void exponentials(double* x, uint32_t n) { math::exponentials<simd_scalar::F64>(x, n); }

uint32_t read(const void* memory, size_t bytes) {
  const uint32_t* words = static_cast<const uint32_t*>(memory);
  uint32_t total = 0;
  for (size_t i = 0; i < bytes / sizeof(uint32_t); i++) total += words[i];
  return total;
}

uint64_t multiply_f32(uint64_t rounds, float* sink) {
  float sum[16];
  std::fill_n(sum, 16, sink[0]);
  for (uint64_t round = 0; round < rounds; round++)
    for (float& one : sum) one = std::fma(one, sink[0], sink[1]);
  std::copy_n(sum, 16, sink);
  return rounds * 16;
}

uint64_t multiply_i8(uint64_t rounds, int32_t* sink) {
  int32_t sum[16];
  std::fill_n(sum, 16, sink[0]);
  for (uint64_t round = 0; round < rounds; round++)
    for (int i = 0; i < 16; i++) sum[i] += int32_t(uint8_t(round)) * int8_t(sink[i]);
  std::copy_n(sum, 16, sink);
  return rounds * 16;
}

}  // namespace

const Kernels scalar_kernels{
    .name = "scalar",
    .product_f32 = product_float<float>,
    .product_bf16 = product_float<uint16_t>,
    .product_i8 = product_i8,
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

}  // namespace undertow
