// The memory of values for some rows: a block of steps of each, and apart from it one step, whose vectors lie together.
#pragma once

#include <vector>

#include "aligned.h"
#include "pass.h"
#include "program.h"

namespace undertow {

class Values {
 public:
  // Room for blocks of at most `steps`.
  Values(const Program& program, uint32_t rows, uint32_t steps);

  // Places in a block; and in a step, where what is known ahead and what ticks more slowly stays in a block's memory.
  std::vector<Place> block() const { return block_; }
  std::vector<Place> step() const { return step_; }

  // Most ticks of any clock in a block.
  uint32_t most_ticks() const;

 private:
  void place_block(const Program& program, uint32_t rows);
  void place_step(const Program& program, uint32_t rows);

  std::vector<uint32_t> capacity_;  // of each domain, ticks a block may have
  std::vector<Place> block_, step_;
  Aligned<float> block_floats_, step_floats_;
  Aligned<uint8_t> block_bytes_, step_bytes_;
};

}  // namespace undertow
