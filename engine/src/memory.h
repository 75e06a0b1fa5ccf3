// The memories of sources that a decoder reads: each packed once into what the kernels read, and shared by every slot
// that reads its source.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aligned.h"
#include "undertow/graph.h"

namespace undertow {

struct Leaf;

// What an op makes of a leaf of a memory: the vectors of its steps, padded to whole groups of lanes; or the weights of a
// product for each head, of which the outputs are the steps (keys) or the head's channels (values).
enum class MemoryForm { steps, keys, values };

// A leaf of a memory, (sources, steps, channels), as an op reads it.
struct MemoryShape {
  std::string name;
  uint32_t channels;
  MemoryForm form = MemoryForm::steps;
  uint32_t heads = 1;
};

// All that the ops of a graph read, in the order of the ops; and where those of an op begin.
std::vector<MemoryShape> memory_shapes(const Graph& graph);
size_t first_memory_part(const Graph& graph, size_t op);

class Memory {
 public:
  Memory(const Graph& graph, uint32_t slots);

  bool is_read() const { return !parts_.empty(); }  // whether a graph has an op that reads one
  bool is_given() const { return !lengths_.empty(); }

  // The memories of some sources by name, and their "lengths"; and for each slot the number of the source it reads.
  // Throws std::invalid_argument, which names what does not fit, and then nothing has changed.
  void give(const std::vector<Leaf>& leaves, const std::vector<int64_t>& sources);
  void choose(uint32_t slot, uint32_t source) { sources_[slot] = source; }

  uint32_t sources() const { return uint32_t(lengths_.size()); }
  uint32_t source(uint32_t slot) const { return sources_[slot]; }
  uint32_t length(uint32_t source) const { return lengths_[source]; }
  uint32_t longest() const { return longest_; }

  // Of the part at `index` among memory_shapes(): a step's vector, or the weights of a head.
  const float* step(size_t index, uint32_t source, uint32_t step) const {
    const Part& part = parts_[index];
    return part.numbers.data() + part.begins[source] + step * part.stride;
  }
  const float* weights(size_t index, uint32_t source, uint32_t head) const {
    const Part& part = parts_[index];
    const size_t all = part.begins[source + 1] - part.begins[source];
    return part.numbers.data() + part.begins[source] + all / part.shape.heads * head;
  }

 private:
  struct Part {
    MemoryShape shape;
    size_t stride;  // of steps
    Aligned<float> numbers{};
    std::vector<size_t> begins{};  // of each source, and the end of the last
  };

  void pack(Part& part, const Leaf& leaf, const std::vector<uint32_t>& lengths) const;

  std::vector<Part> parts_;
  std::vector<uint32_t> sources_, lengths_;
  uint32_t longest_ = 0;
};

}  // namespace undertow
