// Draws against the plain definition of each distribution, and the odd cases undertow.emissions promises.
#include "undertow/sampling.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "brief.h"
#include "kernels.h"
#include "undertow/philox.h"

using namespace undertow;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float none = std::nanf("");
constexpr double last_uniform = 1 - 0x1p-53;

constexpr Emission categorical{EmissionKind::categorical, 0, 0, 0};

Sampler sampler(const Emission& emission, uint32_t num_symbols) {
  uint32_t num_params = emission.kind == EmissionKind::categorical ? num_symbols : 3 * emission.num_components;
  if (emission.kind == EmissionKind::gaussian) num_params = 2;
  return Sampler(emission, num_symbols, num_params, usable_kernels().back()->softmax);
}

int64_t drawn(const std::vector<float>& logits, double uniform, const Sampling& sampling = {}) {
  return sampler(categorical, uint32_t(logits.size())).draw(logits.data(), &uniform, sampling);
}

int64_t drawn(const Emission& emission, const std::vector<float>& params, std::vector<double> uniforms,
              double temperature = 1, uint32_t num_symbols = 256) {
  Sampling sampling;
  sampling.temperature = temperature;
  return sampler(emission, num_symbols).draw(params.data(), uniforms.data(), sampling);
}

std::vector<float> random_logits(uint64_t seed, uint32_t n, double spread) {
  std::vector<float> logits(n);
  for (uint32_t i = 0; i < n; ++i) {
    double u;
    uniforms(seed, 0, i, 1, &u);
    logits[i] = float(std::round(spread * u * 64) / 64);  // some of them equal
  }
  return logits;
}

// By sorting, in long double.
int64_t expected(const std::vector<float>& logits, double uniform, const Sampling& sampling) {
  const size_t n = logits.size();
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return logits[a] > logits[b]; });
  if (sampling.top_k != 0 && sampling.top_k < n) order.resize(sampling.top_k);
  const long double max = logits[order[0]];
  const auto weight = [&](size_t i) { return std::exp((logits[i] - max) / sampling.temperature); };
  long double total = 0, before = 0;
  for (size_t i : order) total += weight(i);
  size_t kept = 0;
  while (kept < order.size() && before < sampling.top_p * total) before += weight(order[kept++]);
  order.resize(kept);
  std::sort(order.begin(), order.end());
  long double sum = 0;
  for (size_t i : order)
    if ((sum += weight(i)) > uniform * before) return int64_t(i);
  return -1;
}

double logistic_quantile(double u) { return std::log(u) - std::log1p(-u); }

int64_t bin_of(double signal, uint32_t num_symbols) {
  return int64_t(std::clamp(std::floor((signal + 1) * num_symbols / 2), 0.0, num_symbols - 1.0));
}

}  // namespace

TEST_CASE("a categorical draw is the definition's, whatever is filtered") {
  for (uint32_t n : {1u, 2u, 5u, 16u, 255u, 256u, 1000u})
    for (double temperature : {0.3, 1.0, 2.5})
      for (uint32_t top_k : {0u, 1u, 3u, 40u, 2000u})
        for (double top_p : {1.0, 0.95, 0.37, 1e-9}) {
          const Sampling sampling{temperature, top_k, top_p};
          const std::vector<float> logits = random_logits(n + top_k, n, 9);
          Sampler sample = sampler(categorical, n);
          for (uint64_t step = 0; step < (testing::brief ? 3 : 20); ++step) {
            double u;
            uniforms(7, n, step, 1, &u);
            INFO(n, " ", temperature, " ", top_k, " ", top_p, " ", u);
            CHECK(sample.draw(logits.data(), &u, sampling) == expected(logits, u, sampling));
          }
        }
}

TEST_CASE("uniforms share out as the probabilities say") {
  const std::vector<float> logits = random_logits(3, 64, 4);
  double total = 0;
  for (float logit : logits) total += std::exp(double(logit));
  constexpr int num_draws = testing::brief ? 10000 : 100000;
  std::vector<int> counts(logits.size());
  for (int i = 0; i < num_draws; ++i) ++counts[drawn(logits, (i + 0.5) / num_draws)];
  for (size_t i = 0; i < logits.size(); ++i)
    CHECK(std::abs(counts[i] - num_draws * std::exp(double(logits[i])) / total) <= 1);
}

TEST_CASE("temperature 0 takes the first of the most probable") {
  const Sampling coldest{0, 0, 1};
  CHECK(drawn({1, 3, 2, 3}, 0.99, coldest) == 1);
  CHECK(drawn({-infinity, -infinity}, 0.99, coldest) == 0);
  CHECK(drawn({1, infinity, infinity}, 0.99, coldest) == 1);
  CHECK(drawn({-0.0f, 0.0f}, 0.99, coldest) == 0);
}

TEST_CASE("the ends of the uniforms are drawn from, and a symbol without probability never is") {
  CHECK(drawn({-infinity, 0, 0, -infinity}, 0) == 1);
  CHECK(drawn({-infinity, 0, 0, -infinity}, last_uniform) == 2);
  CHECK(drawn({0, 0}, 0.5) == 1);
  CHECK(drawn({-3e38f, 0, 3e38f}, 0.5, {5e-324, 0, 1}) == 2);
  CHECK(drawn({-3e38f, 0, 3e38f}, 0.5, {1e300, 0, 1}) == 1);
}

