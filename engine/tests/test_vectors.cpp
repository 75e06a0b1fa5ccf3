// Steps that are vectors of symbols, or floats: the same numbers however they are stepped, and what is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brief.h"
#include "crc32.h"
#include "kernels.h"
#include "models.h"
#include "program.h"
#include "refusal.h"
#include "undertow/engine.h"
#include "undertow/philox.h"

namespace undertow::testing {
namespace {

constexpr int64_t steps = 60, rows = 3;

std::vector<VectorShape> shapes() {
  std::vector<VectorShape> all;
  for (Type type : {Type::f32, Type::bf16, Type::i8})
    for (const auto& [elements, frame] : {std::pair{5u, 0u}, {1u, 0u}, {88u, 4u}})
      all.push_back({.precision = type, .num_elements = elements, .channels = 20, .frame_size = frame});
  return all;
}

std::vector<int64_t> drawn(const Bytes& file, std::string_view isa, uint32_t threads, int64_t chunk) {
  const auto program = std::make_shared<const Program>(file, isa);
  const int64_t elements = program->graph.num_elements();
  Engine engine(program, rows, threads);
  std::vector<int64_t> out(rows * steps * elements);
  for (int64_t done = 0; done < steps; done += chunk) {
    const int64_t keys[] = {5, 0, done, 5, 1, done, 6, 0, done};
    engine.run({out.data() + done * elements, std::min(chunk, steps - done), steps * elements, {}, {}, nullptr, 0, keys});
  }
  return out;
}

// What comes out after each step, of known symbols or floats, in chunks.
std::vector<float> outputs(const Bytes& file, std::string_view isa, uint32_t threads, int64_t chunk,
                           const std::vector<int64_t>& symbols, const std::vector<float>& inputs) {
  const auto program = std::make_shared<const Program>(file, isa);
  const int64_t elements = program->graph.num_elements(), channels = program->graph.input_channels();
  const int64_t width = program->num_params();
  Engine engine(program, rows, threads);
  std::vector<float> all(rows * steps * width);
  for (int64_t done = 0; done < steps; done += chunk) {
    const int64_t count = std::min(chunk, steps - done);
    std::vector<int64_t> part;
    std::vector<float> floats, params(rows * count * width);
    for (int64_t row = 0; row < rows; row++) {
      const int64_t first = row * steps + done;
      if (!symbols.empty()) part.insert(part.end(), &symbols[first * elements], &symbols[first * elements] + count * elements);
      if (!inputs.empty()) floats.insert(floats.end(), &inputs[first * channels], &inputs[first * channels] + count * channels);
    }
    engine.feed({part.empty() ? nullptr : part.data(), count, {}, params.data(), {}, {}, floats.empty() ? nullptr : floats.data()});
    for (int64_t row = 0; row < rows; row++)
      std::copy_n(&params[row * count * width], count * width, &all[(row * steps + done) * width]);
  }
  return all;
}

std::vector<float> wave(int64_t channels) {
  std::vector<float> inputs(rows * steps * channels);
  for (size_t i = 0; i < inputs.size(); i++) inputs[i] = float(i * 37 % 101) / 50 - 1;
  return inputs;
}

template <class T>
uint32_t checksum(const std::vector<T>& numbers) {
  return crc32(std::as_bytes(std::span(numbers)));
}

}  // namespace

TEST_CASE("vectors are drawn element by element from their logits, and fed") {
  for (const VectorShape& shape : shapes()) {
    const Bytes file = roll(shape).build();
    const auto program = std::make_shared<const Program>(file, "auto");
    const uint32_t elements = shape.num_elements;
    const std::vector<int64_t> out = drawn(file, "auto", 1, steps);
    std::vector<int64_t> past(out.size());  // the start, then all but the last
    for (int64_t row = 0; row < rows; row++) {
      std::fill_n(&past[row * steps * elements], elements, 2);
      std::copy_n(&out[row * steps * elements], (steps - 1) * elements, &past[(row * steps + 1) * elements]);
    }
    const std::vector<float> logits = outputs(file, "auto", 1, steps, past, {});
    const uint64_t seeds[] = {5, 5, 6}, numbers[] = {0, 1, 0};
    std::vector<double> u(elements);
    bool same = true;
    for (int64_t row = 0; row < rows; row++)
      for (int64_t step = 0; step < steps; step++) {
        uniforms(seeds[row], numbers[row], uint64_t(step), elements, u.data());
        for (uint32_t e = 0; e < elements; e++) {
          const size_t at = (row * steps + step) * elements + e;
          same &= out[at] == (u[e] >= 1 / (1 + std::exp(double(logits[at]))));
        }
      }
    CHECK(same);
  }
}

TEST_CASE("vectors and floats give the same numbers in any chunks, threads and on every instruction set") {
  for (const VectorShape& shape : shapes()) {
    const Bytes effects = audio_effect(shape).build();
    const std::vector<float> inputs = wave(shape.num_elements);
    const std::vector<float> effect = outputs(effects, "scalar", 1, steps, {}, inputs);
    const auto ways = tried<std::pair<uint32_t, int64_t>>({{1, 1}, {2, steps}, {3, 7}});
    for (const Kernels* kernels : usable_kernels())
      for (const auto& [threads, chunk] : ways)
        CHECK(outputs(effects, kernels->name, threads, chunk, {}, inputs) == effect);
    for (const Bytes& file : {roll(shape).build(), coloured(shape).build()}) {
      const std::vector<int64_t> expected = drawn(file, "scalar", 1, steps);
      const std::vector<float> params = outputs(file, "scalar", 1, steps, expected, {});
      for (const Kernels* kernels : usable_kernels())
        for (const auto& [threads, chunk] : ways) {
          CHECK(drawn(file, kernels->name, threads, chunk) == expected);
          CHECK(outputs(file, kernels->name, threads, chunk, expected, {}) == params);
        }
    }
  }
}

TEST_CASE("the numbers of vectors and floats that were written down") {
  constexpr uint32_t expected[][2] = {
      {2790444992, 646946595}, {3663161606, 2228225415}, {4232184825, 1951665599},
      {2790444992, 1624841827}, {3663161606, 2636750355}, {3074446756, 155225465},
      {2790444992, 2164526170}, {3663161606, 2920815506}, {2639056329, 2788270129}};
  const std::vector<VectorShape> all = shapes();
  REQUIRE(std::size(expected) == all.size());
  for (size_t i = 0; i < all.size(); i++) {
    const std::vector<int64_t> symbols = drawn(roll(all[i]).build(), "auto", 1, steps);
    INFO(i);
    CHECK(checksum(symbols) == expected[i][0]);
    CHECK(checksum(outputs(audio_effect(all[i]).build(), "auto", 1, steps, {}, wave(all[i].num_elements))) == expected[i][1]);
  }
}

TEST_CASE("vectors wait to be fed, are copied with their slots, and are counted element by element") {
  const auto program = std::make_shared<const Program>(roll().build(), "auto");
  Engine engine(program, 2, 1);
  CHECK(engine.pending() == std::vector<int64_t>(10, 2));
  const std::vector<int64_t> chord{0, 1, 1, 0, 2};
  engine.set_pending(chord, std::vector<uint32_t>{1});
  engine.copy(1, 0);
  CHECK(engine.pending(std::vector<uint32_t>{0}) == chord);
  engine.reset();
  CHECK(engine.pending() == std::vector<int64_t>(10, 2));
  std::vector<float> params(2 * 5);
  const std::vector<int64_t> known{0, 1, 1, 0, 1, 1, 1, 0, 0, 0};
  std::vector<uint32_t> counts(2 * 5 * 3), intervals(2 * 5 * 2);
  const std::vector<int64_t> past(10, 2);
  engine.feed({past.data(), 1, {}, params.data(), {}, {16, counts.data(), known.data(), intervals.data()}});
  for (size_t i = 0; i < 10; i++) {
    const double zero = 1 / (1 + std::exp(double(params[i])));
    CHECK(counts[3 * i] == 0);
    CHECK(std::abs(counts[3 * i + 1] - (1 + zero * 65534)) < 1.01);
    CHECK(counts[3 * i + 2] == 65536);
    CHECK(intervals[2 * i] == counts[3 * i + known[i]]);
    CHECK(intervals[2 * i + 1] == counts[3 * i + known[i] + 1]);
  }
}

TEST_CASE("temperature 0 takes what is more probable, and what is not a number is no symbol") {
  Sampler sampler({EmissionKind::bernoulli, 4, 0, 0}, 2, 4, scalar_kernels.softmax);
  CHECK(sampler.num_uniforms() == 4);
  const float logits[] = {-0.1f, 0.1f, 0.0f, std::nanf("")};
  const double u[] = {0.99, 0.01, 0.99, 0.5};
  std::vector<int64_t> out(4);
  sampler.draw(logits, u, {0, 0, 1}, out.data());
  CHECK(out == std::vector<int64_t>{0, 1, 0, 2});
  sampler.draw(logits, u, {1e-300, 0, 1}, out.data());
  CHECK(out == std::vector<int64_t>{0, 1, 1, 2});
}

TEST_CASE("vectors and floats that do not fit are refused") {
  const auto effect = std::make_shared<const Program>(audio_effect().build(), "auto");
  const auto chords = std::make_shared<const Program>(roll().build(), "auto");
  Engine floats(effect, 1, 1), symbols(chords, 1, 1);
  const std::vector<int64_t> chord{0, 1, 1, 0, 3};
  const std::vector<float> inputs(5);
  int64_t out[5];
  const int64_t keys[] = {0, 0, 0};
  CHECK_THROWS_AS(floats.feed({chord.data(), 1, {}, nullptr}), std::invalid_argument);
  CHECK_THROWS_AS(floats.run({out, 1, 5, {}, {}, nullptr, 0, keys}), std::invalid_argument);
  CHECK_THROWS_AS(symbols.feed({nullptr, 1, {}, nullptr, {}, {}, inputs.data()}), std::invalid_argument);
  CHECK_THROWS_AS(symbols.feed({chord.data(), 1, {}, nullptr}), std::invalid_argument);
  CHECK_THROWS_AS(symbols.set_pending(std::vector<int64_t>{1}), std::invalid_argument);
  uint32_t counts[2];
  CHECK_THROWS_AS(floats.feed({nullptr, 1, {}, nullptr, {}, {16, counts}, inputs.data()}), std::invalid_argument);
  const auto says = [](const auto& spoil, FileBuilder builder) { return refusal(std::function<void(FileBuilder&)>(spoil), builder); };
  CHECK(says([](FileBuilder& b) { b.num_symbols = 3; }, roll()) ==
        "the emission is of zeros and ones, and the model file has 3 symbols");
  CHECK(says([](FileBuilder& b) { b.emission.num_components = 0; }, roll()) != "");
  CHECK(says([](FileBuilder& b) { b.emission.num_components = 6; }, roll()) != "");
  CHECK(says([](FileBuilder& b) { b.emission.num_components = 1u << 31; }, roll()) != "");
  CHECK(says([](FileBuilder& b) { b.num_symbols = 5; }, audio_effect()) == "op 0 (floats) is in a model of symbols");
  CHECK(says([](FileBuilder& b) { b.emission.kind = EmissionKind::categorical; }, audio_effect()) ==
        "the model file has 0 symbols; it can have 1 to 16777216");
  CHECK(says([](FileBuilder& b) { b.values[0].channels = 4; }, audio_effect()) != "");
  CHECK(says([](FileBuilder& b) { b.ops[0].settings = {1}; }, audio_effect()) != "");
}

}  // namespace undertow::testing
