// product    y = a ⊙ b, of two inputs, channel by channel
#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class Product final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    const uint32_t channels = program_.graph.values[op().output].channels;
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        const float* a = pass.floats(op().inputs[0], row, tick);
        const float* b = pass.floats(op().inputs[1], row, tick);
        float* y = pass.floats(op().output, row, tick);
        for (uint32_t i = 0; i < channels; i++) y[i] = a[i] * b[i];
        pass.quantise(op().output, row, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 2);
    check.no_arithmetic(op);
    const Value &a = check.value(op.inputs[0]), &b = check.value(op.inputs[1]);
    if (a.channels != b.channels) check.fail("multiplies ", a.channels, " channels by ", b.channels);
    if (a.domain != b.domain) check.fail("multiplies values of domain ", a.domain, " and domain ", b.domain);
    check.output(op, a.channels, a.domain);
  }

  bool follows(const Op&) const override { return true; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Product>(program, op, slots);
  }
};

}  // namespace

const OpRules& product_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
