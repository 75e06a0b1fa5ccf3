// turn       y = the last row of `period` inputs, once all are there, the last first: a tick each, all at that step
//
// From the steps to a clock of its own, whose ticks come a row at a time; `unturn` goes back. What lies between them
// goes through the rows of an image from the right, as the Diagonal BiLSTM of PixelRNN does (arXiv 1601.06759, 3.2).
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "state.h"

namespace undertow {
namespace {

// State: the inputs of a row that is not whole yet, and their number.
class Turn final : public Unit {
 public:
  Turn(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), width_(program.graph.domains[domain()].period),
        channels_(program.graph.values[this->op().output].channels), pending_(slots * size()), numbers_(slots) {}

  void reset(uint32_t slot) override {
    std::fill_n(at(slot, 0), size(), 0.0f);
    numbers_[slot] = 0;
  }

  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    const auto& from = static_cast<const Turn&>(other);
    std::copy_n(from.at(other_slot, 0), size(), at(slot, 0));
    numbers_[slot] = from.numbers_[other_slot];
  }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    const size_t filled = size_t(numbers_[slot]) * channels_;
    float* out = leaves[0].floats.data() + leaf_row * size();
    std::fill_n(std::copy_n(at(slot, 0), filled, out), size() - filled, 0.0f);
    leaves[1].integers[leaf_row] = numbers_[slot];
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    std::copy_n(leaves[0].floats.data() + leaf_row * size(), size(), at(slot, 0));
    numbers_[slot] = uint32_t(leaves[1].integers[leaf_row]);
  }

  void block(Pass& pass) override {
    const uint32_t from = program_.graph.values[op().inputs[0]].domain, to = domain();
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t& made = pass.counts[to][row];
      pass.phases[to][row] = numbers_[slot];
      made = 0;
      for (uint32_t tick = 0; tick < pass.count(from, row); tick++) {
        std::copy_n(pass.floats(op().inputs[0], row, tick), channels_, at(slot, numbers_[slot]));
        if (++numbers_[slot] < width_) continue;
        while (numbers_[slot] > 0) {
          std::copy_n(at(slot, --numbers_[slot]), channels_, pass.floats(op().output, row, made));
          pass.quantise(op().output, row, made++);
        }
      }
    }
  }

 private:
  size_t size() const { return size_t(width_) * channels_; }
  float* at(uint32_t slot, uint32_t number) const {
    return pending_.data() + slot * size() + size_t(number) * channels_;
  }

  uint32_t width_, channels_;
  Aligned<float> pending_;  // (slots, width, channels)
  std::vector<uint32_t> numbers_;
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.no_arithmetic(op);
    const Value &from = check.value(op.inputs[0]), &to = check.value(op.output);
    const Domain& domain = check.graph.domains[to.domain];
    if (from.domain != 0 || to.domain == 0 || domain.parent != 0) {
      check.fail("goes from domain ", from.domain, " to ", to.domain,
                 ", and not from the steps to one right below them");
    }
    if (domain.period > max_turned) check.fail("has rows of ", domain.period, " steps; the most is ", max_turned);
    check.one_frame(to.domain);
    check.output(op, from.channels, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t width = graph.domains[graph.values[op.output].domain].period;
    return {{.name = op.name + ".pending", .dims = {width, graph.values[op.output].channels}},
            {.name = op.name + ".phase", .below = width}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Turn>(program, op, slots);
  }
};

}  // namespace

const OpRules& turn_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
