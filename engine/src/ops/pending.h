// What the ops share that gather inputs of several ticks before they give any of them: `frame`, `turn` and `row`.
#pragma once

#include <string>
#include <vector>

#include "aligned.h"
#include "op.h"

namespace undertow {

// State: "pending", the inputs of what is not whole yet, and a number that tells how many they are: itself, or one less
// where `first` is 1 and there is none at 0.
class Pending : public Unit {
 public:
  Pending(const Program& program, size_t op, uint32_t slots, uint32_t first = 0);

  void reset(uint32_t slot) override;
  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override;
  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override;
  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override;

 protected:
  uint32_t period() const { return period_; }
  uint32_t channels() const { return channels_; }
  uint32_t& number(uint32_t slot) { return numbers_[slot]; }
  float* pending(uint32_t slot, uint32_t index) const {
    return pending_.data() + (size_t(slot) * period_ + index) * channels_;
  }

 private:
  size_t size() const { return size_t(period_) * channels_; }

  uint32_t first_, period_, channels_;  // of an input
  Aligned<float> pending_;              // (slots, period, channels)
  std::vector<uint32_t> numbers_;
};

// The leaves of such an op, whose inputs have so many channels; `number` has its name and bounds.
std::vector<LeafShape> pending_leaves(const Graph& graph, const Op& op, LeafShape number);

}  // namespace undertow
