// Convolutions of any taps, held to plain loops over a whole sequence.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "brief.h"
#include "file_builder.h"
#include "kernels.h"
#include "program.h"
#include "state.h"
#include "undertow/engine.h"

namespace undertow::testing {
namespace {

constexpr uint32_t rows = 3, channels = 20;
constexpr int64_t steps = 61;

const std::vector<ConvOptions> cases{
    {.lags = {1}},
    {.lags = {7, 0}},
    {.lags = {0, 2, 9, 5}},
    raster(6, {{2, -1}, {2, 0}, {2, 1}, {1, -1}, {1, 0}, {1, 1}, {0, -1}, {0, 0}}),
    raster(5, {{1, 2}, {1, -2}, {0, -1}}),
    raster(1, {{1, 0}, {2, 0}}),
    raster(6, {{1, -1}, {1, 1}, {0, -1}}, 1, 1),
    raster(7, {{2, -1}, {1, 2}, {1, 0}}, 9, 4),
    raster(7, {{0, -1}}, 1, 1),
    raster(7, {{1, 0}, {0, 1}, {0, -2}}, 2, -3),
    raster(4, {{1, 3}, {0, -1}, {1, 0}}, 1, 1),
    raster(3, {{1, -1}, {1, 0}, {1, 1}, {0, -1}, {0, 0}}, 0, 0, 3),
    raster(3, {{1, 2}, {0, -1}, {0, 0}}, 1, 1, 3),
    raster(4, {{1, 0}}, 5, 4, 2),
    raster(4, {{0, 1}, {1, -1}}, 3, -5, 3),
};

FileBuilder model(ConvOptions taps, Type type) {
  FileBuilder builder;
  const uint32_t x = builder.embed(channels);
  taps.type = type;
  builder.conv({x}, 16, taps);
  return builder;
}

int64_t symbol(int64_t row, int64_t step) { return (row * 11 + step * step * 7 + step) % 16; }

std::vector<int64_t> symbols() {
  std::vector<int64_t> all(rows * steps);
  for (int64_t i = 0; i < int64_t(all.size()); i++) all[i] = symbol(i / steps, i % steps);
  return all;
}

// A convolution's outputs (steps, 16) for a row, in the order that the kernels have.
std::vector<float> reference(const FileBuilder& builder, const ConvOptions& taps, int64_t row) {
  const auto* table = reinterpret_cast<const float*>(builder.tensors[0].data.data());
  const auto* weight = reinterpret_cast<const float*>(builder.tensors[builder.ops[1].weight].data.data());
  const auto* bias = reinterpret_cast<const float*>(builder.tensors[builder.ops[1].bias].data.data());
  const size_t number = taps.lags.size();
  std::vector<float> y(steps * 16);
  for (int64_t step = 0; step < steps; step++) {
    const int64_t place = step - int64_t(taps.late) + taps.ahead, phases = taps.phases;
    const int64_t phase = (place % phases + phases) % phases;
    const auto lag = [&](size_t tap) { return int64_t(int32_t(taps.lags[tap])) + phase; };
    for (size_t o = 0; o < 16; o++) {
      float sum = bias[size_t(phase) * 16 + o];
      const auto add = [&](size_t tap) {
        const int64_t from = step - lag(tap);
        const int64_t column = taps.width > 0 && place >= 0 ? place % taps.width + taps.columns[tap] - phase : 0;
        const bool inside = from >= int64_t(taps.late) && place >= 0 && column >= 0 &&
                            (taps.width == 0 || column < int64_t(taps.width));
        for (size_t c = 0; c < channels; c++) {
          const float x = inside ? table[size_t(symbol(row, from)) * channels + c] : 0.0f;
          sum = std::fma(weight[((size_t(phase) * 16 + o) * number + tap) * channels + c], x, sum);
        }
      };
      for (size_t tap = 0; tap < number; tap++)
        if (lag(tap) > 0) add(tap);
      for (size_t tap = 0; tap < number; tap++)
        if (lag(tap) == 0) add(tap);
      y[size_t(step) * 16 + o] = sum;
    }
  }
  return y;
}

// In chunks of so many steps.
std::vector<float> fed(const std::shared_ptr<const Program>& program, int64_t chunk, uint32_t threads) {
  Engine engine(program, rows, threads);
  const std::vector<int64_t> all = symbols();
  std::vector<float> params(rows * steps * 16);
  for (int64_t done = 0; done < steps; done += chunk) {
    const int64_t now = std::min(chunk, steps - done);
    std::vector<int64_t> part;
    for (int64_t row = 0; row < rows; row++)
      part.insert(part.end(), all.begin() + row * steps + done, all.begin() + row * steps + done + now);
    std::vector<float> made(rows * now * 16);
    engine.feed({part.data(), now, {}, made.data()});
    for (int64_t row = 0; row < rows; row++)
      std::copy_n(made.data() + row * now * 16, now * 16, params.data() + (row * steps + done) * 16);
  }
  return params;
}

// The symbols that are drawn are those whose parameters a feed of them gives.
void check_steps(const std::shared_ptr<const Program>& program, uint32_t threads) {
  std::vector<int64_t> out(rows * steps), keys;
  for (int64_t row = 0; row < rows; row++) keys.insert(keys.end(), {9, row, 0});
  Engine engine(program, rows, threads);
  engine.run({out.data(), steps, steps, {}, {0, 0, 1}, nullptr, 0, keys.data()});
  std::vector<int64_t> given(rows * steps, 16);
  for (int64_t row = 0; row < rows; row++)
    std::copy_n(out.data() + row * steps, steps - 1, given.data() + row * steps + 1);
  std::vector<float> params(rows * steps * 16);
  Engine(program, rows, 1).feed({given.data(), steps, {}, params.data()});
  std::vector<int64_t> best;
  for (auto at = params.begin(); at != params.end(); at += 16) best.push_back(std::max_element(at, at + 16) - at);
  CHECK(best == out);
}

}  // namespace

TEST_CASE("taps of any lags, and of rasters, are those of a plain loop") {
  for (const ConvOptions& taps : cases) {
    const FileBuilder builder = model(taps, Type::f32);
    for (const Kernels* kernels : usable_kernels()) {
      const auto program = std::make_shared<const Program>(builder.build(), kernels->name);
      const std::vector<float> whole = fed(program, steps, 1);
      for (int64_t row = 0; row < rows; row++)
        CHECK(std::vector(whole.begin() + row * steps * 16, whole.begin() + (row + 1) * steps * 16) ==
              reference(builder, taps, row));
      for (int64_t chunk : tried<int64_t>({1, 2, 7})) CHECK(fed(program, chunk, 2) == whole);
      for (uint32_t threads : tried<uint32_t>({1, 4})) check_steps(program, threads);
    }
  }
}

TEST_CASE("int8 taps are the same in every chunk, and in steps") {
  for (const ConvOptions& taps : cases)
    for (const Kernels* kernels : usable_kernels()) {
      const auto program = std::make_shared<const Program>(model(taps, Type::i8).build(), kernels->name);
      const auto plain = std::make_shared<const Program>(model(taps, Type::i8).build(), "scalar");
      const std::vector<float> whole = fed(program, steps, 1);
      CHECK(fed(plain, steps, 1) == whole);
      for (int64_t chunk : tried<int64_t>({1, 7})) CHECK(fed(program, chunk, 2) == whole);
      check_steps(program, 1);
    }
}

TEST_CASE("a place in a raster is part of the state") {
  const auto program = std::make_shared<const Program>(model(cases[3], Type::f32).build(), "auto");
  Engine engine(program, 1, 1);
  const std::vector<int64_t> all = symbols();
  engine.feed({all.data(), 20, {}, nullptr});
  const std::vector<Leaf> state = engine.state();
  REQUIRE(state.size() == 3);
  CHECK(state[2].name == "op.1.place");
  CHECK(state[2].integers == std::vector<int64_t>{20});
  std::vector<float> on(20 * 16), again(20 * 16);
  engine.feed({all.data() + 20, 20, {}, on.data()});
  Engine other(program, 1, 1);
  other.restore(state);
  other.feed({all.data() + 20, 20, {}, again.data()});
  CHECK(on == again);
}

TEST_CASE("a row's product is the same from the last panel to the first") {
  constexpr uint32_t depth = 90, outputs = 2 * panel_width + 16;
  std::vector<float> weights(depth * outputs), x(depth), start(outputs);
  for (size_t i = 0; i < weights.size(); i++) weights[i] = std::sin(float(i));
  for (uint32_t i = 0; i < depth; i++) x[i] = std::cos(float(i));
  for (const Kernels* kernels : usable_kernels()) {
    std::vector<float> forwards(outputs), backwards(outputs);
    const void* const row = x.data();
    kernels->product_f32({weights.data(), depth, 0, outputs, 1, &row, forwards.data(), outputs, start.data()});
    kernels->product_f32({weights.data(), depth, 0, outputs, 1, &row, backwards.data(), outputs, start.data(), true});
    CHECK(forwards == backwards);
  }
}

}  // namespace undertow::testing
