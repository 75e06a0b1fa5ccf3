// attend     y = Σ_s a_s value_s over the steps s of the row's source, a = softmax of how well key_s answers the query x
//
// Settings: the kind, and the heads. What it reads of the memory has names that begin with the op's, where it has one:
//   0, dot        of each head, of D channels: x · key_s / √D           "NAME.keys" and "NAME.values" (C)
//   1, additive   v · tanh(x + key_s), v the weight (C); one head       "keys" (C) and "annotations" (channels of y)
//
// Rows of one source are products together, of the source's keys and values. Sums over s are strictly in their order.
#include <algorithm>
#include <cmath>

#include "check_ops.h"
#include "memory.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

constexpr uint32_t dot = 0, additive = 1;
constexpr uint32_t most_together = 24;  // rows that are multiplied at once

class Attend final : public Unit {
 public:
  Attend(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), part_(first_memory_part(program.graph, op)), heads_(this->op().settings[1]),
        depth_(program.graph.values[this->op().inputs[0]].channels / heads_),
        channels_(program.graph.values[this->op().output].channels / heads_),
        width_(uint32_t(round_up(channels_, lane_group))), mixed_(most_together * width_) {
    lanes_.reserve(slots);
  }

  void remember(const Memory& memory) override {
    room_ = round_up(memory.longest(), lane_group);
    scores_ = Aligned<float>(most_together * room_);
    nothing_ = Aligned<float>(std::max<size_t>(room_, width_));
  }

  void block(Pass& pass) override {
    lanes_.clear();
    for (uint32_t lane = 0; lane < pass.rows(); lane++) lanes_.push_back(lane);
    std::sort(lanes_.begin(), lanes_.end(), [&](uint32_t one, uint32_t other) {
      return std::pair(pass.source(one), one) < std::pair(pass.source(other), other);
    });
    uint32_t source = 0, number = 0;
    for (uint32_t lane : lanes_)
      for (uint32_t tick = 0; tick < pass.count(domain(), lane); tick++) {
        if (number == most_together || (number > 0 && source != pass.source(lane))) {
          attend(pass, source, number);
          number = 0;
        }
        source = pass.source(lane);
        queries_[number++] = {lane, tick};
      }
    if (number > 0) attend(pass, source, number);
  }

 private:
  struct Query {
    uint32_t lane, tick;
  };

  void attend(Pass& pass, uint32_t source, uint32_t number) {
    const Kernels& kernels = program_.kernels;
    const uint32_t length = pass.memory->length(source);
    const void* x[most_together];
    for (uint32_t head = 0; head < heads_; head++) {
      for (uint32_t q = 0; q < number; q++)
        x[q] = pass.floats(op().inputs[0], queries_[q].lane, queries_[q].tick) + head * depth_;
      score(pass.memory->weights(part_, source, head), length, number, x);
      const float scale = op().settings[0] == dot ? float(1 / std::sqrt(double(depth_))) : 1.0f;
      for (uint32_t q = 0; q < number; q++) {
        kernels.weigh(scores_.data() + q * room_, length, scale);
        x[q] = scores_.data() + q * room_;
      }
      kernels.product_f32({pass.memory->weights(part_ + 1, source, head), length, 0, width_, number, x, mixed_.data(), width_,
                           nothing_.data()});
      for (uint32_t q = 0; q < number; q++)
        std::copy_n(mixed_.data() + q * width_, channels_,
                    pass.floats(op().output, queries_[q].lane, queries_[q].tick) + head * channels_);
    }
    for (uint32_t q = 0; q < number; q++) pass.quantise(op().output, queries_[q].lane, queries_[q].tick);
  }

  // How well the keys of a head answer each query.
  void score(const float* keys, uint32_t length, uint32_t number, const void* const* x) {
    const uint32_t end = uint32_t(round_up(length, lane_group));
    if (op().settings[0] == dot) {
      program_.kernels.product_f32({keys, depth_, 0, end, number, x, scores_.data(), room_, nothing_.data()});
      return;
    }
    const float* vector = program_.graph.tensors[op().weight].f32();
    for (uint32_t q = 0; q < number; q++)
      program_.kernels.compare({keys, depth_, end, static_cast<const float*>(x[q]), vector, scores_.data() + q * room_});
  }

  const size_t part_;
  const uint32_t heads_, depth_, channels_, width_;  // depth and channels of a head; its channels in whole groups of lanes
  size_t room_ = 0;                                  // for a row's scores
  Aligned<float> scores_{}, nothing_{}, mixed_;
  std::vector<uint32_t> lanes_;  // by their sources
  Query queries_[most_together];
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    if (op.activation != Activation::none || op.add != -1 || op.bias != -1 || op.scale != -1)
      check.fail("has an activation, an added value, a bias or a scale, which it does not read");
    if (op.settings.size() != 2 || op.settings[0] > additive) check.fail("has no kind and heads that are known");
    const auto [channels, domain, step, zero] = check.value(op.inputs[0]);
    const uint32_t heads = op.settings[1];
    if (op.settings[0] == additive) {
      check.vector("weight", op.weight, channels);
      if (heads != 1) check.fail("has ", heads, " heads, not 1");
      check.output(op, check.value(op.output).channels, domain);
      return;
    }
    if (op.weight != -1) check.fail("has a weight, which it does not read");
    if (op.name.empty()) check.fail("has no name, and so no memory");
    if (heads == 0 || channels % heads != 0) check.fail("has ", heads, " heads of ", channels, " channels");
    check.output(op, channels, domain);
  }

  std::vector<MemoryShape> memory(const Graph& graph, const Op& op) const override {
    const uint32_t query = graph.values[op.inputs[0]].channels, value = graph.values[op.output].channels;
    if (op.settings[0] == additive)
      return {{"keys", query, MemoryForm::keys}, {"annotations", value, MemoryForm::values}};
    const uint32_t heads = op.settings[1];
    return {{op.name + ".keys", query, MemoryForm::keys, heads}, {op.name + ".values", value, MemoryForm::values, heads}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Attend>(program, op, slots);
  }
};

}  // namespace

const OpRules& attend_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
