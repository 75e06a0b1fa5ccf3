// Attention beside plain loops in double; what it refuses; and states of other rooms.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "file_builder.h"
#include "program.h"
#include "refusal.h"
#include "state.h"
#include "undertow/engine.h"

namespace undertow::testing {
namespace {

constexpr int64_t steps = 150;

std::vector<int64_t> symbols() {
  std::vector<int64_t> all(steps);
  for (int64_t i = 0; i < steps; i++) all[i] = i * 7 % 16;
  return all;
}

// One attention of an embedding that is queries, keys and values.
FileBuilder alone(uint32_t heads, uint32_t channels, uint32_t most, uint32_t window, bool rotary) {
  FileBuilder builder(3);
  builder.num_symbols = heads * channels;
  const uint32_t given = builder.embed(3 * heads * channels);
  std::vector<uint32_t> read{given};
  if (rotary) read.push_back(builder.rotation(channels, most, "a"));
  builder.attention(read, heads, most, window, "a");
  return builder;
}

// (steps, heads * channels) of a table (symbols, 3 * heads * channels).
std::vector<double> expected(const float* table, uint32_t heads, uint32_t channels, uint32_t window, bool rotary) {
  const size_t size = size_t(heads) * channels;
  const auto fed = symbols();
  const auto turned = [&](int64_t step, uint32_t which, uint32_t head, uint32_t c) -> double {
    const float* at = table + size_t(fed[step]) * 3 * size + which * size + head * channels;
    if (!rotary || which == 2) return at[c];
    const uint32_t half = channels / 2;
    const double angle = double(step) * std::pow(100.0, -2.0 * (c % half) / channels);
    return c < half ? at[c] * std::cos(angle) - at[c + half] * std::sin(angle)
                    : at[c] * std::cos(angle) + at[c - half] * std::sin(angle);
  };
  std::vector<double> parts;
  for (int64_t step = 0; step < steps; step++)
    for (uint32_t which : {0, 1, 2})
      for (uint32_t i = 0; i < size; i++) parts.push_back(turned(step, which, i / channels, i % channels));
  const auto part = [&](int64_t step, uint32_t which, uint32_t head, uint32_t c) {
    return parts[(size_t(step) * 3 + which) * size + head * channels + c];
  };
  std::vector<double> out(steps * size);
  for (int64_t t = 0; t < steps; t++)
    for (uint32_t head = 0; head < heads; head++) {
      const int64_t first = window > 0 ? std::max<int64_t>(0, t - window + 1) : 0;
      double total = 0;
      for (int64_t s = first; s <= t; s++) {
        double score = 0;
        for (uint32_t c = 0; c < channels; c++) score += part(t, 0, head, c) * part(s, 1, head, c);
        const double weight = std::exp(score / std::sqrt(double(channels)));
        total += weight;
        for (uint32_t c = 0; c < channels; c++) out[t * size + head * channels + c] += weight * part(s, 2, head, c);
      }
      for (uint32_t c = 0; c < channels; c++) out[t * size + head * channels + c] /= total;
    }
  return out;
}

std::string refusal_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("attention is what plain loops in double say") {
  for (const auto& [heads, channels] : {std::pair(1u, 80u), std::pair(3u, 6u), std::pair(2u, 64u)})
    for (uint32_t window : {0u, 2u, 13u, 64u, 100u})
      for (bool rotary : {false, true}) {
        CAPTURE(channels);
        CAPTURE(window);
        const FileBuilder builder = alone(heads, channels, window > 0 ? 0 : 500, window, rotary);
        const auto program = std::make_shared<const Program>(builder.build(), "auto");
        const auto exact = expected(program->graph.tensors[0].f32(), heads, channels, window, rotary);
        const auto fed = symbols();
        std::vector<float> said(exact.size());
        Engine(program, 1, 1).feed({fed.data(), steps, {}, said.data()});
        double worst = 0;
        for (size_t i = 0; i < said.size(); i++) worst = std::max(worst, std::abs(said[i] - exact[i]));
        CHECK(worst <= 5e-6);
      }
}

TEST_CASE("more steps than there can be are refused before any is taken") {
  const auto program = std::make_shared<const Program>(alone(1, 4, 10, 0, true).build(), "auto");
  Engine engine(program, 1, 1);
  const std::vector<int64_t> fed(10, 3);
  engine.feed({fed.data(), 8, {}, nullptr});
  const auto before = engine.state();
  CHECK(refusal_of([&] { engine.feed({fed.data(), 3, {}, nullptr}); }) ==
        "the steps reach 8 + 3; this model takes 10");
  int64_t out[3];
  const int64_t keys[] = {1, 0, 0};
  CHECK(refusal_of([&] { engine.run({out, 3, 3, {}, {}, nullptr, 0, keys}); }) ==
        "the steps reach 8 + 3; this model takes 10");
  CHECK(engine.state()[0].floats == before[0].floats);
  engine.feed({fed.data(), 2, {}, nullptr});
}

TEST_CASE("a state has as much room as it needs, and is taken with any") {
  const auto program = std::make_shared<const Program>(alone(2, 4, 300, 0, true).build(), "auto");
  const std::vector<int64_t> fed(200, 3);
  Engine engine(program, 1, 1);
  CHECK(engine.state()[0].shape == std::vector<int64_t>{1, 1, 2, 4});
  engine.feed({fed.data(), 100, {}, nullptr});
  const auto leaves = engine.state();
  REQUIRE(leaves.size() == 3);  // the position is one leaf, which two ops keep
  CHECK(leaves[2].name == "a.position");
  CHECK(leaves[0].name == "a.keys");
  CHECK(leaves[0].shape == std::vector<int64_t>{1, 100, 2, 4});
  std::vector<float> expected(8), found(8);
  engine.feed({fed.data(), 1, {}, expected.data()});
  for (int64_t room : {100, 101, 300}) {
    auto larger = leaves;
    for (Leaf* leaf : {&larger[0], &larger[1]}) leaf->shape[1] = room, leaf->floats.resize(size_t(room) * 8);
    Engine other(program, 1, 1);
    other.restore(larger);
    other.feed({fed.data(), 1, {}, found.data()});
    CHECK(found == expected);
  }
  const auto refused = [&](const auto& spoil) {
    auto spoilt = leaves;
    spoil(spoilt);
    return refusal_of([&] { engine.restore(spoilt); });
  };
  CHECK(refused([](auto& l) { l[2].integers[0] = 101; }) == "the state's a.position is out of bounds");
  CHECK(refused([](auto& l) { l[2].integers[0] = -1; }) == "the state's a.position is out of bounds");
  CHECK(refused([](auto& l) { l[0].shape[1] = 301, l[0].floats.resize(2408); }) ==
        "the state's a.keys is 1x301x2x4 float32, not 1x300x2x4 float32");
  CHECK(refused([](auto& l) { l[0].shape = {1, 0, 2, 4}, l[0].floats.clear(); }) ==
        "the state's a.keys is 1x0x2x4 float32, not 1x300x2x4 float32");
}

TEST_CASE("attention, positions and rotations that cannot be") {
  const auto attention = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) {
      b = alone(2, 4, 10, 0, true);
      spoil(b);
    });
  };
  CHECK(attention([](auto&) {}) == "");
  CHECK(attention([](auto& b) { b.ops[2].settings = {2, 10}; }) ==
        "op 2 (attention) has settings other than its heads, the most steps and the window");
  CHECK(attention([](auto& b) { b.ops[2].settings[0] = 0; }) ==
        "op 2 (attention) has settings other than its heads, the most steps and the window");
  CHECK(attention([](auto& b) { b.ops[2].settings[0] = 3; }) ==
        "op 2 (attention) reads 24 channels, not three times as many as 3 heads take");
  CHECK(attention([](auto& b) { b.ops[2].settings[2] = 5; }) ==
        "op 2 (attention) has the most steps 10 and the window 5; one is 0");
  CHECK(attention([](auto& b) { b.ops[2].settings = {2, 0, 1}; }) ==
        "op 2 (attention) sees 1 steps; the most is 268435456, and the least of a window 2");
  CHECK(attention([](auto& b) { b.ops[2].settings[1] = ~0u; }) ==
        "op 2 (attention) sees 4294967295 steps; the most is 268435456, and the least of a window 2");
  CHECK(attention([](auto& b) { b.ops[2].inputs = {0, 0}; }) == "op 2 (attention) turns heads of 4 channels by 24");
  CHECK(attention([](auto& b) { b.ops[2].weight = 0; }) ==
        "op 2 (attention) has an activation, an added value or tensors, which it does not read");
  CHECK(attention([](auto& b) { b.ops[2].settings[1] = 9; }) == "op 2 keeps a.position, as another op does");
  CHECK(attention([](auto& b) { b.ops[1].settings.pop_back(); }) ==
        "op 1 (rotation) has 4 settings, not the most steps and two for each angle");
  CHECK(attention([](auto& b) { b.ops[1].settings[2] = 0x40000000; }) ==
        "op 1 (rotation) turns by 2; it must be 0 to 1");
  const auto position = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) { b.position(2, 10, 1.5f, "p"), spoil(b); });
  };
  CHECK(position([](auto&) {}) == "");
  CHECK(position([](auto& b) { b.ops[3].settings = {}; }) == "op 3 (position) has 0 settings, not a scale");
  CHECK(position([](auto& b) { b.ops[3].settings[0] = 0x7f800000; }) == "op 3 (position) has the scale inf");
  CHECK(position([](auto& b) { b.tensors.back().dims = {16, 10}; }) ==
        "op 3 (position) has a table of 16x10 float32; it must be float32, with rows of 16");
  CHECK(position([](auto& b) { b.ops[3].activation = Activation::relu; }) ==
        "op 3 (position) has an activation, an added value or a bias");
}

}  // namespace undertow::testing
