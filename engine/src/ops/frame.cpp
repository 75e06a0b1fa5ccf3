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
  Frame(const Program& program, size_t op, uint32_t rows) : Unit(program, op, rows), numbers_(rows) {
    const Graph& graph = program.graph;
    period_ = graph.domains[domain()].period;
    channels_ = graph.values[this->op().inputs[0]].channels;
    pending_ = Aligned<float>(size_t(rows) * period_ * channels_);
  }

  void reset() override {
    std::fill_n(pending_.data(), pending_.size(), 0.0f);
    std::fill(numbers_.begin(), numbers_.end(), 0);
  }

  void write(uint32_t row, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    const size_t size = size_t(period_) * channels_, filled = size_t(numbers_[row]) * channels_;
    float* out = leaves[0].floats.data() + leaf_row * size;
    std::fill_n(std::copy_n(at(row, 0), filled, out), size - filled, 0.0f);
    leaves[1].integers[leaf_row] = numbers_[row];
  }

  void read(uint32_t row, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    const size_t size = size_t(period_) * channels_;
    std::copy_n(leaves[0].floats.data() + leaf_row * size, size, at(row, 0));
    numbers_[row] = uint32_t(leaves[1].integers[leaf_row]);
  }

  void block(Pass& pass) override {
    const uint32_t from = program_.graph.values[op().inputs[0]].domain, to = domain();
    for (uint32_t row = 0; row < rows_; row++) {
      pass.phases[to][row] = numbers_[row];
      pass.counts[to][row] = 0;
      for (uint32_t tick = 0; tick < pass.count(from, row); tick++) {
        std::copy_n(pass.floats(op().inputs[0], row, tick), channels_, at(row, numbers_[row]));
        if (++numbers_[row] < period_) continue;
        const uint32_t whole = pass.counts[to][row]++;
        std::copy_n(at(row, 0), size_t(period_) * channels_, pass.floats(op().output, row, whole));
        pass.quantise(op().output, row, whole);
        numbers_[row] = 0;
      }
    }
  }

 private:
  float* at(uint32_t row, uint32_t slot) const {
    return pending_.data() + (size_t(row) * period_ + slot) * channels_;
  }

  uint32_t period_, channels_;
  Aligned<float> pending_;  // (rows, period, channels)
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
    check.one_frame(to.domain);
    check.output(op, uint64_t(from.channels) * domain.period, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t period = graph.domains[graph.values[op.output].domain].period;
    return {{.name = op.name + ".pending", .dims = {period, graph.values[op.inputs[0]].channels}},
            {.name = op.name + ".phase", .below = period}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t rows, uint32_t) const override {
    return std::make_unique<Frame>(program, op, rows);
  }
};

}  // namespace

const OpRules& frame_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
