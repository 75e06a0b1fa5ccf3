#include "ops/conv.h"

#include <algorithm>
#include <set>
#include <utility>

#include "check_ops.h"

namespace undertow {
namespace {

constexpr uint32_t max_phases = 16;
constexpr size_t chunk_weights = 32768;  // a part of a convolution worth handing to another thread

// Inputs whose weights lie together.
uint32_t unit_of(Type type) { return type == Type::i8 ? 4 : 1; }

// The op that embeds the symbol that an output follows from, alone, where a table of all outputs is worth its memory.
int64_t embedding_of(const Graph& graph, const Op& op) {
  const Taps taps = taps_of(op);
  const bool plain = taps.number == 1 && taps.now.size() == 1 && taps.width == 0 && op.add < 0 && op.inputs.size() == 1;
  if (!plain || graph.is_vector() || op.activation == Activation::multiply) return -1;
  const uint64_t bytes = (uint64_t(graph.num_symbols) + 1) * graph.values[op.output].channels * sizeof(float);
  if (bytes > 8 * graph.tensors[op.weight].bytes) return -1;
  for (size_t i = 0; i < graph.ops.size(); i++)
    if (graph.ops[i].output == op.inputs[0]) return graph.ops[i].kind == OpKind::embed ? int64_t(i) : -1;
  return -1;
}

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

// That each tap of one phase is another one, and looks as far aside as it looks back.
void check_phase(const OpCheck& check, const Taps& taps) {
  std::set<std::pair<int32_t, int32_t>> seen;
  std::vector<Tap> all = taps.past;
  all.insert(all.end(), taps.now.begin(), taps.now.end());
  for (const Tap& tap : all) {
    if (!seen.insert({tap.lag, tap.columns}).second) check.fail("has two taps of lag ", tap.lag);
    if (taps.width > 0 && (int64_t(tap.lag) + taps.ahead + tap.columns) % int64_t(taps.width) != 0) {
      check.fail("has a tap of lag ", tap.lag, " that looks ", tap.columns, " columns aside in rows of ", taps.width);
    }
  }
}

// That what looks at pixels to come has its whole row, and looks no further.
void check_right(const OpCheck& check, const Op& op, const Taps& taps) {
  const uint32_t domain = check.value(op.inputs[0]).domain;
  for (const Tap& tap : taps.past)
    if (tap.lag < 0 && (int64_t(tap.lag) + tap.columns != 0 || taps.ahead != 0))
      check.fail("has a tap of lag ", tap.lag, " that looks ", tap.columns, " columns aside");
  if (taps.width != check.graph.row_ticks(domain)) {
    check.fail("looks at pixels to come in rows of ", taps.width, ", and domain ", domain, " has rows of ",
               check.graph.row_ticks(domain));
  }
}

void check_taps(const OpCheck& check, const Op& op, const Tensor& weight) {
  const size_t size = op.settings.size(), number = weight.dims[1];
  const Taps taps = taps_of(op);
  const bool of_phases = taps.width > 0 && size == 4 + 2 * number;
  if (!of_phases && size != (taps.width > 0 ? 3 + 2 * number : 1 + number)) {
    check.fail("has ", size, " settings for ", number, " taps: a width, a lag each; of a raster two more, and a column each");
  }
  if (of_phases && (taps.phases < 2 || taps.phases > max_phases || taps.width % taps.phases != 0 ||
                    weight.dims[0] % taps.phases != 0)) {
    check.fail("has ", taps.phases, " phases in rows of ", taps.width, " steps and a weight of ", shape(weight),
               "; there can be 2 to ", max_phases, ", of whole rows and of equal parts");
  }
  if (taps.history > int64_t(max_history)) {
    check.fail("looks back ", taps.history, " steps; the most is ", max_history);
  }
  if (taps.forward > int64_t(max_history)) {
    check.fail("looks ", taps.forward, " steps ahead; the most is ", max_history);
  }
  const int64_t ahead = taps.ahead, late = taps.late;
  if (taps.width > 0 &&
      (taps.width > max_history || late > int64_t(max_history) || ahead > late || -ahead > int64_t(max_history))) {
    check.fail("has rows of ", taps.width, " pixels, ", taps.late, " late and ", taps.ahead, " ahead; the most is ",
               max_history, ", and no more ahead than late");
  }
  for (uint32_t phase = 0; phase < taps.phases; phase++) check_phase(check, taps_of(op, phase));
  if (taps.looks_right) check_right(check, op, taps);
}

// What follows the product.
void check_rest(const OpCheck& check, const Op& op, uint32_t domain) {
  const uint32_t rows = check.graph.tensors[op.weight].dims[0], made = rows / taps_of(op).phases;
  if (op.bias != -1) check.vector("bias", op.bias, rows);
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
    if (op.inputs.size() > 1 && (!taps_of(op).past.empty() || taps_of(op).now.size() != 1)) {
      check.fail("has ", op.inputs.size(), " inputs; where it reads the past it can have one");
    }
    check_weight(check, op, channels);
    check_taps(check, op, check.graph.tensors[op.weight]);
    check_rest(check, op, domain);
  }

