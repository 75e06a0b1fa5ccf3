// Memories of sources: what a column adds, which rows read which source, and what is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "file_builder.h"
#include "memories.h"
#include "refusal.h"

namespace undertow::testing {
namespace {

// embed -> column -> output of as many channels as symbols
FileBuilder decoder() {
  FileBuilder builder;
  builder.column(builder.embed(builder.num_symbols));
  return builder;
}

std::string refusal_of(Engine& engine, const std::vector<Leaf>& leaves, const std::vector<int64_t>& sources) {
  try {
    engine.set_memory(leaves, sources);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a column is that of the row's source at the step it has come to, and none behind the last") {
  for (const bool silently : {false, true}) {
    const auto program = std::make_shared<const Program>(decoder().build(), "auto");
    Engine engine(program, 3, 1);
    remember(engine);
    constexpr int64_t before = 3, steps = 30;
    const std::vector<int64_t> symbols(3 * steps, 7);
    std::vector<float> params(3 * steps * 16);
    engine.feed({symbols.data(), before, {}, silently ? nullptr : params.data()});
    engine.feed({symbols.data(), steps, {}, params.data()});
    const float* x = program->graph.tensors[0].f32() + 7 * 16;
    const auto leaves = memories(program->graph);
    for (uint32_t row = 0; row < 3; row++)
      for (int64_t step = 0; step < steps; step++)
        for (uint32_t c = 0; c < 16; c++) {
          const int64_t place = before + step, source = row % 2;
          const float column = leaves[1].floats[(source * 21 + std::min<int64_t>(place, 20)) * 16 + c];
          const float expected = place < leaves[0].integers[source] ? x[c] + column : x[c];
          CHECK(params[(row * steps + step) * 16 + c] == expected);
        }
  }
}

TEST_CASE("rows may change their sources, and a memory stays when rows begin again") {
  const auto program = std::make_shared<const Program>(decoder().build(), "auto");
  Engine engine(program, 2, 1), other(program, 2, 1);
  remember(engine);
  engine.set_source(0, 1);
  other.set_memory(memories(program->graph), {1, 1});
  const std::vector<int64_t> symbols = {1, 2};
  std::vector<float> found(32), expected(32), again(32);
  engine.feed({symbols.data(), 1, {}, found.data()});
  other.feed({symbols.data(), 1, {}, expected.data()});
  engine.reset();
  engine.feed({symbols.data(), 1, {}, again.data()});
  CHECK(found == expected);
  CHECK(again == expected);
}

TEST_CASE("a memory that is missing, does not fit or is of another model is refused, and changes nothing") {
  const auto program = std::make_shared<const Program>(decoder().build(), "auto");
  Engine engine(program, 2, 1);
  const auto right = memories(program->graph);
  const std::vector<int64_t> symbols = {0, 0};
  CHECK_THROWS_AS(engine.feed({symbols.data(), 1, {}, nullptr}), std::invalid_argument);
  CHECK_THROWS_AS(engine.set_source(0, 0), std::invalid_argument);
  CHECK(refusal_of(engine, right, {0, 1}) == "");
  const auto spoilt = [&](const auto& spoil) {
    auto leaves = right;
    spoil(leaves);
    return refusal_of(engine, leaves, {0, 0});
  };
  using Leaves = std::vector<Leaf>;
  CHECK(spoilt([](Leaves& leaves) { leaves.pop_back(); }) == "the memory has no columns");
  CHECK(spoilt([](Leaves& leaves) { leaves.erase(leaves.begin()); }) == "the memory has no lengths");
  CHECK(spoilt([](Leaves& leaves) { leaves[0].integers[1] = 22; }) ==
        "the memory has a source of length 22; it can be 1 to 21");
  CHECK(spoilt([](Leaves& leaves) { leaves[0].integers[0] = 0; }) ==
        "the memory has a source of length 0; it can be 1 to 21");
  CHECK(spoilt([](Leaves& leaves) { leaves[1].shape = {2, 16, 21}; }) ==
        "the memory has a source of length 21; it can be 1 to 16");
  CHECK(spoilt([](Leaves& leaves) { leaves[1].shape = {2, 21, 4, 5}; }) ==
        "the memory has 2x21x4x5 float32 for columns, not 2x21x16 float32");
  CHECK(spoilt([](Leaves& leaves) { leaves[1].shape = {42}; }) ==
        "the memory has a source of length 21; it can be 1 to 0");
  CHECK(spoilt([](Leaves& leaves) { leaves.push_back({"x", {2, 21, 1}, false, {}, {}}); }) ==
        "the memory has x, which this model does not read");
  CHECK(spoilt([](Leaves& leaves) { leaves[1].shape = {2, 21, 4, 4}; }) == "");
  CHECK(refusal_of(engine, right, {0, 2}) == "the memory has no source 2, but 2");
  CHECK(refusal_of(engine, right, {0}) == "the memory is to have one source a slot");
  CHECK_THROWS_AS(engine.set_source(2, 0), std::invalid_argument);
  CHECK_THROWS_AS(engine.set_source(0, 2), std::invalid_argument);
  Engine plain(std::make_shared<const Program>(small().build(), "auto"), 1, 1);
  CHECK(refusal_of(plain, right, {0}) == "this model reads no memory of sources");
}

TEST_CASE("a column is refused where it cannot be added") {
  const auto spoilt = [](const auto& spoil) { return refusal(spoil, decoder()); };
  CHECK(spoilt([](FileBuilder&) {}) == "");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].name = ""; }) == "op 1 keeps a state and has no name");
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].settings = {1}; }).starts_with("op 1 (column) has what only a conv"));
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].add = 0; }).starts_with("op 1 (column) has what only a conv"));
  CHECK(spoilt([](FileBuilder& b) { b.ops[1].inputs = {0, 0}; }) == "op 1 (column) has 2 inputs, not 1");
  CHECK(spoilt([](FileBuilder& b) { b.column(b.conv({0}, 3)); b.output = 1; }) ==
        "ops read 16 and 3 channels of the memory's columns");
  CHECK(spoilt([](FileBuilder& b) { b.column(b.frame(0, 2)); b.output = 1; }) ==
        "op 3 (column) counts the ticks of domain 1, not steps");
}

}  // namespace undertow::testing
