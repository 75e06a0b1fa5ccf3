#include "undertow/sampling.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>
#include <span>

#include "coupled.h"
#include "math.h"
#include "simd/scalar.h"

namespace undertow {
namespace {

constexpr double SMALLEST_UNIFORM = 0x1p-54;

// Without a branch, so that it can be done many at a time.
bool any_nan(const float* x, uint32_t n) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < n; ++i) found |= x[i] != x[i];
  return found;
}

// Of what is a number. Eight maxima side by side, so that none waits for another.
float maximum(const float* x, uint32_t n) {
  float best[8];
  std::fill_n(best, 8, -std::numeric_limits<float>::infinity());
  uint32_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (uint32_t j = 0; j < 8; ++j) best[j] = x[i + j] > best[j] ? x[i + j] : best[j];
  for (; i < n; ++i) best[0] = x[i] > best[0] ? x[i] : best[0];
  return *std::max_element(best, best + 8);
}

// A number that is lower the earlier a choice ranks: by falling logit, then in order (the two zeros are equal).
uint64_t rank_of(float logit, uint32_t choice) {
  const uint32_t bits = std::bit_cast<uint32_t>(logit + 0.0f);
  const uint32_t negative = static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31);
  return uint64_t(bits ^ (~negative & 0x7fffffff)) << 32 | choice;
}

// Brings the lowest ranks to the front, the fewest whose measure reaches the goal (all, if they do not), and says how
// many they are.
//
// Quickselect, in linear time: sorting would not be. The pivots are picked as if at random, since a peak of logits,
// which is what most look like, would make any fixed place a bad one; and no branch depends on a comparison, since none
// could be foretold.
template <class Measure>
size_t select_fewest(std::span<uint64_t> ranks, double goal, Measure measure) {
  size_t begin = 0, end = ranks.size();
  for (uint64_t random = 1; end - begin > 1;) {
    random = random * 6364136223846793005 + 1442695040888963407;
    const uint64_t pivot = ranks[begin + ((random >> 32) * (end - begin) >> 32)];
    size_t middle = begin;
    for (size_t i = begin; i < end; ++i) {
      const uint64_t rank = ranks[i];
      ranks[i] = ranks[middle];
      ranks[middle] = rank;
      middle += rank <= pivot;
    }
    if (middle == end) continue;
    const double lower = measure(ranks.subspan(begin, middle - begin));
    if (lower < goal) {
      goal -= lower;
      begin = middle;
    } else {
      end = middle;
    }
  }
  return end;
}

uint32_t choices(const Emission& emission, uint32_t num_params) {
  if (emission.kind == EmissionKind::categorical) return num_params;
  return emission.is_mixture() ? emission.num_components : 0;
}

}  // namespace

Sampler::Sampler(const Emission& emission, uint32_t num_symbols, uint32_t num_params, Softmax softmax)
    : emission_(emission),
      num_symbols_(num_symbols),
      num_params_(num_params),
      num_choices_(choices(emission, num_params)),
      bins_(emission, num_symbols),
      softmax_(softmax),
      weights_(num_choices_),
      ranks_(emission_.kind == EmissionKind::categorical ? num_choices_ : 0) {}

void Sampler::draw(const float* params, const double* uniforms, const Sampling& sampling, int64_t* out) {
  if (emission_.kind == EmissionKind::bernoulli)
    draw_bernoulli(params, uniforms, sampling.temperature, out);
  else if (emission_.is_coupled())
    draw_coupled(params, uniforms, sampling.temperature, out);
  else
    *out = draw(params, uniforms, sampling);
}

// Elements one by one: 0 up to its probability, in float64 as undertow.emissions.bernoulli.
void Sampler::draw_bernoulli(const float* logits, const double* uniforms, double temperature, int64_t* out) const {
  for (uint32_t i = 0; i < emission_.num_components; i++) {
    const double logit = logits[i];
    const double zero = 1 / (1 + math::exp64(simd_scalar::F64{logit / temperature}).v);
    const bool one = temperature == 0 ? logit > 0 : uniforms[i] >= zero;
    out[i] = logit != logit ? num_symbols_ : one;
  }
}

// A component, then the quantile of each channel, whose mean moves with the bins of those before it.
void Sampler::draw_coupled(const float* params, const double* uniforms, double temperature, int64_t* out) {
  if (any_nan(params, num_params_)) {
    std::fill_n(out, num_channels, int64_t(num_symbols_));
    return;
  }
  const Coupled pixel(params, num_choices_, num_symbols_);
  const uint32_t component = draw_component(params, uniforms[0], temperature);
  for (uint32_t channel = 0; channel < num_channels; channel++)
    out[channel] = draw_bin(pixel.mean(component, {out, channel}), pixel.log_scale(component, channel),
                            uniforms[1 + channel], temperature);
}

