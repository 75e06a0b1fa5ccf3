// turn       y = the last row of `period` inputs, once all are there, the last first: a tick each, all at that step
//
// From the steps to a clock of its own, whose ticks come a row at a time; `unturn` goes back. What lies between them
// goes through the rows of an image from the right, as the Diagonal BiLSTM of PixelRNN does (arXiv 1601.06759, 3.2).
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "ops/pending.h"
#include "pass.h"

namespace undertow {
namespace {

class Turn final : public Pending {
 public:
  using Pending::Pending;

  void block(Pass& pass) override {
    const uint32_t from = program_.graph.values[op().inputs[0]].domain, to = domain();
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t &made = pass.counts[to][row], &gathered = number(slot);
      pass.phases[to][row] = gathered;
      made = 0;
      for (uint32_t tick = 0; tick < pass.count(from, row); tick++) {
        std::copy_n(pass.floats(op().inputs[0], row, tick), channels(), pending(slot, gathered));
        if (++gathered < period()) continue;
        while (gathered > 0) {
          std::copy_n(pending(slot, --gathered), channels(), pass.floats(op().output, row, made));
          pass.quantise(op().output, row, made++);
        }
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
    if (from.domain != 0 || to.domain == 0 || domain.parent != 0) {
      check.fail("goes from domain ", from.domain, " to ", to.domain,
                 ", and not from the steps to one right below them");
    }
    if (domain.period > max_turned) check.fail("has rows of ", domain.period, " steps; the most is ", max_turned);
    check.one_frame(to.domain);
    check.output(op, from.channels, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t width = graph.domains[graph.values[op.output].domain].period;
    return pending_leaves(graph, op, {.name = op.name + ".phase", .below = width});
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Turn>(program, op, slots);
  }
};

}  // namespace

const OpRules& turn_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
