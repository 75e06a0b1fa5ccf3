// frame      y = the last `period` inputs, oldest first, once they are all there: parent's clock -> y's clock
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "ops/pending.h"
#include "pass.h"

namespace undertow {
namespace {

class Frame final : public Pending {
 public:
  using Pending::Pending;

  void block(Pass& pass) override {
    const uint32_t from = program_.graph.values[op().inputs[0]].domain, to = domain();
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t& gathered = number(slot);
      pass.phases[to][row] = gathered;
      pass.counts[to][row] = 0;
      for (uint32_t tick = 0; tick < pass.count(from, row); tick++) {
        std::copy_n(pass.floats(op().inputs[0], row, tick), channels(), pending(slot, gathered));
        if (++gathered < period()) continue;
        const uint32_t whole = pass.counts[to][row]++;
        std::copy_n(pending(slot, 0), size_t(period()) * channels(), pass.floats(op().output, row, whole));
        pass.quantise(op().output, row, whole);
        gathered = 0;
      }
    }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.no_arithmetic(op);
    const Value &from = check.value(op.inputs[0]), &to = check.value(op.output);
    const Domain& domain = check.graph.domains[to.domain];
    if (to.domain == 0 || domain.parent != from.domain) {
      check.fail("goes from domain ", from.domain, " to ", to.domain, ", which is not a slower one right below it");
    }
    if (check.graph.row_ticks(from.domain) > 0)
      check.fail("is below domain ", from.domain, ", whose ticks come a row at a time");
    check.one_frame(to.domain);
    check.output(op, uint64_t(from.channels) * domain.period, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t period = graph.domains[graph.values[op.output].domain].period;
    return pending_leaves(graph, op, {.name = op.name + ".phase", .below = period});
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Frame>(program, op, slots);
  }
};

}  // namespace

const OpRules& frame_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
