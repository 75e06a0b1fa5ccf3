#include "ops/conv.h"

#include <algorithm>

#include "check_ops.h"

namespace undertow {
namespace {

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
  if (op.kernel_size > max_int8_products / padded) {
    check.fail("sums ", op.kernel_size * padded, " int8 products; the most is ", max_int8_products);
  }
}

void check_weight(OpCheck& check, const Op& op, uint64_t channels) {
  const Tensor& weight = check.own_weight(op);
  if (weight.dims.size() != 3 || weight.dims[1] != op.kernel_size || weight.dims[2] != channels) {
    check.fail("has a weight of ", shape(weight), "; the kernel size is ", op.kernel_size,
               ", the inputs' channels ", channels);
  }
  if ((weight.type == Type::i8) != (op.scale != -1)) {
    check.fail("has ", weight.type == Type::i8 ? "an int8 weight without a scale" : "a scale without an int8 weight");
  }
  if (weight.type == Type::i8) check_quantised(check, op, weight);
}

// What follows the product.
void check_rest(const OpCheck& check, const Op& op, uint32_t domain) {
  const uint32_t made = check.graph.tensors[op.weight].dims[0];
  if (op.bias != -1) check.vector("bias", op.bias, made);
  check.added(op, made, domain);
  if (op.activation == Activation::gate && made % 2 != 0) {
    check.fail("has a gate over ", made, " channels, an odd number");
  }
  if (op.activation == Activation::multiply) check_units(check, op, made);
  check.output(op, made / parts_of(op.activation), domain);
}

class Rules final : public OpRules {
 public:
  void check(OpCheck& check, const Op& op) const override {
    if (op.inputs.empty()) check.fail("has no inputs");
    if (op.kernel_size == 0 || op.dilation == 0) check.fail("has a kernel size or a dilation of 0");
    if (op.history() > max_history) {
      check.fail("looks back ", op.history(), " steps; the most is ", max_history);
    }
    if (op.kernel_size > 1 && op.inputs.size() > 1) {
      check.fail("has ", op.inputs.size(), " inputs; with a kernel size above 1 it can have one");
    }
    const uint32_t domain = check.value(op.inputs[0]).domain;
    uint64_t channels = 0;
    for (uint32_t input : op.inputs) {
      if (check.value(input).domain != domain) {
        check.fail("reads values of domain ", domain, " and domain ", check.value(input).domain);
      }
      channels += check.value(input).channels;
    }
    check_weight(check, op, channels);
    check_rest(check, op, domain);
  }

  bool follows(const Op& op) const override { return op.history() == 0; }

  bool reads_floats(const Graph& graph, const Op& op) const override {
    return graph.tensors[op.weight].type != Type::i8 || op.activation == Activation::multiply;
  }

  bool always_writes_floats() const override { return false; }

  Keeps keeps(const Op& op) const override { return op.history() > 0 ? Keeps::inputs : Keeps::nothing; }

  std::vector<LeafShape> leaves(const Graph& graph, const Op& op) const override {
    if (op.history() == 0) return {};
    const uint32_t item = graph.tensors[op.weight].type == Type::i8 ? 1 : sizeof(float);
    const uint32_t length = uint32_t(op.history());
    return {{op.name + ".past", length, graph.values[op.inputs[0]].channels, item}, {op.name + ".cursor", length}};
  }

  uint64_t tick_bytes(const Graph& graph, const Op& op) const override { return graph.tensors[op.weight].bytes; }

  std::unique_ptr<Packed> pack(const Graph& graph, const Op& op, Room& room) const override {
    return std::make_unique<PackedConv>(graph, op, room);
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t rows, uint32_t burst) const override {
    return std::make_unique<Conv>(program, op, rows, burst);
  }
};

}  // namespace

const OpRules& conv_rules() {
  static const Rules rules;
  return rules;
}

// Lay a convolution out: the last tap's weights, then what its sums begin with.
PackedConv::PackedConv(const Graph& graph, const Op& op, Room& room) : graph_(graph), op_(op) {
  const Tensor& weight = graph.tensors[op.weight];
  type = weight.type;
  depth = weight.dims[2];
  history = uint32_t(op.history());
  channels = graph.values[op.output].channels;
  num_sums = parts_of(op.activation) * uint32_t(round_up(channels, lane_group));
  const uint32_t num_inputs = uint32_t(op.inputs.size()), unit = unit_of(type);
  uint32_t first = 0, size = 0, first_input = 0;
  for (uint32_t input = 0; input < num_inputs; input++) {
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
  for (uint32_t tap = 0; tap + 1 < op_.kernel_size; tap++) past.push_back(block(room, 0, depth, 0, 1));
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
    for (uint32_t tap = 0; tap < past.size(); tap++) fill_block(memory, past[tap], tap, weights);
    for (const Block& block : now) fill_block(memory, block, op_.kernel_size - 1, weights);
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
    const T* from = weights + (size_t(channel) * op_.kernel_size + tap) * depth + block.first;
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
    const int8_t* weights = graph_.tensors[op_.weight].i8() + size_t(channel) * op_.kernel_size * depth;
    int32_t begin = 0;
    for (uint32_t tap = 0; tap < op_.kernel_size; tap++)
      for (uint32_t input = 0, i = 0; input < op_.inputs.size(); input++) {
        const Value& value = graph_.values[op_.inputs[input]];
        for (uint32_t c = 0; c < value.channels; c++, i++)
          begin -= int32_t(value.zero_point) * weights[tap * depth + i];
      }
    reinterpret_cast<int32_t*>(memory + start)[sum] = begin;
  }
}

}  // namespace undertow
