// unframe    y = slot j of the last frame, j = 0 at the step that completed it: x's clock -> the parent's
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "state.h"

namespace undertow {
namespace {

// State: the last frame, which steps read slot by slot.
class Unframe final : public Unit {
 public:
  Unframe(const Program& program, size_t op, uint32_t slots) : Unit(program, op, slots) {
    const Graph& graph = program.graph;
    from_ = graph.values[this->op().inputs[0]].domain;
    period_ = graph.domains[from_].period;
    channels_ = graph.values[this->op().output].channels;
    held_ = Aligned<float>(slots * size());
  }

  void reset(uint32_t slot) override { std::fill_n(at(slot), size(), 0.0f); }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    std::copy_n(at(slot), size(), leaves[0].floats.data() + leaf_row * size());
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    std::copy_n(leaves[0].floats.data() + leaf_row * size(), size(), at(slot));
  }

  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    std::copy_n(static_cast<const Unframe&>(other).at(other_slot), size(), at(slot));
  }

  void block(Pass& pass) override {
    for (uint32_t row = 0; row < pass.rows(); row++) {
      float* held = at(pass.slot(row));
      uint32_t number = pass.phases[from_][row], frame = 0;
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        number = number + 1 == period_ ? 0 : number + 1;
        if (number == 0) std::copy_n(pass.floats(op().inputs[0], row, frame++), size(), held);
        std::copy_n(held + size_t(number) * channels_, channels_, pass.floats(op().output, row, tick));
        pass.quantise(op().output, row, tick);
      }
    }
  }

 private:
  size_t size() const { return size_t(period_) * channels_; }
  float* at(uint32_t slot) const { return held_.data() + slot * size(); }

  uint32_t from_, period_, channels_;
  Aligned<float> held_;  // (slots, period, channels)
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.no_arithmetic(op);
    const Value &from = check.value(op.inputs[0]), &to = check.value(op.output);
    const Domain& domain = check.graph.domains[from.domain];
    if (from.domain == 0 || domain.parent != to.domain) {
      check.fail("goes from domain ", from.domain, " to ", to.domain, ", which is not its parent");
    }
    if (!check.is_clock(from.domain, OpKind::frame)) check.fail("reads domain ", from.domain, ", which has no frames");
    if (from.channels != uint64_t(to.channels) * domain.period) {
      check.fail("reads ", from.channels, " channels, not ", domain.period, " times the ", to.channels, " it writes");
    }
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t period = graph.domains[graph.values[op.inputs[0]].domain].period;
    return {{.name = op.name + ".outputs", .dims = {period, graph.values[op.output].channels}}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Unframe>(program, op, slots);
  }
};

}  // namespace

const OpRules& unframe_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
