// Room in the memory of a program, taken piece by piece before the memory is there.
#pragma once

#include "aligned.h"

namespace undertow {

class Room {
 public:
  // Where a piece of so many bytes begins, on a cache line.
  size_t take(size_t bytes) {
    const size_t at = bytes_;
    bytes_ += round_up(bytes, 64);
    return at;
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

}  // namespace undertow
