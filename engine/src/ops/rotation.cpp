// rotation   y = cos(position · w_i), then sin(position · w_i), of each angle w_i
//
// Settings: the most steps there can be, or 0 for any number; then the angles a step turns by, each the lower and the
// upper half of a double's bits. Sums and sines are double. State: the "position", the number of steps so far.
#include <bit>

#include "check_ops.h"
#include "math.h"
#include "op.h"
#include "pass.h"
#include "positions.h"
#include "state.h"

namespace undertow {
namespace {

double angle(const Op& op, uint32_t i) {
  return std::bit_cast<double>(uint64_t(op.settings[2 + 2 * i]) << 32 | op.settings[1 + 2 * i]);
}

class Rotation final : public Unit {
 public:
  Rotation(const Program& program, size_t op, uint32_t slots) : Unit(program, op, slots), positions_(slots) {
    for (uint32_t i = 0; i < (this->op().settings.size() - 1) / 2; i++) angles_.push_back(angle(this->op(), i));
  }

  void reset(uint32_t slot) override { positions_[slot] = 0; }
  void copy(uint32_t slot, const Unit& from, uint32_t from_slot) override {
    positions_[slot] = static_cast<const Rotation&>(from).positions_[from_slot];
  }
  void make_room(uint32_t slot, uint64_t steps) override { room_for(positions_[slot], steps, op().settings[0]); }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t row) const override {
    leaves[0].integers[row] = int64_t(positions_[slot]);
  }
  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t row) override {
    positions_[slot] = uint64_t(leaves[0].integers[row]);
  }

  void block(Pass& pass) override {
    const size_t half = angles_.size();
    for (uint32_t lane = 0; lane < pass.rows(); lane++)
      for (uint32_t tick = 0; tick < pass.count(0, lane); tick++) {
        const double position = double(positions_[pass.slot(lane)]++);
        float* y = pass.floats(op().output, lane, tick);
        for (size_t i = 0; i < half; i++) {
          const math::SinCos turned = math::sincos64(position * angles_[i]);
          y[i] = float(turned.cos), y[half + i] = float(turned.sin);
        }
        pass.quantise(op().output, lane, tick);
      }
  }

  void keep(Pass& pass) override {
    for (uint32_t lane = 0; lane < pass.rows(); lane++) positions_[pass.slot(lane)] += pass.count(0, lane);
  }

 private:
  std::vector<double> angles_;
  std::vector<uint64_t> positions_;
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 0);
    check.no_tensors(op);
    if (op.settings.size() < 3 || op.settings.size() % 2 == 0) {
      check.fail("has ", op.settings.size(), " settings, not the most steps and two for each angle");
    }
    const uint32_t half = uint32_t(op.settings.size() / 2);
    for (uint32_t i = 0; i < half; i++)
      if (!(angle(op, i) >= 0 && angle(op, i) <= 1)) check.fail("turns by ", angle(op, i), "; it must be 0 to 1");
    check.output(op, 2 * half, 0);
  }

  std::vector<LeafShape> leaves(const Graph&, const Op& op) const override {
    return {{.name = op.name + ".position", .below = positions_below(op.settings[0]), .shared = true}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Rotation>(program, op, slots);
  }
};

}  // namespace

const OpRules& rotation_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
