// The same bits whatever steps the rows: instruction sets, threads, the rows beside them, chunks; and no allocation.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include "allocations.h"
#include "brief.h"
#include "kernels.h"
#include "memories.h"
#include "models.h"
#include "program.h"
#include "refusal.h"
#include "state.h"
#include "undertow/engine.h"

namespace undertow::testing {
namespace {

constexpr uint32_t rows = 3;
constexpr int64_t steps = brief ? 15 : 60;

struct Setting {
  std::string_view isa = "auto";
  uint32_t threads = 1;
  std::vector<int64_t> chunks = {steps};
  uint32_t first_row = 0, num_rows = rows;
};

std::vector<float> conditions(uint32_t channels) {
  std::vector<float> values(size_t(rows) * steps * channels);
  for (size_t i = 0; i < values.size(); i++) values[i] = float(i * 37 % 101) / 50 - 1;
  return values;
}

// (num_rows, steps) symbols drawn with noise of their own rows.
std::vector<int64_t> drawn(const Bytes& file, const Setting& setting) {
  const auto program = std::make_shared<const Program>(file, setting.isa);
  Engine engine(program, setting.num_rows, setting.threads);
  remember(engine, setting.first_row);
  const uint32_t channels = program->graph.condition_channels;
  const auto condition = conditions(channels);
  std::vector<int64_t> out(setting.num_rows * steps);
  int64_t done = 0;
  for (size_t next = 0; done < steps; next++) {
    const int64_t chunk = std::min(setting.chunks[next % setting.chunks.size()], steps - done);
    std::vector<int64_t> keys, part(setting.num_rows * chunk);
    for (uint32_t row = 0; row < setting.num_rows; row++) keys.insert(keys.end(), {5, setting.first_row + row, done});
    // A chunk's condition, its rows side by side.
    std::vector<float> given(setting.num_rows * chunk * channels);
    for (uint32_t row = 0; row < setting.num_rows; row++)
      std::copy_n(condition.data() + ((setting.first_row + row) * steps + done) * channels, chunk * channels,
                  given.data() + row * chunk * channels);
    const Condition known{given.data(), channels ? chunk : 0, chunk * channels};
    engine.run({part.data(), chunk, chunk, known, {}, nullptr, 0, keys.data()});
    for (uint32_t row = 0; row < setting.num_rows; row++)
      std::copy_n(part.data() + row * chunk, chunk, out.data() + row * steps + done);
    done += chunk;
  }
  return out;
}

}  // namespace

TEST_CASE("every instruction set, number of threads, batch and chunking draws the same symbols") {
  for (const Model& model : models()) {
    CAPTURE(model.name);
    const Bytes& file = model.file;
    const auto expected = drawn(file, {});
    CHECK(std::count(expected.begin(), expected.end(), expected[0]) < int64_t(expected.size()) / 2);
    for (const Kernels* kernels : usable_kernels())
      for (uint32_t threads : tried<uint32_t>({1, 4})) {
        CAPTURE(kernels->name);
        CAPTURE(threads);
        CHECK(drawn(file, {.isa = kernels->name, .threads = threads}) == expected);
      }
    CHECK(drawn(file, {.chunks = {1, 2, 3, 40}}) == expected);
    CHECK(drawn(file, {.threads = 4, .chunks = {7, 1}}) == expected);
    for (uint32_t row = 0; row < rows; row++) {
      const auto alone = drawn(file, {.threads = 2, .first_row = row, .num_rows = 1});
      CHECK(std::equal(alone.begin(), alone.end(), expected.begin() + row * steps));
    }
  }
}

TEST_CASE("feeding what was drawn, in blocks, leaves the same state and gives the same parameters as stepping") {
  for (const Model& model : models()) {
    const Bytes& file = model.file;
    const auto program = std::make_shared<const Program>(file, "auto");
    const auto condition = conditions(model.condition_channels);
    const Condition known{condition.data(), model.condition_channels ? steps : 0, int64_t(steps * model.condition_channels)};
    const auto symbols = drawn(file, {});
    // The symbols fed are the start and all but the last one.
    std::vector<int64_t> fed;
    for (uint32_t row = 0; row < rows; row++) {
      fed.push_back(program->graph.num_symbols);
      fed.insert(fed.end(), symbols.begin() + row * steps, symbols.begin() + (row + 1) * steps - 1);
    }
    const uint32_t num_params = program->num_params();
    std::vector<float> params(rows * steps * num_params), one_by_one(params.size());
    Engine blocks(program, rows, 2), silent(program, rows, 1), singles(program, rows, 1);
    remember(blocks), remember(silent), remember(singles);
    blocks.feed({fed.data(), steps, known, params.data()});
    silent.feed({fed.data(), steps, known, nullptr});
    for (int64_t step = 0; step < steps; step++) {
      std::vector<int64_t> now;
      std::vector<float> given, out(rows * num_params);
      for (uint32_t row = 0; row < rows; row++) {
        now.push_back(fed[row * steps + step]);
        const float* from = condition.data() + (row * steps + step) * model.condition_channels;
        given.insert(given.end(), from, from + model.condition_channels);
      }
      singles.feed({now.data(), 1, {given.data(), model.condition_channels ? 1 : 0, model.condition_channels}, out.data()});
      for (uint32_t row = 0; row < rows; row++)
        std::copy_n(out.data() + row * num_params, num_params,
                    one_by_one.data() + (row * steps + step) * num_params);
    }
    CHECK(params == one_by_one);
    Engine stepped(program, rows, 1);
    remember(stepped);
    std::vector<int64_t> out(rows * steps), keys = {5, 0, 0, 5, 1, 0, 5, 2, 0};
    stepped.run({out.data(), steps, steps, known, {}, nullptr, 0, keys.data()});
    CHECK(out == symbols);
    for (Engine* engine : {&blocks, &silent, &stepped}) {
      const auto leaves = engine->state(), expected = singles.state();
      REQUIRE(leaves.size() == expected.size());
      for (size_t i = 0; i < leaves.size(); i++) {
        CHECK(leaves[i].shape == expected[i].shape);
        CHECK(leaves[i].floats == expected[i].floats);
        CHECK(leaves[i].integers == expected[i].integers);
      }
    }
  }
}

TEST_CASE("a state taken out and put into another engine goes on as the first one does") {
  for (const Model& model : models()) {
    const Bytes& file = model.file;
    const auto program = std::make_shared<const Program>(file, "auto");
    std::vector<float> condition(rows * model.condition_channels, 0.5f);
    const Condition known{condition.data(), model.condition_channels ? 1 : 0, model.condition_channels};
    Engine first(program, rows, 1), second(program, rows, 2);
    remember(first), remember(second);
    std::vector<int64_t> keys = {1, 0, 0, 1, 1, 0, 1, 2, 0}, later = {1, 0, 41, 1, 1, 41, 1, 2, 41};
    std::vector<int64_t> begun(rows * 41), a(rows * 30), b(rows * 30);
    first.run({begun.data(), 41, 41, known, {}, nullptr, 0, keys.data()});
    auto leaves = first.state();
    std::reverse(leaves.begin(), leaves.end());  // they are known by name
    second.restore(leaves);
    second.set_pending(first.pending());
    first.run({a.data(), 30, 30, known, {}, nullptr, 0, later.data()});
    second.run({b.data(), 30, 30, known, {}, nullptr, 0, later.data()});
    CHECK(a == b);
    CHECK_THROWS_AS(second.restore({}), std::invalid_argument);
  }
}

TEST_CASE("a state of other names, shapes or types is refused by name") {
  const auto program = std::make_shared<const Program>(small().build(), "auto");
  Engine engine(program, 2, 1);
  const auto refusal_of = [&](const auto& spoil) {
    auto leaves = engine.state();
    spoil(leaves);
    try {
      engine.restore(leaves);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  using Leaves = std::vector<Leaf>;
  CHECK(refusal_of([](Leaves&) {}) == "");
  CHECK(refusal_of([](Leaves& leaves) { leaves[0].name = "op.2.past"; }) == "the state has no op.1.past");
  CHECK(refusal_of([](Leaves& leaves) { leaves.push_back({"x", {2}, true, {}, {0, 0}}); }) ==
        "the state has x, which this model has not");
  CHECK(refusal_of([](Leaves& leaves) { leaves[0].shape = {2, 1, 9}; }) ==
        "the state's op.1.past is 2x1x9 float32, not 2x3x3 float32");
  CHECK(refusal_of([](Leaves& leaves) { leaves[1] = {"op.1.cursor", {2}, false, {0, 0}, {}}; }) ==
        "the state's op.1.cursor is 2 float32, not 2 int64");
  CHECK(refusal_of([](Leaves& leaves) { leaves[1].integers = {0, 3}; }) ==
        "the state's op.1.cursor is out of bounds");
}

TEST_CASE("nothing is allocated while stepping") {
  for (const Model& model : models())
    for (uint32_t threads : tried<uint32_t>({1, 2})) {
      const auto program = std::make_shared<const Program>(model.file, "auto");
      std::vector<float> condition(rows * model.condition_channels, 0.5f);
      const Condition known{condition.data(), model.condition_channels ? 1 : 0, model.condition_channels};
      Engine engine(program, rows, threads);
      remember(engine);
      std::vector<int64_t> keys = {1, 0, 0, 1, 1, 0, 1, 2, 0}, out(rows * steps);
      std::vector<float> params(rows * steps * program->num_params());
      uint64_t before = 0;
      for (bool again : {false, true}) {  // the first time caches grow, before the steps that need them
        engine.reset();
        if (again) before = num_allocations();
        engine.run({out.data(), steps, steps, known, {}, nullptr, 0, keys.data()});
        engine.run({out.data(), steps, steps, known, {0.8, 5, 0.9}, nullptr, 0, keys.data()});
        engine.feed({out.data(), steps, known, nullptr});
        engine.feed({out.data(), steps, known, params.data()});
      }
      CHECK(num_allocations() == before);
    }
}

TEST_CASE("a state that does not fit is refused whole") {
  const auto program = std::make_shared<const Program>(models()[3].file, "auto");
  Engine engine(program, rows, 2);
  const auto before = engine.state();
  for (int64_t wrong : {int64_t(-1), int64_t(1) << 40}) {
    auto leaves = before;
    for (Leaf& leaf : leaves) std::fill(leaf.floats.begin(), leaf.floats.end(), 1.0f);
    for (Leaf& leaf : leaves)
      if (leaf.integer) leaf.integers.back() = wrong;
    CHECK_THROWS_AS(engine.restore(leaves), std::invalid_argument);
  }
  const auto after = engine.state();
  for (size_t i = 0; i < before.size(); i++) CHECK(after[i].floats == before[i].floats);
}

TEST_CASE("an engine has room for as many rows as memory could hold, and serves one caller at a time") {
  const auto program = std::make_shared<const Program>(wavenet().build(), "auto");
  CHECK_THROWS_AS(Engine(program, 0, 1), std::invalid_argument);
  CHECK_THROWS_AS(Engine(program, 65537, 1), std::invalid_argument);
  CHECK_THROWS_AS(Engine(program, 1, 257), std::invalid_argument);
  Engine engine(program, 1, 1);
  std::vector<int64_t> out(200000), keys = {1, 0, 0};
  std::atomic<int> ended{0};
  std::atomic<bool> refused{false};
  const auto run = [&] {
    try {
      engine.run({out.data(), int64_t(out.size()), int64_t(out.size()), {}, {}, nullptr, 0, keys.data()});
    } catch (const std::logic_error&) {
      refused = true;
    }
    ended++;
  };
  std::thread other(run);
  while (ended == 0 && !refused) {
    try {
      engine.pending();
    } catch (const std::logic_error&) {
      refused = true;
    }
  }
  other.join();
  CHECK(refused);
}

}  // namespace undertow::testing
