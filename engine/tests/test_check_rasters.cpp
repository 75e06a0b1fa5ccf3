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

TEST_CASE("two streams of pixels") {
  // 0 embeds, 1 is the row above, 2 sees it, 3 sees pixels; 4 … 8 a block of the first stream, 9 is beside the second.
  const auto streams = [](const std::function<void(FileBuilder&)>& spoil) {
    return refusal([&](auto& b) { b = two_streams({.channels = 4}), spoil(b); });
  };
  const auto first = [&](OpKind kind) {
    const FileBuilder right = two_streams({.channels = 4});
    size_t op = 0;
    while (right.ops[op].kind != kind) op++;
    return op;
  };
  const auto op = [](size_t at, const char* kind) { return "op " + std::to_string(at) + " (" + kind + ") "; };
  const size_t row = first(OpKind::row), unrow = first(OpKind::unrow), shrink = first(OpKind::shrink),
               grow = first(OpKind::grow), elu = first(OpKind::concat_elu);
  const auto spoilt = [&](size_t at, std::vector<uint32_t> settings) {
    return streams([&](auto& b) { b.ops[at].settings = settings; });
  };
  CHECK(streams([](auto&) {}) == "");
  CHECK(streams([](auto& b) { b.domains[1].period = 5000; }) == op(row, "row") + "has rows of 5000 steps; the most is 4096");
  CHECK(streams([&](auto& b) { b.ops[row].settings = {6}; }) ==
        op(row, "row") + "has what only a conv can have: an activation, settings, added value or tensors");
  CHECK(streams([](auto& b) { b.domains[1].period = 8; }) ==
        "op 2 (conv) looks at pixels to come in rows of 6, and domain 1 has rows of 8");
  CHECK(streams([](auto& b) { b.ops[2].settings[6] = uint32_t(-7); }) ==
        "op 2 (conv) has a tap of lag -7 that looks 1 columns aside");
  CHECK(refusal([](auto& b) {
          b = FileBuilder();
          const uint32_t x = b.embed(1), seen = b.conv({b.row(x, 4)}, 1, raster(4, {{0, 1}}));
          b.ops[seen].settings[3] = b.ops[seen].settings[4] = 0x80000000;
          b.output = b.conv({x}, 16);
        }) == "op 2 (conv) has a tap of lag -2147483648 that looks -2147483648 columns aside");
  CHECK(streams([](auto& b) { b.ops[3].settings[3] = uint32_t(-1), b.ops[3].settings[7] = 0; }) ==
        "op 3 (conv) has a tap of lag -1 that looks 0 columns aside");
  CHECK(spoilt(unrow, {}) == op(unrow, "unrow") + "has settings other than the pixels of a row, 1 to 4096");
  CHECK(spoilt(unrow, {5}) == op(unrow, "unrow") + "reads domain 1, which has no rows of 5 from their beginnings on");
  CHECK(streams([&](auto& b) { b.ops[unrow].inputs = {3}; }) ==
        op(unrow, "unrow") + "reads domain 0, which has no rows of 6 from their beginnings on");
  CHECK(streams([&](auto& b) { b.values[b.ops[unrow].output].domain = 1; }) ==
        op(unrow, "unrow") + "writes to domain 1, which does not go through a raster tick by tick");
  CHECK(streams([&](auto& b) { b.values[b.ops[unrow].output].domain = 3; }) ==
        op(unrow, "unrow") + "is in domain 3, which does not tick yet");
  CHECK(spoilt(shrink, {7}) == op(shrink, "shrink") + "halves rows of 7 pixels");
  CHECK(spoilt(shrink, {8}) == op(shrink, "shrink") + "has rows of 8, and domain 1 of 6");
  CHECK(streams([](auto& b) { b.domains[2].period = 2; }) ==
        op(shrink, "shrink") + "goes from domain 1 to 2, which does not tick once in 4 of its ticks");
  CHECK(spoilt(grow, {4}) == op(grow, "grow") + "goes from domain 2 to 1, from which it was not shrunk so");
  CHECK(streams([&](auto& b) { b.values[b.ops[grow].output].channels = 5; }) ==
        op(grow, "grow") + "reads 16 channels, not 4 times the 5 it writes");
  CHECK(streams([&](auto& b) { b.values[b.ops[elu].output].channels = 5; }) ==
        op(elu, "concat_elu") + "makes 8 channels, and value " + std::to_string(elu) + " has 5");
  const auto with = [&](const std::function<void(FileBuilder&)>& more) {
    return streams([&](auto& b) {
      const uint32_t output = b.output;
      more(b), b.output = output;
    });
  };
  const std::string last = std::to_string(two_streams({.channels = 4}).ops.size());
  CHECK(with([](auto& b) { b.row(0, 6), b.values.back().domain = 1; }) == "");
  CHECK(with([](auto& b) { b.frame(0, 6), b.values.back().domain = 1; }) ==
        "op " + last + " (frame) makes frames for domain 1, which has some already");
  CHECK(with([](auto& b) { b.shrink(0, 4), b.values.back().domain = 3; }) ==
        "op " + last + " (shrink) makes domain 3 tick, which another op does otherwise");
  CHECK(with([](auto& b) { b.unframe(1), b.values.back().channels = 1; }) ==
        "op " + last + " (unframe) reads domain 1, which has no frames");
  CHECK(with([](auto& b) { b.unturn(1); }) == "op " + last + " (unturn) reads domain 1, whose rows were not turned");
  CHECK(with([](auto& b) { b.unrow(b.turn(0, 6), 6, 0); }) ==
        "op " + std::to_string(std::stoul(last) + 1) + " (unrow) reads domain 4, which has no rows of 6 from their beginnings on");
}
