#include "undertow/bins.h"

#include "math.h"

namespace undertow {

Bins::Bins(const Emission& emission, uint32_t num_symbols) : num_symbols_(num_symbols) {
  const double width = 2.0 / num_symbols;
  offset_ = math::log64(std::max(emission.initial_scale, width));
  floor_ = math::log64(width) - emission.scale_margin;
}

double Bins::log_logistic(double raw_mean, double raw_log_scale, uint32_t symbol) const {
  const double centre = (2.0 * symbol + 1 - num_symbols_) / num_symbols_;
  const double precision = math::exp64(simd_scalar::F64{-log_scale(raw_log_scale)}).v;
  const double middle = (centre - mean(raw_mean)) * precision, half = precision / num_symbols_;
  if (symbol == 0) return math::log_sigmoid64(middle + half);
  if (symbol == num_symbols_ - 1) return math::log_sigmoid64(half - middle);
  // 1 - e^(-2h) = tanh(h) (1 + e^(-2h))
  const double width = math::tanh64(half) * (1 + math::exp64(simd_scalar::F64{-2 * half}).v);
  return math::log_sigmoid64(middle + half) + math::log_sigmoid64(half - middle) + math::log64(width);
}

}  // namespace undertow
