// The memory of values for some rows: a block of steps of each, and apart from it one step, whose vectors lie together.
#pragma once

#include <vector>

#include "aligned.h"
#include "pass.h"
#include "program.h"

namespace undertow {

class Values {
 public:
  // Room for blocks of any number of rows up to `rows`.
  Values(const Program& program, uint32_t rows);

  // Steps a block of so many rows may have.
  static uint32_t block_steps(uint32_t rows);

  // Make places for blocks of so many rows.
  void arrange(uint32_t rows);

  // Places in a block; and in a step, where what is known ahead and what ticks more slowly stays in a block's memory.
  const std::vector<Place>& block() const { return block_; }
  const std::vector<Place>& step() const { return step_; }

  // Most vectors of any value in a block, over all rows.
  size_t most_vectors() const { return most_vectors_; }

 private:
  uint32_t ticks(uint32_t domain, uint32_t steps) const;  // most that a domain has in a block
  void make_block(uint32_t rows);
  void make_step(uint32_t rows);

  const Program& program_;
  size_t most_vectors_ = 0;
  std::vector<Place> block_, step_;
  Aligned<float> block_floats_, step_floats_;
  Aligned<uint8_t> block_bytes_, step_bytes_;
};

}  // namespace undertow
