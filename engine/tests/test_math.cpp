// Accuracy against the C library in long double, and the same bits from every instruction set this machine has.
#include "math.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "brief.h"
#include "kernels.h"
#include "simd/scalar.h"

using namespace undertow;

namespace {

constexpr int sparse = testing::brief ? 16 : 1;  // the distances of the points that are tried
constexpr double infinity = std::numeric_limits<double>::infinity();
const double nan_value = std::nan("");

// How far y is from the truth, in units of the last place of a number with that many digits.
double ulps(double y, long double truth, int digits, int smallest_exponent) {
  int exponent;
  std::frexp(truth, &exponent);
  return double(std::abs(y - truth) / std::ldexp(1.0L, std::max(exponent, smallest_exponent) - digits));
}

double ulps(double y, long double truth) { return ulps(y, truth, DBL_MANT_DIG, DBL_MIN_EXP); }

float exp32(float x) { return math::exp32(simd_scalar::F32{x}).v; }
double exp64(double x) { return math::exp64(simd_scalar::F64{x}).v; }
float sigmoid(float x) { return math::sigmoid(simd_scalar::F32{x}).v; }
float multiplicative(float g1, float g2, float g3, float u, float x) {
  using simd_scalar::F32;
  return math::multiplicative(F32{g1}, F32{g2}, F32{g3}, F32{u}, F32{x}).v;
}
float gate(float f, float g) { return math::gate(simd_scalar::F32{f}, simd_scalar::F32{g}).v; }

long double normal_cdf(long double x) { return std::erfc(-x * std::sqrt(0.5L)) / 2; }
long double normal_density(long double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0L)); }

// What one Newton step would still move the quantile, relative to it.
double quantile_error(double u) {
  const long double x = math::ndtri64(u);
  return double(std::abs((normal_cdf(x) - u) / normal_density(x) / x));
}

std::vector<float> spread(size_t n, float low, float high) {
  std::vector<float> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = low + (high - low) * float(i * 7919 % n) / float(n);
  return out;
}

using Function = simd_scalar::F32 (*)(simd_scalar::F32);

// The worst error of a function from `low` to `high`, in ulps of numbers of at least 2^-126.
double worst_ulps(Function function, long double (*exact)(long double), float low, float high) {
  double worst = 0;
  for (float x : spread(400009 / sparse, low, high))
    worst = std::max(worst, ulps(function({x}).v, exact(x), FLT_MANT_DIG, FLT_MIN_EXP));
  return worst;
}

long double exact_gelu(long double x) { return x * normal_cdf(x); }
long double exact_gelu_tanh(long double x) {
  return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0L)) * (x + 0.044715L * x * x * x)));
}

