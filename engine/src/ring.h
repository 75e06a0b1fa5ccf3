// The past inputs of one convolution for each slot, floats or bytes. A slot is written where its cursor stands, at its
// oldest entry. What slots wrote at the same place lies side by side: rows that go along together are one stretch.
#pragma once

#include <cstdint>
#include <vector>

#include "aligned.h"

namespace undertow {

struct Ring {
  uint32_t length = 0;  // entries a slot; 0: the convolution keeps none
  uint32_t slots = 0;
  size_t entry = 0;     // bytes from one entry to the next
  Aligned<std::byte> memory{};
  std::vector<uint32_t> cursors{};

  std::byte* at(uint32_t slot, uint32_t place) const { return memory.data() + (size_t(place) * slots + slot) * entry; }
  // Where that lies which was written `age` entries ago, 1 <= age <= length.
  uint32_t place(uint32_t slot, uint32_t age) const {
    const uint32_t place = cursors[slot] + length - age;
    return place < length ? place : place - length;
  }
  void advance(uint32_t slot) { cursors[slot] = cursors[slot] + 1 == length ? 0 : cursors[slot] + 1; }
};

}  // namespace undertow
