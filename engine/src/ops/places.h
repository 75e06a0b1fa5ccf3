// What the ops share that go through a raster pixel by pixel, two rows and over again: where each slot stands, and what
// it keeps of a row.
//
// Settings: the pixels of a row.
#pragma once

#include <string>
#include <vector>

#include "aligned.h"
#include "check_ops.h"
#include "op.h"

namespace undertow {

// State: "held", vectors for the pixels of a row, if there are any; and where in two rows the next tick stands, which
// all such ops of a clock have in common.
class Placed : public Unit {
 public:
  Placed(const Program& program, size_t op, uint32_t slots, uint32_t channels);

  void reset(uint32_t slot) override;
  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override;
  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override;
  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override;

 protected:
  uint32_t width() const { return width_; }
  uint32_t channels() const { return channels_; }
  uint32_t place(uint32_t slot) const { return places_[slot]; }
  bool begins_square(uint32_t slot) const { return places_[slot] < width_ && places_[slot] % 2 == 0; }
  void advance(uint32_t slot) { places_[slot] = places_[slot] + 1 == 2 * width_ ? 0 : places_[slot] + 1; }
  float* held(uint32_t slot, uint32_t column) const {
    return held_.data() + (size_t(slot) * width_ + column) * channels_;
  }

 private:
  uint32_t width_, channels_;  // of what is held; 0: nothing
  Aligned<float> held_;        // (slots, width, channels)
  std::vector<uint32_t> places_;
};

// The leaves of such an op, whose place is that of a domain.
std::vector<LeafShape> placed_leaves(const Op& op, uint32_t width, uint32_t channels, uint32_t domain);

void check_placed(OpCheck& check, const Op& op);                             // its inputs, settings and clock
void check_even_rows(OpCheck& check, const Op& op, uint32_t domain);         // that rows can be halved

// The name of an integer that all ops of a clock have in common.
std::string clock_leaf(const char* what, uint32_t domain);

}  // namespace undertow
