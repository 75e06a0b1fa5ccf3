#include "program.h"

#include <algorithm>
#include <utility>

#include "team.h"

namespace undertow {

namespace {

constexpr size_t chunk_weights = 32768;  // a part of a convolution worth handing to another thread

// Inputs whose weights lie together.
uint32_t unit_of(Type type) { return type == Type::i8 ? 4 : 1; }

// The output channel that accumulator `a` belongs to, or -1 for padding.
int64_t channel_of(const Op& op, const Conv& conv, uint32_t a) {
  const uint32_t parts = parts_of(op.activation), group = a / lane_group;
  const uint32_t c = group / parts * lane_group + a % lane_group;
  return c < conv.channels ? int64_t(group % parts) * conv.channels + c : -1;
}

uint32_t ticks_of(const Graph& graph, uint32_t domain) {
  uint32_t ticks = 1;
  for (; domain != 0; domain = graph.domains[domain].parent) ticks *= graph.domains[domain].period;
  return ticks;
}

}  // namespace

Program::Program(std::span<const std::byte> file, std::string_view isa)
    : graph(parse(file)), kernels(choose_kernels(isa)) {
  const DefinedArithmetic arithmetic;
  hold_values();
  find_ahead();
  find_what_feeds_state();
  pack();
}

void Program::hold_values() {
  for (const Value& value : graph.values) {
    Holding holding{};
    holding.bytes = value.step >= 0;
    // Room to read a gate's part from anywhere in whole groups.
    holding.stride = round_up(value.channels, panel_width) + lane_group;
    holding.zero_point = float(value.zero_point);
    if (holding.bytes) {
      holding.inverse_step.assign(holding.stride, 0.0f);
      for (uint32_t c = 0; c < value.channels; c++)
        holding.inverse_step[c] = 1.0f / graph.tensors[value.step].f32()[c];
    }
    holdings_.push_back(std::move(holding));
  }
  holdings_[graph.output].floats = true;
  for (const Op& op : graph.ops) {
    const bool reads_bytes = op.kind == OpKind::conv && graph.tensors[op.weight].type == Type::i8;
    const bool reads_floats = !reads_bytes || op.activation == Activation::multiply;
    for (uint32_t input : op.inputs) holdings_[input].floats |= reads_floats;
    if (op.add >= 0) holdings_[op.add].floats = true;
    if (op.kind != OpKind::conv) holdings_[op.output].floats = true;
  }
}

void Program::find_ahead() {
  for (const Op& op : graph.ops) {
    const bool of_a_step = op.kind == OpKind::conv || op.kind == OpKind::norm || op.kind == OpKind::add;
    bool ahead = op.kind == OpKind::condition || (of_a_step && op.history() == 0);
    for (uint32_t input : op.inputs) ahead &= holdings_[input].ahead;
    if (op.add >= 0) ahead &= holdings_[op.add].ahead;
    holdings_[op.output].ahead = ahead;
  }
}

void Program::find_what_feeds_state() {
  std::vector<bool> wanted(graph.values.size());
  feeds_state_.assign(graph.ops.size(), false);
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const Op& op = graph.ops[i];
    feeds_state_[i] = wanted[op.output] || op.kind == OpKind::frame || op.kind == OpKind::unframe;
    const bool keeps = op.history() > 0;
    for (uint32_t input : op.inputs)
      if (feeds_state_[i] || keeps) wanted[input] = true;
    if (op.add >= 0 && feeds_state_[i]) wanted[op.add] = true;
  }
}

void Program::pack() {
  size_t bytes = 0;
  const auto take = [&](size_t size) { return bytes += round_up(size, 64), bytes - round_up(size, 64); };
  for (const Op& op : graph.ops) {
    convs_.push_back(op.kind == OpKind::conv ? shape(op, bytes) : Conv{});
    norms_.emplace_back();
    if (op.kind != OpKind::norm) continue;
    const size_t size = round_up(graph.values[op.output].channels, lane_group) * sizeof(float);
    norms_.back() = {take(size), take(size)};
  }
  // Past taps lie apart: what one step reads in full is one stretch of memory.
  for (size_t i = 0; i < graph.ops.size(); i++)
    for (uint32_t tap = 0; tap + 1 < graph.ops[i].kernel_size; tap++)
      convs_[i].past.push_back(block(convs_[i], bytes, 0, convs_[i].depth, 0, 1));
  memory_ = Aligned<std::byte>(bytes);
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const Op& op = graph.ops[i];
    const uint32_t channels = graph.values[op.output].channels;
    if (op.kind == OpKind::embed) weight_bytes_ += channels * sizeof(float);
    if (op.kind == OpKind::norm) fill_norm(op, norms_[i]);
    if (op.kind != OpKind::conv) continue;
    fill(op, convs_[i]);
    weight_bytes_ += graph.tensors[op.weight].bytes / ticks_of(graph, graph.values[op.output].domain);
  }
}

