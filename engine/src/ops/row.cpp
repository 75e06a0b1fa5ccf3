// row        y = the row above, whole, as a row begins: a tick for each of its pixels, from its beginning on
//
// From the steps to a clock of its own; `unrow` goes back. An input is of the pixel before its step, as a symbol is that
// is fed. Above the first row there are zeros, and its own first input is passed over. What follows sees all of the row:
// the stack of PixelCNN++ that looks at the rows above goes through them so (arXiv 1701.05517, 2.4).
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "ops/pending.h"
#include "ops/places.h"
#include "pass.h"

namespace undertow {
namespace {

// Its number is one more than the pixels that are pending, and 0 before the first step.
class Row final : public Pending {
 public:
  Row(const Program& program, size_t op, uint32_t slots) : Pending(program, op, slots, 1) {}

  void block(Pass& pass) override {
    const uint32_t from = program_.graph.values[op().inputs[0]].domain, to = domain();
    for (uint32_t row = 0; row < pass.rows(); row++) {
      const uint32_t slot = pass.slot(row);
      uint32_t &made = pass.counts[to][row], &next = number(slot);
      made = 0;
      for (uint32_t tick = 0; tick < pass.count(from, row); tick++) {
        if (next > 0) std::copy_n(pass.floats(op().inputs[0], row, tick), channels(), pending(slot, next - 1));
        if (next++ % period() > 0) continue;
        for (uint32_t column = 0; column < period(); column++) {
          std::copy_n(pending(slot, column), channels(), pass.floats(op().output, row, made));
          pass.quantise(op().output, row, made++);
        }
        next = 1;
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
    check.same_clock(op);
    check.output(op, from.channels, to.domain);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t domain = graph.values[op.output].domain;
    const uint64_t below = uint64_t(graph.domains[domain].period) + 1;
    return pending_leaves(graph, op, {.name = clock_leaf("row", domain), .below = below, .shared = true});
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Row>(program, op, slots);
  }
};

}  // namespace

const OpRules& row_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
