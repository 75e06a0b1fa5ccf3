// concat_elu y = elu(x), then elu(-x), side by side (Shang et al., arXiv 1603.05201, with ELU)
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class ConcatElu final : public Unit {
 public:
  ConcatElu(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), channels_(program.graph.values[this->op().inputs[0]].channels),
        x_(round_up(channels_, lane_group)), y_(x_.size()) {}

  void block(Pass& pass) override {
    float* y = y_.data();
    Finish finish{};
    finish.activation = Activation::elu;
    finish.end = uint32_t(x_.size()), finish.num_rows = 1, finish.acc = x_.data(), finish.y = &y;
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        const float* x = pass.floats(op().inputs[0], row, tick);
        float* out = pass.floats(op().output, row, tick);
        for (const float sign : {1.0f, -1.0f}) {
          std::transform(x, x + channels_, x_.data(), [sign](float one) { return sign * one; });
          program_.kernels.finish(finish);
          out = std::copy_n(y, channels_, out);
        }
        pass.quantise(op().output, row, tick);
      }
  }

 private:
  const uint32_t channels_;
  Aligned<float> x_, y_;  // whole groups of lanes, which a vector of a step need not be
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.no_arithmetic(op);
    const Value& x = check.value(op.inputs[0]);
    check.output(op, 2 * uint64_t(x.channels), x.domain);
  }

  bool follows(const Op&) const override { return true; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<ConcatElu>(program, op, slots);
  }
};

}  // namespace

const OpRules& concat_elu_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
