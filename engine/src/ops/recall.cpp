// recall     y = Σ_s a_s x_s over the steps s up to this one, a = softmax of v · tanh(query + key_s)      weight v (K)
//
// Inputs: the query (K), the step's key (K), and x (C). Settings: the most steps there can be.
// State: "keys" (steps, K) and "values", x (steps, C), and the "position", the number of steps so far.
//
// Each step is answered by itself; its sums run over the steps in their order.
#include <algorithm>

#include "cache.h"
#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "positions.h"
#include "state.h"

namespace undertow {
namespace {

class Recall final : public Unit {
 public:
  Recall(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), depth_(program.graph.values[this->op().inputs[0]].channels),
        channels_(program.graph.values[this->op().output].channels),
        padded_(uint32_t(round_up(channels_, lane_group))), most_(this->op().settings[0]), positions_(slots),
        sums_(padded_), zeros_(panel_width) {
    for (uint32_t slot = 0; slot < slots; slot++)
      caches_.emplace_back(1, depth_, channels_, uint32_t(round_up(most_, panel_width)));
  }

  void reset(uint32_t slot) override { positions_[slot] = 0; }

  void copy(uint32_t slot, const Unit& from, uint32_t from_slot) override {
    const auto& other = static_cast<const Recall&>(from);
    positions_[slot] = other.positions_[from_slot];
    make_room(slot, 0);
    caches_[slot].copy(other.caches_[from_slot], positions_[slot], positions_[slot]);
  }

  void make_room(uint32_t slot, uint64_t steps) override {
    caches_[slot].make_room(room_for(positions_[slot], steps, most_));
    if (caches_[slot].room() > scores_.size()) scores_ = Aligned<float>(caches_[slot].room());
  }

  uint32_t entries(uint32_t slot) const override { return uint32_t(std::max<uint64_t>(1, positions_[slot])); }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t row) const override {
    for (uint64_t at = 0; at < positions_[slot]; at++)
      caches_[slot].take(at, 0, leaves[0].floats.data() + place(leaves[0], row, at) * depth_,
                         leaves[1].floats.data() + place(leaves[1], row, at) * channels_);
    leaves[2].integers[row] = int64_t(positions_[slot]);
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t row) override {
    positions_[slot] = uint64_t(leaves[2].integers[row]);
    make_room(slot, 0);
    for (uint64_t at = 0; at < positions_[slot]; at++)
      caches_[slot].put(at, 0, leaves[0].floats.data() + place(leaves[0], row, at) * depth_,
                        leaves[1].floats.data() + place(leaves[1], row, at) * channels_);
  }

  void block(Pass& pass) override { advance(pass, true); }
  void keep(Pass& pass) override { advance(pass, false); }

 private:
  static size_t place(const Leaf& leaf, uint32_t row, uint64_t position) {
    return size_t(row * uint64_t(leaf.shape[1]) + position);
  }

  void advance(Pass& pass, bool answers) {
    for (uint32_t lane = 0; lane < pass.rows(); lane++) {
      const uint32_t slot = pass.slot(lane), count = pass.count(0, lane);
      for (uint32_t tick = 0; tick < count; tick++) {
        caches_[slot].put(positions_[slot]++, 0, pass.floats(op().inputs[1], lane, tick),
                          pass.floats(op().inputs[2], lane, tick));
        if (answers) answer(pass, lane, tick);
      }
    }
  }

  void answer(const Pass& pass, uint32_t lane, uint32_t tick) {
    const Kernels& kernels = program_.kernels;
    const Cache& cache = caches_[pass.slot(lane)];
    const uint32_t steps = uint32_t(positions_[pass.slot(lane)]);
    const float *query = pass.floats(op().inputs[0], lane, tick), *vector = program_.graph.tensors[op().weight].f32();
    kernels.compare({cache.keys(0, 0), depth_, uint32_t(round_up(steps, cache.panel())), query, vector, scores_.data()});
    kernels.weigh(scores_.data(), steps, 1.0f);
    const void* x = scores_.data();
    for (uint32_t c = 0; c < padded_; c += panel_width)
      kernels.product_f32({cache.values(0, c, 0), steps, 0, cache.width(c), 1, &x, sums_.data() + c, padded_,
                           zeros_.data()});
    std::copy_n(sums_.data(), channels_, pass.floats(op().output, lane, tick));
    pass.quantise(op().output, lane, tick);
  }

  const uint32_t depth_, channels_, padded_, most_;
  std::vector<Cache> caches_;
  std::vector<uint64_t> positions_;
  Aligned<float> scores_{}, sums_, zeros_;
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 3);
    if (op.activation != Activation::none || op.add != -1 || op.bias != -1 || op.scale != -1) {
      check.fail("has what only a conv can have: an activation, added value, bias or scale");
    }
    if (op.settings.size() != 1 || op.settings[0] == 0 || op.settings[0] > max_history) {
      check.fail("has settings other than the most steps, 1 to ", max_history);
    }
    const Value &query = check.value(op.inputs[0]), &key = check.value(op.inputs[1]), &x = check.value(op.inputs[2]);
    if (query.channels != key.channels) check.fail("compares ", query.channels, " channels with ", key.channels);
    for (const Value* one : {&query, &key, &x})
      if (one->domain != 0) check.fail("reads values of domain ", one->domain, ", not 0");
    check.own_weight(op);
    check.vector("weight", op.weight, query.channels);
    check.output(op, x.channels, 0);
  }

  Keeps keeps(const Op&) const override { return Keeps::inputs; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t most = op.settings[0];
    return {{.name = op.name + ".keys", .dims = {most, graph.values[op.inputs[1]].channels}, .grows = true},
            {.name = op.name + ".values", .dims = {most, graph.values[op.inputs[2]].channels}, .grows = true},
            {.name = op.name + ".position", .below = positions_below(most), .counts = true}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Recall>(program, op, slots);
  }
};

}  // namespace

const OpRules& recall_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
