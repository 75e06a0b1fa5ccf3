// Where a continuous distribution that is cut into the alphabet's bins lies, and how wide it is, as
// undertow.emissions.bins has it: the same operations in the same order. NaN goes in and comes out.
#pragma once

#include <algorithm>

#include "undertow/graph.h"

namespace undertow {

class Bins {
 public:
  Bins(const Emission& emission, uint32_t num_symbols);

  static double mean(double raw) { return std::clamp(raw, -2.0, 2.0); }
  double log_scale(double raw) const { return std::clamp(raw + offset_, floor_, 2.0); }

 private:
  double offset_, floor_;
};

}  // namespace undertow
