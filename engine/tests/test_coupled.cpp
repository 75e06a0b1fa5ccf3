// Pixels of coupled channels: draws and integer counts against the plain definition, and what a coder relies on.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "brief.h"
#include "crc32.h"
#include "kernels.h"
#include "networks.h"
#include "program.h"
#include "undertow/cdf.h"
#include "undertow/engine.h"
#include "undertow/philox.h"
#include "undertow/sampling.h"

namespace undertow::testing {
namespace {

using Pixel = std::array<int64_t, num_channels>;

constexpr float infinity = std::numeric_limits<float>::infinity();

struct Case {
  Emission emission;
  uint32_t num_symbols;
};

const Case cases[] = {
    {{EmissionKind::coupled_logistics, 1, 0.3, 3}, 2},
    {{EmissionKind::coupled_logistics, 3, 0.05, 3}, 16},
    {{EmissionKind::coupled_logistics, 10, 0.3, 3}, 256},
    {{EmissionKind::coupled_logistics, 2, 0.001, 10}, 65536},
};

Sampler sampler_of(const Case& one) {
  return Sampler(one.emission, one.num_symbols, uint32_t(one.emission.num_params(one.num_symbols)), scalar_kernels.softmax);
}

IntegerCdf cdf_of(const Case& one, const Kernels& kernels = *usable_kernels().back()) {
  return IntegerCdf(one.emission, one.num_symbols, kernels);
}

double random(uint64_t seed, uint64_t place) {
  double u;
  uniforms(seed, 3, place, 1, &u);
  return u;
}

std::vector<float> random_params(const Case& one, uint64_t seed, double reach) {
  std::vector<float> params(one.emission.num_params(one.num_symbols));
  for (size_t i = 0; i < params.size(); i++) params[i] = float(reach * (2 * random(seed, i) - 1));
  return params;
}

Pixel random_pixel(const Case& one, uint64_t seed) {
  Pixel pixel;
  for (uint64_t i = 0; i < num_channels; i++) pixel[i] = int64_t(random(seed, 1000 + i) * one.num_symbols);
  return pixel;
}

// The definition, in long double.
class Plain {
 public:
  Plain(const Case& one, const std::vector<float>& params) : one_(one), params_(params) {}

  long double mean(size_t k, size_t channel, const Pixel& pixel) const {
    long double mean = at(1 + channel, k);
    for (size_t place = 0; place < channel; place++) {
      const size_t coupling = 7 + place + (channel == 2 ? 1 : 0);
      mean += std::tanh((long double)(at(coupling, k))) * ((2.0L * pixel[place] + 1) / one_.num_symbols - 1);
    }
    return mean;
  }

  long double scale(size_t k, size_t channel) const {
    const long double width = 2.0L / one_.num_symbols, floor = std::log(width) - one_.emission.scale_margin;
    const long double offset = std::log(std::max<long double>(one_.emission.initial_scale, width));
    return std::exp(std::clamp<long double>(at(4 + channel, k) + offset, floor, 2));
  }

  // Of a channel in a component, how far an edge below a symbol lies from the mean, in scales.
  long double edge(size_t k, size_t channel, const Pixel& pixel, int64_t symbol) const {
    const long double where = 2.0L * symbol / one_.num_symbols - 1;
    return (where - std::clamp<long double>(mean(k, channel, pixel), -2, 2)) / scale(k, channel);
  }

  long double below(size_t k, size_t channel, const Pixel& pixel, int64_t symbol) const {
    if (symbol == 0 || symbol == one_.num_symbols) return symbol > 0;
    return 1 / (1 + std::exp(-edge(k, channel, pixel, symbol)));
  }

  // log of the probability of a symbol, σ(high) - σ(low) = σ(high) σ(-low) (1 - e^(low - high)).
  long double log_bin(size_t k, size_t channel, const Pixel& pixel) const {
    const auto log_sigmoid = [](long double x) { return std::min(x, 0.0L) - std::log1p(std::exp(-std::abs(x))); };
    const int64_t symbol = pixel[channel];
    const long double low = edge(k, channel, pixel, symbol), high = edge(k, channel, pixel, symbol + 1);
    if (symbol == 0) return log_sigmoid(high);
    if (symbol == one_.num_symbols - 1) return log_sigmoid(-low);
    return log_sigmoid(high) + log_sigmoid(-low) + std::log(-std::expm1(low - high));
  }

  // log of a component's weight times what it gives to the channels before one.
  std::vector<long double> log_weights(size_t channel, const Pixel& pixel) const {
    std::vector<long double> weights(params_.begin(), params_.begin() + one_.emission.num_components);
    for (size_t k = 0; k < weights.size(); k++)
      for (size_t before = 0; before < channel; before++) weights[k] += log_bin(k, before, pixel);
    return weights;
  }