// Lay a convolution out: every tap's weights, then what its sums begin with.
Conv Program::shape(const Op& op, size_t& bytes) const {
  const Tensor& weight = graph.tensors[op.weight];
  Conv conv{};
  conv.type = weight.type;
  conv.depth = weight.dims[2];
  conv.history = uint32_t(op.history());
  conv.dilation = op.dilation;
  conv.channels = graph.values[op.output].channels;
  const uint32_t groups = uint32_t(round_up(conv.channels, lane_group));
  conv.width = parts_of(op.activation) * groups;
  const uint32_t num_inputs = uint32_t(op.inputs.size()), unit = unit_of(conv.type);
  uint32_t first = 0, depth = 0, first_input = 0;
  for (uint32_t input = 0; input < num_inputs; input++) {
    depth += graph.values[op.inputs[input]].channels;
    const bool enough = size_t(depth) * conv.width >= chunk_weights && depth % unit == 0;
    if (!enough && input + 1 < num_inputs) continue;
    conv.now.push_back(block(conv, bytes, first, depth, first_input, input + 1));
    first += depth, depth = 0, first_input = input + 1;
  }
  for (size_t* place : {&conv.start, &conv.bias, &conv.scale}) {
    *place = bytes;
    bytes += round_up(conv.width * sizeof(float), 64);
  }
  return conv;
}

// Room for a part of a convolution's weights.
Block Program::block(const Conv& conv, size_t& bytes, uint32_t first, uint32_t depth, uint32_t first_input,
                     uint32_t last_input) const {
  const Block block{bytes, first, uint32_t(round_up(depth, unit_of(conv.type))), first_input, last_input};
  bytes += round_up(size_t(block.depth) * conv.width * item_size(conv.type), 64);
  return block;
}

void Program::fill(const Op& op, const Conv& conv) {
  const Tensor& weight = graph.tensors[op.weight];
  const auto fill_all = [&](const auto* weights) {
    for (uint32_t tap = 0; tap < conv.past.size(); tap++) fill_block(op, conv, conv.past[tap], tap, weights);
    for (const Block& block : conv.now) fill_block(op, conv, block, op.kernel_size - 1, weights);
  };
  if (conv.type == Type::f32) fill_all(weight.f32());
  if (conv.type == Type::bf16) fill_all(weight.bf16());
  if (conv.type == Type::i8) fill_all(weight.i8());
  fill_sums(op, conv);
}

template <class T>
void Program::fill_block(const Op& op, const Conv& conv, const Block& block, uint32_t tap, const T* weights) {
  T* target = reinterpret_cast<T*>(memory_.data() + block.offset);
  const uint32_t unit = unit_of(conv.type), depth = std::min(block.depth, conv.depth - block.first);
  for (uint32_t a = 0; a < conv.width; a++) {
    const uint32_t panel = a / panel_width * panel_width, width = std::min(panel_width, conv.width - panel);
    const int64_t channel = channel_of(op, conv, a);
    if (channel < 0) continue;
    const T* from = weights + (size_t(channel) * op.kernel_size + tap) * conv.depth + block.first;
    T* const first = target + size_t(panel) * block.depth + (a - panel) * unit;
    for (uint32_t i = 0; i < depth; i++) first[size_t(i / unit) * unit * width + i % unit] = from[i];
  }
}

void Program::fill_sums(const Op& op, const Conv& conv) {
  const bool integer = conv.type == Type::i8;
  const auto at = [&](size_t offset) { return reinterpret_cast<float*>(memory_.data() + offset); };
  for (uint32_t a = 0; a < conv.width; a++) {
    const int64_t channel = channel_of(op, conv, a);
    if (channel < 0) continue;
    const float bias = op.bias >= 0 ? graph.tensors[op.bias].f32()[channel] : 0.0f;
    if (!integer) {
      at(conv.start)[a] = bias;
      continue;
    }
    at(conv.bias)[a] = bias;
    at(conv.scale)[a] = graph.tensors[op.scale].f32()[channel];
    const int8_t* weights = graph.tensors[op.weight].i8() + size_t(channel) * op.kernel_size * conv.depth;
    int32_t sum = 0;
    for (uint32_t tap = 0; tap < op.kernel_size; tap++)
      for (uint32_t input = 0, i = 0; input < op.inputs.size(); input++) {
        const Value& value = graph.values[op.inputs[input]];
        for (uint32_t c = 0; c < value.channels; c++, i++)
          sum -= int32_t(value.zero_point) * weights[tap * conv.depth + i];
      }
    reinterpret_cast<int32_t*>(memory_.data() + conv.start)[a] = sum;
  }
}

void Program::fill_norm(const Op& op, const Norm& norm) {
  const size_t channels = graph.values[op.output].channels;
  for (const auto& [tensor, offset] : {std::pair(op.weight, norm.weight), std::pair(op.bias, norm.bias)})
    std::copy_n(graph.tensors[tensor].f32(), channels, reinterpret_cast<float*>(memory_.data() + offset));
  weight_bytes_ += 2 * channels * sizeof(float) / ticks_of(graph, graph.values[op.output].domain);
}

}  // namespace undertow
