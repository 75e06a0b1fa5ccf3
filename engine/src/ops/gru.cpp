// gru        y = n + σ(z + z') · (h - n), n = tanh(n + σ(r + r') · n')
//
// Of three inputs: r, z, n (3C) of what is given, r', z', n' (3C) of what the last state makes, and that state, h (C).
#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class GruUnit final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    const uint32_t channels = program_.graph.values[op().output].channels;
    const std::vector<uint32_t>& inputs = op().inputs;
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        program_.kernels.gru({channels, pass.floats(inputs[0], row, tick), pass.floats(inputs[1], row, tick),
                              pass.floats(inputs[2], row, tick), pass.floats(op().output, row, tick)});
        pass.quantise(op().output, row, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 3);
    check.cell(op);
    if (op.weight != -1 || !op.settings.empty()) check.fail("has a weight or settings, which it does not read");
    const Value &last = check.value(op.inputs[2]), &y = check.value(op.output);
    for (uint32_t n = 0; n < 3; n++) {
      const Value& input = check.value(op.inputs[n]);
      const uint64_t wanted = (n < 2 ? 3 : 1) * uint64_t(y.channels);
      if (input.channels != wanted) {
        check.fail("has ", input.channels, " channels for input ", n, ", not ", wanted);
      }
      if (input.domain != last.domain) {
        check.fail("reads values of domain ", input.domain, " and domain ", last.domain);
      }
    }
    check.output(op, y.channels, last.domain);
  }

  bool follows(const Op&) const override { return true; }

  Stands stands(const Op&) const override { return Stands::both; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<GruUnit>(program, op, slots);
  }
};

}  // namespace

const OpRules& gru_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
