// add        y = act(x + add), or act(x)
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class Add final : public Unit {
 public:
  Add(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), channels_(program.graph.values[this->op().output].channels),
        parts_(parts_of(this->op().activation)) {
    if (parts_ > 1) turned_ = Aligned<float>(parts_ * round_up(channels_, lane_group));
  }

  void block(Pass& pass) override {
    Finish finish{};
    finish.activation = op().activation;
    finish.end = uint32_t(round_up(channels_, lane_group));
    finish.num_rows = 1;
    finish.part = channels_;
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        const float* added = op().add >= 0 ? pass.floats(uint32_t(op().add), row, tick) : nullptr;
        float* y = pass.floats(op().output, row, tick);
        finish.acc = parts_ > 1 ? turned(pass.floats(op().inputs[0], row, tick)) : pass.floats(op().inputs[0], row, tick);
        finish.add = added ? &added : nullptr;
        finish.y = &y;
        program_.kernels.finish(finish);
        pass.quantise(op().output, row, tick);
      }
  }

 private:
  // Parts in turns of lanes, as the kernels read them.
  const float* turned(const float* x) const {
    float* out = turned_.data();
    for (uint32_t group = 0; group < channels_; group += lane_group)
      for (uint32_t part = 0; part < parts_; part++, out += lane_group)
        std::copy_n(x + part * channels_ + group, std::min(lane_group, channels_ - group), out);
    return turned_.data();
  }

  const uint32_t channels_, parts_;
  Aligned<float> turned_;
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    if (!op.settings.empty()) check.fail("has settings");
    if (op.weight != -1 || op.bias != -1 || op.scale != -1) check.fail("has tensors, which it does not read");
    if (op.add == -1 && op.activation == Activation::none) check.fail("adds no value and has no activation");
    if (op.activation == Activation::multiply) check.fail("has multiplicative units, which a conv can have");
    const Value& x = check.value(op.inputs[0]);
    const uint32_t parts = parts_of(op.activation);
    if (x.channels % parts != 0) check.fail("has ", parts, " parts in ", x.channels, " channels");
    check.added(op, x.channels, x.domain);
    check.output(op, x.channels / parts, x.domain);
  }

  bool follows(const Op&) const override { return true; }

  Stands stands(const Op&) const override { return Stands::both; }

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
