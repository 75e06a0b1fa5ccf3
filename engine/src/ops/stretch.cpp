// stretch    y_t = x_t, and zeros behind the source's last step
//
// Settings: the bits of two doubles, a and b, the lower half of each first. Every row of this encoder then has
// max(n, ⌈a n + b - 1e-6⌉) steps, n those of its source. There is one at most.
#include "ops/stretch.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

constexpr double most_ratio = 100, most_offset = 1000;
constexpr double rounding = 1e-6;  // by which a n + b may pass a whole number and still be it

double number(const Op& op, size_t first) {
  return std::bit_cast<double>(uint64_t(op.settings[first + 1]) << 32 | op.settings[first]);
}

class Stretch final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    const uint32_t channels = program_.graph.values[op().output].channels;
    for (uint32_t lane = 0; lane < pass.rows(); lane++)
      for (uint32_t tick = 0; tick < pass.count(0, lane); tick++) {
        float* y = pass.floats(op().output, lane, tick);
        if (tick < pass.lengths[lane])
          std::copy_n(pass.floats(op().inputs[0], lane, tick), channels, y);
        else
          std::fill_n(y, channels, 0.0f);
        pass.quantise(op().output, lane, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.elementwise(op);
    check.no_tensors(op);
    if (op.settings.size() != 4) check.fail("has ", op.settings.size(), " settings, not 4: two doubles");
    const double ratio = number(op, 0), offset = number(op, 2);
    if (!(ratio >= 0 && ratio <= most_ratio) || !(std::abs(offset) <= most_offset)) {
      check.fail("has the ratio ", ratio, " and the offset ", offset, "; they can be 0 to ", most_ratio, " and at most ",
                 most_offset);
    }
    check.only_one(op);
  }

  Stands stands(const Op&) const override { return Stands::sources; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Stretch>(program, op, slots);
  }
};

}  // namespace

uint64_t stretched(const Op& op, uint64_t steps) {
  const double wanted = std::ceil(double(steps) * number(op, 0) + number(op, 2) - rounding);
  return wanted > double(steps) ? uint64_t(wanted) : steps;
}

const OpRules& stretch_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
