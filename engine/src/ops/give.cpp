// give       y = x, its inputs side by side: what an encoder gives to the decoder, under the op's name
//
// Settings: the part, and the heads H:
//   0, of the memory     of every step: (steps, C), or with heads (steps, H, C / H)
//   1, of the state      of the first step (C)
//   2, of the state      no input: what the op that keeps a leaf of this name has after a row's last step (C)
#include "ops/give.h"

#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

class GiveUnit final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    const Give part = given_part(op());
    for (uint32_t lane = 0; lane < pass.rows(); lane++)
      for (uint32_t tick = 0, end = part == Give::first ? 1 : pass.count(0, lane); tick < end; tick++) {
        float* y = pass.floats(op().output, lane, tick);
        for (uint32_t input : op().inputs)
          y = std::copy_n(pass.floats(input, lane, tick), program_.graph.values[input].channels, y);
      }
  }
};

// The size of what is kept by this name before the op.
uint32_t kept(const OpCheck& check, const Op& op) {
  for (const Op& other : check.graph.ops) {
    if (&other == &op) break;
    for (const LeafShape& leaf : rules_of(other).leaves(check.graph, other))
      if (leaf.name == op.name && leaf.dims.size() == 1 && !leaf.grows) return leaf.dims[0];
  }
  check.fail("gives ", op.name, ", and no op before it keeps a vector of that name");
}

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.no_tensors(op);
    if (op.name.empty()) check.fail("has no name");
    if (op.settings.size() != 2 || op.settings[0] > uint32_t(Give::kept)) check.fail("has no part and heads that are known");
    const Give part = given_part(op);
    if (part == Give::kept ? !op.inputs.empty() : op.inputs.empty()) check.fail("has ", op.inputs.size(), " inputs");
    uint64_t channels = 0;
    for (uint32_t input : op.inputs) channels += check.value(input).channels;
    if (part == Give::kept) channels = kept(check, op);
    const uint32_t heads = op.settings[1];
    if (heads > 0 && (part != Give::memory || channels % heads != 0)) {
      check.fail("has ", heads, " heads of ", channels, " channels");
    }
    check.output(op, channels, 0);
  }

  Stands stands(const Op&) const override { return Stands::sources; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<GiveUnit>(program, op, slots);
  }
};

}  // namespace

Give given_part(const Op& op) { return Give(op.settings[0]); }

const OpRules& give_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
