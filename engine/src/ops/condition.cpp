// condition  y = what is known of the step      (condition_channels)
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class Known final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(0, row); tick++) {
        std::copy_n(pass.condition(row, tick), program_.graph.condition_channels,
                    pass.floats(op().output, row, tick));
        pass.quantise(op().output, row, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 0);
    check.no_arithmetic(op);
    if (check.graph.condition_channels == 0) check.fail("is in a model without a condition");
    check.output(op, check.graph.condition_channels, 0);
  }

  bool follows(const Op&) const override { return true; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Known>(program, op, slots);
  }
};

}  // namespace

const OpRules& condition_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
