#include "undertow/bins.h"

#include "math.h"

namespace undertow {

Bins::Bins(const Emission& emission, uint32_t num_symbols) {
  const double width = 2.0 / num_symbols;
  offset_ = math::log64(std::max(emission.initial_scale, width));
  floor_ = math::log64(width) - emission.scale_margin;
}

}  // namespace undertow