TEST_CASE("equal logits rank in symbol order, the zeros among them") {
  for (uint32_t top_k = 1; top_k <= 6; ++top_k)
    CHECK(drawn({0.0f, -0.0f, 0.0f, 0.0f, -0.0f, 0.0f}, last_uniform, {1, top_k, 1}) == top_k - 1);
  CHECK(drawn({0, 1, 1, 0}, last_uniform, {1, 1, 1}) == 1);
  CHECK(drawn({0, 0, 0, 0}, last_uniform, {1, 0, 0.5}) == 1);
}

TEST_CASE("a peak of logits, a slope and a plain of them are filtered as any others") {
  constexpr uint32_t n = 4096;
  std::vector<float> peak(n), slope(n), plain(n, 1.0f);
  for (uint32_t i = 0; i < n; ++i) peak[i] = -std::abs(float(i) - 1500.5f) / 300, slope[i] = float(i) / 500;
  for (const auto& logits : {peak, slope, plain})
    for (double u : {0.013, 0.4271, 0.983})
      for (const Sampling& sampling : {Sampling{1, 100, 1}, Sampling{1, 0, 0.913}, Sampling{0.7, 1000, 0.5173}})
        CHECK(drawn(logits, u, sampling) == expected(logits, u, sampling));
}

TEST_CASE("a logit that is not a number draws the symbol that none decodes") {
  std::vector<float> logits(37);
  for (size_t place = 0; place < logits.size(); ++place) {
    std::vector<float> spoiled = logits;
    spoiled[place] = none;
    for (const Sampling& sampling : {Sampling{1, 0, 1}, Sampling{0, 0, 1}, Sampling{0.5, 3, 0.9}})
      CHECK(drawn(spoiled, 0.5, sampling) == 37);
  }
  CHECK(drawn({0, infinity}, 0.5) == 2);
  CHECK(drawn({-infinity, -infinity}, 0.5) == 2);
}

TEST_CASE("a mixture draws a component, then the bin of its quantile") {
  const Emission emission{EmissionKind::mixture_of_logistics, 2, 0.05, 3};
  const std::vector<float> params{std::log(1.0f), std::log(3.0f), -0.5f, 0.25f, 0.4f, -0.7f};
  for (double which : {0.0, 0.2, 0.3, 0.9, last_uniform})
    for (double u : {0.003, 0.31, 0.5003, 0.97})
      for (double temperature : {0.5, 1.0, 2.0}) {
        const size_t k = which < 0.25 ? 0 : 1;
        const double scale = std::exp(params[4 + k] + std::log(0.05));
        const int64_t bin = bin_of(params[2 + k] + temperature * scale * logistic_quantile(u), 65536);
        CHECK(drawn(emission, params, {which, u}, temperature, 65536) == bin);
      }
  CHECK(drawn(emission, params, {0.1, 0.9}, 0) == bin_of(0.25, 256));
}

TEST_CASE("a Gaussian draws the bin of the normal quantile") {
  const Emission one{EmissionKind::gaussian, 0, 0.1, 3}, many{EmissionKind::mixture_of_gaussians, 1, 0.1, 3};
  CHECK(sampler(one, 256).num_uniforms() == 1);
  CHECK(sampler(many, 256).num_uniforms() == 2);
  for (float log_scale : {-1.0f, 0.0f, 1.0f}) {
    const double scale = std::exp(log_scale + std::log(0.1));
    for (auto [u, quantile] : {std::pair{0.5, 0.0}, {0.975, 1.959963984540054}, {0.01, -2.3263478740408408}}) {
      const int64_t bin = bin_of(0.125 + 1e-4 + scale * quantile, 256);
      CHECK(drawn(one, {0.125f + 1e-4f, log_scale}, {u}) == bin);
      CHECK(drawn(many, {0, 0.125f + 1e-4f, log_scale}, {0.7, u}) == bin);
    }
  }
}

TEST_CASE("means and scales are bounded as in Python") {
  const Emission emission{EmissionKind::gaussian, 0, 0.1, 3};
  CHECK(drawn(emission, {-1e30f, 0}, {0.5}) == 0);
  CHECK(drawn(emission, {1e30f, 0}, {0.5}) == 255);
  const double floor = std::exp(std::log(2.0 / 256) - 3), widest = std::exp(2.0), quantile = 1.959963984540054;
  CHECK(drawn(emission, {0.0039f, -1e30f}, {0.975}) == bin_of(0.0039 + floor * quantile, 256));
  CHECK(drawn(emission, {-2, 1e30f}, {0.6}) == bin_of(-2 + widest * 0.2533471031357997, 256));
  CHECK(drawn(emission, {0, 1e30f}, {0}) == 0);
  CHECK(drawn(emission, {0, 1e30f}, {last_uniform}) == 255);
}

TEST_CASE("a mixture's parameter that is not a number draws the symbol that none decodes") {
  for (EmissionKind kind : {EmissionKind::mixture_of_logistics, EmissionKind::mixture_of_gaussians})
    for (double temperature : {0.0, 1.0}) {
      const Emission emission{kind, 2, 0.05, 3};
      CHECK(drawn(emission, {none, 0, 0, 0, 0, 0}, {0.9, 0.5}, temperature) == 256);
      CHECK(drawn(emission, {9, 0, none, 0, 0, 0}, {0.5, 0.5}, temperature) == 256);
      CHECK(drawn(emission, {9, 0, 0, 0, none, 0}, {0.5, 0.5}, temperature) == 256);
      CHECK(drawn(emission, {9, 0, 0, none, 0, none}, {0.5, 0.5}, temperature) == 128);
    }
}
