// Recurrent layers, held to plain loops over a whole sequence; and loops of ops.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "brief.h"
#include "networks.h"
#include "kernels.h"
#include "ops/conv.h"
#include "math.h"
#include "models.h"
#include "program.h"
#include "simd/scalar.h"
#include "state.h"
#include "undertow/engine.h"

namespace undertow::testing {
namespace {

using simd_scalar::F32;
using Vector = std::vector<float>;

constexpr uint32_t rows = 3;
constexpr int64_t steps = 47;

std::vector<int64_t> symbols() {
  std::vector<int64_t> all(rows * steps);
  for (int64_t i = 0; i < int64_t(all.size()); i++) all[i] = (i / steps * 11 + i * i * 7 + i) % 16;
  return all;
}

// What a graph computes, op by op and step by step, in the order that kernels.h has: of one clock, and of rows turned.
class Reference {
 public:
  explicit Reference(const FileBuilder& builder)
      : b_(builder), made_(b_.values.size()), kept_(b_.values.size()), read_(b_.values.size()),
        rows_(b_.values.size()) {
    for (const Op& op : b_.ops) {
      if (op.kind != OpKind::previous && op.kind != OpKind::lstm) continue;
      const uint32_t channels = b_.values[op.output].channels;
      kept_[op.output] = op.weight < 0 ? Vector(channels) : Vector(floats(op.weight), floats(op.weight) + channels);
    }
  }

  const Vector& step(int64_t symbol) {
    tick(0, symbol);
    place_++;
    for (const Op& op : b_.ops)
      if (op.kind == OpKind::turn) turn(op);
    return made_[b_.output];
  }

 private:
  // One tick of a clock.
  void tick(uint32_t domain, int64_t symbol) {
    for (const Op& op : b_.ops) {
      const uint32_t channels = b_.values[op.output].channels;
      if (b_.values[op.output].domain != domain || op.kind == OpKind::turn) continue;
      if (op.kind == OpKind::conv) read_[op.output].push_back(side_by_side(op));
      Vector y(channels);
      for (uint32_t c = 0; c < channels; c++) y[c] = number(op, c, channels, symbol);
      if (op.kind == OpKind::lstm) read_[op.output].push_back(kept_[op.output]);
      made_[op.output] = std::move(y);
    }
    for (const Op& op : b_.ops)
      if (op.kind == OpKind::previous && b_.values[op.output].domain == domain)
        kept_[op.output] = made_[op.settings[0]];
  }

  // The ticks of a row that is whole, from its end on; `unturn` reads them as the next row goes on.
  void turn(const Op& op) {
    const uint32_t domain = b_.values[op.output].domain, width = b_.domains[domain].period;
    std::vector<Vector>& row = read_[op.output];
    row.push_back(made_[op.inputs[0]]);
    if (row.size() < width) return;
    for (const Op& back : b_.ops)
      if (back.kind == OpKind::unturn && b_.values[back.inputs[0]].domain == domain) rows_[back.output].clear();
    for (; !row.empty(); row.pop_back()) {
      made_[op.output] = row.back();
      tick(domain, 0);
      for (const Op& back : b_.ops)
        if (back.kind == OpKind::unturn && b_.values[back.inputs[0]].domain == domain)
          rows_[back.output].push_back(made_[back.inputs[0]]);
    }
  }

  Vector side_by_side(const Op& op) const {
    Vector beside;
    for (uint32_t input : op.inputs) beside.insert(beside.end(), made_[input].begin(), made_[input].end());
    return beside;
  }

  // How each step so far answers this one's query, then the sum of a channel of their values.
  float recalled(const Op& op, uint32_t c) {
    if (c == 0) {
      keys_.push_back(made_[op.inputs[1]]), values_.push_back(made_[op.inputs[2]]);
      const Vector& query = made_[op.inputs[0]];
      weights_.assign(round_up(keys_.size(), lane_group), 0.0f);
      for (size_t s = 0; s < keys_.size(); s++)
        for (size_t i = 0; i < query.size(); i++)
          weights_[s] = std::fma(floats(op.weight)[i], math::tanh32(F32{query[i] + keys_[s][i]}).v, weights_[s]);
      scalar_kernels.weigh(weights_.data(), uint32_t(keys_.size()), 1.0f);
    }
    float sum = 0;
    for (size_t s = 0; s < keys_.size(); s++) sum = std::fma(values_[s][c], weights_[s], sum);
    return sum;
  }

  const float* floats(int32_t tensor) const { return reinterpret_cast<const float*>(b_.tensors[tensor].data.data()); }

