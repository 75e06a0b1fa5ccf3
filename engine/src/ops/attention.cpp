// attention  y = of each head, Σ_s softmax_s(q · k_s / √D) v_s over the steps s that this one sees
//
// Inputs: q, k and v side by side, each H heads of D channels; where positions turn q and k, the rotation too.
// Settings: H; the most steps there can be, all of which are seen, or 0; the steps that a window shows, or 0.
// State: "keys" and "values" (steps, H, D) and the "position", the number of steps so far; of a window, step p stands at
// p mod (window - 1).
//
// A query's sums run over its own steps in their order, whatever else is worked out beside it.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "cache.h"
#include "check_ops.h"
#include "op.h"
#include "pass.h"
#include "positions.h"
#include "state.h"

namespace undertow {
namespace {

constexpr uint32_t queries_at_once = 24;  // that share what is read of keys and values

struct Shape {
  uint32_t heads, channels, most, window;

  explicit Shape(const Graph& graph, const Op& op)
      : heads(op.settings[0]), channels(graph.values[op.output].channels / heads), most(op.settings[1]),
        window(op.settings[2]) {}

  uint32_t kept() const { return window > 0 ? window - 1 : most; }
  // Places for what is kept and for what is worked on at once.
  uint32_t places() const { return uint32_t(round_up(kept() + (window > 0 ? queries_at_once : 0), panel_width)); }
};

class Attention final : public Unit {
 public:
  Attention(const Program& program, size_t op, uint32_t slots)
      : Unit(program, op, slots), shape_(program.graph, this->op()), size_(shape_.heads * shape_.channels),
        padded_(uint32_t(round_up(shape_.channels, lane_group))), scale_(1.0f / std::sqrt(float(shape_.channels))),
        positions_(slots), turned_(size_t(queries_at_once + 1) * size_),
        sums_(size_t(queries_at_once) * padded_) {
    for (uint32_t slot = 0; slot < slots; slot++)
      caches_.emplace_back(shape_.heads, shape_.channels, shape_.channels, shape_.places());
  }

  void reset(uint32_t slot) override { positions_[slot] = 0; }

  void copy(uint32_t slot, const Unit& from, uint32_t from_slot) override {
    const auto& other = static_cast<const Attention&>(from);
    positions_[slot] = other.positions_[from_slot];
    make_room(slot, 0);
    caches_[slot].copy(other.caches_[from_slot], kept(slot), positions_[slot]);
  }

  void make_room(uint32_t slot, uint64_t steps) override {
    const uint64_t end = room_for(positions_[slot], steps, shape_.most);
    caches_[slot].make_room(end);
    // A row of scores: as many panels as there are places, and one more where they begin and end in the same one.
    const size_t stride = caches_[slot].room() + panel_width + lane_group;
    if (stride <= stride_) return;
    stride_ = stride;
    scores_ = Aligned<float>(queries_at_once * stride);
    zeros_ = Aligned<float>(stride);
  }

  uint32_t entries(uint32_t slot) const override { return uint32_t(std::max<uint64_t>(1, positions_[slot])); }

  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t row) const override {
    const uint64_t position = positions_[slot];
    for (uint64_t at = position - kept(slot); at < position; at++)
      for (uint32_t head = 0; head < shape_.heads; head++) {
        const size_t offset = place(leaves[0], row, at, head);
        caches_[slot].take(at, head, leaves[0].floats.data() + offset, leaves[1].floats.data() + offset);
      }
    leaves[2].integers[row] = int64_t(position);
  }

  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t row) override {
    const uint64_t position = positions_[slot] = uint64_t(leaves[2].integers[row]);
    make_room(slot, 0);
    for (uint64_t at = position - kept(slot); at < position; at++)
      for (uint32_t head = 0; head < shape_.heads; head++) {
        const float* keys = leaves[0].floats.data() + place(leaves[0], row, at, head);
        caches_[slot].put(at, head, keys, leaves[1].floats.data() + place(leaves[1], row, at, head));
      }
  }

  void block(Pass& pass) override { advance(pass, true); }
  void keep(Pass& pass) override { advance(pass, false); }

 private:
  uint64_t kept(uint32_t slot) const { return std::min<uint64_t>(positions_[slot], shape_.kept()); }

