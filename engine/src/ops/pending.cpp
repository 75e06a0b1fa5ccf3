#include "ops/pending.h"

#include <algorithm>
#include <utility>

#include "program.h"
#include "state.h"

namespace undertow {

Pending::Pending(const Program& program, size_t op, uint32_t slots, uint32_t first)
    : Unit(program, op, slots), first_(first), period_(program.graph.domains[domain()].period),
      channels_(program.graph.values[this->op().inputs[0]].channels), pending_(slots * size()), numbers_(slots) {}

void Pending::reset(uint32_t slot) {
  std::fill_n(pending(slot, 0), size(), 0.0f);
  numbers_[slot] = 0;
}

void Pending::copy(uint32_t slot, const Unit& other, uint32_t other_slot) {
  const auto& from = static_cast<const Pending&>(other);
  std::copy_n(from.pending(other_slot, 0), size(), pending(slot, 0));
  numbers_[slot] = from.numbers_[other_slot];
}

void Pending::write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const {
  const size_t filled = size_t(numbers_[slot] - std::min(numbers_[slot], first_)) * channels_;
  float* out = leaves[0].floats.data() + leaf_row * size();
  std::fill_n(std::copy_n(pending(slot, 0), filled, out), size() - filled, 0.0f);
  leaves[1].integers[leaf_row] = numbers_[slot];
}

void Pending::read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) {
  std::copy_n(leaves[0].floats.data() + leaf_row * size(), size(), pending(slot, 0));
  numbers_[slot] = uint32_t(leaves[1].integers[leaf_row]);
}

std::vector<LeafShape> pending_leaves(const Graph& graph, const Op& op, LeafShape number) {
  const uint32_t period = graph.domains[graph.values[op.output].domain].period;
  LeafShape pending{.name = op.name + ".pending", .dims = {period, graph.values[op.inputs[0]].channels}};
  return {std::move(pending), std::move(number)};
}

}  // namespace undertow
