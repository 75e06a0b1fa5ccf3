// previous   y = what a later op of the same clock made a tick ago; at first a tensor, or zeros      weight (C) or none
//
// Settings: the value that it repeats. The ops from this one to the one that makes it are a loop, all of one clock.
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "schedule.h"
#include "state.h"

namespace undertow {
namespace {

// State: the value a tick ago; the op's name is the leaf's.
class Previous final : public Unit {
 public:
  Previous(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), channels_(program.graph.values[this->op().output].channels),
        held_(size_t(slots) * channels_) {}

  void reset(uint32_t slot) override {
    if (op().weight < 0)
      std::fill_n(at(slot), channels_, 0.0f);
    else
      std::copy_n(program_.graph.tensors[op().weight].f32(), channels_, at(slot));
  }

  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    std::copy_n(static_cast<const Previous&>(other).at(other_slot), channels_, at(slot));
  }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    std::copy_n(at(slot), channels_, leaves[0].floats.data() + size_t(leaf_row) * channels_);
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    std::copy_n(leaves[0].floats.data() + size_t(leaf_row) * channels_, channels_, at(slot));
  }

  // A block of it is of one tick: the next one's is not made yet.
  void block(Pass& pass) override {
    for (uint32_t row = 0; row < pass.rows(); row++) {
      if (pass.count(domain(), row) == 0) continue;
      std::copy_n(at(pass.slot(row)), channels_, pass.floats(op().output, row, 0));
      pass.quantise(op().output, row, 0);
    }
  }

  void keep_repeated(Pass& pass) override {
    for (uint32_t row = 0; row < pass.rows(); row++)
      if (pass.count(domain(), row) > 0) std::copy_n(pass.floats(repeated(), row, 0), channels_, at(pass.slot(row)));
  }

  // What was kept is there before a step begins; but a slower clock ticks where its frame is whole.
  void plan(Tasks& tasks, const Pass&) override {
    Task task{.op = index_, .number = give, .pinned = domain() != 0};
    if (domain() != 0) tasks.need_clock(task, domain());
    given_ = tasks.push(std::move(task), false);
    tasks.makes(op().output, {given_});
  }

  void plan_repeated(Tasks& tasks) override {
    Task task{.op = index_, .number = take, .pinned = domain() != 0, .needs = {given_}};
    tasks.need(task, repeated());
    tasks.push(std::move(task));
  }

  void work(uint32_t number, Pass& step) override {
    if (number == give)
      block(step);
    else
      keep_repeated(step);
  }

 private:
  static constexpr uint32_t give = 0, take = 1;

  uint32_t repeated() const { return op().settings[0]; }
  float* at(uint32_t slot) const { return held_.data() + size_t(slot) * channels_; }

  uint32_t channels_, given_ = 0;
  Aligned<float> held_;  // (slots, channels)
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 0);
    if (op.activation != Activation::none || op.add != -1 || op.bias != -1 || op.scale != -1) {
      check.fail("has what only a conv can have: an activation, added value, bias or scale");
    }
    if (op.settings.size() != 1) check.fail("has ", op.settings.size(), " settings, not 1: the value that it repeats");
    check.begin_loop(op, op.settings[0]);
    const Value &y = check.value(op.output), &repeated = check.value(op.settings[0]);
    if (y.channels != repeated.channels) {
      check.fail("repeats value ", op.settings[0], " of ", repeated.channels, " channels in ", y.channels);
    }
    if (op.weight != -1) {
      check.own_weight(op);
      check.vector("first value", op.weight, y.channels);
    }
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }
  int64_t repeats(const Op& op) const override { return op.settings[0]; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    return {{op.name, {graph.values[op.output].channels}}};
  }

  Stands stands(const Op&) const override { return Stands::both; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Previous>(program, op, slots);
  }
};

}  // namespace

const OpRules& previous_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
