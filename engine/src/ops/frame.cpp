// frame      y = the last `period` inputs, oldest first, once they are all there: parent's clock -> y's clock
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "state.h"

namespace undertow {
namespace {

// State: the inputs of a frame that is not whole yet, and their number.
class Frame final : public Unit {
 public:
  Frame(const Program& program, size_t op, uint32_t slots) : Unit(program, op, slots), numbers_(slots) {
    const Graph& graph = program.graph;
    period_ = graph.domains[domain()].period;
    channels_ = graph.values[this->op().inputs[0]].channels;
    pending_ = Aligned<float>(size_t(slots) * period_ * channels_);
  }

  void reset(uint32_t slot) override {
    std::fill_n(at(slot, 0), size_t(period_) * channels_, 0.0f);
    numbers_[slot] = 0;
  }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    const size_t size = size_t(period_) * channels_, filled = size_t(numbers_[slot]) * channels_;
    float* out = leaves[0].floats.data() + leaf_row * size;
    std::fill_n(std::copy_n(at(slot, 0), filled, out), size - filled, 0.0f);
    leaves[1].integers[leaf_row] = numbers_[slot];
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    const size_t size = size_t(period_) * channels_;
    std::copy_n(leaves[0].floats.data() + leaf_row * size, size, at(slot, 0));
    numbers_[slot] = uint32_t(leaves[1].integers[leaf_row]);
  }

  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    const auto& from = static_cast<const Frame&>(other);
    std::copy_n(from.at(other_slot, 0), size_t(period_) * channels_, at(slot, 0));
    numbers_[slot] = from.numbers_[other_slot];
  }

  void block(Pass& pass) override {
    const uint32_t from = program_.graph.values[op().inputs[0]].domain, to = domain();
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      pass.phases[to][row] = numbers_[slot];
      pass.counts[to][row] = 0;
      for (uint32_t tick = 0; tick < pass.count(from, row); tick++) {
        std::copy_n(pass.floats(op().inputs[0], row, tick), channels_, at(slot, numbers_[slot]));
        if (++numbers_[slot] < period_) continue;
        const uint32_t whole = pass.counts[to][row]++;
        std::copy_n(at(slot, 0), size_t(period_) * channels_, pass.floats(op().output, row, whole));
        pass.quantise(op().output, row, whole);
        numbers_[slot] = 0;
      }
    }
  }

 private:
  float* at(uint32_t slot, uint32_t number) const {
    return pending_.data() + (size_t(slot) * period_ + number) * channels_;
  }

  uint32_t period_, channels_;
  Aligned<float> pending_;  // (slots, period, channels)
  std::vector<uint32_t> numbers_;
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.no_arithmetic(op);
    const Value &from = check.value(op.inputs[0]), &to = check.value(op.output);
    const Domain& domain = check.graph.domains[to.domain];
    if (to.domain == 0 || domain.parent != from.domain) {
      check.fail("goes from domain ", from.domain, " to ", to.domain, ", which is not a slower one right below it");
    }
    if (check.graph.row_ticks(from.domain) > 0)
      check.fail("is below domain ", from.domain, ", whose ticks come a row at a time");
    check.one_frame(to.domain);
    check.output(op, uint64_t(from.channels) * domain.period, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t period = graph.domains[graph.values[op.output].domain].period;
    return {{.name = op.name + ".pending", .dims = {period, graph.values[op.inputs[0]].channels}},
            {.name = op.name + ".phase", .below = period}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Frame>(program, op, slots);
  }
};

}  // namespace

const OpRules& frame_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
