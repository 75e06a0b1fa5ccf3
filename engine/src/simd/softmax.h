// Unnormalised probabilities of a categorical, and powers of e alone, over the types of simd/*.h.
#pragma once

#include <cstdint>
#include <cstring>

#include "../math.h"

namespace undertow::math {
namespace {

// weights[i] = exp((logits[i] - max) · inverse_temperature), for i < n.
template <class F64>
inline void softmax_weights(const float* logits, uint32_t n, double max, double inverse_temperature, double* weights) {
  const F64 highest = F64::broadcast(max), inverse = F64::broadcast(inverse_temperature);
  const uint32_t whole = n - n % F64::lanes;
  for (uint32_t i = 0; i < whole; i += F64::lanes)
    store(weights + i, exp64((F64::load(logits + i) - highest) * inverse));
  if (whole == n) return;
  float rest[F64::lanes] = {};
  double out[F64::lanes];
  std::memcpy(rest, logits + whole, (n - whole) * sizeof(float));
  store(out, exp64((F64::load(rest) - highest) * inverse));
  std::memcpy(weights + whole, out, (n - whole) * sizeof(double));
}

// x[i] = e^x[i], for i < n.
template <class F64>
inline void exponentials(double* x, uint32_t n) {
  const uint32_t whole = n - n % F64::lanes;
  for (uint32_t i = 0; i < whole; i += F64::lanes) store(x + i, exp64(F64::load(x + i)));
  if (whole == n) return;
  double rest[F64::lanes] = {};
  std::memcpy(rest, x + whole, (n - whole) * sizeof(double));
  store(rest, exp64(F64::load(rest)));
  std::memcpy(x + whole, rest, (n - whole) * sizeof(double));
}

}  // namespace
}  // namespace undertow::math