  Stands stands(const Op& op) const override {
    const Taps taps = taps_of(op);
    return taps.forward > 0 ? Stands::sources : taps.width > 0 ? Stands::steps : Stands::both;
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
      const uint32_t history = uint32_t(taps.history);
      leaves.push_back({.name = op.name + ".past", .dims = {history, graph.values[op.inputs[0]].channels}, .item = item});
      leaves.push_back({.name = op.name + ".cursor", .below = history});
    }
    if (taps.width > 0) leaves.push_back({.name = op.name + ".place", .below = max_place, .least = -int64_t(taps.late)});
    return leaves;
  }

  uint64_t tick_bytes(const Graph& graph, const Op& op) const override {
    if (embedding_of(graph, op) >= 0) return graph.values[op.output].channels * sizeof(float);
    return graph.tensors[op.weight].bytes / taps_of(op).phases;
  }

  std::unique_ptr<Packed> pack(const Graph& graph, const Op& op, Room& room) const override {
    return std::make_unique<PackedConv>(graph, op, room);
  }

  std::unique_ptr<Unit> unit(const Program& program, size_t op, uint32_t slots, uint32_t burst) const override {
    return std::make_unique<Conv>(program, op, slots, burst);
  }
};

}  // namespace

Taps taps_of(const Op& op, uint32_t phase) {
  Taps taps;
  if (op.settings.empty()) return taps;
  taps.width = op.settings[0];
  const size_t first = taps.width > 0 ? 3 : 1;
  if (op.settings.size() < first) return taps;
  const size_t left = op.settings.size() - first;
  if (taps.width > 0) taps.late = op.settings[1], taps.ahead = int32_t(op.settings[2]);
  taps.number = uint32_t(left / (taps.width > 0 ? 2 : 1));
  const bool of_phases = taps.width > 0 && left % 2 == 1;
  if (of_phases) taps.phases = std::max(op.settings.back(), 1u);
  for (uint32_t i = 0; i < taps.number; ++i) {
    const uint32_t setting = op.settings[first + i];
    const int64_t lag = int64_t(int32_t(setting)) + phase;
    taps.history = std::max(taps.history, lag - phase + taps.phases - 1);
    if (taps.width == 0) taps.forward = std::max(taps.forward, -lag);
    if (lag < 0 && of_phases) continue;
    const int64_t columns = taps.width > 0 ? int32_t(op.settings[first + taps.number + i]) - int64_t(phase) : 0;
    const Tap tap{i, int32_t(lag), int32_t(columns)};
    if (tap.lag == 0) {
      taps.now.push_back(tap);
      continue;
    }
    taps.looks_right |= lag < 0 && taps.width > 0;
    taps.nearest = taps.past.empty() ? uint32_t(tap.lag) : std::min(taps.nearest, uint32_t(tap.lag));
    taps.past.push_back(tap);
  }
  if (taps.forward > 0) taps.history = 0;
  return taps;
}

