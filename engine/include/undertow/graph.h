// What a model file says: a small graph of causal ops over one step of a sequence, and the tensors they read.
//
// Values are vectors, one a step; ops are listed so that each comes after those it reads. A domain is a clock: domain 0
// ticks at every step, another one once in `period` ticks of its parent; or, where an op `turn` or `row` makes it,
// `period` times at every `period`th step; or, where an op `shrink` does, at every second tick of every second row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "undertow/emission.h"
#include "undertow/facts.h"
#include "undertow/op_kinds.h"

namespace undertow {

// The file is not one this engine can run; the message is one line for a user.
struct FormatError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

enum class Type : uint32_t { f32 = 0, bf16 = 1, i8 = 2 };

const char* name(Type type);   // "float32", "bfloat16", "int8"
size_t item_size(Type type);  // bytes

// gate: of O = 2C channels the first C are the filter f, the others the gate g; y = tanh(f) · σ(g).
// multiply: of O = 4C channels g1, g2, g3 and u, of an input x of C; y = σ(g1) · tanh(σ(g2) · x + σ(g3) · tanh(u)).
// gelu: x · Φ(x); gelu_tanh: GPT-2's approximation of it.
// swiglu: of O = 2C channels the first C are the gate g, the others the values v; y = g · σ(g) · v.
// maxout: of O = 2C channels the first C and the others; y = the larger of each two.
// elu: x above 0, else e^x - 1.
// glu: of O = 2C channels the first C are the filter f, the others the gate g; y = f · σ(g).
enum class Activation : uint32_t {
  none = 0,
  relu = 1,
  gate = 2,
  multiply = 3,
  tanh = 4,
  gelu = 5,
  gelu_tanh = 6,
  swiglu = 7,
  maxout = 8,
  elu = 9,
  glu = 10,
};

constexpr uint32_t num_activations = 11;

// How many of a convolution's channels make one of its output.
constexpr uint32_t parts_of(Activation activation) {
  switch (activation) {
    case Activation::gate:
    case Activation::swiglu:
    case Activation::maxout:
    case Activation::glu: return 2;
    case Activation::multiply: return 4;
    default: return 1;
  }
}

// Row-major; `data` points into the graph's own memory, 64-byte aligned.
struct Tensor {
  Type type;
  std::vector<uint32_t> dims;
  const std::byte* data;
  size_t bytes;

  const float* f32() const { return reinterpret_cast<const float*>(data); }
  const uint16_t* bf16() const { return reinterpret_cast<const uint16_t*>(data); }
  const int8_t* i8() const { return reinterpret_cast<const int8_t*>(data); }
};

struct Domain {
  uint32_t parent;  // 0 for domain 0 itself
  uint32_t period;  // 1 for domain 0
};

// A value that int8 convolutions read is also held as u8 = clamp(rint(x / step[c]) + zero_point, 0, 255).
struct Value {
  uint32_t channels;
  uint32_t domain;
  int32_t step;         // f32 tensor (channels), or -1: held as floats alone
  uint32_t zero_point;  // 0 … 255
};

struct Op {
  OpKind kind;
  Activation activation;
  uint32_t output;
  int32_t add;     // value added before the activation, or -1
  int32_t weight;  // tensor, or -1
  int32_t bias;    // f32 tensor (O), or -1
  int32_t scale;   // f32 tensor (O) of an int8 weight: Σ w·(u - zero_point) times scale is the product; else -1
  std::vector<uint32_t> inputs;
  std::vector<uint32_t> settings{};  // numbers whose meaning is the kind's; a float's bits where it wants one
  std::string name{};  // of the module that keeps a state, as its leaves' names begin; empty where nothing is kept
};

struct Graph {
  Type precision;  // of the stack's weights, to be told to people
  uint32_t num_symbols;         // 0: steps are floats
  uint32_t condition_channels;  // 0: no condition
  uint32_t output;              // value: the emission's parameters, in domain 0
  Emission emission;
  std::vector<Domain> domains;
  std::vector<Value> values;
  std::vector<Op> ops;
  std::vector<Tensor> tensors;
  Facts facts;                  // for programs; the engine reads none
  std::shared_ptr<const std::byte[]> memory;  // what the tensors point into

  // Symbols of a step, and whether they are a vector.
  bool is_vector() const { return emission.is_vector(); }
  uint32_t num_elements() const { return emission.num_elements(); }
  uint32_t input_channels() const;  // floats of a step; 0: steps are symbols
  const Op* clock_of(uint32_t domain) const;     // the op by which it ticks; null: there is none, or it ticks at every step
  uint32_t row_ticks(uint32_t domain) const;     // of a row, where its ticks come a row at a time; else 0
  bool is_encoder() const;          // it reads whole sources, and gives what a decoder begins with: undertow/encoder.h

  // Bytes of one row's state: rings, pending frames, held frames.
  uint64_t state_bytes() const;
};

// Read a model file, refusing whatever could not be run: nothing is allocated on the word of the file alone.
//
// Throws FormatError.
Graph parse(std::span<const std::byte> file);

}  // namespace undertow
