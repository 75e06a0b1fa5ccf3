#include "undertow/cdf.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels.h"
#include "math.h"

namespace undertow {
namespace {

constexpr double ROOT_HALF = 0x1.6a09e667f3bcdp-1;

uint32_t choices(const Emission& emission, uint32_t num_symbols) {
  if (emission.kind == EmissionKind::categorical) return num_symbols;
  if (emission.kind == EmissionKind::gaussian) return 1;
  return emission.kind == EmissionKind::none ? 0 : emission.num_components;
}

}  // namespace

IntegerCdf::IntegerCdf(const Emission& emission, uint32_t num_symbols, const Kernels& kernels)
    : kind_(emission.kind),
      num_symbols_(num_symbols),
      num_choices_(choices(emission, num_symbols)),
      bins_(emission, num_symbols),
      kernels_(kernels),
      weights_(num_choices_),
      means_(kind_ == EmissionKind::categorical || kind_ == EmissionKind::bernoulli ? 0 : num_choices_),
      precisions_(means_.size()),
      powers_(means_.size()) {}

uint32_t IntegerCdf::total_of(uint32_t total_bits, uint32_t num_symbols) {
  if (total_bits > max_total_bits) throw std::invalid_argument("counts of more than 2^30 in all are too many");
  if (uint32_t(1) << total_bits < num_symbols)
    throw std::invalid_argument("2^" + std::to_string(total_bits) + " counts are too few for " +
                                std::to_string(num_symbols) + " symbols: each has one at least");
  return uint32_t(1) << total_bits;
}

void IntegerCdf::check(const Counting& counting, int64_t num_emissions) const {
  if (!counting.wanted()) return;
  if (kind_ == EmissionKind::none) throw std::invalid_argument("this model has no probabilities to count");
  total_of(counting.total_bits, num_symbols_);
  for (int64_t i = 0; counting.intervals && i < num_emissions * num_elements(); i++)
    if (counting.symbols[i] < 0 || counting.symbols[i] >= num_symbols_)
      throw std::invalid_argument("a symbol to count lies outside the alphabet");
}

void IntegerCdf::count(const Counting& counting, const float* params, int64_t place) {
  const uint32_t total = total_of(counting.total_bits, num_symbols_);
  for (uint32_t element = 0; element < num_elements(); element++) {
    const bool numbers = take(params, total, element);
    const int64_t at = place * num_elements() + element;
    if (counting.cumulative) {
      uint32_t* counts = counting.cumulative + at * (int64_t(num_symbols_) + 1);
      if (numbers)
        write(counts);
      else
        std::fill_n(counts, num_symbols_ + 1, 0);
    }
    if (counting.intervals) {
      const uint32_t symbol = uint32_t(counting.symbols[at]);
      counting.intervals[2 * at] = numbers ? below(symbol) : 0;
      counting.intervals[2 * at + 1] = numbers ? below(symbol + 1) : 0;
    }
  }
}

uint32_t IntegerCdf::num_params() const {
  if (kind_ == EmissionKind::categorical) return num_symbols_;
  if (kind_ == EmissionKind::bernoulli) return num_choices_;
  return kind_ == EmissionKind::gaussian ? 2 : 3 * num_choices_;
}

bool IntegerCdf::take(const float* params, uint32_t total, uint32_t element) {
  total_ = total;
  if (kind_ == EmissionKind::bernoulli) {
    weights_[0] = 1 / (1 + math::exp64(simd_scalar::F64{params[element]}).v);
    return params[element] == params[element];
  }
  bool numbers = true;
  for (uint32_t i = 0; i < num_params(); i++) numbers &= params[i] == params[i];
  if (!numbers) return false;
  if (kind_ == EmissionKind::gaussian)
    weights_[0] = sum_ = 1;
  else if (!take_weights(params))
    return false;
  if (kind_ == EmissionKind::categorical) return true;
  const float* means = kind_ == EmissionKind::gaussian ? params : params + num_choices_;
  for (uint32_t k = 0; k < num_choices_; k++) {
    means_[k] = Bins::mean(means[k]);
    precisions_[k] = math::exp64(simd_scalar::F64{-bins_.log_scale(means[num_choices_ + k])}).v;
  }
  return true;
}

// Unnormalised; a categorical's are added up.
bool IntegerCdf::take_weights(const float* logits) {
  const double max = *std::max_element(logits, logits + num_choices_);
  if (!std::isfinite(max)) return false;
  kernels_.softmax(logits, num_choices_, max, 1, weights_.data());
  sum_ = 0;
  for (double& weight : weights_) {
    sum_ += weight;
    if (kind_ == EmissionKind::categorical) weight = sum_;
  }
  return true;
}

// Of a symbol that is not the first.
double IntegerCdf::probability_below(uint32_t symbol) const {
  if (kind_ == EmissionKind::categorical) return weights_[symbol - 1] / sum_;
  if (kind_ == EmissionKind::bernoulli) return weights_[0];
  const double edge = (2.0 * symbol - num_symbols_) / num_symbols_;
  for (uint32_t k = 0; k < num_choices_; k++) powers_[k] = (means_[k] - edge) * precisions_[k];
  if (kind_ == EmissionKind::mixture_of_logistics) {
    kernels_.exponentials(powers_.data(), num_choices_);
    for (double& power : powers_) power = 1 / (1 + power);
  } else {
    for (double& power : powers_) power = 0.5 * math::erfc64(power * ROOT_HALF);
  }
  double sum = 0;
  for (uint32_t k = 0; k < num_choices_; k++) sum += weights_[k] * powers_[k];
  return sum / sum_;
}

uint32_t IntegerCdf::below(uint32_t symbol) const {
  if (symbol == 0) return 0;
  if (symbol >= num_symbols_) return total_;
  return symbol + uint32_t(probability_below(symbol) * (total_ - num_symbols_));
}

uint32_t IntegerCdf::find(uint32_t count) const {
  uint32_t first = 0, end = num_symbols_;  // below(first) <= count < below(end)
  while (end - first > 1) {
    const uint32_t middle = first + (end - first) / 2;
    if (below(middle) <= count)
      first = middle;
    else
      end = middle;
  }
  return first;
}

void IntegerCdf::write(uint32_t* counts) const {
  for (uint32_t symbol = 0; symbol <= num_symbols_; symbol++) counts[symbol] = below(symbol);
}

}  // namespace undertow
