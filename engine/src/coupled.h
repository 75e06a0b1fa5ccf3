// A pixel's channels as a mixture of logistics whose means move with the channels before them, as
// undertow.emissions.coupled_logistics has it: the same operations in the same order. NaN goes in and comes out.
#pragma once

#include <cstdint>
#include <span>

#include "undertow/emission.h"

namespace undertow {

// The parameters of one pixel: K logits; then of each channel K means; then K log-scales; then K couplings of each of
// green with red, blue with red, and blue with green.
class Coupled {
 public:
  Coupled(const float* params, uint32_t num_components, uint32_t num_symbols)
      : params_(params), components_(num_components), num_symbols_(num_symbols) {}

  // Of a component, the mean of the channel after those that are known, and the log-scale of a channel: raw parameters.
  double mean(uint32_t component, std::span<const int64_t> known) const;
  float log_scale(uint32_t component, size_t channel) const { return at(1 + num_channels + channel, component); }

 private:
  float at(size_t part, uint32_t component) const { return params_[part * components_ + component]; }

  const float* params_;
  uint32_t components_, num_symbols_;
};

}  // namespace undertow
