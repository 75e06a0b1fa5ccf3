// lstm       c = σ(f) · c + σ(i) · tanh(g), y = σ(o) · tanh(c)      of gates i, f, g, o (4C); weight (C): the first c, or none
//
// No settings: c is that of a tick ago. Of a raster: its width in steps; how many ticks ago the c that is read was made; and
// how many columns to the right of this place that lies: 0 stands for it beyond the ends of its row, and at first.
#include <algorithm>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "ring.h"
#include "state.h"

namespace undertow {
namespace {

uint32_t lag_of(const Op& op) { return op.settings.empty() ? 1 : op.settings[1]; }

// State: the last cells, c; one of them is a leaf of the op's name. Of a raster: "past", a ring of as many as the lag,
// "cursor", the place of the oldest, and "place", where in the raster a row stands.
class LstmUnit final : public Unit {
 public:
  LstmUnit(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), channels_(program.graph.values[this->op().output].channels),
        room_(round_up(channels_, lane_group)) {
    ring_.length = lag_of(this->op()), ring_.slots = slots, ring_.entry = room_ * sizeof(float);
    ring_.memory = Aligned<std::byte>(size_t(slots) * ring_.length * ring_.entry);
    ring_.cursors.assign(slots, 0);
    if (this->op().settings.empty()) return;
    width_ = this->op().settings[0], columns_ = int32_t(this->op().settings[2]);
    places_.assign(slots, 0);
  }

  void reset(uint32_t slot) override {
    for (uint32_t place = 0; place < ring_.length; place++) std::fill_n(at(slot, place), room_, 0.0f);
    if (op().weight >= 0) std::copy_n(program_.graph.tensors[op().weight].f32(), channels_, at(slot, 0));
    ring_.cursors[slot] = 0;
    if (width_ > 0) places_[slot] = 0;
  }

  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override {
    const auto& from = static_cast<const LstmUnit&>(other);
    for (uint32_t place = 0; place < ring_.length; place++)
      std::copy_n(from.at(other_slot, place), channels_, at(slot, place));
    ring_.cursors[slot] = from.ring_.cursors[other_slot];
    if (width_ > 0) places_[slot] = from.places_[other_slot];
  }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override {
    float* out = leaves[0].floats.data() + size_t(leaf_row) * ring_.length * channels_;
    for (uint32_t age = ring_.length; age > 0; age--)
      out = std::copy_n(at(slot, ring_.place(slot, age)), channels_, out);
    if (width_ > 0) leaves[1].integers[leaf_row] = 0, leaves[2].integers[leaf_row] = places_[slot];
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override {
    const float* in = leaves[0].floats.data() + size_t(leaf_row) * ring_.length * channels_;
    const int64_t oldest = width_ > 0 ? leaves[1].integers[leaf_row] : 0;
    for (uint32_t number = 0; number < ring_.length; number++)
      std::copy_n(in + size_t((oldest + number) % ring_.length) * channels_, channels_, at(slot, number));
    ring_.cursors[slot] = 0;
    if (width_ > 0) places_[slot] = leaves[2].integers[leaf_row];
  }

  // The oldest cell is the one that is read, and gives way to the next.
  void block(Pass& pass) override {
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        const uint32_t slot = pass.slot(row);
        float* cell = at(slot, ring_.cursors[slot]);
        if (width_ > 0 && !sees(places_[slot]++)) std::fill_n(cell, channels_, 0.0f);
        program_.kernels.lstm({channels_, pass.floats(op().inputs[0], row, tick), cell,
                               pass.floats(op().output, row, tick)});
        pass.quantise(op().output, row, tick);
        ring_.advance(slot);
      }
  }

 private:
  float* at(uint32_t slot, uint32_t place) const { return reinterpret_cast<float*>(ring_.at(slot, place)); }
  bool sees(int64_t place) const { return uint64_t(place % width_ + columns_) < width_; }

  uint32_t channels_, width_ = 0;
  int32_t columns_ = 0;
  size_t room_;
  Ring ring_;
  std::vector<int64_t> places_{};  // of each slot, in a raster
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.cell(op);
    const Value &gates = check.value(op.inputs[0]), &y = check.value(op.output);
    if (gates.channels != 4 * uint64_t(y.channels)) {
      check.fail("reads ", gates.channels, " channels, not 4 times the ", y.channels, " it makes");
    }
    check.output(op, y.channels, gates.domain);
    if (op.weight != -1) {
      check.own_weight(op);
      check.vector("first cell", op.weight, y.channels);
    }
    if (!op.settings.empty()) check_raster(check, op);
  }

  Keeps keeps(const Op&) const override { return Keeps::everything; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const uint32_t channels = graph.values[op.output].channels;
    if (op.settings.empty()) return {{op.name, {channels}}};
    return {{.name = op.name + ".past", .dims = {lag_of(op), channels}},
            {.name = op.name + ".cursor", .below = lag_of(op)},
            {.name = op.name + ".place", .below = max_place}};
  }

  Stands stands(const Op& op) const override { return op.settings.empty() ? Stands::both : Stands::steps; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<LstmUnit>(program, op, slots);
  }

 private:
  static void check_raster(const OpCheck& check, const Op& op) {
    if (op.settings.size() != 3 || op.weight != -1) {
      check.fail("has ", op.settings.size(),
                 " settings; a raster has 3 and no first cell: a width, a lag, and a column");
    }
    const int64_t width = op.settings[0], lag = op.settings[1], columns = int32_t(op.settings[2]);
    if (width < 1 || width > int64_t(max_history) || lag < 1 || lag > int64_t(max_history)) {
      check.fail("has rows of ", width, " pixels and a lag of ", lag, "; both are 1 to ", max_history);
    }
    if ((lag + columns) % width != 0) {
      check.fail("has a cell of lag ", lag, " that looks ", columns, " columns aside in rows of ", width);
    }
  }
};

}  // namespace

const OpRules& lstm_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