// Sixteen channels of filter, then the sixteen of the gate that go with them, and so on.
std::vector<float> finished(const Kernels& kernels, Activation activation, const std::vector<float>& acc) {
  const uint32_t channels = uint32_t(acc.size() / parts_of(activation));
  std::vector<float> out(channels);
  float* y = out.data();
  Finish finish{};
  finish.activation = activation;
  finish.end = channels;
  finish.num_rows = 1;
  finish.acc = acc.data();
  finish.stride = acc.size();
  finish.y = &y;
  kernels.finish(finish);
  return out;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace

TEST_CASE("exp32 is within 1.5 ulp wherever its result is normal") {
  double worst = 0;
  for (uint32_t sign : {0u, 0x80000000u})
    for (uint32_t bits = 0; bits <= std::bit_cast<uint32_t>(87.0f); bits += 2039 * sparse) {
      const float x = std::bit_cast<float>(bits | sign);
      worst = std::max(worst, ulps(exp32(x), std::exp((long double)(x)), FLT_MANT_DIG, FLT_MIN_EXP));
    }
  CHECK(worst <= 1.5);
}

TEST_CASE("gate is within 2e-7") {
  double worst = 0;
  for (float f = -14; f < 14; f += 0.0317f * sparse)
    for (float g = -20; g < 30; g += 0.0371f)
      worst = std::max(worst, std::abs(gate(f, g) - std::tanh(double(f)) / (1 + std::exp(-double(g)))));
  CHECK(worst <= 2e-7);
}

TEST_CASE("sigmoid is within 2e-7, 0 or 1 far out, and passes NaN on") {
  double worst = 0;
  for (float x = -90; x < 90; x += 0.0173f)
    worst = std::max(worst, std::abs(sigmoid(x) - 1 / (1 + std::exp(-double(x)))));
  CHECK(worst <= 2e-7);
  CHECK(sigmoid(std::numeric_limits<float>::infinity()) == 1);
  CHECK(sigmoid(-std::numeric_limits<float>::infinity()) < 1e-25f);
  CHECK(std::isnan(sigmoid(std::nanf(""))));
}

TEST_CASE("a multiplicative unit is within 1e-6") {
  const auto exact = [](double g1, double g2, double g3, double u, double x) {
    const auto logistic = [](double g) { return 1 / (1 + std::exp(-g)); };
    return logistic(g1) * std::tanh(logistic(g2) * x + logistic(g3) * std::tanh(u));
  };
  double worst = 0;
  const std::vector<float> g = spread(4999, -12, 12), x = spread(4999, -4, 4);
  for (size_t i = 0; i + 4 < g.size(); i++) {
    const double truth = exact(g[i], g[i + 1], g[i + 2], g[i + 3], x[i]);
    worst = std::max(worst, std::abs(multiplicative(g[i], g[i + 1], g[i + 2], g[i + 3], x[i]) - truth));
  }
  CHECK(worst <= 1e-6);
}

TEST_CASE("gate is odd in its filter, finite far out, and passes NaN on") {
  const float far = std::numeric_limits<float>::infinity(), none = std::nanf("");
  for (float f : {0.0f, 1e-40f, 1e-6f, 0.3f, 5.0f, 200.0f, 3e38f, far})
    for (float g : {-far, -3e38f, -70.0f, 0.0f, 2.0f, far}) {
      CHECK(gate(-f, g) == -gate(f, g));
      CHECK(std::abs(gate(f, g)) <= 1);
    }
  CHECK(gate(far, far) == 1);
  CHECK(gate(far, 0) == 0.5f);
  CHECK(std::isnan(gate(none, 0)));
  CHECK(std::isnan(gate(0, none)));
}

TEST_CASE("exp64 is within 2 ulp, denormal results included") {
  double worst = 0;
  const auto look = [&](double x) { worst = std::max(worst, ulps(exp64(x), std::exp((long double)(x)))); };
  for (double x = -745.2; x < 709.7827; x += 0.00473 * sparse) look(x);
  for (double x = 1e-300; x < 1; x *= 1.7) look(x), look(-x);
  CHECK(worst <= 2);
  CHECK(exp64(0) == 1);
  CHECK(exp64(-infinity) == 0);
  CHECK(exp64(-746) == 0);
  CHECK(exp64(710) == infinity);
  CHECK(exp64(infinity) == infinity);
  CHECK(std::isnan(exp64(nan_value)));
}

TEST_CASE("log64 is within 2 ulp, denormal arguments included") {
  double worst = 0;
  const auto look = [&](double x) { worst = std::max(worst, ulps(math::log64(x), std::log((long double)(x)))); };
  for (double x = 1e-320; x < 1e308; x *= 1.0137) look(x);
  for (double x = 0.5; x < 2; x += 0.0000173 * sparse) look(x);
  for (double d = 1e-16; d < 0.1; d *= 1.013) look(1 + d), look(1 - d);
  look(DBL_MAX), look(DBL_MIN), look(DBL_TRUE_MIN);
  CHECK(worst <= 2);
  CHECK(math::log64(1) == 0);
  CHECK(math::log64(0) == -infinity);
  CHECK(math::log64(infinity) == infinity);
  CHECK(std::isnan(math::log64(-1)));
  CHECK(std::isnan(math::log64(nan_value)));
}

TEST_CASE("ndtri64 is within 1e-14 of itself") {
  double worst = 0;
  for (double u = 0.0001; u < 1; u += 0.0000173 * sparse)
    if (std::abs(u - 0.5) > 1e-4) worst = std::max(worst, quantile_error(u));
  for (double u = 0.5; u > 1e-300; u *= 0.983)
    if (u < 0.5) worst = std::max({worst, quantile_error(u), u > 1e-16 ? quantile_error(1 - u) : 0.0});
  for (double q = 1e-300; q < 1e-5; q *= 1.7) {
    const long double x = std::sqrt(2 * std::acos(-1.0L)) * (0.5 + q - 0.5);
    if (x > 0) worst = std::max(worst, double(std::abs(math::ndtri64(0.5 + q) / (x + x * x * x / 6) - 1)));
  }
  CHECK(worst <= 1e-14);
}

TEST_CASE("ndtri64 is infinite at the ends, odd about the middle, and not a number outside") {
  CHECK(math::ndtri64(0) == -infinity);
  CHECK(math::ndtri64(1) == infinity);
  CHECK(math::ndtri64(0.5) == 0);
  CHECK(math::ndtri64(0.25) == -math::ndtri64(0.75));
  for (double u : {-0.1, 1.1, -infinity, infinity, nan_value}) CHECK(std::isnan(math::ndtri64(u)));
}

TEST_CASE("tanh64 is within 2 ulp, odd, 1 far out, and passes NaN on") {
  double worst = 0;
  const auto look = [&](double x) { worst = std::max(worst, ulps(math::tanh64(x), std::tanh((long double)(x)))); };
  for (double x = -20; x < 20; x += 0.000173 * sparse) look(x);
  for (double x = 1e-300; x < 1; x *= 1.7) look(x), look(-x);
  for (double edge : {0.625, -0.625}) look(edge), look(std::nextafter(edge, 0));
  CHECK(worst <= 2);
  for (double x : {0.0, 1e-320, 0.1, 0.7, 30.0, infinity}) CHECK(math::tanh64(-x) == -math::tanh64(x));
  CHECK(math::tanh64(30) == 1);
  CHECK(math::tanh64(infinity) == 1);
  CHECK(std::isnan(math::tanh64(nan_value)));
}

TEST_CASE("log_sigmoid64 is within 4e-16 of itself or of 1, far out too, and passes NaN on") {
  double worst = 0;
  const auto look = [&](double x) {
    const long double truth = std::min(x, 0.0) - std::log1p(std::exp(-std::abs((long double)(x))));
    worst = std::max(worst, double(std::abs(math::log_sigmoid64(x) - truth) / std::max(1.0L, -truth)));
  };
  for (double x = -50; x < 50; x += 0.000373 * sparse) look(x);
  for (double x = 1e-300; x < 1e12; x *= 1.7) look(x), look(-x);
  CHECK(worst <= 4e-16);
  CHECK(math::log_sigmoid64(0) == math::log64(0.5));
  CHECK(math::log_sigmoid64(infinity) == 0);
  CHECK(math::log_sigmoid64(-infinity) == -infinity);
  CHECK(std::isnan(math::log_sigmoid64(nan_value)));
}

TEST_CASE("erfc64 is within 8 ulp, its denormal results too, and right at the ends") {
  double worst = 0;
  const auto look = [&](double x) { worst = std::max(worst, ulps(math::erfc64(x), std::erfc((long double)(x)))); };
  for (double x = -7; x < 27.3; x += 0.000173 * sparse) look(x);
  for (double x = 1e-300; x < 1; x *= 1.7) look(x), look(-x);
  for (double edge : {0.46875, 4.0}) look(edge), look(-edge), look(std::nextafter(edge, 9)), look(-std::nextafter(edge, 9));
  CHECK(worst <= 8);
  CHECK(math::erfc64(0) == 1);
  CHECK(math::erfc64(-infinity) == 2);
  CHECK(math::erfc64(-30) == 2);
  CHECK(math::erfc64(30) == 0);
  CHECK(math::erfc64(infinity) == 0);
  CHECK(std::isnan(math::erfc64(nan_value)));
}

TEST_CASE("every instruction set gives the same bits") {
  std::vector<float> logits = spread(10007, -900, 5), gates = spread(16384, -30, 30);
  const float odd[] = {0.0f, -0.0f, 1e-40f, -1e30f, -std::numeric_limits<float>::infinity(), 700.0f, 1000.0f};
  std::copy(std::begin(odd), std::end(odd), logits.begin() + 100);
  std::copy(std::begin(odd), std::end(odd), gates.begin() + 100);
  for (uint32_t n : {1u, 2u, 3u, 7u, 8u, 9u, 256u, uint32_t(logits.size())}) {
    std::vector<double> expected(n), weights(n);
    scalar_kernels.softmax(logits.data(), n, 0.3, 1.7, expected.data());
    for (const Kernels* kernels : usable_kernels()) {
      INFO(kernels->name, " ", n);
      kernels->softmax(logits.data(), n, 0.3, 1.7, weights.data());
      CHECK(same_bits(weights, expected));
    }
    std::vector<double> powers(logits.begin(), logits.begin() + n), others = powers;
    scalar_kernels.exponentials(powers.data(), n);
    CHECK(powers[n / 2] == exp64(logits[n / 2]));
    for (const Kernels* kernels : usable_kernels()) {
      others.assign(logits.begin(), logits.begin() + n);
      kernels->exponentials(others.data(), n);
      CHECK(same_bits(others, powers));
    }
  }
  for (Activation activation : {Activation::none, Activation::relu, Activation::gate, Activation::tanh, Activation::gelu,
                                Activation::gelu_tanh, Activation::swiglu, Activation::maxout, Activation::elu,
                                Activation::glu}) {
    const std::vector<float> expected = finished(scalar_kernels, activation, gates);
    for (const Kernels* kernels : usable_kernels()) CHECK(same_bits(finished(*kernels, activation, gates), expected));
  }
}

TEST_CASE("scores are weighed to one, in the same bits everywhere, and NaN goes everywhere") {
  for (uint32_t n : {1u, 2u, 7u, 8u, 15u, 16u, 17u, 33u, 64u, 1000u}) {
    const std::vector<float> scores = spread(n, -30, 9);
    std::vector<float> expected(n + 16, -7.0f), wrong(n + 16, 0.0f);
    std::copy(scores.begin(), scores.end(), expected.begin());
    const std::vector<float> given = expected;
    scalar_kernels.weigh(expected.data(), n, 0.25f);
    long double sum = 0, max = *std::max_element(scores.begin(), scores.end());
    for (float score : scores) sum += std::exp(0.25L * (score - max));
    for (uint32_t i = 0; i < n; i++)
      CHECK(std::abs(expected[i] - std::exp(0.25L * (scores[i] - max)) / sum) <= 1e-6L * expected[i]);
    wrong[n / 2] = std::nanf("");
    for (const Kernels* kernels : usable_kernels()) {
      std::vector<float> found = given, none = wrong;
      kernels->weigh(found.data(), n, 0.25f), kernels->weigh(none.data(), n, 1);
      CHECK(std::memcmp(found.data(), expected.data(), n * sizeof(float)) == 0);
      CHECK(std::all_of(none.begin(), none.begin() + n, [](float one) { return std::isnan(one); }));
    }
  }
}

TEST_CASE("tanh and erf are within 2 ulp, and what is made of erf as near as that allows") {
  CHECK(worst_ulps(math::tanh32<simd_scalar::F32>, std::tanh, -10, 10) <= 2);
  CHECK(worst_ulps(math::tanh32<simd_scalar::F32>, std::tanh, -0.7f, 0.7f) <= 2);
  CHECK(worst_ulps(math::erf32<simd_scalar::F32>, std::erf, -5, 5) <= 2);
  CHECK(worst_ulps(math::erf32<simd_scalar::F32>, std::erf, -1, 1) <= 2);
  CHECK(worst_ulps(math::gelu<simd_scalar::F32>, exact_gelu, -0.5f, 20) <= 4);
  CHECK(worst_ulps(math::gelu_tanh<simd_scalar::F32>, exact_gelu_tanh, -0.5f, 20) <= 6);
  double worst = 0;
  for (float x : spread(100003 / sparse, -20, 20)) {
    worst = std::max(worst, double(std::abs(math::gelu(simd_scalar::F32{x}).v - exact_gelu(x))) / std::max(1.0f, std::abs(x)));
    worst = std::max(worst, double(std::abs(math::gelu_tanh(simd_scalar::F32{x}).v - exact_gelu_tanh(x))) / std::max(1.0f, std::abs(x)));
    worst = std::max(worst, std::abs(math::swish(simd_scalar::F32{x}, simd_scalar::F32{x}).v - x / (1 + std::exp(-double(x)))) / std::max(1.0f, std::abs(x)));
  }
  CHECK(worst <= 2e-7);
  const float far = std::numeric_limits<float>::infinity(), none = std::nanf("");
  for (Function odd : {math::tanh32<simd_scalar::F32>, math::erf32<simd_scalar::F32>}) {
    CHECK(odd({far}).v == 1);
    CHECK(odd({-far}).v == -1);
    CHECK(odd({1e-40f}).v == -odd({-1e-40f}).v);
  }
  for (Function function : {math::tanh32<simd_scalar::F32>, math::erf32<simd_scalar::F32>, math::gelu<simd_scalar::F32>,
                            math::gelu_tanh<simd_scalar::F32>})
    CHECK(std::isnan(function({none}).v));
}

TEST_CASE("sines and cosines are within 1e-15, also of positions far along") {
  double worst = 0;
  const auto look = [&](double x) {
    const auto [sin, cos] = math::sincos64(x);
    worst = std::max({worst, double(std::abs(sin - std::sin((long double)(x)))), double(std::abs(cos - std::cos((long double)(x))))});
  };
  for (double x = -10; x < 10; x += 0.00037 * sparse) look(x);
  for (double x = 1; x < 0x1p40; x = x * 1.0007 + 1) look(x);
  look(0);
  CHECK(worst <= 1e-15);
}
