// A graph made ready to run: weights in the order the kernels read them, and what each value must be held as.
#pragma once

#include <span>
#include <vector>

#include "aligned.h"
#include "kernels.h"
#include "undertow/graph.h"

namespace undertow {

// Part of a convolution's inputs at one tap: `depth` of them from `first` on (for int8 padded to a multiple of 4).
struct Block {
  size_t offset;  // of the weights, in the program's memory
  uint32_t first, depth;
  uint32_t first_input, last_input;  // of the op's inputs, those it covers; `last_input` is one past the end
};

// A convolution's weights and shape. Accumulators are in the kernels' order: the parts of a gate, and of multiplicative
// units, in turns of 16.
struct Conv {
  Type type;
  uint32_t depth;       // inputs side by side
  uint32_t history;     // past inputs it keeps: (taps - 1) · dilation
  uint32_t dilation;
  uint32_t width;       // accumulators, a multiple of 16
  uint32_t channels;    // of y
  std::vector<Block> past;  // one a past tap, oldest first
  std::vector<Block> now;   // the current inputs, in parts that can be begun before the next ones are known
  size_t start;         // int32 (width): where int8 sums begin, -zero_point · Σ w; float (width): the bias
  size_t bias, scale;   // int8: float (width) each
};

// A norm's scales and shifts: float (channels, padded with zeros to whole groups of lanes) each.
struct Norm {
  size_t weight, bias;
};

// How a value is held, and who needs it.
struct Holding {
  bool floats, bytes;
  bool ahead;        // follows from the condition alone: known before the symbols are
  size_t stride;     // elements from one step's vector to the next's
  std::vector<float> inverse_step;
  float zero_point;
};

class Program {
 public:
  // Throws FormatError, std::invalid_argument for an unknown instruction set.
  Program(std::span<const std::byte> file, std::string_view isa);

  const Graph graph;
  const Kernels& kernels;

  const Conv& conv(size_t op) const { return convs_[op]; }
  const Norm& norm(size_t op) const { return norms_[op]; }
  const Holding& holding(size_t value) const { return holdings_[value]; }
  bool feeds_state(size_t op) const { return feeds_state_[op]; }
  uint32_t num_params() const { return graph.values[graph.output].channels; }
  uint64_t weight_bytes() const { return weight_bytes_; }  // read in one step, on average

  const std::byte* memory(size_t offset) const { return memory_.data() + offset; }
  const float* floats(size_t offset) const { return reinterpret_cast<const float*>(memory(offset)); }

 private:
  void hold_values();
  void find_ahead();
  void find_what_feeds_state();
  void pack();
  Conv shape(const Op& op, size_t& bytes) const;
  Block block(const Conv& conv, size_t& bytes, uint32_t first, uint32_t depth, uint32_t first_input,
              uint32_t last_input) const;
  void fill(const Op& op, const Conv& conv);
  template <class T>
  void fill_block(const Op& op, const Conv& conv, const Block& block, uint32_t tap, const T* weights);
  void fill_sums(const Op& op, const Conv& conv);
  void fill_norm(const Op& op, const Norm& norm);

  std::vector<Conv> convs_;  // one an op; empty for what is none
  std::vector<Norm> norms_;  // likewise
  std::vector<Holding> holdings_;
  std::vector<bool> feeds_state_;
  Aligned<std::byte> memory_;
  uint64_t weight_bytes_ = 0;
};

}  // namespace undertow
