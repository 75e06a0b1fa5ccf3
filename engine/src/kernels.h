// The few loops that take the time, once for each instruction set; everything else is written once.
//
// Outputs come in panels of 64, the last one of 16, 32, 48 or 64 (padded with zero weights). A block holds the panels
// one after another, each in the order in which a step reads it:
//   float, bfloat16   (depth, width)
//   int8              (depth / 4, width, 4)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "undertow/graph.h"

namespace undertow {

constexpr uint32_t panel_width = 64;
constexpr uint32_t lane_group = 16;  // outputs are padded to a multiple of it

// acc[row][o] = start[o] + Σ_i w[i][o] · x[row][i], o from begin to end; in float strictly in the order of i, fused.
struct Product {
  const void* weights;     // the block's first panel
  uint32_t depth;          // inputs; a multiple of 4 for int8
  uint32_t begin, end;     // outputs; begin a multiple of 64, end of 16
  uint32_t num_rows;
  const void* const* x;    // num_rows pointers to `depth` floats, or unsigned bytes for int8
  void* acc;               // (num_rows, stride) float, or int32 for int8
  size_t stride;
  const void* start;       // (width) of the same type for every row; null: go on from what is in acc
  bool backwards = false;  // of one row: from the last panel to the first, which changes no number
};

// y = act(fma(acc, scale, bias) + add) for int8, act(acc + add) otherwise; then its bytes, if wanted.
// What has several parts reads its accumulators in turn: 16 of a gate's filter, the 16 of the gate that go with them, and
// so on.
struct Finish {
  Activation activation;
  uint32_t begin, end;      // channels of y, multiples of 16
  uint32_t num_rows;
  const void* acc;
  size_t stride;
  const float* scale;       // null: acc is float; else it is int32
  const float* bias;        // with scale
  const float* const* add;  // null, or num_rows pointers
  uint32_t part;            // of several parts: channels from one part of `add` to the next
  float* const* y;          // null where only the bytes are read
  uint8_t* const* bytes;    // null where none are
  const float* inverse_step;
  float zero_point;
  const float* const* input = nullptr;  // multiply: num_rows pointers to what the convolution reads
};

// y = act(w (x - mean) / √(variance + epsilon) + b), act none or relu. Sums are sixteen, of every sixteenth channel each,
// in order; then the upper half of them is added to the lower one until one is left.
struct Normalise {
  Activation activation;
  bool centred;          // else the mean is taken for 0
  float epsilon;
  uint32_t channels;     // x, y and the others have room for whole groups of lanes
  const float *x, *weight, *bias;
  float* y;
};

// An LSTM's step, by torch's equations: the cell in place, and the state h, of sums of its gates i, f, g and o, one after
// another. As a Normalise, in whole groups of lanes.
struct Lstm {
  uint32_t channels;
  const float* gates;
  float *cell, *y;
};

// A GRU's step: the next state of the last one, and of the parts r, z and n of what it is given and of what the last
// state makes.
struct Gru {
  uint32_t channels;
  const float *given, *of_state, *last;
  float* y;
};

// How well keys answer a query: scores[s] = Σ_c vector[c] · tanh(query[c] + keys[c][s]), strictly in the order of c, fused.
// Keys come in panels, as a product's weights, of `outputs` steps.
struct Compare {
  const float* keys;
  uint32_t depth, outputs;
  const float *query, *vector;
  float* scores;
};

struct Kernels {
  std::string_view name;
  void (*product_f32)(const Product&);
  void (*product_bf16)(const Product&);
  void (*product_i8)(const Product&);
  void (*finish)(const Finish&);
  void (*normalise)(const Normalise&);
  // scores[i] = e^(scale · (scores[i] - max)) / their sum, i < n, n >= 1; room for whole groups of lanes. The sum is
  // sixteen, as a norm's. All are NaN where one is.
  void (*weigh)(float* scores, uint32_t n, float scale);
  void (*compare)(const Compare&);
  void (*lstm)(const Lstm&);
  void (*gru)(const Gru&);
  // weights[i] = exp((logits[i] - max) · inverse_temperature), in double
  void (*softmax)(const float* logits, uint32_t n, double max, double inverse_temperature, double* weights);
  void (*exponentials)(double* x, uint32_t n);  // x[i] = e^x[i]

  // What the processor could do at best, for measure.h: read memory (a multiple of 512 bytes), and multiply and add
  // without reading any. The last two return how many multiply-adds that was.
  uint32_t (*read)(const void* memory, size_t bytes);
  uint64_t (*multiply_f32)(uint64_t rounds, float* sink);
  uint64_t (*multiply_i8)(uint64_t rounds, int32_t* sink);
};

extern const Kernels scalar_kernels;
#ifdef UNDERTOW_X86
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
extern const Kernels avx512vnni_kernels;
#endif

// Those this processor can run, the best last.
std::vector<const Kernels*> usable_kernels();

// By name, or the best for "auto"; throws std::invalid_argument.
const Kernels& choose_kernels(std::string_view name);

}  // namespace undertow
