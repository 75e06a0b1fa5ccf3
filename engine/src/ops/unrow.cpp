// unrow      y = of the row that this tick belongs to, what was made for its column
//
// From the clock that `row` makes back to the steps; or between two that were shrunk from these.
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "ops/places.h"
#include "pass.h"

namespace undertow {
namespace {

// State: the row, and the place of the next tick.
class Unrow final : public Placed {
 public:
  Unrow(const Program& program, size_t op, uint32_t slots)
      : Placed(program, op, slots, program.graph.values[program.graph.ops[op].output].channels) {}

  void block(Pass& pass) override {
    const uint32_t input = op().inputs[0], from = program_.graph.values[input].domain;
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t read = 0;
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        const uint32_t column = place(slot) % width();
        if (column == 0 && read + width() <= pass.count(from, row))
          for (uint32_t next = 0; next < width(); next++)
            std::copy_n(pass.floats(input, row, read++), channels(), held(slot, next));
        std::copy_n(held(slot, column), channels(), pass.floats(op().output, row, tick));
        pass.quantise(op().output, row, tick);
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
    const uint32_t width = op.settings[0];
    if (check.graph.row_ticks(from.domain) != width || check.is_clock(from.domain, OpKind::turn)) {
      check.fail("reads domain ", from.domain, ", which has no rows of ", width, " from their beginnings on");
    }
    if (to.domain != 0 && (check.graph.row_ticks(to.domain) > 0 || !check.is_clock(to.domain, OpKind::shrink))) {
      check.fail("writes to domain ", to.domain, ", which does not go through a raster tick by tick");
    }
    check.output(op, from.channels, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const Value& to = graph.values[op.output];
    return placed_leaves(op, op.settings[0], to.channels, to.domain);
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Unrow>(program, op, slots);
  }
};

}  // namespace

const OpRules& unrow_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