const OpRules& conv_rules() {
  static const Rules rules;
  return rules;
}

PackedConv::PackedConv(const Graph& graph, const Op& op, Room& room) : graph_(graph), op_(op) {
  const Tensor& weight = graph.tensors[op.weight];
  type = weight.type;
  depth = weight.dims[2];
  channels = graph.values[op.output].channels;
  num_sums = parts_of(op.activation) * uint32_t(round_up(channels, lane_group));
  phases.resize(taps_of(op).phases);
  for (uint32_t phase = 0; phase < phases.size(); phase++) {
    phases[phase].taps = taps_of(op, phase);
    begin_phase(phases[phase], room);
  }
  embedding = embedding_of(graph, op);
  if (embedding >= 0) table = room.take((size_t(graph.num_symbols) + 1) * padded() * sizeof(float));
}

// Lay a phase out: the weights of what is read last, then what its sums begin with.
void PackedConv::begin_phase(PackedPhase& phase, Room& room) const {
  const uint32_t num_inputs = uint32_t(op_.inputs.size()), unit = unit_of(type);
  if (phase.taps.now.empty()) phase.now.push_back(block(room, 0, 0, 0, 0));
  if (phase.taps.now.size() > 1)
    for (size_t tap = 0; tap < phase.taps.now.size(); tap++) phase.now.push_back(block(room, 0, depth, 0, 1));
  uint32_t first = 0, size = 0, first_input = 0;
  for (uint32_t input = 0; input < num_inputs && phase.taps.now.size() == 1; input++) {
    size += graph_.values[op_.inputs[input]].channels;
    const bool enough = size_t(size) * num_sums >= chunk_weights && size % unit == 0;
    if (!enough && input + 1 < num_inputs) continue;
    phase.now.push_back(block(room, first, size, first_input, input + 1));
    first += size, size = 0, first_input = input + 1;
  }
  for (size_t number = 0; number < phase.now.size() && !phase.taps.now.empty(); number++)
    phase.now[number].columns = phase.taps.now[phase.taps.now.size() > 1 ? number : 0].columns;
  for (size_t* place : {&phase.start, &phase.bias, &phase.scale}) *place = room.take(num_sums * sizeof(float));
}

// Past taps lie apart: what one step reads in full is one stretch of memory.
void PackedConv::reserve_past(Room& room) {
  for (PackedPhase& phase : phases)
    for (size_t tap = 0; tap < phase.taps.past.size(); tap++) phase.past.push_back(block(room, 0, depth, 0, 1));
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
    for (uint32_t number = 0; number < phases.size(); number++) {
      const PackedPhase& phase = phases[number];
      const std::vector<Tap>& now = phase.taps.now;
      for (size_t tap = 0; tap < phase.past.size(); tap++)
        fill_block(memory, phase.past[tap], number, phase.taps.past[tap].index, weights);
      for (size_t block = 0; block < phase.now.size() && !now.empty(); block++)
        fill_block(memory, phase.now[block], number, now[now.size() > 1 ? block : 0].index, weights);
    }
  };
  if (type == Type::f32) fill_all(weight.f32());
  if (type == Type::bf16) fill_all(weight.bf16());
  if (type == Type::i8) fill_all(weight.i8());
  fill_sums(memory);
}

template <class T>
void PackedConv::fill_block(std::byte* memory, const Block& block, uint32_t phase, uint32_t tap, const T* weights) const {
  T* target = reinterpret_cast<T*>(memory + block.offset);
  const uint32_t unit = unit_of(type), size = std::min(block.depth, depth - block.first);
  const size_t number = phases[phase].taps.number, begin = size_t(phase) * made();
  for (uint32_t sum = 0; sum < num_sums; sum++) {
    const uint32_t panel = sum / panel_width * panel_width, width = std::min(panel_width, num_sums - panel);
    const int64_t channel = channel_of(sum);
    if (channel < 0) continue;
    const T* from = weights + ((begin + size_t(channel)) * number + tap) * depth + block.first;
    T* const first = target + size_t(panel) * block.depth + (sum - panel) * unit;
    for (uint32_t i = 0; i < size; i++) first[size_t(i / unit) * unit * width + i % unit] = from[i];
  }
}

