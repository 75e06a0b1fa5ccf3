// Integer cumulative counts of an emission, for a range coder: the same on every machine.
//
// Of `total` counts, symbol q has those from below(q) on, up to below(q + 1):
//   below(q) = q + ⌊F(q) · (total - N)⌋ for q < N, below(N) = total,
// where F(q) is the probability of all symbols before q, of float parameters, in double. So every symbol has a count or
// more, whatever its probability. F never falls: sums are in order, and the edges of a bin lie so far apart that the
// functions' last bits cannot change which is larger.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "undertow/bins.h"
#include "undertow/emission.h"

namespace undertow {

struct Kernels;

constexpr uint32_t max_total_bits = 30;

// Counts that are wanted of a block of emissions; where an emission's parameters are not numbers they are all 0. Of
// vectors, (rows, steps, elements, …): those of an element are given the elements before it, in `symbols`.
struct Counting {
  uint32_t total_bits = 0;           // 2^total_bits counts in all
  uint32_t* cumulative = nullptr;    // (rows, steps, num_symbols + 1); null when they are not wanted
  const int64_t* symbols = nullptr;  // (rows, steps): of each emission, the symbol
  uint32_t* intervals = nullptr;     // (rows, steps, 2): whose counts begin and end here; null when they are not wanted

  bool wanted() const { return cumulative != nullptr || intervals != nullptr; }
};

class IntegerCdf {
 public:
  IntegerCdf(const Emission& emission, uint32_t num_symbols, const Kernels& kernels);

  // Throws std::invalid_argument unless 2^total_bits counts have room for every symbol; gives how many they are.
  static uint32_t total_of(uint32_t total_bits, uint32_t num_symbols);

  // Make ready for one emission's parameters; of a vector, for one element, given the symbols `known` before it where it
  // depends on them. False where they are not numbers: it then has no symbols, and nothing may be asked. Allocates
  // nothing.
  bool take(const float* params, uint32_t total, uint32_t element = 0, const int64_t* known = nullptr);

  uint32_t below(uint32_t symbol) const;  // 0 … num_symbols
  uint32_t find(uint32_t count) const;    // the symbol that has this count, 0 … total - 1
  void write(uint32_t* counts) const;     // num_symbols + 1 of them

  // Throws std::invalid_argument where counts are wanted that cannot be, of so many emissions.
  void check(const Counting& counting, int64_t num_emissions) const;
  // What is wanted of one emission, by its place among all.
  void count(const Counting& counting, const float* params, int64_t place);

  uint32_t num_params() const;
  uint32_t num_symbols() const { return num_symbols_; }
  bool is_vector() const { return emission_.is_vector(); }
  uint32_t num_elements() const { return emission_.num_elements(); }

 private:
  bool take_weights(const float* logits);
  bool take_coupled(const float* params, std::span<const int64_t> known);
  void take_component(uint32_t k, double mean, double log_scale);
  void add_weights();
  double probability_below(uint32_t symbol) const;

  Emission emission_;
  uint32_t num_symbols_, num_choices_;  // symbols, or components
  uint32_t total_ = 0;
  Bins bins_;
  const Kernels& kernels_;
  std::vector<double> weights_;  // of a categorical, of each symbol and all before it; of a mixture, of each component
  double sum_ = 0;
  std::vector<double> means_, precisions_;  // of each component
  mutable std::vector<double> powers_;
};

}  // namespace undertow
