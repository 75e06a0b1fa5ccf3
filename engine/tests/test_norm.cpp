// Layer norm: against long double, in the order of sums that kernels.h says, and nothing beyond its channels.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels.h"

namespace undertow {
namespace {

struct Vectors {
  uint32_t channels;
  std::vector<float> x, weight, bias;

  // Room for whole groups of lanes; what lies beyond the channels must not be heard.
  Vectors(uint32_t channels, float shift, float beyond) : channels(channels) {
    std::mt19937 random(channels);
    for (auto* one : {&x, &weight, &bias})
      for (uint32_t c = 0; c < channels; c++) one->push_back(float(random() % 2001) / 1000 - 1 + (one == &x ? shift : 0));
    for (auto* one : {&x, &weight, &bias}) one->resize((channels + lane_group - 1) / lane_group * lane_group, beyond);
  }

  std::vector<float> normalised(const Kernels& kernels, Activation activation, bool centred = true,
                                float epsilon = 1e-5f) const {
    std::vector<float> y(x.size());
    kernels.normalise({activation, centred, epsilon, channels, x.data(), weight.data(), bias.data(), y.data()});
    y.resize(channels);
    return y;
  }
};

constexpr uint32_t sizes[] = {1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 1000, 1024};

}  // namespace

TEST_CASE("a norm is what long double says, and a ReLU of it") {
  for (uint32_t channels : sizes) {
    const Vectors v(channels, 0.3f, 0);
    long double mean = 0, variance = 0;
    for (uint32_t c = 0; c < channels; c++) mean += v.x[c] / (long double)(channels);
    for (uint32_t c = 0; c < channels; c++) variance += (v.x[c] - mean) * (v.x[c] - mean) / channels;
    const auto plain = v.normalised(scalar_kernels, Activation::none);
    const auto rectified = v.normalised(scalar_kernels, Activation::relu);
    for (uint32_t c = 0; c < channels; c++) {
      const long double y = (v.x[c] - mean) / std::sqrt(variance + 1e-5L) * v.weight[c] + v.bias[c];
      CHECK(std::abs(plain[c] - y) <= 1e-5L);
      CHECK(rectified[c] == (plain[c] > 0 ? plain[c] : 0));
    }
  }
}

TEST_CASE("an RMS norm takes the mean for 0, and adds the epsilon it is given") {
  for (uint32_t channels : sizes) {
    const Vectors v(channels, 0.3f, 0);
    long double squares = 0;
    for (uint32_t c = 0; c < channels; c++) squares += (long double)(v.x[c]) * v.x[c] / channels;
    const auto y = v.normalised(scalar_kernels, Activation::none, false, 0.01f);
    for (uint32_t c = 0; c < channels; c++)
      CHECK(std::abs(y[c] - (v.x[c] / std::sqrt(squares + 0.01L) * v.weight[c] + v.bias[c])) <= 1e-5L);
    for (const Kernels* kernels : usable_kernels())
      CHECK(std::memcmp(v.normalised(*kernels, Activation::none, false, 0.01f).data(), y.data(), 4 * channels) == 0);
  }
}

TEST_CASE("every instruction set norms to the same bits, whatever lies beyond the channels") {
  for (uint32_t channels : sizes)
    for (float shift : {0.0f, -300.0f, 1e30f})
      for (const Kernels* kernels : usable_kernels()) {
        CAPTURE(kernels->name);
        CAPTURE(channels);
        const auto expected = Vectors(channels, shift, 0).normalised(scalar_kernels, Activation::none);
        for (float beyond : {0.0f, 7.0f, std::numeric_limits<float>::quiet_NaN()}) {
          const auto found = Vectors(channels, shift, beyond).normalised(*kernels, Activation::none);
          CHECK(std::memcmp(found.data(), expected.data(), channels * sizeof(float)) == 0);
        }
      }
}

TEST_CASE("sums are sixteen, in order, then halved") {
  // 2^24 + 1 is lost in float, and 1 + 1 first is not: what is left of each says who met whom.
  Vectors v(33, 0, 0);
  std::fill(v.x.begin(), v.x.end(), 0.0f);
  v.x[0] = 0x1p24f, v.x[16] = 1, v.x[32] = -0x1p24f, v.x[8] = 4;
  float sum[16] = {};
  for (int i = 0; i < 33; i++) sum[i % 16] += v.x[i];
  CHECK(sum[0] == 0);
  const float mean = 4 / 33.0f;
  const auto y = v.normalised(scalar_kernels, Activation::none);
  float squares[16] = {};
  for (int i = 0; i < 33; i++) squares[i % 16] = std::fma(v.x[i] - mean, v.x[i] - mean, squares[i % 16]);
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; i++) squares[i] += squares[i + half];
  const float inverse = 1.0f / std::sqrt(squares[0] / 33.0f + 1e-5f);
  for (int c = 0; c < 33; c++) CHECK(y[c] == std::fma((v.x[c] - mean) * inverse, v.weight[c], v.bias[c]));
}

}  // namespace undertow