void PackedConv::fill_sums(std::byte* memory) const {
  const auto at = [&](size_t offset) { return reinterpret_cast<float*>(memory + offset); };
  for (uint32_t number = 0; number < phases.size(); number++) {
    const PackedPhase& phase = phases[number];
    for (uint32_t sum = 0; sum < num_sums; sum++) {
      if (channel_of(sum) < 0) continue;
      const size_t channel = size_t(number) * made() + size_t(channel_of(sum));
      const float shift = op_.bias >= 0 ? graph_.tensors[op_.bias].f32()[channel] : 0.0f;
      if (type != Type::i8) {
        at(phase.start)[sum] = shift;
        continue;
      }
      at(phase.bias)[sum] = shift;
      at(phase.scale)[sum] = graph_.tensors[op_.scale].f32()[channel];
      int32_t begin = 0;
      for (const std::vector<Tap>* taps : {&phase.taps.past, &phase.taps.now})
        for (const Tap& tap : *taps) begin -= zeros(channel, tap.index);
      reinterpret_cast<int32_t*>(memory + phase.start)[sum] = begin;
    }
  }
}

// What inputs of zero add to an int8 sum at one tap.
int32_t PackedConv::zeros(size_t channel, uint32_t tap) const {
  const Tensor& weight = graph_.tensors[op_.weight];
  const int8_t* weights = weight.i8() + (channel * weight.dims[1] + tap) * depth;
  int32_t sum = 0;
  for (uint32_t input : op_.inputs)
    for (uint32_t c = 0; c < graph_.values[input].channels; c++)
      sum += int32_t(graph_.values[input].zero_point) * *weights++;
  return sum;
}

// As a step would, symbol by symbol.
void PackedConv::tabulate(const Program& program, std::byte* memory) const {
  if (embedding < 0) return;
  const Kernels& kernels = program.kernels;
  const PackedPhase& one = phases[0];
  const Holding& held = program.holding(op_.inputs[0]);
  const float* symbols = graph_.tensors[graph_.ops[embedding].weight].f32();
  const Aligned<float> input(round_up(depth, panel_width));
  const Aligned<uint8_t> bytes(round_up(depth, panel_width));
  const Aligned<std::byte> acc(num_sums * sizeof(float));
  const bool integer = type == Type::i8;
  const void* const x = integer ? static_cast<const void*>(bytes.data()) : input.data();
  const auto at = [&](size_t offset) { return reinterpret_cast<const float*>(memory + offset); };
  for (uint32_t symbol = 0; symbol <= graph_.num_symbols; symbol++) {
    std::copy_n(symbols + size_t(symbol) * depth, depth, input.data());
    uint8_t* const byte = bytes.data();
    float* const y = reinterpret_cast<float*>(memory + table) + symbol * padded();
    if (integer)
      kernels.finish({Activation::none, 0, uint32_t(round_up(depth, lane_group)), 1, input.data(), 0, nullptr, nullptr,
                      nullptr, 0, nullptr, &byte, held.inverse_step.data(), held.zero_point});
    const auto multiply = integer ? kernels.product_i8 : type == Type::bf16 ? kernels.product_bf16 : kernels.product_f32;
    multiply({memory + one.now[0].offset, one.now[0].depth, 0, num_sums, 1, &x, acc.data(), num_sums, memory + one.start});
    kernels.finish({op_.activation, 0, uint32_t(padded()), 1, acc.data(), num_sums, integer ? at(one.scale) : nullptr,
                    integer ? at(one.bias) : nullptr, nullptr, channels, &y, nullptr, nullptr, 0});
  }
}

}  // namespace undertow
