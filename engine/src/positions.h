// How many steps a row has had: what ops that know where they are keep, each for itself, as one leaf of the state.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace undertow {

constexpr uint64_t max_position = uint64_t(1) << 40;  // whose sines are still exact

// Positions lie below this where there can be `most` steps; 0: any number.
inline uint64_t positions_below(uint64_t most) { return (most > 0 ? most : max_position) + 1; }

// The position after so many more steps. Throws std::invalid_argument where there are too many.
inline uint64_t room_for(uint64_t position, uint64_t steps, uint64_t most) {
  const uint64_t allowed = positions_below(most) - 1;
  if (steps > allowed || position > allowed - steps)
    throw std::invalid_argument("the steps reach " + std::to_string(position) + " + " + std::to_string(steps) +
                                "; this model takes " + std::to_string(allowed));
  return position + steps;
}

}  // namespace undertow
