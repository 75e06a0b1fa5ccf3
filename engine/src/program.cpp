#include "program.h"

#include <algorithm>
#include <utility>

#include "room.h"
#include "team.h"

namespace undertow {

namespace {

// Steps in a tick, on average.
uint32_t ticks_of(const Graph& graph, uint32_t domain) {
  uint32_t ticks = 1;
  for (; domain != 0; domain = graph.domains[domain].parent) {
    const Op* clock = graph.clock_of(domain);
    if (clock->kind == OpKind::frame || clock->kind == OpKind::shrink) ticks *= graph.domains[domain].period;
  }
  return ticks;
}

}  // namespace

Program::Program(std::span<const std::byte> file, std::string_view isa)
    : graph(parse(file)), kernels(choose_kernels(isa)) {
  const DefinedArithmetic arithmetic;
  for (uint32_t domain = 0; domain < graph.domains.size(); domain++) {
    const Op* clock = graph.clock_of(domain);
    row_ticks_.push_back(graph.row_ticks(domain));
    halved_.push_back(clock != nullptr && clock->kind == OpKind::shrink ? clock->settings[0] : 0);
  }
  find_loops();
  hold_values();
  find_ahead();
  find_what_feeds_state();
  lay_out_step();
  pack();
}

// Loops that overlap are one.
void Program::find_loops() {
  loop_ends_.assign(graph.ops.size(), 0), repeaters_.resize(graph.ops.size());
  std::vector<size_t> maker(graph.values.size());
  for (size_t i = 0; i < graph.ops.size(); i++) maker[graph.ops[i].output] = i;
  size_t begin = 0, end = 0;
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const int64_t repeated = rules_of(graph.ops[i]).repeats(graph.ops[i]);
    if (repeated < 0) continue;
    if (i >= end) begin = i;
    end = std::max(end, maker[size_t(repeated)] + 1);
    loop_ends_[begin] = end;
    repeaters_[maker[size_t(repeated)]].push_back(i);
  }
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
    for (uint32_t input : op.inputs) holdings_[input].floats |= rules_of(op).reads_floats(graph, op);
    if (op.add >= 0) holdings_[op.add].floats = true;
    if (rules_of(op).always_writes_floats()) holdings_[op.output].floats = true;
    if (const int64_t repeated = rules_of(op).repeats(op); repeated >= 0) holdings_[size_t(repeated)].floats = true;
  }
}

void Program::find_ahead() {
  for (const Op& op : graph.ops) {
    bool ahead = rules_of(op).follows(op);
    for (uint32_t input : op.inputs) ahead &= holdings_[input].ahead;
    if (op.add >= 0) ahead &= holdings_[op.add].ahead;
    holdings_[op.output].ahead = ahead;
  }
}

void Program::find_what_feeds_state() {
  std::vector<bool> wanted(graph.values.size());
  feeds_state_.assign(graph.ops.size(), false);
  for (const Op& op : graph.ops)
    if (const int64_t repeated = rules_of(op).repeats(op); repeated >= 0) wanted[size_t(repeated)] = true;
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const Op& op = graph.ops[i];
    const Keeps keeps = rules_of(op).keeps(op);
    feeds_state_[i] = wanted[op.output] || keeps == Keeps::everything;
    for (uint32_t input : op.inputs)
      if (feeds_state_[i] || keeps == Keeps::inputs) wanted[input] = true;
    if (op.add >= 0 && feeds_state_[i]) wanted[op.add] = true;
  }
}

// Lay out a step's values so that an op of several finds them in one stretch, where they fill whole groups of lanes, so
// that nothing is written beyond them; nor is anything read beyond, as a gate or a cell of uneven parts does.
void Program::lay_out_step() {
  for (uint32_t v = 0; v < graph.values.size(); v++) layouts_.push_back({v, 0, uint32_t(holdings_[v].stride)});
  std::vector<bool> placed(graph.values.size());  // or not to be
  side_by_side_.assign(graph.ops.size(), false);
  for (const Op& op : graph.ops) {
    if (graph.values[op.output].channels % lane_group == 0) continue;
    if (op.add >= 0) placed[op.add] = true;
    if (op.kind != OpKind::conv)
      for (uint32_t input : op.inputs) placed[input] = true;
  }
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const std::vector<uint32_t>& inputs = graph.ops[i].inputs;
    const bool fits = graph.ops[i].kind == OpKind::conv && inputs.size() > 1 && std::all_of(inputs.begin(), inputs.end(), [&](uint32_t v) {
      return !placed[v] && !holdings_[v].ahead && graph.values[v].domain == 0 &&
             graph.values[v].channels % lane_group == 0 && std::count(inputs.begin(), inputs.end(), v) == 1;
    });
    if (!fits) continue;
    side_by_side_[i] = true;
    uint32_t total = 0;
    for (uint32_t v : inputs) {
      placed[v] = true;
      layouts_[v].first = inputs[0], layouts_[v].before = total;
      total += graph.values[v].channels;
    }
    for (uint32_t v : inputs) layouts_[v].stride = uint32_t(round_up(total, panel_width)) + lane_group;
  }
}

void Program::pack() {
  Room room;
  for (const Op& op : graph.ops) packed_.push_back(rules_of(op).pack(graph, op, room));
  for (const auto& packed : packed_)
    if (packed) packed->reserve_past(room);
  memory_ = Aligned<std::byte>(room.bytes());
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const Op& op = graph.ops[i];
    if (packed_[i]) packed_[i]->fill(memory_.data());
    weight_bytes_ += rules_of(op).tick_bytes(graph, op) / ticks_of(graph, graph.values[op.output].domain);
  }
  for (const auto& packed : packed_)
    if (packed) packed->tabulate(*this, memory_.data());
}

}  // namespace undertow