  size_t place(const Leaf& leaf, uint32_t row, uint64_t position, uint32_t head) const {
    const uint64_t entries = uint64_t(leaf.shape[1]);
    return ((row * entries + position % entries) * shape_.heads + head) * shape_.channels;
  }

  uint64_t first_seen(uint64_t position) const {
    return shape_.window > 0 && position >= shape_.window ? position - shape_.window + 1 : 0;
  }

  void advance(Pass& pass, bool answers) {
    for (uint32_t lane = 0; lane < pass.rows(); lane++) {
      uint64_t& position = positions_[pass.slot(lane)];
      const uint32_t count = pass.count(0, lane);
      for (uint32_t first = 0; first < count; first += queries_at_once) {
        const uint32_t queries = std::min(queries_at_once, count - first);
        for (uint32_t i = 0; i < queries; i++) store(pass, lane, first + i, i, position + i);
        if (answers) answer(pass, lane, first, queries, position);
        position += queries;
      }
    }
  }

  // Keep a step's keys and values; what is turned of its query is number `i` of those worked on.
  void store(const Pass& pass, uint32_t lane, uint32_t tick, uint32_t i, uint64_t position) {
    const float* given = pass.floats(op().inputs[0], lane, tick);
    const float* keys = given + size_;
    float *own = turned_.data() + size_t(i) * size_, *turned_keys = turned_.data() + size_t(queries_at_once) * size_;
    if (op().inputs.size() > 1) {
      const float* rotation = pass.floats(op().inputs[1], lane, tick);
      turn(own, given, rotation);
      turn(turned_keys, keys, rotation);
      keys = turned_keys;
    } else {
      std::copy_n(given, size_, own);
    }
    for (uint32_t head = 0; head < shape_.heads; head++)
      caches_[pass.slot(lane)].put(position, head, keys + head * shape_.channels,
                                   given + 2 * size_ + head * shape_.channels);
  }

  // Each pair (a, b) of channels half a head apart becomes (a cos - b sin, b cos + a sin).
  void turn(float* y, const float* x, const float* rotation) const {
    const uint32_t half = shape_.channels / 2;
    const float *cos = rotation, *sin = rotation + half;
    for (uint32_t head = 0; head < shape_.heads; head++, x += shape_.channels, y += shape_.channels)
      for (uint32_t i = 0; i < half; i++) {
        y[i] = x[i] * cos[i] - x[i + half] * sin[i];
        y[i + half] = x[i + half] * cos[i] + x[i] * sin[i];
      }
  }

  void answer(const Pass& pass, uint32_t lane, uint32_t first, uint32_t queries, uint64_t position) {
    const Cache& cache = caches_[pass.slot(lane)];
    const uint64_t begin = first_seen(position) / panel_width * panel_width;  // what column 0 of the scores is of
    for (uint32_t head = 0; head < shape_.heads; head++) {
      score(cache, head, queries, begin, position + queries);
      for (uint32_t i = 0; i < queries; i++) {
        const uint64_t seen = first_seen(position + i);
        program_.kernels.weigh(scores(i) + (seen - begin), uint32_t(position + i - seen + 1), scale_);
      }
      sum(cache, head, queries, begin, position);
      for (uint32_t i = 0; i < queries; i++)
        std::copy_n(sums_.data() + size_t(i) * padded_, shape_.channels,
                    pass.floats(op().output, lane, first + i) + head * shape_.channels);
    }
    for (uint32_t i = 0; i < queries; i++) pass.quantise(op().output, lane, first + i);
  }

  float* scores(uint32_t i) const { return scores_.data() + i * stride_; }

  // q · k of some queries and all steps from `begin` to `end`, and what stands beside them in their panels.
  void score(const Cache& cache, uint32_t head, uint32_t queries, uint64_t begin, uint64_t end) {
    for (uint32_t i = 0; i < queries; i++)
      x_[i] = turned_.data() + size_t(i) * size_ + head * shape_.channels;
    const uint32_t round = std::max(1u, cache.room() / panel_width);
    const uint64_t panels = (end - begin + panel_width - 1) / panel_width;
    for (uint64_t done = 0; done < panels;) {
      const uint32_t panel = uint32_t((begin / panel_width + done) % round);
      const uint32_t together = uint32_t(std::min<uint64_t>(round - panel, panels - done));
      program_.kernels.product_f32({cache.keys(head, panel), shape_.channels, 0, together * cache.panel(), queries, x_,
                                    scores(0) + done * panel_width, stride_, zeros_.data()});
      done += together;
    }
  }

