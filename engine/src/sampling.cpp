#include "undertow/sampling.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "math.h"
#include "simd/scalar.h"

namespace undertow {
namespace {

constexpr double MEAN_BOUND = 2, MAX_LOG_SCALE = 2, SMALLEST_UNIFORM = 0x1p-54;

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

// Brings the higher keys before `middle`; equal ones rank in order.
template <class Iterator>
void split(Iterator begin, Iterator middle, Iterator end) {
  std::nth_element(begin, middle, end, [](const auto& a, const auto& b) {
    return a.key > b.key || (a.key == b.key && a.choice < b.choice);
  });
}

uint32_t choices(EmissionKind kind, uint32_t num_params) {
  if (kind == EmissionKind::categorical) return num_params;
  return kind == EmissionKind::gaussian ? 0 : num_params / 3;
}

}  // namespace

Sampler::Sampler(const Emission& emission, uint32_t num_symbols, uint32_t num_params, Softmax softmax)
    : kind_(emission.kind),
      num_symbols_(num_symbols),
      num_choices_(choices(emission.kind, num_params)),
      softmax_(softmax),
      weights_(num_choices_),
      ranked_(emission.kind == EmissionKind::categorical ? num_choices_ : 0) {
  const double width = 2.0 / num_symbols;
  log_scale_offset_ = math::log64(std::max(emission.initial_scale, width));
  log_scale_floor_ = math::log64(width) - emission.scale_margin;
}

uint32_t Sampler::num_uniforms() const {
  return kind_ == EmissionKind::mixture_of_logistics || kind_ == EmissionKind::mixture_of_gaussians ? 2 : 1;
}

int64_t Sampler::draw(const float* params, const double* uniforms, const Sampling& sampling) {
  if (kind_ == EmissionKind::categorical) return draw_categorical(params, uniforms[0], sampling);
  if (kind_ == EmissionKind::gaussian) return draw_bin(params[0], params[1], uniforms[0], sampling.temperature);
  return draw_mixture(params, uniforms, sampling.temperature);
}

int64_t Sampler::draw_categorical(const float* logits, double uniform, const Sampling& sampling) {
  if (sampling.temperature == 0)
    return any_nan(logits, num_choices_) ? num_symbols_ : std::max_element(logits, logits + num_choices_) - logits;
  if (!weigh(logits, sampling.temperature)) return num_symbols_;
  if ((sampling.top_k != 0 && sampling.top_k < num_choices_) || sampling.top_p < 1) filter(logits, sampling);
  return invert(uniform);
}

// A component, then its quantile. The temperature is for the components' scales alone.
int64_t Sampler::draw_mixture(const float* params, const double* uniforms, double temperature) {
  if (any_nan(params, num_choices_)) return num_symbols_;
  int64_t component = num_choices_ - 1;
  if (temperature == 0)
    component = std::max_element(params, params + num_choices_) - params;
  else if (weigh(params, 1))
    component = std::min(invert(uniforms[0]), component);
  const float *means = params + num_choices_, *log_scales = means + num_choices_;
  return draw_bin(means[component], log_scales[component], uniforms[1], temperature);
}

// The bin of the quantile (undertow.emissions.bins), the same operations in the same order.
int64_t Sampler::draw_bin(double mean, double log_scale, double uniform, double temperature) const {
  const double location = std::clamp(mean, -MEAN_BOUND, MEAN_BOUND);
  const double bounded = std::clamp(log_scale + log_scale_offset_, log_scale_floor_, MAX_LOG_SCALE);
  const double scale = math::exp64(simd_scalar::F64{bounded}).v;
  const double u = uniform < SMALLEST_UNIFORM ? SMALLEST_UNIFORM : uniform;
  const double quantile =
      kind_ == EmissionKind::mixture_of_logistics ? math::log64(u / (1 - u)) : math::ndtri64(u);
  const double signal = location + temperature * scale * quantile;
  const double bin = std::floor((signal + 1) * (num_symbols_ / 2.0));
  return bin != bin ? num_symbols_ : static_cast<int64_t>(std::clamp(bin, 0.0, num_symbols_ - 1.0));
}

// Unnormalised probabilities into weights_; false where they are not numbers.
bool Sampler::weigh(const float* logits, double temperature) {
  max_ = maximum(logits, num_choices_);
  if (!std::isfinite(max_)) return false;
  // Bounded, so that the largest logit's 0 stays 0 at the smallest temperatures.
  softmax_(logits, num_choices_, max_, std::min(1 / temperature, DBL_MAX), weights_.data());
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
  for (uint32_t i = 0; i < num_choices_; ++i) {
    const double key = sampling.temperature == 1 ? logits[i] : (logits[i] - max_) / sampling.temperature;
    ranked_[i] = {key, i};
  }
  uint32_t kept = num_choices_;
  if (sampling.top_k != 0 && sampling.top_k < kept) {
    kept = sampling.top_k;
    split(ranked_.begin(), ranked_.begin() + kept, ranked_.end());
  }
  if (sampling.top_p < 1) kept = nucleus(kept, sampling.top_p);
  for (uint32_t i = kept; i < num_choices_; ++i) weights_[ranked_[i].choice] = 0;
}

// Of the first num_ranked, moves the fewest whose share reaches top_p to the front, and says how many they are.
//
// Halves the range in which the share is reached: time linear in num_ranked, where sorting would not be.
uint32_t Sampler::nucleus(uint32_t num_ranked, double top_p) {
  const auto mass = [this](uint32_t begin, uint32_t end) {
    double sum = 0;
    for (uint32_t i = begin; i < end; ++i) sum += weights_[ranked_[i].choice];
    return sum;
  };
  double missing = top_p * mass(0, num_ranked);
  uint32_t begin = 0, end = num_ranked;
  while (end - begin > 1) {
    const uint32_t middle = begin + (end - begin) / 2;
    split(ranked_.begin() + begin, ranked_.begin() + middle, ranked_.begin() + end);
    const double upper = mass(begin, middle);
    if (upper < missing)
      missing -= upper, begin = middle;
    else
      end = middle;
  }
  return end;
}

}  // namespace undertow
