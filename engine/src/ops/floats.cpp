// floats     y = the floats of the step      (input_channels), in a model without symbols
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class Floats final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    const uint32_t channels = program_.graph.values[op().output].channels;
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(0, row); tick++) {
        std::copy_n(pass.input(row, tick, channels), channels, pass.floats(op().output, row, tick));
        pass.quantise(op().output, row, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 0);
    check.no_arithmetic(op);
    if (check.graph.num_symbols > 0) check.fail("is in a model of symbols");
    check.output(op, check.graph.input_channels(), 0);
  }

  Stands stands(const Op&) const override { return Stands::both; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Floats>(program, op, slots);
  }
};

}  // namespace

const OpRules& floats_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
