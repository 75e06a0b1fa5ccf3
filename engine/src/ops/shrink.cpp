// shrink     y = x at every second pixel of every second row, the first of each: from a raster's clock to a slower one
//
// Settings: the pixels of a row of x, an even number. `grow` goes back.
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "ops/places.h"
#include "pass.h"

namespace undertow {
namespace {

// State: the place of the next tick.
class Shrink final : public Placed {
 public:
  Shrink(const Program& program, size_t op, uint32_t slots) : Placed(program, op, slots, 0) {}

  void block(Pass& pass) override {
    const uint32_t input = op().inputs[0], from = program_.graph.values[input].domain;
    const uint32_t channels = program_.graph.values[op().output].channels;
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t& made = pass.counts[domain()][row];
      made = 0;
      for (uint32_t tick = 0; tick < pass.count(from, row); tick++) {
        if (begins_square(slot)) {
          std::copy_n(pass.floats(input, row, tick), channels, pass.floats(op().output, row, made));
          pass.quantise(op().output, row, made++);
        }
        advance(slot);
      }
    }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check_placed(check, op);
    const Value &from = check.value(op.inputs[0]), &to = check.value(op.output);
    const Domain& domain = check.graph.domains[to.domain];
    if (to.domain == 0 || domain.parent != from.domain || domain.period != 4) {
      check.fail("goes from domain ", from.domain, " to ", to.domain, ", which does not tick once in 4 of its ticks");
    }
    if (check.is_clock(from.domain, OpKind::frame) || check.is_clock(from.domain, OpKind::turn)) {
      check.fail("is below domain ", from.domain, ", which does not go through a raster");
    }
    check_even_rows(check, op, from.domain);
    check.same_clock(op);
    check.output(op, from.channels, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    return placed_leaves(op, op.settings[0], 0, graph.values[op.inputs[0]].domain);
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Shrink>(program, op, slots);
  }
};

}  // namespace

const OpRules& shrink_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
