// Where a continuous distribution that is cut into the alphabet's bins lies, how wide it is, and what a bin of a logistic
// has of it, as undertow.emissions.bins says: the same operations in the same order. NaN goes in and comes out.
#pragma once

#include <algorithm>

#include "undertow/emission.h"

namespace undertow {

class Bins {
 public:
  Bins(const Emission& emission, uint32_t num_symbols);

  static double mean(double raw) { return std::clamp(raw, -2.0, 2.0); }
  double log_scale(double raw) const { return std::clamp(raw + offset_, floor_, 2.0); }

  // log of the probability of a symbol's bin, of raw parameters: accurate in any tail, and in bins of any width.
  double log_logistic(double raw_mean, double raw_log_scale, uint32_t symbol) const;

 private:
  uint32_t num_symbols_;
  double offset_, floor_;
};

}  // namespace undertow
