#include "memory.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "kernels.h"
#include "op.h"
#include "state.h"

namespace undertow {

namespace {

constexpr size_t most_sources = 1 << 20;
constexpr int64_t most_steps = 1 << 24;
constexpr uint64_t most_numbers = uint64_t(1) << 34;  // 64 GiB

const std::string lengths_name = "lengths";

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument("the memory " + what); }

std::vector<uint32_t> checked(const std::vector<int64_t>& sources, size_t slots, size_t number) {
  if (sources.size() != slots) fail("is to have one source a slot");
  for (int64_t source : sources)
    if (source < 0 || source >= int64_t(number))
      fail("has no source " + std::to_string(source) + ", but " + std::to_string(number));
  return {sources.begin(), sources.end()};
}

// Steps of the longest source that the leaves have room for; and each length is at least one and at most that.
std::vector<uint32_t> checked_lengths(const Leaf& leaf, int64_t steps) {
  if (!leaf.integer || leaf.shape.size() != 1) fail("is to have one length a source, int64");
  if (leaf.integers.empty() || leaf.integers.size() > most_sources)
    fail("has " + std::to_string(leaf.integers.size()) + " sources; it can have 1 to " + std::to_string(most_sources));
  for (int64_t length : leaf.integers)
    if (length < 1 || length > steps)
      fail("has a source of length " + std::to_string(length) + "; it can be 1 to " + std::to_string(steps));
  return {leaf.integers.begin(), leaf.integers.end()};
}

void check_leaf(const Leaf& leaf, const MemoryShape& shape, int64_t sources, int64_t steps) {
  int64_t channels = 1;
  for (size_t i = 2; i < leaf.shape.size(); i++) channels *= leaf.shape[i];
  if (leaf.integer || leaf.shape.size() < 3 || leaf.shape[0] != sources || leaf.shape[1] != steps || channels != shape.channels)
    fail("has " + text(leaf) + " for " + shape.name + ", not " + std::to_string(sources) + "x" + std::to_string(steps) + "x" +
         std::to_string(shape.channels) + " float32");
}

// Numbers of one source.
uint64_t size_of(const MemoryShape& shape, uint64_t length) {
  const uint64_t depth = shape.channels / shape.heads;
  switch (shape.form) {
    case MemoryForm::steps: return length * round_up(shape.channels, lane_group);
    case MemoryForm::keys: return shape.heads * depth * round_up(length, lane_group);
    default: return shape.heads * length * round_up(depth, lane_group);
  }
}

// A product's weights in panels: those of output o and input i are at from[o · output_stride + i · input_stride].
void pack_panels(float* to, const float* from, size_t outputs, size_t output_stride, size_t inputs, size_t input_stride) {
  const size_t width = round_up(outputs, lane_group);
  for (size_t begin = 0; begin < width; begin += panel_width) {
    const size_t lanes = std::min<size_t>(panel_width, width - begin);
    for (size_t i = 0; i < inputs; i++, to += lanes)
      for (size_t o = begin; o < std::min(begin + lanes, outputs); o++)
        to[o - begin] = from[o * output_stride + i * input_stride];
  }
}

}  // namespace

std::vector<MemoryShape> memory_shapes(const Graph& graph) {
  std::vector<MemoryShape> shapes;
  for (const Op& op : graph.ops)
    for (MemoryShape& shape : rules_of(op).memory(graph, op)) shapes.push_back(std::move(shape));
  return shapes;
}

size_t first_memory_part(const Graph& graph, size_t op) {
  size_t first = 0;
  for (size_t i = 0; i < op; i++) first += rules_of(graph.ops[i]).memory(graph, graph.ops[i]).size();
  return first;
}

Memory::Memory(const Graph& graph, uint32_t slots) : sources_(slots) {
  for (MemoryShape& shape : memory_shapes(graph)) {
    const size_t stride = round_up(shape.channels, lane_group);
    parts_.push_back({std::move(shape), stride});
  }
}

void Memory::give(const std::vector<Leaf>& leaves, const std::vector<int64_t>& sources) {
  if (!is_read()) throw std::invalid_argument("this model reads no memory of sources");
  std::map<std::string, const Leaf*> by_name;
  for (const Leaf& leaf : leaves) by_name[leaf.name] = &leaf;
  const auto find = [&](const std::string& name) -> const Leaf& {
    const auto found = by_name.find(name);
    if (found == by_name.end()) fail("has no " + name);
    return *found->second;
  };
  const Leaf& first = find(parts_[0].shape.name);
  const int64_t steps = first.shape.size() > 1 ? first.shape[1] : 0;
  if (steps > most_steps) fail("has " + std::to_string(steps) + " steps; the most is " + std::to_string(most_steps));
  const std::vector<uint32_t> lengths = checked_lengths(find(lengths_name), steps);
  const std::vector<uint32_t> chosen = checked(sources, sources_.size(), lengths.size());
  std::vector<Part> parts;
  uint64_t numbers = 0;
  for (const Part& part : parts_) {
    check_leaf(find(part.shape.name), part.shape, int64_t(lengths.size()), steps);
    for (uint32_t length : lengths) numbers += size_of(part.shape, length);
    if (numbers > most_numbers) fail("would take more than 64 GiB");
    parts.push_back({part.shape, part.stride});
  }
  for (Part& part : parts) pack(part, find(part.shape.name), lengths);
  for (const Part& part : parts_) by_name.erase(part.shape.name);
  by_name.erase(lengths_name);
  if (!by_name.empty()) fail("has " + by_name.begin()->first + ", which this model does not read");
  parts_ = std::move(parts), lengths_ = lengths, sources_ = chosen;
  longest_ = *std::max_element(lengths_.begin(), lengths_.end());
}

void Memory::pack(Part& part, const Leaf& leaf, const std::vector<uint32_t>& lengths) const {
  const MemoryShape& shape = part.shape;
  const size_t channels = shape.channels, depth = channels / shape.heads, steps = size_t(leaf.shape[1]);
  part.begins = {0};
  for (uint32_t length : lengths) part.begins.push_back(part.begins.back() + size_of(shape, length));
  part.numbers = Aligned<float>(part.begins.back());
  for (size_t source = 0; source < lengths.size(); source++) {
    const float* from = leaf.floats.data() + source * steps * channels;
    float* to = part.numbers.data() + part.begins[source];
    const size_t length = lengths[source], size = size_of(shape, length) / shape.heads;
    if (shape.form == MemoryForm::steps)
      for (size_t step = 0; step < length; step++) std::copy_n(from + step * channels, channels, to + step * part.stride);
    for (size_t head = 0; head < shape.heads && shape.form != MemoryForm::steps; head++, to += size, from += depth) {
      if (shape.form == MemoryForm::keys)
        pack_panels(to, from, length, channels, depth, 1);
      else
        pack_panels(to, from, depth, 1, length, channels);
    }
  }
}

}  // namespace undertow