  // The values' weighted sums: what only some of the queries see is added to theirs alone, before and after the rest.
  void sum(const Cache& cache, uint32_t head, uint32_t queries, uint64_t begin, uint64_t position) {
    std::fill_n(sums_.data(), queries * padded_, 0.0f);
    const uint64_t last = first_seen(position + queries - 1), common = std::min(last, position + 1);
    for (uint32_t i = 0; i < queries; i++) add(cache, head, i, 1, begin, first_seen(position + i), common);
    add(cache, head, 0, queries, begin, common, position + 1);
    for (uint32_t i = 0; i < queries; i++)
      add(cache, head, i, 1, begin, std::max(position + 1, first_seen(position + i)), position + i + 1);
  }

  // Add the weighted values of the steps from … to to the sums of some queries.
  void add(const Cache& cache, uint32_t head, uint32_t first, uint32_t queries, uint64_t begin, uint64_t from, uint64_t to) {
    while (from < to) {
      const uint32_t place = uint32_t(from % cache.room());
      const uint32_t steps = uint32_t(std::min<uint64_t>(cache.room() - place, to - from));
      for (uint32_t i = 0; i < queries; i++) x_[i] = scores(first + i) + (from - begin);
      for (uint32_t c = 0; c < padded_; c += panel_width)
        program_.kernels.product_f32({cache.values(head, c, place), steps, 0, cache.width(c), queries, x_,
                                      sums_.data() + size_t(first) * padded_ + c, padded_, nullptr});
      from += steps;
    }
  }

  const Shape shape_;
  const uint32_t size_, padded_;  // channels of all heads; of one, in whole groups of lanes
  const float scale_;
  std::vector<Cache> caches_;
  std::vector<uint64_t> positions_;
  Aligned<float> turned_;         // the queries worked on, and one step's keys
  Aligned<float> scores_, zeros_, sums_;
  size_t stride_ = 0;             // from one query's scores to the next one's
  const void* x_[queries_at_once] = {};
};

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    if (op.inputs.empty() || op.inputs.size() > 2) check.inputs(op, 1);
    check.no_tensors(op);
    if (op.settings.size() != 3 || op.settings[0] == 0) {
      check.fail("has settings other than its heads, the most steps and the window");
    }
    const uint32_t heads = op.settings[0], most = op.settings[1], window = op.settings[2];
    if ((most == 0) == (window == 0)) check.fail("has the most steps ", most, " and the window ", window, "; one is 0");
    if (window == 1 || std::max(most, window) > max_history) {
      check.fail("sees ", std::max(most, window), " steps; the most is ", max_history, ", and the least of a window 2");
    }
    const Value& given = check.value(op.inputs[0]);
    if (given.channels % 3 != 0 || given.channels / 3 % heads != 0) {
      check.fail("reads ", given.channels, " channels, not three times as many as ", heads, " heads take");
    }
    if (given.domain != 0) check.fail("reads values of domain ", given.domain, ", not 0");
    const uint32_t channels = given.channels / 3;
    if (op.inputs.size() > 1) {
      const Value& rotation = check.value(op.inputs[1]);
      if (rotation.channels != channels / heads || rotation.channels % 2 != 0 || rotation.domain != 0) {
        check.fail("turns heads of ", channels / heads, " channels by ", rotation.channels);
      }
    }
    check.output(op, channels, 0);
  }

  Keeps keeps(const Op&) const override { return Keeps::inputs; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const Shape shape(graph, op);
    const std::vector<uint32_t> dims{shape.kept(), shape.heads, shape.channels};
    const bool grows = shape.window == 0;
    return {{.name = op.name + ".keys", .dims = dims, .grows = grows},
            {.name = op.name + ".values", .dims = dims, .grows = grows},
            {.name = op.name + ".position", .below = positions_below(shape.most), .counts = grows, .shared = true}};
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t) const override {
    return std::make_unique<Attention>(program, op, slots);
  }
};

}  // namespace

const OpRules& attention_rules() {
  static const Rules rules;
  return rules;
}

}  // namespace undertow
