#include "ops/conv.h"

#include <algorithm>
#include <set>
#include <utility>

#include "check_ops.h"

namespace undertow {
namespace {

constexpr uint64_t max_place = uint64_t(1) << 40;  // of a raster
constexpr size_t chunk_weights = 32768;  // a part of a convolution worth handing to another thread

// Inputs whose weights lie together.
uint32_t unit_of(Type type) { return type == Type::i8 ? 4 : 1; }

// They multiply their gates with what the convolution reads.
void check_units(const OpCheck& check, const Op& op, uint32_t made) {
  if (op.inputs.size() != 1) {
    check.fail("has multiplicative units over ", op.inputs.size(), " inputs; they take one");
  }
  const uint32_t channels = check.value(op.inputs[0]).channels;
  if (made != 4 * uint64_t(channels)) {
    check.fail("has multiplicative units of ", made, " channels over an input of ", channels,
               ", not four times as many");
  }
}

void check_quantised(const OpCheck& check, const Op& op, const Tensor& weight) {
  check.vector("scale", op.scale, weight.dims[0]);
  for (uint32_t input : op.inputs) {
    if (check.value(input).step < 0) {
      check.fail("has an int8 weight, and its input value ", input, " has no step");
    }
  }
  const uint64_t padded = (uint64_t(weight.dims[2]) + 1) / 2 * 2;
  if (weight.dims[1] > max_int8_products / padded) {
    check.fail("sums ", weight.dims[1] * padded, " int8 products; the most is ", max_int8_products);
  }
}

void check_weight(OpCheck& check, const Op& op, uint64_t channels) {
  const Tensor& weight = check.own_weight(op);
  if (weight.dims.size() != 3 || weight.dims[2] != channels) {
    check.fail("has a weight of ", shape(weight), "; its last dimension is to be the inputs' channels, ", channels);
  }
  if ((weight.type == Type::i8) != (op.scale != -1)) {
    check.fail("has ", weight.type == Type::i8 ? "an int8 weight without a scale" : "a scale without an int8 weight");
  }
  if (weight.type == Type::i8) check_quantised(check, op, weight);
}

void check_taps(const OpCheck& check, const Op& op, uint32_t number) {
  const size_t size = op.settings.size();
  const Taps taps = taps_of(op);
  if (size != (taps.width > 0 ? 3 + 2 * size_t(number) : 1 + size_t(number))) {
    check.fail("has ", size, " settings for ", number, " taps: a width, a lag each; of a raster two more, and a column each");
  }
  if (taps.history > max_history) check.fail("looks back ", taps.history, " steps; the most is ", max_history);
  std::set<std::pair<uint32_t, int32_t>> seen;
  for (const Tap& tap : taps.past)
    if (!seen.insert({tap.lag, tap.columns}).second) check.fail("has two taps of lag ", tap.lag);
  if (taps.past.size() + (taps.now >= 0) != number) check.fail("has two taps of lag 0");
  if (taps.width == 0) return;
  const int64_t ahead = taps.ahead, late = taps.late;
  if (taps.width > max_history || late > int64_t(max_history) || ahead > late || -ahead > int64_t(max_history)) {
    check.fail("has rows of ", taps.width, " pixels, ", taps.late, " late and ", taps.ahead, " ahead; the most is ",
               max_history, ", and no more ahead than late");
  }
  std::vector<Tap> all = taps.past;
  if (taps.now >= 0) all.push_back({uint32_t(taps.now), 0, taps.now_columns});
  for (const Tap& tap : all) {
    if ((int64_t(tap.lag) + ahead + tap.columns) % int64_t(taps.width) != 0) {
      check.fail("has a tap of lag ", tap.lag, " that looks ", tap.columns, " columns aside in rows of ", taps.width);
    }
  }
}

// What follows the product.
void check_rest(const OpCheck& check, const Op& op, uint32_t domain) {
  const uint32_t made = check.graph.tensors[op.weight].dims[0];
  if (op.bias != -1) check.vector("bias", op.bias, made);
  check.added(op, made, domain);
  if (parts_of(op.activation) == 2 && made % 2 != 0) {
    check.fail("has a gate over ", made, " channels, an odd number");
  }
  if (op.activation == Activation::multiply) check_units(check, op, made);
  check.output(op, made / parts_of(op.activation), domain);
}

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    if (op.inputs.empty()) check.fail("has no inputs");
    const uint32_t domain = check.value(op.inputs[0]).domain;
    uint64_t channels = 0;
    for (uint32_t input : op.inputs) {
      if (check.value(input).domain != domain) {
        check.fail("reads values of domain ", domain, " and domain ", check.value(input).domain);
      }
      channels += check.value(input).channels;
    }
    if (op.inputs.size() > 1 && (taps_of(op).history > 0 || taps_of(op).now < 0)) {
      check.fail("has ", op.inputs.size(), " inputs; where it reads the past it can have one");
    }
    check_weight(check, op, channels);
    check_taps(check, op, check.graph.tensors[op.weight].dims[1]);
    check_rest(check, op, domain);
  }

