// grow       y = of x at the square of two by two pixels that a tick lies in, the part of this pixel: rows, then columns
//
// Settings: the pixels of a row of y, an even number. From the clock that `shrink` makes back to its parent.
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "ops/places.h"
#include "pass.h"

namespace undertow {
namespace {

constexpr uint32_t square = 4;

// State: x of the squares of two rows, and the place of the next tick.
class Grow final : public Placed {
 public:
  Grow(const Program& program, size_t op, uint32_t slots)
      : Placed(program, op, slots, square / 2 * program.graph.values[program.graph.ops[op].output].channels),
        part_(program.graph.values[this->op().output].channels) {}

  void block(Pass& pass) override {
    const uint32_t input = op().inputs[0], from = program_.graph.values[input].domain;
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t read = 0;
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        const uint32_t column = place(slot) % width(), part = place(slot) / width() * 2 + column % 2;
        float* whole = held(slot, column / 2 * 2);
        if (begins_square(slot) && read < pass.count(from, row))
          std::copy_n(pass.floats(input, row, read++), square * part_, whole);
        std::copy_n(whole + part * part_, part_, pass.floats(op().output, row, tick));
        pass.quantise(op().output, row, tick);
        advance(slot);
      }
    }
  }

 private:
  uint32_t part_;  // channels of y
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check_placed(check, op);
    const Value &from = check.value(op.inputs[0]), &to = check.value(op.output);
    if (!check.is_clock(from.domain, OpKind::shrink) || check.graph.domains[from.domain].parent != to.domain ||
        check.graph.clock_of(from.domain)->settings != op.settings) {
      check.fail("goes from domain ", from.domain, " to ", to.domain, ", from which it was not shrunk so");
    }
    if (from.channels != uint64_t(to.channels) * square) {
      check.fail("reads ", from.channels, " channels, not ", square, " times the ", to.channels, " it writes");
    }
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const Value& to = graph.values[op.output];
    return placed_leaves(op, op.settings[0], square / 2 * to.channels, to.domain);
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Grow>(program, op, slots);
  }
};

}  // namespace

const OpRules& grow_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
