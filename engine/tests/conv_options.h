// What a convolution of a FileBuilder looks at, and what follows its sums.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "undertow/graph.h"

namespace undertow::testing {

struct ConvOptions {
  uint32_t kernel_size = 1, dilation = 1;
  std::vector<uint32_t> lags = {};  // instead of those two
  uint32_t width = 0, late = 0;     // of a raster, and the columns of each tap
  int32_t ahead = 0;
  std::vector<int32_t> columns = {};
  uint32_t phases = 1;              // each with weights, biases and scales of its own
  Activation activation = Activation::none;
  int32_t add = -1;
  Type type = Type::f32;
  bool bias = true;
};

// Taps on a raster of so many columns: pixels so many rows up and columns to the right, as far as rows have such columns.
// With several phases each value of a pixel is a tap, as far as it is not to come in every phase.
inline ConvOptions raster(uint32_t width, std::vector<std::pair<uint32_t, int32_t>> pixels, uint32_t late = 0,
                          int32_t ahead = 0, uint32_t phases = 1) {
  ConvOptions made{.width = width * phases, .late = late, .ahead = ahead, .phases = phases};
  for (const auto& [up, right] : pixels)
    for (uint32_t value = 0; value < phases; value++) {
      const int32_t columns = right * int32_t(phases) + int32_t(value);
      const int32_t lag = int32_t(up * made.width) - columns - ahead;
      if (std::abs(right) >= int32_t(width) || (phases > 1 && lag + int32_t(phases) <= 0)) continue;
      made.lags.push_back(uint32_t(lag));
      made.columns.push_back(columns);
    }
  return made;
}

}  // namespace undertow::testing