int64_t Sampler::draw(const float* params, const double* uniforms, const Sampling& sampling) {
  if (emission_.kind == EmissionKind::categorical) return draw_categorical(params, uniforms[0], sampling);
  if (emission_.kind == EmissionKind::gaussian) return draw_bin(params[0], params[1], uniforms[0], sampling.temperature);
  return draw_mixture(params, uniforms, sampling.temperature);
}

int64_t Sampler::draw_categorical(const float* logits, double uniform, const Sampling& sampling) {
  if (sampling.temperature == 0)
    return any_nan(logits, num_choices_) ? num_symbols_ : std::max_element(logits, logits + num_choices_) - logits;
  if (!weigh(logits, sampling.temperature)) return num_symbols_;
  if ((sampling.top_k != 0 && sampling.top_k < num_choices_) || sampling.top_p < 1) filter(logits, sampling);
  return invert(uniform);
}

// Of logits that are numbers. The temperature is for the components' scales alone; at 0 it is the heaviest.
uint32_t Sampler::draw_component(const float* logits, double uniform, double temperature) {
  if (temperature == 0) return uint32_t(std::max_element(logits, logits + num_choices_) - logits);
  const uint32_t last = num_choices_ - 1;
  return weigh(logits, 1) ? uint32_t(std::min<int64_t>(invert(uniform), last)) : last;
}

// A component, then its quantile.
int64_t Sampler::draw_mixture(const float* params, const double* uniforms, double temperature) {
  if (any_nan(params, num_choices_)) return num_symbols_;
  const uint32_t component = draw_component(params, uniforms[0], temperature);
  const float *means = params + num_choices_, *log_scales = means + num_choices_;
  return draw_bin(means[component], log_scales[component], uniforms[1], temperature);
}

// The bin of the quantile (undertow.emissions.bins), the same operations in the same order.
int64_t Sampler::draw_bin(double mean, double log_scale, double uniform, double temperature) const {
  const double scale = math::exp64(simd_scalar::F64{bins_.log_scale(log_scale)}).v;
  const double u = uniform < SMALLEST_UNIFORM ? SMALLEST_UNIFORM : uniform;
  const double quantile = emission_.is_logistic() ? math::log64(u / (1 - u)) : math::ndtri64(u);
  const double signal = Bins::mean(mean) + temperature * scale * quantile;
  const double bin = std::floor((signal + 1) * (num_symbols_ / 2.0));
  return bin != bin ? num_symbols_ : static_cast<int64_t>(std::clamp(bin, 0.0, num_symbols_ - 1.0));
}

// Unnormalised probabilities into weights_; false where they are not numbers.
bool Sampler::weigh(const float* logits, double temperature) {
  const double max = maximum(logits, num_choices_);
  if (!std::isfinite(max)) return false;
  // Bounded, so that the largest logit's 0 stays 0 at the smallest temperatures.
  softmax_(logits, num_choices_, max, std::min(1 / temperature, DBL_MAX), weights_.data());
  return !any_nan(logits, num_choices_);
}

// The choice whose share of the weights contains the uniform; num_choices_ where none does. Uses the weights up.
int64_t Sampler::invert(double uniform) {
  double sum = 0;
  for (double& weight : weights_) weight = sum += weight;
  return std::upper_bound(weights_.begin(), weights_.end(), uniform * sum) - weights_.begin();
}

// Leaves weight to the top_k of the highest logits and, of those, to the fewest whose share reaches top_p.
void Sampler::filter(const float* logits, const Sampling& sampling) {
  for (uint32_t i = 0; i < num_choices_; ++i) ranks_[i] = rank_of(logits[i], i);
  std::span<uint64_t> kept = ranks_;
  const auto mass = [this](std::span<uint64_t> ranks) {
    double sum = 0;
    for (uint64_t rank : ranks) sum += weights_[uint32_t(rank)];
    return sum;
  };
  if (sampling.top_k != 0 && sampling.top_k < kept.size())
    kept = kept.first(select_fewest(kept, sampling.top_k, [](std::span<uint64_t> ranks) { return ranks.size(); }));
  if (sampling.top_p < 1) kept = kept.first(select_fewest(kept, sampling.top_p * mass(kept), mass));
  for (size_t i = kept.size(); i < ranks_.size(); ++i) weights_[uint32_t(ranks_[i])] = 0;
}

}  // namespace undertow
