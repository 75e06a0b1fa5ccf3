// What a set of rows remembers between steps: rings of past inputs, frames half filled, frames being read.
//
// A ring is written where its cursor stands, at its oldest entry; each row has its own cursor.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "aligned.h"
#include "program.h"

namespace undertow {

// The past inputs of one convolution, floats or bytes.
struct Ring {
  uint32_t length = 0;   // entries a row; 0: the convolution keeps none
  size_t entry = 0;      // bytes from one entry to the next
  Aligned<std::byte> memory;
  std::vector<uint32_t> cursors;

  std::byte* at(uint32_t row, uint32_t slot) const {
    return memory.data() + (size_t(row) * length + slot) * entry;
  }
  // The slot of what was written `age` entries ago, 1 <= age <= length.
  uint32_t slot(uint32_t row, uint32_t age) const {
    const uint32_t place = cursors[row] + length - age;
    return place < length ? place : place - length;
  }
  void advance(uint32_t row) { cursors[row] = cursors[row] + 1 == length ? 0 : cursors[row] + 1; }
};

// The inputs of a frame that is not whole yet.
struct Pending {
  uint32_t period = 0, channels = 0;
  Aligned<float> memory;  // (rows, period, channels)
  std::vector<uint32_t> numbers;

  float* at(uint32_t row, uint32_t slot) const { return memory.data() + (size_t(row) * period + slot) * channels; }
};

// The last frame, that steps read slot by slot.
struct Held {
  uint32_t period = 0, channels = 0;
  Aligned<float> memory;  // (rows, period, channels)

  float* at(uint32_t row) const { return memory.data() + size_t(row) * period * channels; }
};

// A part of the state as others know it, by name: floats (rows, length, channels), or one integer a row.
struct Leaf {
  std::string name;
  std::vector<int64_t> shape;
  bool integer = false;
  std::vector<float> floats;
  std::vector<int64_t> integers;
};

struct State {
  std::vector<Ring> rings;        // one an op; empty for what keeps none
  std::vector<Pending> pending;
  std::vector<Held> held;

  State(const Program& program, uint32_t rows);

  // Before the first step: zeros, which int8 rings hold as their zero point.
  void reset(const Program& program);

  // Write a row's part into leaves, or take it from them; `leaf_row` is the row's place there.
  void write(const Program& program, uint32_t row, std::vector<Leaf>& leaves, uint32_t leaf_row) const;
  void read(const Program& program, uint32_t row, const std::vector<Leaf>& leaves, uint32_t leaf_row);
};

// Leaves in the order of the ops, for `State::read`. Throws std::invalid_argument where they are not those of so many
// rows of this program, or their integers are out of bounds.
std::vector<Leaf> in_order(const Program& program, uint32_t rows, std::vector<Leaf> leaves);

// Leaves of the right shapes for so many rows, zeroed, in the order of the ops.
std::vector<Leaf> empty_leaves(const Program& program, uint32_t rows);

}  // namespace undertow
