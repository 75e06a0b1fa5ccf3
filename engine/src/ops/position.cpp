// position   y = scale · x + table[position]      table (most, C): a row for each step that there can be
//
// Settings: the bits of scale. State: the "position", the number of steps so far.
#include <bit>
#include <cmath>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "positions.h"
#include "state.h"

namespace undertow {
namespace {

class Position final : public Unit {
 public:
  Position(const Program& program, size_t op, uint32_t slots) : Unit(program, op, slots), positions_(slots) {}

  void reset(uint32_t slot) override { positions_[slot] = 0; }
  void copy(uint32_t slot, const Unit& from, uint32_t from_slot) override {
    positions_[slot] = static_cast<const Position&>(from).positions_[from_slot];
  }
  void make_room(uint32_t slot, uint64_t steps) override { room_for(positions_[slot], steps, table().dims[0]); }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t row) const override {
    leaves[0].integers[row] = int64_t(positions_[slot]);
  }
  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t row) override {
    positions_[slot] = uint64_t(leaves[0].integers[row]);
  }

  void block(Pass& pass) override {
    const uint32_t channels = table().dims[1];
    const float scale = std::bit_cast<float>(op().settings[0]);
    for (uint32_t lane = 0; lane < pass.rows(); lane++)
      for (uint32_t tick = 0; tick < pass.count(0, lane); tick++) {
        const float* x = pass.floats(op().inputs[0], lane, tick);
        const float* added = table().f32() + positions_[pass.slot(lane)]++ * channels;
        float* y = pass.floats(op().output, lane, tick);
        for (uint32_t c = 0; c < channels; c++) y[c] = x[c] * scale + added[c];
        pass.quantise(op().output, lane, tick);
      }
  }

  void keep(Pass& pass) override {
    for (uint32_t lane = 0; lane < pass.rows(); lane++) positions_[pass.slot(lane)] += pass.count(0, lane);
  }

 private:
  const Tensor& table() const { return program_.graph.tensors[op().weight]; }

  std::vector<uint64_t> positions_;
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.elementwise(op);
    if (op.activation != Activation::none || op.add != -1 || op.bias != -1) {
      check.fail("has an activation, an added value or a bias");
    }
    if (op.settings.size() != 1) check.fail("has ", op.settings.size(), " settings, not a scale");
    const float scale = std::bit_cast<float>(op.settings[0]);
    if (!std::isfinite(scale)) check.fail("has the scale ", scale);
    if (check.value(op.output).domain != 0) check.fail("counts steps of domain ", check.value(op.output).domain);
    const Tensor& table = check.own_weight(op);
    if (table.type != Type::f32 || table.dims.size() != 2 || table.dims[1] != check.value(op.output).channels) {
      check.fail("has a table of ", shape(table), " ", name(table.type), "; it must be float32, with rows of ",
                 check.value(op.output).channels);
    }
  }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    return {{.name = op.name + ".position",
             .below = positions_below(graph.tensors[op.weight].dims[0]),
             .shared = true}};
  }

  uint64_t tick_bytes(const Graph& graph, const Op& op) const override {
    return graph.values[op.output].channels * sizeof(float);
  }

  Stands stands(const Op&) const override { return Stands::both; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Position>(program, op, slots);
  }
};

}  // namespace

const OpRules& position_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
