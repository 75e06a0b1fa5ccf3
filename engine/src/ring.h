// The past inputs of one convolution for each row, floats or bytes. A row is written where its cursor stands, at its
// oldest entry.
#pragma once

#include <cstdint>
#include <vector>

#include "aligned.h"

namespace undertow {

struct Ring {
  uint32_t length = 0;  // entries a row; 0: the convolution keeps none
  size_t entry = 0;     // bytes from one entry to the next
  Aligned<std::byte> memory{};
  std::vector<uint32_t> cursors{};

  std::byte* at(uint32_t row, uint32_t slot) const { return memory.data() + (size_t(row) * length + slot) * entry; }
  // The slot of what was written `age` entries ago, 1 <= age <= length.
  uint32_t slot(uint32_t row, uint32_t age) const {
    const uint32_t place = cursors[row] + length - age;
    return place < length ? place : place - length;
  }
  void advance(uint32_t row) { cursors[row] = cursors[row] + 1 == length ? 0 : cursors[row] + 1; }
};

}  // namespace undertow