  bool follows(const Op& op) const override { return keeps(op) == Keeps::nothing; }

  bool reads_floats(const Graph& graph, const Op& op) const override {
    return graph.tensors[op.weight].type != Type::i8 || op.activation == Activation::multiply;
  }

  bool always_writes_floats() const override { return false; }

  Keeps keeps(const Op& op) const override { return taps_of(op).history > 0 || taps_of(op).width > 0 ? Keeps::inputs : Keeps::nothing; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    const Taps taps = taps_of(op);
    std::vector<LeafShape> leaves;
    if (taps.history > 0) {
      const uint32_t item = graph.tensors[op.weight].type == Type::i8 ? 1 : sizeof(float);
      leaves.push_back({.name = op.name + ".past", .dims = {taps.history, graph.values[op.inputs[0]].channels}, .item = item});
      leaves.push_back({.name = op.name + ".cursor", .below = taps.history});
    }
    if (taps.width > 0) leaves.push_back({.name = op.name + ".place", .below = max_place, .least = -int64_t(taps.late)});
    return leaves;
  }

  uint64_t tick_bytes(const Graph& graph, const Op& op) const override { return graph.tensors[op.weight].bytes; }

  std::unique_ptr<Packed> pack(const Graph& graph, const Op& op, Room& room) const override {
    return std::make_unique<PackedConv>(graph, op, room);
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t burst) const override {
    return std::make_unique<Conv>(program, op, slots, burst);
  }
};

}  // namespace

Taps taps_of(const Op& op) {
  Taps taps;
  if (op.settings.empty()) return taps;
  taps.width = op.settings[0];
  const size_t first = taps.width > 0 ? 3 : 1;
  if (op.settings.size() < first) return taps;
  if (taps.width > 0) taps.late = op.settings[1], taps.ahead = int32_t(op.settings[2]);
  taps.number = uint32_t((op.settings.size() - first) / (taps.width > 0 ? 2 : 1));
  for (uint32_t i = 0; i < taps.number; ++i) {
    const Tap tap{i, op.settings[first + i], taps.width > 0 ? int32_t(op.settings[first + taps.number + i]) : 0};
    if (tap.lag == 0) {
      taps.now = i, taps.now_columns = tap.columns;
      continue;
    }
    taps.history = std::max(taps.history, tap.lag);
    taps.nearest = taps.past.empty() ? tap.lag : std::min(taps.nearest, tap.lag);
    taps.past.push_back(tap);
  }
  return taps;
}

const OpRules& conv_rules() {
  static const Rules rules;
  return rules;
}

// Lay a convolution out: the last tap's weights, then what its sums begin with.
PackedConv::PackedConv(const Graph& graph, const Op& op, Room& room) : graph_(graph), op_(op) {
  const Tensor& weight = graph.tensors[op.weight];
  type = weight.type;
  depth = weight.dims[2];
  taps = taps_of(op);
  channels = graph.values[op.output].channels;
  num_sums = parts_of(op.activation) * uint32_t(round_up(channels, lane_group));
  const uint32_t num_inputs = uint32_t(op.inputs.size()), unit = unit_of(type);
  if (taps.now < 0) now.push_back(block(room, 0, 0, 0, 0));
  uint32_t first = 0, size = 0, first_input = 0;
  for (uint32_t input = 0; input < num_inputs && taps.now >= 0; input++) {
    size += graph.values[op.inputs[input]].channels;
    const bool enough = size_t(size) * num_sums >= chunk_weights && size % unit == 0;
    if (!enough && input + 1 < num_inputs) continue;
    now.push_back(block(room, first, size, first_input, input + 1));
    first += size, size = 0, first_input = input + 1;
  }
  for (size_t* place : {&start, &bias, &scale}) *place = room.take(num_sums * sizeof(float));
}