  float number(const Op& op, uint32_t c, uint32_t channels, int64_t symbol) {
    if (op.kind == OpKind::embed) return floats(op.weight)[size_t(symbol) * channels + c];
    if (op.kind == OpKind::previous) return kept_[op.output][c];
    const Vector& x = made_[op.inputs[0]];
    if (op.kind == OpKind::lstm) {
      const auto gate = [&](uint32_t part) { return F32{x[part * channels + c]}; };
      float& cell = kept_[op.output][c];
      if (!op.settings.empty()) {
        const auto &cells = read_[op.output];
        const int64_t tick = int64_t(cells.size()), lag = op.settings[1], width = op.settings[0];
        const int64_t column = tick % width + int32_t(op.settings[2]);
        cell = tick >= lag && column >= 0 && column < width ? cells[size_t(tick - lag)][c] : 0.0f;
      }
      cell = std::fma(math::sigmoid(gate(1)).v, cell, math::gate(gate(2), gate(0)).v);
      return math::gate(F32{cell}, gate(3)).v;
    }
    if (op.kind == OpKind::gru) {
      const Vector &own = made_[op.inputs[1]], &h = made_[op.inputs[2]];
      const auto sum = [&](uint32_t part) { return F32{x[part * channels + c] + own[part * channels + c]}; };
      const float reset = math::sigmoid(sum(0)).v, update = math::sigmoid(sum(1)).v;
      const float fresh = math::tanh32(F32{std::fma(reset, own[2 * channels + c], x[2 * channels + c])}).v;
      return std::fma(update, h[c] - fresh, fresh);
    }
    if (op.kind == OpKind::recall) return recalled(op, c);
    if (op.kind == OpKind::unturn) {
      const auto& row = rows_[op.output];
      return row.empty() ? 0.0f : row[row.size() - 1 - size_t(place_) % row.size()][c];
    }
    if (op.kind == OpKind::add) return x[c] + made_[op.add][c];
    REQUIRE(op.kind == OpKind::conv);
    const Taps taps = taps_of(op);
    std::vector<Tap> all = taps.past;
    all.insert(all.end(), taps.now.begin(), taps.now.end());
    const int64_t tick = int64_t(read_[op.output].size()) - 1;
    const size_t depth = read_[op.output][0].size();
    float sum = op.bias < 0 ? 0.0f : floats(op.bias)[c];
    for (const Tap& tap : all) {
      if (tick < tap.lag + int64_t(taps.late)) continue;
      if (taps.width > 0 && !taps.sees(tap.columns, tick - taps.late)) continue;
      const Vector& seen = read_[op.output][size_t(tick - tap.lag)];
      const float* weights = floats(op.weight) + (c * taps.number + tap.index) * depth;
      for (size_t i = 0; i < depth; i++) sum = std::fma(weights[i], seen[i], sum);
    }
    if (op.add >= 0) sum += made_[op.add][c];
    return op.activation == Activation::tanh ? math::tanh32(F32{sum}).v : sum;
  }

