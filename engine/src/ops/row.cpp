// row        y = the row above, whole, as a row begins: a tick for each of its pixels, from its beginning on
//
// From the steps to a clock of its own; `unrow` goes back. An input is of the pixel before its step, as a symbol is that
// is fed. Above the first row there are zeros, and its own first input is passed over. What follows sees all of the row:
// the stack of PixelCNN++ that looks at the rows above goes through them so (arXiv 1701.05517, 2.4).
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "ops/places.h"
#include "pass.h"
#include "state.h"

namespace undertow {
namespace {

// State: the pixels of a row that is not whole yet; and one more than their number, or 0 before the first step.
class Row final : public Unit {
 public:
  Row(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), width_(program.graph.domains[domain()].period),
        channels_(program.graph.values[this->op().output].channels), pending_(slots * size()), nexts_(slots) {}

  void reset(uint32_t slot) override {
    std::fill_n(at(slot, 0), size(), 0.0f);
    nexts_[slot] = 0;
  }

  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    const auto& from = static_cast<const Row&>(other);
    std::copy_n(from.at(other_slot, 0), size(), at(slot, 0));
    nexts_[slot] = from.nexts_[other_slot];
  }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    const size_t filled = nexts_[slot] == 0 ? 0 : size_t(nexts_[slot] - 1) * channels_;
    float* out = leaves[0].floats.data() + leaf_row * size();
    std::fill_n(std::copy_n(at(slot, 0), filled, out), size() - filled, 0.0f);
    leaves[1].integers[leaf_row] = nexts_[slot];
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    std::copy_n(leaves[0].floats.data() + leaf_row * size(), size(), at(slot, 0));
    nexts_[slot] = uint32_t(leaves[1].integers[leaf_row]);
  }

  void block(Pass& pass) override {
    const uint32_t from = program_.graph.values[op().inputs[0]].domain, to = domain();
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t &made = pass.counts[to][row], &next = nexts_[slot];
      made = 0;
      for (uint32_t tick = 0; tick < pass.count(from, row); tick++) {
        if (next > 0) std::copy_n(pass.floats(op().inputs[0], row, tick), channels_, at(slot, next - 1));
        if (next++ % width_ > 0) continue;
        for (uint32_t column = 0; column < width_; column++) {
          std::copy_n(at(slot, column), channels_, pass.floats(op().output, row, made));
          pass.quantise(op().output, row, made++);
        }
        next = 1;
      }
    }
  }

 private:
  size_t size() const { return size_t(width_) * channels_; }
  float* at(uint32_t slot, uint32_t column) const {
    return pending_.data() + slot * size() + size_t(column) * channels_;
  }

  uint32_t width_, channels_;
  Aligned<float> pending_;  // (slots, width, channels)
  std::vector<uint32_t> nexts_;
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
    check.same_clock(op);
    check.output(op, from.channels, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t domain = graph.values[op.output].domain, width = graph.domains[domain].period;
    return {{.name = op.name + ".pending", .dims = {width, graph.values[op.output].channels}},
            {.name = clock_leaf("row", domain), .below = uint64_t(width) + 1, .shared = true}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Row>(program, op, slots);
  }
};

}  // namespace

const OpRules& row_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
