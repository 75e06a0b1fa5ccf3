// reverse    y_t = x_(n - 1 - t) of a row of n steps      of an encoder: a row from its own end to its beginning
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class Reverse final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    const uint32_t channels = program_.graph.values[op().output].channels;
    for (uint32_t lane = 0; lane < pass.rows(); lane++)
      for (uint32_t tick = 0, count = pass.count(0, lane); tick < count; tick++) {
        std::copy_n(pass.floats(op().inputs[0], lane, count - 1 - tick), channels, pass.floats(op().output, lane, tick));
        pass.quantise(op().output, lane, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.elementwise(op);
    check.no_arithmetic(op);
  }

  Stands stands(const Op&) const override { return Stands::sources; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Reverse>(program, op, slots);
  }
};

}  // namespace

const OpRules& reverse_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
