// A graph made ready to run: weights in the order the kernels read them, and what each value must be held as.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "aligned.h"
#include "kernels.h"
#include "op.h"
#include "undertow/graph.h"

namespace undertow {

// How a value is held, and who needs it.
struct Holding {
  bool floats = false, bytes = false;
  bool ahead = false;  // follows from the condition alone: known before the symbols are
  size_t stride = 0;   // elements from one step's vector to the next's
  std::vector<float> inverse_step{};
  float zero_point = 0;
};

// Where a value lies in a step's memory: `before` elements behind the value `first`, in vectors of `stride`.
struct Layout {
  uint32_t first, before, stride;
};

class Program {
 public:
  // Throws FormatError, std::invalid_argument for an unknown instruction set.
  Program(std::span<const std::byte> file, std::string_view isa);

  const Graph graph;
  const Kernels& kernels;

  const Packed* packed(size_t op) const { return packed_[op].get(); }
  template <class T>
  const T& packed(size_t op) const {
    return static_cast<const T&>(*packed_[op]);
  }
  const Holding& holding(size_t value) const { return holdings_[value]; }
  const Layout& layout(size_t value) const { return layouts_[value]; }
  bool side_by_side(size_t op) const { return side_by_side_[op]; }  // whether a step finds its inputs in one stretch
  uint32_t row_ticks(uint32_t domain) const { return row_ticks_[domain]; }  // 0: they do not come a row at a time
  uint32_t halved(uint32_t domain) const { return halved_[domain]; }  // pixels of a row of its parent; 0: it is not shrunk
  size_t loop_end(size_t op) const { return loop_ends_[op]; }        // of the loop that begins there; 0: none does
  const std::vector<size_t>& repeaters(size_t op) const { return repeaters_[op]; }  // ops that repeat what it makes
  bool feeds_state(size_t op) const { return feeds_state_[op]; }
  uint32_t num_params() const { return graph.values[graph.output].channels; }
  uint64_t weight_bytes() const { return weight_bytes_; }  // read in one step, on average

  const std::byte* memory(size_t offset) const { return memory_.data() + offset; }
  const float* floats(size_t offset) const { return reinterpret_cast<const float*>(memory(offset)); }

 private:
  void find_loops();
  void hold_values();
  void find_ahead();
  void find_what_feeds_state();
  void lay_out_step();
  void pack();

  std::vector<std::unique_ptr<Packed>> packed_;  // one an op; null for what has no weights to pack
  std::vector<Holding> holdings_;
  std::vector<Layout> layouts_;
  std::vector<bool> side_by_side_, feeds_state_;
  std::vector<size_t> loop_ends_;
  std::vector<std::vector<size_t>> repeaters_;
  Aligned<std::byte> memory_;
  uint64_t weight_bytes_ = 0;
  std::vector<uint32_t> row_ticks_;  // of each domain
  std::vector<uint32_t> halved_;
};

}  // namespace undertow
