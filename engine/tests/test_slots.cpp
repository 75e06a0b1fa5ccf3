// Rows in slots: each is stepped, copied, reset and left alone by itself, with the bits that it has alone.
#include <doctest/doctest.h>

#include <memory>
#include <numeric>
#include <vector>

#include "allocations.h"
#include "brief.h"
#include "memories.h"
#include "models.h"
#include "program.h"
#include "state.h"
#include "undertow/engine.h"

namespace undertow::testing {
namespace {

constexpr int64_t steps = 40;

std::vector<float> known(const Model& model, size_t rows) {
  std::vector<float> condition(rows * model.condition_channels);
  for (size_t i = 0; i < condition.size(); i++) condition[i] = float((i % model.condition_channels) * 37 % 101) / 50 - 1;
  return condition;
}

// Draw some steps of the rows in these slots; row r of the noise and its first step are given for each.
std::vector<int64_t> drawn(Engine& engine, const Model& model, std::vector<uint32_t> slots, std::vector<int64_t> keys,
                           int64_t number, const std::vector<Sampling>& samplings = {}) {
  const std::vector<float> condition = known(model, slots.size());
  const int64_t channels = model.condition_channels;
  std::vector<int64_t> out(slots.size() * number);
  Run run{out.data(), number, number, {condition.data(), channels ? 1 : 0, channels}, {}, nullptr, 0, keys.data(), slots};
  if (!samplings.empty()) run.samplings = samplings.data();
  engine.run(run);
  return out;
}

std::vector<int64_t> alone(const Model& model, int64_t row, Sampling sampling = {}, uint32_t source = 0) {
  Engine engine(std::make_shared<const Program>(model.file, "auto"), 1, 1);
  remember(engine, source);
  return drawn(engine, model, {0}, {3, row, 0}, steps, {sampling});
}

std::vector<int64_t> part(const std::vector<int64_t>& whole, int64_t begin, int64_t end) {
  return {whole.begin() + begin, whole.begin() + end};
}

}  // namespace

TEST_CASE("rows of any slots, in any company, are those that are alone") {
  for (const Model& model : models())
    for (uint32_t threads : tried<uint32_t>({1, 3})) {
      CAPTURE(model.name);
      Engine engine(std::make_shared<const Program>(model.file, "auto"), 5, threads);
      remember(engine);  // slot 3 reads another source than 0 and 4
      // Row 7 begins alone; row 8 joins it; row 7 stands still while 8 and 9 go on; then all three.
      std::vector<int64_t> seven = drawn(engine, model, {3}, {3, 7, 0}, 11);
      const std::vector<int64_t> both = drawn(engine, model, {0, 3}, {3, 8, 0, 3, 7, 11}, 7);
      std::vector<int64_t> eight = part(both, 0, 7);
      seven.insert(seven.end(), both.begin() + 7, both.end());
      const std::vector<int64_t> others = drawn(engine, model, {4, 0}, {3, 9, 0, 3, 8, 7}, 5);
      std::vector<int64_t> nine = part(others, 0, 5);
      eight.insert(eight.end(), others.begin() + 5, others.end());
      const std::vector<int64_t> all = drawn(engine, model, {0, 3, 4}, {3, 8, 12, 3, 7, 18, 3, 9, 5}, 9);
      eight.insert(eight.end(), all.begin(), all.begin() + 9);
      seven.insert(seven.end(), all.begin() + 9, all.begin() + 18);
      nine.insert(nine.end(), all.begin() + 18, all.end());
      CHECK(seven == part(alone(model, 7, {}, 1), 0, 27));
      CHECK(eight == part(alone(model, 8), 0, 21));
      CHECK(nine == part(alone(model, 9), 0, 14));
    }
}

TEST_CASE("a copy goes on as its source, and a row that is reset begins again") {
  for (const Model& model : models())
    for (uint32_t threads : tried<uint32_t>({1, 4})) {
      CAPTURE(model.name);
      Engine engine(std::make_shared<const Program>(model.file, "auto"), 4, threads);
      remember(engine);
      if (!memory_shapes(engine.program().graph).empty()) engine.set_source(3, 0);
      const std::vector<int64_t> whole = alone(model, 2, {}, 1);
      CHECK(drawn(engine, model, {1}, {3, 2, 0}, 20) == part(whole, 0, 20));
      engine.copy(1, 3);
      engine.copy(1, 1);
      CHECK(engine.pending(std::vector<uint32_t>{3, 1}) == std::vector<int64_t>{whole[19], whole[19]});
      const std::vector<int64_t> two = drawn(engine, model, {3, 1}, {3, 2, 20, 3, 2, 20}, 20);
      CHECK(part(two, 0, 20) == part(whole, 20, 40));
      CHECK(part(two, 20, 40) == part(whole, 20, 40));
      engine.reset(std::vector<uint32_t>{1});
      CHECK(drawn(engine, model, {1}, {3, 2, 0}, 40) == whole);
      CHECK(drawn(engine, model, {3}, {3, 2, 40}, 1).size() == 1);
    }
}

TEST_CASE("each row has a sampling of its own") {
  const Model& model = models()[0];
  Engine engine(std::make_shared<const Program>(model.file, "auto"), 3, 1);
  const std::vector<Sampling> samplings{{0, 0, 1}, {1, 0, 1}, {0.7, 3, 0.9}};
  const std::vector<int64_t> out = drawn(engine, model, {2, 0, 1}, {3, 4, 0, 3, 5, 0, 3, 6, 0}, steps, samplings);
  for (int64_t row = 0; row < 3; row++)
    CHECK(part(out, row * steps, (row + 1) * steps) == alone(model, 4 + row, samplings[row]));
}

TEST_CASE("rows come and go without memory being taken") {
  const Model& model = models()[0];
  Engine engine(std::make_shared<const Program>(model.file, "auto"), 6, 1);
  std::vector<uint32_t> slots{0, 2, 4, 1};
  std::vector<int64_t> keys(12), out(6 * 4);
  const std::vector<float> condition = known(model, 6);
  const int64_t channels = model.condition_channels;
  Run run{out.data(), 4, 4, {condition.data(), channels ? 1 : 0, channels}, {}, nullptr, 0, keys.data(), slots};
  engine.run(run);
  const size_t before = num_allocations();
  for (size_t number : {1, 3, 4, 2}) {
    run.slots = Slots(slots).first(number);
    engine.run(run);
    engine.copy(0, 5);
    engine.reset(Slots(slots).first(1));
  }
  CHECK(num_allocations() == before);
}

TEST_CASE("slots that are not there, or are named twice, are refused") {
  const Model& model = models()[0];
  Engine engine(std::make_shared<const Program>(model.file, "auto"), 3, 1);
  std::vector<int64_t> pending{1, 1};
  const auto says = [&](std::vector<uint32_t> slots) -> std::string {
    try {
      engine.set_pending(pending, slots);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  CHECK(says({0, 2}) == "");
  CHECK(says({0, 3}) == "there is no slot 3; they are 0 to 2");
  CHECK(says({1, 1}) == "slot 1 is named twice");
  CHECK(says({1}) == "there is to be one pending symbol a row");
  CHECK(says({}) == "there is to be one pending symbol a row");
  CHECK_THROWS_WITH_AS(engine.copy(0, 9), "there is no slot 9; they are 0 to 2", std::invalid_argument);
}

}  // namespace undertow::testing