  long double cdf(size_t channel, const Pixel& pixel, int64_t symbol) const {
    const std::vector<long double> weights = log_weights(channel, pixel);
    const long double max = *std::max_element(weights.begin(), weights.end());
    long double sum = 0, below = 0;
    for (size_t k = 0; k < weights.size(); k++) {
      const long double weight = std::exp(weights[k] - max);
      sum += weight, below += weight * this->below(k, channel, pixel, symbol);
    }
    return below / sum;
  }

  long double probability(const Pixel& pixel) const {
    long double all = 0, sum = 0;
    for (long double weight : log_weights(0, pixel)) all += std::exp(weight);
    for (long double weight : log_weights(num_channels, pixel)) sum += std::exp(weight);
    return sum / all;
  }

 private:
  float at(size_t part, size_t k) const { return params_[part * one_.emission.num_components + k]; }

  const Case& one_;
  const std::vector<float>& params_;
};

int64_t bin_of(long double signal, uint32_t num_symbols) {
  return int64_t(std::clamp<long double>(std::floor((signal + 1) * num_symbols / 2), 0, num_symbols - 1));
}

// A component of the weights' shares, then the bins of the channels' quantiles, each before the next.
Pixel expected(const Case& one, const std::vector<float>& params, const double* u, double temperature) {
  const uint32_t components = one.emission.num_components;
  size_t component = size_t(std::max_element(params.begin(), params.begin() + components) - params.begin());
  if (temperature > 0) {
    long double total = 0, sum = 0;
    for (uint32_t k = 0; k < components; k++) total += std::exp((long double)(params[k]));
    for (component = 0; component + 1 < components; component++)
      if ((sum += std::exp((long double)(params[component]))) > u[0] * total) break;
  }
  const Plain plain(one, params);
  Pixel pixel{};
  for (size_t channel = 0; channel < num_channels; channel++) {
    const long double quantile = std::log((long double)(u[1 + channel])) - std::log1p(-(long double)(u[1 + channel]));
    const long double mean = std::clamp<long double>(plain.mean(component, channel, pixel), -2, 2);
    pixel[channel] = bin_of(mean + temperature * plain.scale(component, channel) * quantile, one.num_symbols);
  }
  return pixel;
}

std::vector<uint32_t> written(const IntegerCdf& cdf) {
  std::vector<uint32_t> counts(cdf.num_symbols() + 1);
  cdf.write(counts.data());
  return counts;
}

}  // namespace

TEST_CASE("a pixel is drawn from one component, each channel given those before it") {
  for (const Case& one : cases)
    for (double temperature : {0.0, 0.5, 1.0, 2.0})
      for (uint64_t seed = 0; seed < (brief ? 20 : 200); seed++) {
        const std::vector<float> params = random_params(one, seed, 1.5);
        double u[4];
        uniforms(seed, 9, 0, 4, u);
        Sampler sampler = sampler_of(one);
        CHECK(sampler.num_uniforms() == 4);
        Pixel drawn;
        sampler.draw(params.data(), u, {temperature, 0, 1}, drawn.data());
        INFO(one.num_symbols, " ", temperature, " ", seed);
        CHECK(drawn == expected(one, params, u, temperature));
      }
}

TEST_CASE("couplings move the means of green and blue, by hand") {
  const Case one{{EmissionKind::coupled_logistics, 1, 0.01, 3}, 256};
  const std::vector<float> params{0, 0.3f, -0.2f, 0.1f, 0, 0, 0, 0.7f, -0.4f, 1.1f};
  const double u[4] = {};
  Pixel drawn;
  sampler_of(one).draw(params.data(), u, {0, 0, 1}, drawn.data());
  CHECK(drawn == Pixel{166, 125, 124});  // means 0.3, -0.0182 (a red of 0.3008) and -0.0299 (a green of -0.0195)
}

TEST_CASE("a pixel has no symbols where any parameter is not a number, and some at the ends") {
  const Case& one = cases[1];
  const double u[4] = {0.5, 0.5, 0.5, 0.5}, least[4] = {}, most[4] = {1 - 0x1p-53, 1 - 0x1p-53, 1 - 0x1p-53, 1 - 0x1p-53};
  Sampler sampler = sampler_of(one);
  IntegerCdf cdf = cdf_of(one);
  Pixel drawn;
  for (size_t place = 0; place < 30; place++) {
    std::vector<float> params = random_params(one, 1, 1);
    params[place] = std::nanf("");
    for (double temperature : {0.0, 1.0}) {
      sampler.draw(params.data(), u, {temperature, 0, 1}, drawn.data());
      CHECK(drawn == Pixel{16, 16, 16});
    }
    const Pixel known{3, 4, 5};
    for (uint32_t element = 0; element < num_channels; element++)
      CHECK(!cdf.take(params.data(), 1u << 16, element, known.data()));
    std::vector<uint32_t> counts(3 * 17, 7), intervals(6, 7);
    cdf.count({16, counts.data(), known.data(), intervals.data()}, params.data(), 0);
    CHECK(counts == std::vector<uint32_t>(counts.size()));
    CHECK(intervals == std::vector<uint32_t>(6));
    for (float far : {infinity, -infinity, 1e30f, -1e30f}) {
      params[place] = far;
      for (const double* uniform : {least, u, most}) {
        sampler.draw(params.data(), uniform, {1, 0, 1}, drawn.data());
        for (int64_t symbol : drawn) CHECK((symbol >= 0 && symbol < 16));
      }
    }
  }
}

TEST_CASE("counts of a channel are the definition's, given the channels before it, and every count finds its symbol") {
  for (const Case& one : cases)
    for (double reach : {0.1, 2.0, 6.0})
      for (uint32_t bits : tried<uint32_t>({16, 30, 24})) {
        INFO(one.num_symbols, " ", reach, " ", bits);
        const std::vector<float> params = random_params(one, bits, reach);
        const Plain plain(one, params);
        const Pixel pixel = random_pixel(one, bits);
        IntegerCdf cdf = cdf_of(one);
        const uint32_t total = 1u << bits;
        for (uint32_t channel = 0; channel < num_channels; channel++) {
          REQUIRE(cdf.take(params.data(), total, channel, pixel.data()));
          const std::vector<uint32_t> counts = written(cdf);
          uint32_t off = 0;
          bool rises = true, found = true;
          for (uint32_t symbol = 0; symbol < one.num_symbols; symbol++) rises &= counts[symbol] < counts[symbol + 1];
          for (uint32_t symbol = 0; symbol < one.num_symbols; symbol += 1 + one.num_symbols / 300) {
            const long double exact = symbol + plain.cdf(channel, pixel, symbol) * (total - one.num_symbols);
            off = std::max(off, uint32_t(std::abs(counts[symbol] - std::floor(exact))));
            found &= cdf.find(counts[symbol]) == symbol && cdf.find(counts[symbol + 1] - 1) == symbol;
          }
          CHECK(off <= 1);
          CHECK(rises);
          CHECK(found);
          CHECK(counts.front() == 0);
          CHECK(counts.back() == total);
        }
      }
}

TEST_CASE("the intervals of a pixel's channels multiply to its probability") {
  const Case& one = cases[2];
  IntegerCdf cdf = cdf_of(one);
  for (uint64_t seed = 0; seed < 20; seed++) {
    const std::vector<float> params = random_params(one, seed, 1);
    const Pixel pixel = random_pixel(one, seed);
    uint32_t intervals[2 * num_channels];
    cdf.count({30, nullptr, pixel.data(), intervals}, params.data(), 0);
    long double product = 1;
    for (uint32_t i = 0; i < num_channels; i++) product *= std::ldexp((long double)(intervals[2 * i + 1] - intervals[2 * i]), -30);
    CHECK(std::abs(std::log(product / Plain(one, params).probability(pixel))) < 1e-4);
  }
}

TEST_CASE("what is known takes away components that could not have drawn it, however far out") {
  const Case one{{EmissionKind::coupled_logistics, 2, 0.01, 3}, 256};
  std::vector<float> params(20);
  for (size_t channel = 0; channel < 3; channel++) params[2 + 2 * channel] = -0.5f, params[3 + 2 * channel] = 0.5f;
  IntegerCdf cdf = cdf_of(one);
  const int64_t dark[] = {64}, bright[] = {191}, ends[] = {0, 255};
  const uint32_t total = 1u << 24, half = total / 2;
  REQUIRE(cdf.take(params.data(), total));
  CHECK(std::abs(int64_t(cdf.below(128)) - half) <= 1);
  REQUIRE(cdf.take(params.data(), total, 1, dark));
  CHECK(cdf.below(128) > total - 200);
  REQUIRE(cdf.take(params.data(), total, 1, bright));
  CHECK(cdf.below(128) < 200);
  for (float log_scale : {-infinity, -1e30f, 1e30f, infinity})
    for (float far : {-infinity, -1e30f, 1e30f, infinity, 0.0f}) {
      for (size_t i = 0; i < 6; i++) params[2 + i] = far, params[8 + i] = log_scale, params[14 + i] = far;
      REQUIRE(cdf.take(params.data(), total, 2, ends));
      const std::vector<uint32_t> counts = written(cdf);
      CHECK(std::adjacent_find(counts.begin(), counts.end(), std::greater_equal<>()) == counts.end());
      CHECK((counts.front() == 0 && counts.back() == total));
    }
  params[0] = -infinity;
  CHECK(cdf.take(params.data(), total, 2, ends));
  params[1] = -infinity;
  CHECK(!cdf.take(params.data(), total, 2, ends));
}

TEST_CASE("a feed counts channel by channel, in any chunks, threads and on every instruction set") {
  constexpr int64_t steps = 70;
  const FileBuilder builder = coloured();
  const Bytes file = builder.build();
  std::vector<int64_t> symbols(2 * steps * 3);
  for (size_t i = 0; i < symbols.size(); i++) symbols[i] = int64_t(i * i * 7 + i / 3) % 16;
  std::vector<uint32_t> first;
  for (const Kernels* kernels : usable_kernels())
    for (uint32_t threads : tried<uint32_t>({1, 2, 3})) {
      Engine engine(std::make_shared<const Program>(file, kernels->name), 2, threads);
      std::vector<uint32_t> counts(symbols.size() * 17), intervals(symbols.size() * 2);
      engine.feed({symbols.data(), steps, {}, nullptr, {}, {16, counts.data(), symbols.data(), intervals.data()}});
      if (first.empty()) first = counts;
      CHECK(counts == first);
      bool same = true;
      for (size_t i = 0; i < symbols.size(); i++)
        same &= intervals[2 * i] == counts[17 * i + symbols[i]] && intervals[2 * i + 1] == counts[17 * i + symbols[i] + 1];
      CHECK(same);
    }
  Engine engine(std::make_shared<const Program>(file, "auto"), 1, 1);
  IntegerCdf cdf(builder.emission, 16, *usable_kernels().back());
  std::vector<float> params(20);
  for (int64_t step = 0; step < steps; step++) {
    engine.feed({&symbols[size_t(3 * step)], 1, {}, params.data()});
    for (uint32_t element = 0; element < num_channels; element++) {
      REQUIRE(cdf.take(params.data(), 1u << 16, element, &symbols[size_t(3 * step)]));
      const std::vector<uint32_t> alone = written(cdf);
      CHECK(std::equal(alone.begin(), alone.end(), first.begin() + 17 * (3 * step + element)));
    }
  }
}

TEST_CASE("counts without the symbols that they depend on, and of symbols that are none, are refused") {
  Engine engine(std::make_shared<const Program>(coloured().build(), "auto"), 1, 1);
  const Pixel past{16, 16, 16};
  std::vector<uint32_t> counts(3 * 17), intervals(6);
  CHECK_THROWS_WITH_AS(engine.feed({past.data(), 1, {}, nullptr, {}, {16, counts.data()}}),
                       "the counts of an element depend on those before it: give the symbols", std::invalid_argument);
  for (int64_t wrong : {-1, 16})
    for (size_t channel = 0; channel < num_channels; channel++) {
      Pixel pixel{1, 2, 3};
      pixel[channel] = wrong;
      CHECK_THROWS_AS(engine.feed({past.data(), 1, {}, nullptr, {}, {16, nullptr, pixel.data(), intervals.data()}}),
                      std::invalid_argument);
      CHECK_THROWS_AS(engine.feed({past.data(), 1, {}, nullptr, {}, {16, counts.data(), pixel.data(), nullptr}}),
                      std::invalid_argument);
    }
}

TEST_CASE("the pixels and counts that were written down: every machine and every compiler must find these") {
  constexpr uint32_t expected[][2] = {
      {3948781039, 3167718751}, {3213509559, 351111290}, {2729671399, 3732239456}, {1002503999, 2577314490}};
  for (size_t i = 0; i < std::size(cases); i++)
    for (const Kernels* kernels : tried(usable_kernels())) {
      const Case& one = cases[i];
      std::vector<int64_t> pixels;
      std::vector<uint32_t> all;
      IntegerCdf cdf = cdf_of(one, *kernels);
      Sampler sampler(one.emission, one.num_symbols, cdf.num_params(), kernels->softmax);
      for (uint64_t seed = 0; seed < 5; seed++) {
        const std::vector<float> params = random_params(one, seed, 1 + double(seed));
        double u[4];
        uniforms(seed, 0, 0, 4, u);
        Pixel pixel;
        sampler.draw(params.data(), u, {}, pixel.data());
        pixels.insert(pixels.end(), pixel.begin(), pixel.end());
        for (uint32_t channel = 0; channel < num_channels; channel++) {
          REQUIRE(cdf.take(params.data(), 1u << 30, channel, pixel.data()));
          const std::vector<uint32_t> counts = written(cdf);
          all.insert(all.end(), counts.begin(), counts.end());
        }
      }
      INFO(i, " on ", kernels->name);
      CHECK(crc32(std::as_bytes(std::span(pixels))) == expected[i][0]);
      CHECK(crc32(std::as_bytes(std::span(all))) == expected[i][1]);
    }
}

}  // namespace undertow::testing
