// Files with rasters whose parts do not fit together are refused in one line.
#include <doctest/doctest.h>

#include <string>

#include "networks.h"
#include "refusal.h"

using namespace undertow;
using namespace undertow::testing;

TEST_CASE("recalls") {
  const auto recall = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) { b.recall(0, 0, 1, 9, "recall"), b.output = 2, spoil(b); });
  };
  CHECK(recall([](auto&) {}) == "");
  CHECK(recall([](auto& b) { b.ops[3].inputs = {0, 0}; }) == "op 3 (recall) has 2 inputs, not 3");
  CHECK(recall([](auto& b) { b.ops[3].inputs = {0, 1, 1}; }) == "op 3 (recall) compares 3 channels with 4");
  CHECK(recall([](auto& b) { b.ops[3].inputs = {0, 0, 0}; }) == "op 3 (recall) makes 3 channels, and value 3 has 4");
  CHECK(recall([](auto& b) { b.ops[3].settings = {0}; }) ==
        "op 3 (recall) has settings other than the most steps, 1 to 268435456");
  CHECK(recall([](auto& b) { b.ops[3].settings = {(1 << 28) + 1}; }) ==
        "op 3 (recall) has settings other than the most steps, 1 to 268435456");
  CHECK(recall([](auto& b) { b.ops[3].weight = 2; }) == "op 3 (recall) has a weight of 8 float32, not 3 float32");
  CHECK(recall([](auto& b) { b.ops[3].add = 0; }) ==
        "op 3 (recall) has what only a conv can have: an activation, added value, bias or scale");
  CHECK(recall([](auto& b) { b.ops[3].inputs = {0, 0, 4}, b.frame(1, 1), std::swap(b.ops[3], b.ops[4]); }) ==
        "op 4 (recall) reads values of domain 1, not 0");
}

TEST_CASE("rows of pixels") {
  // 0 … 2 are the small model's; 3 turns, 4 is what is given, 5 the previous state, 6 its gates, 7 the cell, 8 turns.
  const auto rows = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) {
      b.unturn(b.lstm_of_rows(b.turn(0, 4), 5, 4, {{1, 0}, {0, -1}})), b.output = 2, spoil(b);
    });
  };
  const auto cell = [&](std::vector<uint32_t> settings) {
    return rows([&](auto& b) { b.ops[7].settings = settings; });
  };
  const uint32_t left = uint32_t(-1);
  CHECK(rows([](auto&) {}) == "");
  CHECK(cell({}) == "");
  CHECK(cell({4}) == "op 7 (lstm) has 1 settings; a raster has 3 and no first cell: a width, a lag, and a column");
  CHECK(cell({0, 1, left}) == "op 7 (lstm) has rows of 0 pixels and a lag of 1; both are 1 to 268435456");
  CHECK(cell({4, 0, 0}) == "op 7 (lstm) has rows of 4 pixels and a lag of 0; both are 1 to 268435456");
  CHECK(cell({4, 2, left}) == "op 7 (lstm) has a cell of lag 2 that looks -1 columns aside in rows of 4");
  CHECK(cell({1u << 26, 1u << 26, 0}) == "the state has more than 134217728 numbers a row");
  CHECK(rows([](auto& b) { b.ops[7].weight = 4; }) == "op 7 (lstm) has a first cell of 16 float32, not 5 float32");
  CHECK(rows([](auto& b) { b.domains[1].period = 5000; }) == "op 3 (turn) has rows of 5000 steps; the most is 4096");
  CHECK(rows([](auto& b) { b.ops[3].settings = {1}; }) ==
        "op 3 (turn) has what only a conv can have: an activation, settings, added value or tensors");
  CHECK(rows([](auto& b) { b.ops[8].inputs = {0}; }) == "op 8 (unturn) reads domain 0, whose rows were not turned");
  CHECK(rows([](auto& b) { b.unturn(b.frame(0, 1)), b.output = 2; }) ==
        "op 10 (unturn) reads domain 2, whose rows were not turned");
  CHECK(rows([](auto& b) { b.frame(3, 2), b.output = 2; }) ==
        "op 9 (frame) is below domain 1, whose ticks come a row at a time");
  CHECK(rows([](auto& b) { b.unframe(3), b.values[9].channels = 0, b.output = 2; }) != "");
  CHECK(rows([](auto& b) { b.turn(3, 2), b.values[9].domain = 1, b.output = 2; }) ==
        "op 9 (turn) goes from domain 1 to 1, and not from the steps to one right below them");
}
