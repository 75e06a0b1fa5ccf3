// column     y = x + columns[position], where the row's source has one      "columns" of the memory (C)
//
// State: the steps so far, in a leaf of the op's name.
#include <algorithm>
#include <limits>

#include "check_ops.h"
#include "memory.h"
#include "op.h"
#include "pass.h"
#include "state.h"

namespace undertow {
namespace {

constexpr uint32_t most_steps = std::numeric_limits<uint32_t>::max();

class Column final : public Unit {
 public:
  Column(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), part_(first_memory_part(program.graph, op)), positions_(slots),
        nothing_(round_up(program.graph.values[this->op().output].channels, lane_group)) {}

  void reset(uint32_t slot) override { positions_[slot] = 0; }
  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    positions_[slot] = static_cast<const Column&>(other).positions_[other_slot];
  }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t row) const override {
    leaves[0].integers[row] = int64_t(positions_[slot]);
  }
  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t row) override {
    positions_[slot] = uint64_t(leaves[0].integers[row]);
  }

  void block(Pass& pass) override {
    Finish finish{};
    finish.end = uint32_t(nothing_.size());
    finish.num_rows = 1;
    for (uint32_t lane = 0; lane < pass.rows(); lane++) {
      const uint32_t source = pass.source(lane), length = pass.memory->length(source), count = pass.count(0, lane);
      uint64_t& position = positions_[pass.slot(lane)];
      for (uint32_t tick = 0; tick < count; tick++, position++) {
        const float* added = position < length ? pass.memory->step(part_, source, uint32_t(position)) : nothing_.data();
        float* y = pass.floats(op().output, lane, tick);
        finish.acc = pass.floats(op().inputs[0], lane, tick);
        finish.add = &added;
        finish.y = &y;
        program_.kernels.finish(finish);
        pass.quantise(op().output, lane, tick);
      }
      position = std::min<uint64_t>(position, most_steps - 1);
    }
  }

  void keep(Pass& pass) override {
    for (uint32_t lane = 0; lane < pass.rows(); lane++) {
      uint64_t& position = positions_[pass.slot(lane)];
      position = std::min<uint64_t>(position + pass.count(0, lane), most_steps - 1);
    }
  }

 private:
  const size_t part_;
  std::vector<uint64_t> positions_;
  Aligned<float> nothing_;  // what is added behind the last column
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.elementwise(op);
    check.no_arithmetic(op);
    if (check.value(op.output).domain != 0) check.fail("counts the ticks of domain ", check.value(op.output).domain, ", not steps");
  }

  std::vector<LeafShape> leaves(const Graph&, const Op& op) const override { return {{.name = op.name, .below = most_steps}}; }

  std::vector<MemoryShape> memory(const Graph& graph, const Op& op) const override {
    return {{"columns", graph.values[op.output].channels}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t rows, uint32_t) const override {
    return std::make_unique<Column>(program, op, rows);
  }
};

}  // namespace

const OpRules& column_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
