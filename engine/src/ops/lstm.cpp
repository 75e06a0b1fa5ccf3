// lstm       c = σ(f) · c + σ(i) · tanh(g), y = σ(o) · tanh(c)      of gates i, f, g, o (4C); weight (C): the first c, or none
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "state.h"

namespace undertow {
namespace {

// State: c; the op's name is the leaf's.
class LstmUnit final : public Unit {
 public:
  LstmUnit(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), channels_(program.graph.values[this->op().output].channels),
        room_(round_up(channels_, lane_group)), cells_(slots * room_) {}

  void reset(uint32_t slot) override {
    std::fill_n(at(slot), room_, 0.0f);
    if (op().weight >= 0) std::copy_n(program_.graph.tensors[op().weight].f32(), channels_, at(slot));
  }

  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    std::copy_n(static_cast<const LstmUnit&>(other).at(other_slot), channels_, at(slot));
  }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    std::copy_n(at(slot), channels_, leaves[0].floats.data() + size_t(leaf_row) * channels_);
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    std::copy_n(leaves[0].floats.data() + size_t(leaf_row) * channels_, channels_, at(slot));
  }

  void block(Pass& pass) override {
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        program_.kernels.lstm({channels_, pass.floats(op().inputs[0], row, tick), at(pass.slot(row)),
                               pass.floats(op().output, row, tick)});
        pass.quantise(op().output, row, tick);
      }
  }

 private:
  float* at(uint32_t slot) const { return cells_.data() + slot * room_; }

  uint32_t channels_;
  size_t room_;
  Aligned<float> cells_;  // (slots, room)
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.cell(op);
    const Value &gates = check.value(op.inputs[0]), &y = check.value(op.output);
    if (gates.channels != 4 * uint64_t(y.channels)) {
      check.fail("reads ", gates.channels, " channels, not 4 times the ", y.channels, " it makes");
    }
    check.output(op, y.channels, gates.domain);
    if (op.weight != -1) {
      check.own_weight(op);
      check.vector("first cell", op.weight, y.channels);
    }
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    return {{op.name, {graph.values[op.output].channels}}};
  }

  Stands stands(const Op&) const override { return Stands::both; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<LstmUnit>(program, op, slots);
  }
};

}  // namespace

const OpRules& lstm_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
