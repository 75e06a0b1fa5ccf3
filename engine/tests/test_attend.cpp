// Attention to a source: against plain sums in double, by heads and by tanh; and what is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "file_builder.h"
#include "kernels.h"
#include "memories.h"
#include "refusal.h"

namespace undertow::testing {
namespace {

constexpr uint32_t rows = 3;
constexpr int64_t steps = 70;  // more than are multiplied at once

// embed -> attend, whose channels are the output's
FileBuilder attentive(uint32_t channels, uint32_t heads) {
  FileBuilder builder;
  builder.num_symbols = 16;
  const uint32_t x = builder.embed(channels);
  builder.attend(x, heads, 16);
  if (builder.values[builder.output].channels != 16) builder.conv({builder.output}, 16);
  return builder;
}

// What the first rows' attend of a query says of a source's steps, in double.
std::vector<double> plain(const Graph& graph, const std::vector<Leaf>& leaves, const float* query, int64_t source) {
  const Op& op = graph.ops[1];
  const bool dot = op.settings[0] == 0;
  const uint32_t channels = graph.values[op.inputs[0]].channels, made = graph.values[op.output].channels;
  const uint32_t heads = op.settings[1], depth = channels / heads, each = made / heads;
  std::vector<double> y(made);
  for (uint32_t head = 0; head < heads; head++) {
    std::vector<double> weights;
    double sum = 0;
    for (int64_t s = 0; s < leaves[0].integers[source]; s++) {
      double score = 0;
      for (uint32_t c = head * depth; c < (head + 1) * depth; c++) {
        const double key = leaves[1].floats[(source * 21 + s) * channels + c];
        score += dot ? query[c] * key / std::sqrt(double(depth)) : graph.tensors[op.weight].f32()[c] * std::tanh(query[c] + key);
      }
      weights.push_back(std::exp(score));
      sum += weights.back();
    }
    for (size_t s = 0; s < weights.size(); s++)
      for (uint32_t c = head * each; c < (head + 1) * each; c++)
        y[c] += weights[s] / sum * leaves[2].floats[(source * 21 + int64_t(s)) * made + c];
  }
  return y;
}

}  // namespace

TEST_CASE("what a query finds in its source is what plain sums in double find") {
  for (const auto& [channels, heads] : {std::pair(16u, 1u), {16u, 2u}, {16u, 16u}, {16u, 0u}, {7u, 0u}, {130u, 0u}}) {
    CAPTURE(channels);
    CAPTURE(heads);
    const auto program = std::make_shared<const Program>(attentive(channels, heads).build(), "auto");
    const Graph& graph = program->graph;
    Engine engine(program, rows, 1);
    remember(engine);
    std::vector<int64_t> symbols;
    for (int64_t i = 0; i < rows * steps; i++) symbols.push_back(i * 7 % 17);
    std::vector<float> params(rows * steps * 16);
    engine.feed({symbols.data(), steps, {}, params.data()});
    const auto leaves = memories(graph);
    for (int64_t i = 0; i < rows * steps; i++) {
      const auto expected = plain(graph, leaves, graph.tensors[0].f32() + symbols[i] * channels, i / steps % 2);
      for (uint32_t c = 0; c < 16; c++) CHECK(std::abs(params[i * 16 + c] - expected[c]) < 3e-6);
    }
  }
}

TEST_CASE("every instruction set compares a query with keys to the same bits") {
  std::mt19937 random(3);
  for (uint32_t outputs : {16u, 48u, 64u, 80u, 192u})
    for (uint32_t depth : {1u, 5u, 64u, 100u}) {
      std::vector<float> keys(outputs * depth), query(depth), vector(depth), expected(outputs), found(outputs);
      for (auto* numbers : {&keys, &query, &vector})
        for (float& one : *numbers) one = float(random() % 4001) / 1000 - 2;
      scalar_kernels.compare({keys.data(), depth, outputs, query.data(), vector.data(), expected.data()});
      for (const Kernels* kernels : usable_kernels()) {
        kernels->compare({keys.data(), depth, outputs, query.data(), vector.data(), found.data()});
        CHECK(std::memcmp(found.data(), expected.data(), outputs * sizeof(float)) == 0);
      }
    }
}

TEST_CASE("an attend is refused where its parts do not fit") {
  const auto spoilt = [](const auto& spoil, uint32_t heads = 2) { return refusal(spoil, attentive(16, heads)); };
  CHECK(spoilt([](FileBuilder&) {}) == "");
  CHECK(spoilt([](FileBuilder&) {}, 0) == "");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings[1] = 3; }) == "op 1 (attend) has 3 heads of 16 channels");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings[1] = 0; }) == "op 1 (attend) has 0 heads of 16 channels");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings[0] = 2; }) == "op 1 (attend) has no kind and heads that are known");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings = {}; }) == "op 1 (attend) has no kind and heads that are known");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].name = ""; }) == "op 1 (attend) has no name, and so no memory");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].add = 0; }).starts_with("op 1 (attend) has an activation"));
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].weight = 0; }) == "op 1 (attend) has a weight, which it does not read");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings[1] = 2; }, 0) == "op 1 (attend) has 2 heads, not 1");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].weight = -1; }, 0).starts_with("op 1 (attend) has the weight tensor -1"));
}

}  // namespace undertow::testing
