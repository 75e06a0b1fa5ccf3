// Draws a symbol from an emission's parameters: the one that undertow.emissions draws from the same uniforms.
#pragma once

#include <cstdint>
#include <vector>

#include "undertow/bins.h"
#include "undertow/emission.h"

namespace undertow {

// As undertow.emissions.Sampling; the filters are for categorical emissions, others pass them over.
struct Sampling {
  double temperature = 1;  // 0: the most probable symbol
  uint32_t top_k = 0;      // 0: no such filter
  double top_p = 1;        // 1: no such filter
};

// weights[i] = exp((logits[i] - max) · inverse_temperature), in double
using Softmax = void (*)(const float* logits, uint32_t n, double max, double inverse_temperature, double* weights);

class Sampler {
 public:
  Sampler(const Emission& emission, uint32_t num_symbols, uint32_t num_params, Softmax softmax);

  // From num_params parameters and num_uniforms() uniforms in [0, 1). Where a parameter is not a number there is no
  // such symbol, and it gives num_symbols. Allocates nothing.
  int64_t draw(const float* params, const double* uniforms, const Sampling& sampling);
  // A step's symbols, one or a vector of them, each of whose elements may be no such symbol.
  void draw(const float* params, const double* uniforms, const Sampling& sampling, int64_t* out);

  uint32_t num_uniforms() const { return emission_.num_uniforms(); }

 private:
  bool weigh(const float* logits, double temperature);
  int64_t invert(double uniform);
  void filter(const float* logits, const Sampling& sampling);
  int64_t draw_categorical(const float* logits, double uniform, const Sampling& sampling);
  int64_t draw_mixture(const float* params, const double* uniforms, double temperature);
  void draw_bernoulli(const float* logits, const double* uniforms, double temperature, int64_t* out) const;
  void draw_coupled(const float* params, const double* uniforms, double temperature, int64_t* out);
  uint32_t draw_component(const float* logits, double uniform, double temperature);
  int64_t draw_bin(double mean, double log_scale, double uniform, double temperature) const;

  Emission emission_;
  uint32_t num_symbols_, num_params_, num_choices_;  // symbols, or components of a mixture
  Bins bins_;
  Softmax softmax_;
  std::vector<double> weights_;
  std::vector<uint64_t> ranks_;  // the choice in the low half
};

}  // namespace undertow
