// norm       y = act(w (x - mean) / √(variance + epsilon) + b), over the channels of one step      weight, bias (C)
//
// Settings: the bits of epsilon, and 1 where the mean is taken for 0 (an RMS norm), else 0. The activation is none or
// relu; the bias may be missing.
#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "room.h"

namespace undertow {
namespace {

// Scales and shifts, padded with zeros to whole groups of lanes.
class PackedNorm final : public Packed {
 public:
  PackedNorm(const Graph& graph, const Op& op, Room& room) : graph_(graph), op_(op) {
    const size_t size = round_up(graph.values[op.output].channels, lane_group) * sizeof(float);
    weight = room.take(size), bias = room.take(size);
  }

  void fill(std::byte* memory) const override {
    for (const auto& [tensor, offset] : {std::pair(op_.weight, weight), std::pair(op_.bias, bias)})
      if (tensor >= 0)
        std::copy_n(graph_.tensors[tensor].f32(), graph_.values[op_.output].channels,
                    reinterpret_cast<float*>(memory + offset));
  }

  size_t weight, bias;

 private:
  const Graph& graph_;
  const Op& op_;
};

class Norm final : public Unit {
 public:
  using Unit::Unit;

  void block(Pass& pass) override {
    const auto& packed = program_.packed<PackedNorm>(index_);
    const bool centred = op().settings[1] == 0;
    const float epsilon = std::bit_cast<float>(op().settings[0]);
    for (uint32_t row = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        program_.kernels.normalise({op().activation, centred, epsilon, program_.graph.values[op().output].channels,
                                    pass.floats(op().inputs[0], row, tick), program_.floats(packed.weight),
                                    program_.floats(packed.bias), pass.floats(op().output, row, tick)});
        pass.quantise(op().output, row, tick);
      }
  }
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.elementwise(op);
    if (op.activation > Activation::relu) check.fail("has an activation other than relu");
    if (op.settings.size() != 2 || op.settings[1] > 1) check.fail("has settings other than an epsilon, then 0 or 1");
    const float epsilon = std::bit_cast<float>(op.settings[0]);
    if (!(epsilon > 0) || !std::isfinite(epsilon)) check.fail("has the epsilon ", epsilon, "; it must be above 0");
    if (op.add != -1) check.fail("adds value ", op.add);
    check.own_weight(op);
    check.vector("weight", op.weight, check.value(op.output).channels);
    if (op.bias != -1) check.vector("bias", op.bias, check.value(op.output).channels);
  }

  bool follows(const Op&) const override { return true; }

  uint64_t tick_bytes(const Graph& graph, const Op& op) const override {
    return 2 * graph.values[op.output].channels * sizeof(float);
  }

  std::unique_ptr<Packed> pack(const Graph& graph, const Op& op, Room& room) const override {
    return std::make_unique<PackedNorm>(graph, op, room);
  }

  Stands stands(const Op&) const override { return Stands::both; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Norm>(program, op, slots);
  }
};

}  // namespace

const OpRules& norm_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
