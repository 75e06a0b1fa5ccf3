// add        y = act(x + add)
#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class Add final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    Finish finish{};
    finish.activation = op().activation;
    finish.end = uint32_t(round_up(program_.graph.values[op().output].channels, lane_group));
    finish.num_rows = 1;
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        const float* added = pass.floats(uint32_t(op().add), row, tick);
        float* y = pass.floats(op().output, row, tick);
        finish.acc = pass.floats(op().inputs[0], row, tick);
        finish.add = &added;
        finish.y = &y;
        program_.kernels.finish(finish);
        pass.quantise(op().output, row, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.elementwise(op);
    if (!op.settings.empty()) check.fail("has settings");
    if (op.weight != -1 || op.bias != -1) check.fail("has tensors, which it does not read");
    if (op.add == -1) check.fail("adds no value");
    check.added(op, check.value(op.output).channels, check.value(op.output).domain);
  }

  bool follows(const Op&) const override { return true; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Add>(program, op, slots);
  }
};

}  // namespace

const OpRules& add_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
