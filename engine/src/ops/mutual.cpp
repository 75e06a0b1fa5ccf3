// mutual     y = of each head, Σ_s softmax_s(q · k_s / √D) v_s over all steps s of the row, before and behind
//
// Input: q, k and v side by side, each H heads of D channels. Settings: H. Of an encoder. Sums run over the steps in order.
#include <algorithm>
#include <cmath>

#include "cache.h"
#include "check_ops.h"
#include "op.h"
#include "pass.h"

namespace undertow {
namespace {

constexpr uint32_t queries_at_once = 24;  // that share what is read of keys and values
constexpr uint32_t most_steps = 1 << 28;

// A row's keys and values are laid out as the products read them, then each query is answered.
class Mutual final : public Unit {
 public:
  Mutual(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), heads_(this->op().settings[0]),
        channels_(program.graph.values[this->op().output].channels / heads_), size_(heads_ * channels_),
        padded_(uint32_t(round_up(channels_, lane_group))), scale_(1.0f / std::sqrt(float(channels_))),
        cache_(heads_, channels_, channels_, most_steps), sums_(size_t(queries_at_once) * padded_) {}

  void make_room(uint32_t, uint64_t steps) override {
    cache_.make_room(steps);
    stride_ = cache_.room() + lane_group;
    if (scores_.size() >= queries_at_once * stride_) return;
    scores_ = Aligned<float>(queries_at_once * stride_);
    zeros_ = Aligned<float>(stride_);
  }

  void block(Pass& pass) override {
    for (uint32_t lane = 0; lane < pass.rows(); lane++) {
      const uint32_t count = pass.count(0, lane);
      for (uint32_t tick = 0; tick < count; tick++)
        for (uint32_t head = 0; head < heads_; head++) {
          const float* query = pass.floats(op().inputs[0], lane, tick) + head * channels_;
          cache_.put(tick, head, query + size_, query + 2 * size_);
        }
      for (uint32_t first = 0; first < count; first += queries_at_once)
        answer(pass, lane, first, std::min(queries_at_once, count - first), count);
    }
  }

 private:
  void answer(const Pass& pass, uint32_t lane, uint32_t first, uint32_t queries, uint32_t count) {
    const Kernels& kernels = program_.kernels;
    const uint32_t steps = uint32_t(round_up(count, cache_.panel()));
    const void* x[queries_at_once];
    for (uint32_t head = 0; head < heads_; head++) {
      for (uint32_t i = 0; i < queries; i++) x[i] = pass.floats(op().inputs[0], lane, first + i) + head * channels_;
      kernels.product_f32({cache_.keys(head, 0), channels_, 0, steps, queries, x, scores_.data(), stride_, zeros_.data()});
      for (uint32_t i = 0; i < queries; i++) {
        kernels.weigh(scores_.data() + i * stride_, count, scale_);
        x[i] = scores_.data() + i * stride_;
      }
      for (uint32_t c = 0; c < padded_; c += panel_width)
        kernels.product_f32({cache_.values(head, c, 0), count, 0, cache_.width(c), queries, x, sums_.data() + c, padded_,
                             zeros_.data()});
      for (uint32_t i = 0; i < queries; i++)
        std::copy_n(sums_.data() + size_t(i) * padded_, channels_,
                    pass.floats(op().output, lane, first + i) + head * channels_);
    }
    for (uint32_t i = 0; i < queries; i++) pass.quantise(op().output, lane, first + i);
  }

  const uint32_t heads_, channels_, size_, padded_;  // channels of a head, of all, and of one in whole groups of lanes
  const float scale_;
  Cache cache_;  // of the row that is worked on
  Aligned<float> scores_, zeros_, sums_;
  size_t stride_ = 0;  // from one query's scores to the next one's
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    check.inputs(op, 1);
    check.no_tensors(op);
    if (op.settings.size() != 1 || op.settings[0] == 0) check.fail("has settings other than its heads");
    const Value& given = check.value(op.inputs[0]);
    if (given.channels % 3 != 0 || given.channels / 3 % op.settings[0] != 0) {
      check.fail("reads ", given.channels, " channels, not three times as many as ", op.settings[0], " heads take");
    }
    check.output(op, given.channels / 3, given.domain);
  }

  Stands stands(const Op&) const override { return Stands::sources; }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Mutual>(program, op, slots);
  }
};

}  // namespace

const OpRules& mutual_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
