#include "undertow/cdf.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "coupled.h"
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
    : emission_(emission),
      num_symbols_(num_symbols),
      num_choices_(choices(emission, num_symbols)),
      bins_(emission, num_symbols),
      kernels_(kernels),
      weights_(num_choices_),
      means_(emission.has_bins() ? num_choices_ : 0),
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
  if (emission_.kind == EmissionKind::none) throw std::invalid_argument("this model has no probabilities to count");
  total_of(counting.total_bits, num_symbols_);
  if (emission_.is_coupled() && !counting.symbols)
    throw std::invalid_argument("the counts of an element depend on those before it: give the symbols");
  for (int64_t i = 0; counting.symbols && i < num_emissions * num_elements(); i++)
    if (counting.symbols[i] < 0 || counting.symbols[i] >= num_symbols_)
      throw std::invalid_argument("a symbol to count lies outside the alphabet");
}

void IntegerCdf::count(const Counting& counting, const float* params, int64_t place) {
  const uint32_t total = total_of(counting.total_bits, num_symbols_);
  const int64_t first = place * num_elements();
  const int64_t* known = counting.symbols ? counting.symbols + first : nullptr;
  for (uint32_t element = 0; element < num_elements(); element++) {
    const bool numbers = take(params, total, element, known);
    const int64_t at = first + element;
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

uint32_t IntegerCdf::num_params() const { return uint32_t(emission_.num_params(num_symbols_)); }

bool IntegerCdf::take(const float* params, uint32_t total, uint32_t element, const int64_t* known) {
  total_ = total;
  if (emission_.kind == EmissionKind::bernoulli) {
    const float logit = params[element];
    weights_[0] = 1 / (1 + math::exp64(simd_scalar::F64{logit}).v);
    return logit == logit;
  }
  bool numbers = true;
  for (uint32_t i = 0; i < num_params(); i++) numbers &= params[i] == params[i];
  if (!numbers) return false;
  if (emission_.is_coupled()) return take_coupled(params, {known, element});
  if (emission_.kind == EmissionKind::gaussian)
    weights_[0] = sum_ = 1;
  else if (!take_weights(params))
    return false;
  if (emission_.kind == EmissionKind::categorical) return true;
  const float* means = emission_.kind == EmissionKind::gaussian ? params : params + num_choices_;
  for (uint32_t k = 0; k < num_choices_; k++) take_component(k, means[k], means[num_choices_ + k]);
  return true;
}

// What is known weighs a component: its weight is multiplied with what it gave to the known channels.
bool IntegerCdf::take_coupled(const float* params, std::span<const int64_t> known) {
  const Coupled pixel(params, num_choices_, num_symbols_);
  for (uint32_t k = 0; k < num_choices_; k++) {
    weights_[k] = params[k];
    for (size_t channel = 0; channel < known.size(); channel++)
      weights_[k] += bins_.log_logistic(pixel.mean(k, known.first(channel)), pixel.log_scale(k, channel),
                                        uint32_t(known[channel]));
    take_component(k, pixel.mean(k, known), pixel.log_scale(k, known.size()));
  }
  const double max = *std::max_element(weights_.begin(), weights_.end());
  if (!std::isfinite(max)) return false;
  for (double& weight : weights_) weight -= max;
  kernels_.exponentials(weights_.data(), num_choices_);
  add_weights();
  return true;
}

// From raw parameters.
void IntegerCdf::take_component(uint32_t k, double mean, double log_scale) {
  means_[k] = Bins::mean(mean);
  precisions_[k] = math::exp64(simd_scalar::F64{-bins_.log_scale(log_scale)}).v;
}

// Unnormalised.
bool IntegerCdf::take_weights(const float* logits) {
  const double max = *std::max_element(logits, logits + num_choices_);
  if (!std::isfinite(max)) return false;
  kernels_.softmax(logits, num_choices_, max, 1, weights_.data());
  add_weights();
  return true;
}

// Into their sum, and a categorical's each into those after it.
void IntegerCdf::add_weights() {
  sum_ = 0;
  for (double& weight : weights_) {
    sum_ += weight;
    if (emission_.kind == EmissionKind::categorical) weight = sum_;
  }
}

// Of a symbol that is not the first.
double IntegerCdf::probability_below(uint32_t symbol) const {
  if (emission_.kind == EmissionKind::categorical) return weights_[symbol - 1] / sum_;
  if (emission_.kind == EmissionKind::bernoulli) return weights_[0];
  const double edge = (2.0 * symbol - num_symbols_) / num_symbols_;
  for (uint32_t k = 0; k < num_choices_; k++) powers_[k] = (means_[k] - edge) * precisions_[k];
  if (emission_.is_logistic()) {
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