// Past taps lie apart: what one step reads in full is one stretch of memory.
void PackedConv::reserve_past(Room& room) {
  for (size_t tap = 0; tap < taps.past.size(); tap++) past.push_back(block(room, 0, depth, 0, 1));
}

// Room for a part of the weights.
Block PackedConv::block(Room& room, uint32_t first, uint32_t size, uint32_t first_input, uint32_t last_input) const {
  const uint32_t padded = uint32_t(round_up(size, unit_of(type)));
  return {room.take(size_t(padded) * num_sums * item_size(type)), first, padded, first_input, last_input};
}

// The output channel that a sum belongs to, or -1 for padding.
int64_t PackedConv::channel_of(uint32_t sum) const {
  const uint32_t parts = parts_of(op_.activation), group = sum / lane_group;
  const uint32_t c = group / parts * lane_group + sum % lane_group;
  return c < channels ? int64_t(group % parts) * channels + c : -1;
}

void PackedConv::fill(std::byte* memory) const {
  const Tensor& weight = graph_.tensors[op_.weight];
  const auto fill_all = [&](const auto* weights) {
    for (size_t tap = 0; tap < past.size(); tap++) fill_block(memory, past[tap], taps.past[tap].index, weights);
    for (const Block& block : now)
      if (taps.now >= 0) fill_block(memory, block, uint32_t(taps.now), weights);
  };
  if (type == Type::f32) fill_all(weight.f32());
  if (type == Type::bf16) fill_all(weight.bf16());
  if (type == Type::i8) fill_all(weight.i8());
  fill_sums(memory);
}

template <class T>
void PackedConv::fill_block(std::byte* memory, const Block& block, uint32_t tap, const T* weights) const {
  T* target = reinterpret_cast<T*>(memory + block.offset);
  const uint32_t unit = unit_of(type), size = std::min(block.depth, depth - block.first);
  for (uint32_t sum = 0; sum < num_sums; sum++) {
    const uint32_t panel = sum / panel_width * panel_width, width = std::min(panel_width, num_sums - panel);
    const int64_t channel = channel_of(sum);
    if (channel < 0) continue;
    const T* from = weights + (size_t(channel) * taps.number + tap) * depth + block.first;
    T* const first = target + size_t(panel) * block.depth + (sum - panel) * unit;
    for (uint32_t i = 0; i < size; i++) first[size_t(i / unit) * unit * width + i % unit] = from[i];
  }
}

void PackedConv::fill_sums(std::byte* memory) const {
  const auto at = [&](size_t offset) { return reinterpret_cast<float*>(memory + offset); };
  for (uint32_t sum = 0; sum < num_sums; sum++) {
    const int64_t channel = channel_of(sum);
    if (channel < 0) continue;
    const float shift = op_.bias >= 0 ? graph_.tensors[op_.bias].f32()[channel] : 0.0f;
    if (type != Type::i8) {
      at(start)[sum] = shift;
      continue;
    }
    at(bias)[sum] = shift;
    at(scale)[sum] = graph_.tensors[op_.scale].f32()[channel];
    const int8_t* weights = graph_.tensors[op_.weight].i8() + size_t(channel) * taps.number * depth;
    int32_t begin = 0;
    for (uint32_t tap = 0; tap < taps.number; tap++)
      for (uint32_t input = 0, i = 0; input < op_.inputs.size(); input++) {
        const Value& value = graph_.values[op_.inputs[input]];
        for (uint32_t c = 0; c < value.channels; c++, i++)
          begin -= int32_t(value.zero_point) * weights[tap * depth + i];
      }
    reinterpret_cast<int32_t*>(memory + start)[sum] = begin;
  }
}

}  // namespace undertow