  const FileBuilder& b_;
  int64_t place_ = 0;
  std::vector<Vector> keys_{}, values_{};  // of every step so far
  Vector weights_{};
  std::vector<Vector> made_, kept_;  // kept: of previous ops, and cells
  std::vector<std::vector<Vector>> read_, rows_;  // what ops read or kept at every tick; rows, turned
};

using Made = std::shared_ptr<const Program>;

Vector fed(const Made& program, int64_t chunk, uint32_t threads) {
  Engine engine(program, rows, threads);
  const std::vector<int64_t> all = symbols();
  Vector params(rows * steps * 16);
  for (int64_t done = 0; done < steps; done += chunk) {
    const int64_t now = std::min(chunk, steps - done);
    std::vector<int64_t> part;
    for (int64_t row = 0; row < rows; row++)
      part.insert(part.end(), all.begin() + row * steps + done, all.begin() + row * steps + done + now);
    Vector made(rows * now * 16);
    engine.feed({part.data(), now, {}, made.data()});
    for (int64_t row = 0; row < rows; row++)
      std::copy_n(made.data() + row * now * 16, now * 16, params.data() + (row * steps + done) * 16);
  }
  return params;
}

const std::vector<RecurrentShape> shapes{
    {.cell = OpKind::lstm, .channels = 40},
    {.cell = OpKind::gru, .channels = 23},
    {.cell = OpKind::conv, .channels = 16},
    {.cell = OpKind::gru, .channels = 16, .feedback = true},
    {.cell = OpKind::lstm, .channels = 5, .num_layers = 3, .feedback = true},
    {.cell = OpKind::gru, .channels = 70, .num_layers = 1, .most = 47},
};

}  // namespace

// A model steps as the reference, by every instruction set, number of threads and chunk.
void check_against_plain_loops(const FileBuilder& builder, const std::string& what) {
  Vector expected;
  for (int64_t row = 0; row < rows; row++) {
    Reference reference(builder);
    for (int64_t step = 0; step < steps; step++) {
      const Vector& params = reference.step(symbols()[size_t(row * steps + step)]);
      expected.insert(expected.end(), params.begin(), params.end());
    }
  }
  for (const Kernels* kernels : usable_kernels()) {
    const auto program = std::make_shared<const Program>(builder.build(), kernels->name);
    for (const auto& [threads, chunk] : tried<std::pair<uint32_t, int64_t>>({{1, 1}, {2, steps}, {5, 7}})) {
      INFO(what, " on ", kernels->name, ", ", threads, " threads, by ", chunk);
      CHECK(fed(program, chunk, threads) == expected);
    }
  }
}

TEST_CASE("recurrent layers are those of plain loops") {
  for (const RecurrentShape& shape : shapes)
    check_against_plain_loops(recurrent(shape), name(shape.cell) + (" of " + std::to_string(shape.channels)));
}

TEST_CASE("so are the rows and the diagonals of images") {
  for (const uint32_t width : {1u, 2u, 5u, 50u})
    for (const bool diagonal : {false, true})
      check_against_plain_loops(pixel_rnn({.width = width, .diagonal = diagonal}), (diagonal ? "diagonals" : "rows") +
                                std::string(" of ") + std::to_string(width));
}

TEST_CASE("cells are close to those of the C library") {
  for (const float x : {-90.0f, -8.5f, -1.25f, -0.01f, 0.0f, 1e-4f, 0.3f, 2.75f, 30.0f, 500.0f}) {
    CHECK(math::tanh32(F32{x}).v == doctest::Approx(std::tanh(x)).epsilon(1e-6).scale(0.1));
    for (const float y : {-3.0f, 0.4f, 9.0f}) {
      const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
      const double cell = sigmoid(y) * 0.7 + sigmoid(x) * std::tanh(y - 1);
      CHECK(math::lstm_cell(F32{x}, F32{y}, F32{y - 1}, F32{0.7f}).v == doctest::Approx(cell).epsilon(1e-6));
      const double fresh = std::tanh(y + sigmoid(x + 0.5) * 0.3), update = sigmoid(y - 0.25);
      const float state = math::gru_state(F32{x}, F32{y}, F32{y}, F32{0.5f}, F32{-0.25f}, F32{0.3f}, F32{0.6f}).v;
      CHECK(state == doctest::Approx((1 - update) * fresh + update * 0.6).epsilon(1e-6));
    }
  }
}

TEST_CASE("a state goes on where another stopped, and a reset begins with the first one") {
  for (const Model& model : models()) {
    if (!model.name.starts_with("recurrent") || model.condition_channels > 0) continue;
    const auto program = std::make_shared<const Program>(model.file, "auto");
    const std::vector<int64_t> all = symbols();
    Engine engine(program, 1, 1), other(program, 1, 1);
    Vector first(20 * 16), on(20 * 16), again(20 * 16);
    engine.feed({all.data(), 20, {}, first.data()});
    other.restore(engine.state());
    engine.feed({all.data() + 20, 20, {}, on.data()});
    other.feed({all.data() + 20, 10, {}, again.data()});
    other.feed({all.data() + 30, 10, {}, again.data() + 10 * 16});
    CHECK(on == again);
    engine.reset();
    engine.feed({all.data(), 20, {}, again.data()});
    CHECK(first == again);
    engine.reset();
    engine.feed({all.data(), 20, {}, nullptr});
    engine.feed({all.data() + 20, 20, {}, again.data()});
    CHECK(on == again);
  }
}

TEST_CASE("a state is a leaf a layer") {
  const auto program = std::make_shared<const Program>(recurrent({.channels = 9}).build(), "auto");
  const std::vector<Leaf> state = Engine(program, 2, 1).state();
  REQUIRE(state.size() == 4);
  for (const Leaf& leaf : state) CHECK(leaf.shape == std::vector<int64_t>{2, 9});
  CHECK(state[0].name == "op.2");
  CHECK(state[1].name == "op.4");
  CHECK(std::ranges::none_of(state[2].floats, [](float x) { return x == 0; }));
  CHECK(std::ranges::all_of(state[0].floats, [](float x) { return x == 0; }));
}

}  // namespace undertow::testing
