// unturn     y = of the row before this one, what was made for the column of this step; 0 in the first row
//
// From the clock that `turn` makes back to the steps. A row was made from its end to its beginning.
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "state.h"

namespace undertow {
namespace {

// State: the last whole row, from its beginning on.
class Unturn final : public Unit {
 public:
  Unturn(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), from_(program.graph.values[this->op().inputs[0]].domain),
        width_(program.graph.domains[from_].period), channels_(program.graph.values[this->op().output].channels),
        held_(slots * size()) {}

  void reset(uint32_t slot) override { std::fill_n(at(slot, 0), size(), 0.0f); }

  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    std::copy_n(static_cast<const Unturn&>(other).at(other_slot, 0), size(), at(slot, 0));
  }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    std::copy_n(at(slot, 0), size(), leaves[0].floats.data() + leaf_row * size());
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    std::copy_n(leaves[0].floats.data() + leaf_row * size(), size(), at(slot, 0));
  }

  void block(Pass& pass) override {
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t column = pass.phases[from_][row], made = 0;
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        std::copy_n(at(slot, column), channels_, pass.floats(op().output, row, tick));
        pass.quantise(op().output, row, tick);
        if (++column < width_) continue;
        while (column > 0) std::copy_n(pass.floats(op().inputs[0], row, made++), channels_, at(slot, --column));
      }
    }
  }

 private:
  size_t size() const { return size_t(width_) * channels_; }
  float* at(uint32_t slot, uint32_t column) const { return held_.data() + slot * size() + size_t(column) * channels_; }

  uint32_t from_, width_, channels_;
  Aligned<float> held_;  // (slots, width, channels)
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.no_arithmetic(op);
    const Value& from = check.value(op.inputs[0]);
    if (!check.is_clock(from.domain, OpKind::turn)) check.fail("reads domain ", from.domain, ", whose rows were not turned");
    check.output(op, from.channels, 0);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t width = graph.domains[graph.values[op.inputs[0]].domain].period;
    return {{.name = op.name + ".outputs", .dims = {width, graph.values[op.output].channels}}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Unturn>(program, op, slots);
  }
};

}  // namespace

const OpRules& unturn_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
