// Products of two values: the numbers of a plain loop, in blocks, in steps and in loops; and what is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "brief.h"
#include "kernels.h"
#include "program.h"
#include "refusal.h"
#include "undertow/engine.h"

namespace undertow::testing {
namespace {

constexpr uint32_t rows = 3, channels = 19;  // not whole groups of lanes
constexpr int64_t steps = 41;

// Two values of the past, and their product.
struct Factors {
  FileBuilder builder;
  uint32_t a, b, y;

  Factors() {
    builder.num_symbols = channels;
    const uint32_t x = builder.embed(6);
    a = builder.conv({x}, channels, {.kernel_size = 3, .dilation = 2});
    b = builder.conv({x}, channels, {.activation = Activation::tanh});
    y = builder.product(a, b);
  }

  Bytes file(uint32_t output) {
    builder.output = output;
    return builder.build();
  }
};

std::vector<int64_t> symbols() {
  std::vector<int64_t> all(rows * steps);
  for (int64_t i = 0; i < int64_t(all.size()); i++) all[i] = (i / steps * 11 + i * i * 7 + i) % channels;
  return all;
}

// (rows, steps, channels) outputs after these symbols (rows, steps), fed in chunks of so many steps.
std::vector<float> fed(const Bytes& file, std::string_view isa, int64_t chunk, const std::vector<int64_t>& all) {
  const auto program = std::make_shared<const Program>(file, isa);
  Engine engine(program, rows, 1);
  std::vector<float> params(rows * steps * channels);
  for (int64_t done = 0; done < steps; done += chunk) {
    const int64_t now = std::min(chunk, steps - done);
    std::vector<int64_t> part;
    for (int64_t row = 0; row < rows; row++)
      part.insert(part.end(), all.begin() + row * steps + done, all.begin() + row * steps + done + now);
    std::vector<float> made(rows * now * channels);
    engine.feed({part.data(), now, {}, made.data()});
    for (int64_t row = 0; row < rows; row++)
      std::copy_n(made.data() + row * now * channels, now * channels, params.data() + (row * steps + done) * channels);
  }
  return params;
}

}  // namespace

TEST_CASE("a product is that of a plain loop, in blocks and step by step") {
  Factors factors;
  const std::vector<float> a = fed(factors.file(factors.a), "scalar", steps, symbols());
  const std::vector<float> b = fed(factors.file(factors.b), "scalar", steps, symbols());
  std::vector<float> expected(a.size());
  std::ranges::transform(a, b, expected.begin(), [](float one, float other) { return one * other; });
  for (const Kernels* kernels : tried(usable_kernels()))
    for (int64_t chunk : tried<int64_t>({1, 7, steps}))
      CHECK(fed(factors.file(factors.y), kernels->name, chunk, symbols()) == expected);
}

TEST_CASE("what is drawn follows from products") {
  Factors factors;
  const Bytes file = factors.file(factors.y);
  const auto program = std::make_shared<const Program>(file, "auto");
  for (uint32_t threads : tried<uint32_t>({1, 4})) {
    std::vector<int64_t> out(rows * steps), keys, given(rows * steps, channels);
    for (int64_t row = 0; row < rows; row++) keys.insert(keys.end(), {9, row, 0});
    Engine(program, rows, threads).run({out.data(), steps, steps, {}, {0, 0, 1}, nullptr, 0, keys.data()});
    for (int64_t row = 0; row < rows; row++)
      std::copy_n(out.data() + row * steps, steps - 1, given.data() + row * steps + 1);
    const std::vector<float> params = fed(file, "auto", steps, given);
    std::vector<int64_t> best;
    for (auto at = params.begin(); at != params.end(); at += channels)
      best.push_back(std::max_element(at, at + channels) - at);
    CHECK(best == out);
  }
}

TEST_CASE("a product in a loop reads what was made a tick ago") {
  FileBuilder builder;
  builder.num_symbols = channels;
  const uint32_t x = builder.embed(channels), last = builder.previous(channels, 0, false);
  const uint32_t y = builder.product(builder.add(x, last), x);
  builder.repeat(last, y);
  builder.output = x;
  const std::vector<float> given = fed(builder.build(), "scalar", steps, symbols());
  std::vector<float> expected(given.size());
  for (size_t i = 0; i < expected.size(); i++) {
    const bool first = i / channels % steps == 0;
    expected[i] = (given[i] + (first ? 0.0f : expected[i - channels])) * given[i];
  }
  builder.output = y;
  for (int64_t chunk : tried<int64_t>({1, 7, steps}))
    CHECK(fed(builder.build(), "auto", chunk, symbols()) == expected);
}

TEST_CASE("products that are refused") {
  // 0 … 2 are the small model's, of 3, 4 and 16 channels; 3 is the square of value 1.
  const auto product = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) { b.product(1, 1), b.output = 2, spoil(b); });
  };
  const std::string arithmetic =
      "op 3 (product) has what only a conv can have: an activation, settings, added value or tensors";
  CHECK(product([](auto&) {}) == "");
  CHECK(product([](auto& b) { b.ops[3].inputs = {1}; }) == "op 3 (product) has 1 inputs, not 2");
  CHECK(product([](auto& b) { b.ops[3].inputs = {1, 1, 1}; }) == "op 3 (product) has 3 inputs, not 2");
  CHECK(product([](auto& b) { b.ops[3].inputs = {1, 0}; }) == "op 3 (product) multiplies 4 channels by 3");
  CHECK(product([](auto& b) { b.ops[3].inputs = {1, 3}; }) == "op 3 (product) reads value 3, which is not written yet");
  CHECK(product([](auto& b) { b.ops[3].activation = Activation::relu; }) == arithmetic);
  CHECK(product([](auto& b) { b.ops[3].settings = {1}; }) == arithmetic);
  CHECK(product([](auto& b) { b.ops[3].add = 1; }) == arithmetic);
  CHECK(product([](auto& b) { b.ops[3].weight = 0; }) == arithmetic);
  CHECK(product([](auto& b) { b.ops[3].bias = 2; }) == arithmetic);
  CHECK(product([](auto& b) { b.ops[3].scale = 2; }) == arithmetic);
  CHECK(product([](auto& b) { b.values[3].channels = 5; }) == "op 3 (product) makes 4 channels, and value 3 has 5");
  CHECK(refusal([](auto& b) { b.product(1, b.frame(b.conv({0}, 2), 2)), b.output = 2; }) ==
        "op 5 (product) multiplies values of domain 0 and domain 1");
  CHECK(refusal([](auto& b) { b.product(b.frame(0, 2), 3), b.values[4].domain = 0, b.output = 2; }) ==
        "op 4 (product) writes to domain 0 from domain 1");
}

}  // namespace undertow::testing
