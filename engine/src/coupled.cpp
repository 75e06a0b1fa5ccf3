#include "coupled.h"

#include "math.h"

namespace undertow {

double Coupled::mean(uint32_t component, std::span<const int64_t> known) const {
  const size_t channel = known.size(), first = 1 + 2 * num_channels + channel * (channel - 1) / 2;
  double mean = at(1 + channel, component);
  for (size_t place = 0; place < channel; place++) {
    const double value = (2.0 * double(known[place]) + 1 - num_symbols_) / num_symbols_;
    mean += math::tanh64(at(first + place, component)) * value;
  }
  return mean;
}

}  // namespace undertow
