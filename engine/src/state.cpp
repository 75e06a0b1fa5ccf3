#include "state.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>

#include "check.h"

namespace undertow {

namespace {

bool holds_bytes(const Program& program, size_t op) { return program.conv(op).type == Type::i8; }

// A byte as the float it stands for, and back, as the kernels round.
float to_float(const Program& program, const Op& op, uint32_t c, uint8_t byte) {
  const Value& value = program.graph.values[op.inputs[0]];
  return (float(byte) - float(value.zero_point)) * program.graph.tensors[value.step].f32()[c];
}

uint8_t to_byte(const Program& program, const Op& op, uint32_t c, float x) {
  const Holding& holding = program.holding(op.inputs[0]);
  const float level = std::nearbyint(x * holding.inverse_step[c]) + holding.zero_point;
  return !(level > 0.0f) ? 0 : level < 255.0f ? uint8_t(level) : 255;
}

std::string text(const Leaf& leaf) {
  std::string sizes;
  for (int64_t size : leaf.shape) sizes += (sizes.empty() ? "" : "x") + std::to_string(size);
  return sizes + (leaf.integer ? " int64" : " float32");
}

void check_leaf(const Leaf& leaf, const Leaf& own) {
  if (leaf.shape != own.shape || leaf.integer != own.integer || leaf.floats.size() != own.floats.size() ||
      leaf.integers.size() != own.integers.size())
    throw std::invalid_argument("the state's " + own.name + " is " + text(leaf) + ", not " + text(own));
}

}  // namespace

State::State(const Program& program, uint32_t rows)
    : rings(program.graph.ops.size()), pending(program.graph.ops.size()), held(program.graph.ops.size()) {
  for (size_t i = 0; i < program.graph.ops.size(); i++) {
    const Op& op = program.graph.ops[i];
    if (op.kind == OpKind::conv && op.history() > 0) {
      Ring& ring = rings[i];
      const Conv& conv = program.conv(i);
      ring.length = conv.history;
      ring.entry = holds_bytes(program, i) ? round_up(conv.depth, 4) : conv.depth * sizeof(float);
      ring.memory = Aligned<std::byte>(size_t(rows) * ring.length * ring.entry);
      ring.cursors.assign(rows, 0);
    } else if (op.kind == OpKind::frame) {
      const uint32_t period = program.graph.domains[program.graph.values[op.output].domain].period;
      const uint32_t channels = program.graph.values[op.inputs[0]].channels;
      pending[i] = {period, channels, Aligned<float>(size_t(rows) * period * channels),
                    std::vector<uint32_t>(rows)};
    } else if (op.kind == OpKind::unframe) {
      const uint32_t period = program.graph.domains[program.graph.values[op.inputs[0]].domain].period;
      const uint32_t channels = program.graph.values[op.output].channels;
      held[i] = {period, channels, Aligned<float>(size_t(rows) * period * channels)};
    }
  }
  reset(program);
}

void State::reset(const Program& program) {
  for (size_t i = 0; i < rings.size(); i++) {
    const int zero = rings[i].length && holds_bytes(program, i)
                         ? int(program.graph.values[program.graph.ops[i].inputs[0]].zero_point)
                         : 0;
    if (rings[i].length) std::memset(rings[i].memory.data(), zero, rings[i].memory.size());
    std::fill(rings[i].cursors.begin(), rings[i].cursors.end(), 0);
    if (pending[i].period) std::fill_n(pending[i].memory.data(), pending[i].memory.size(), 0.0f);
    std::fill(pending[i].numbers.begin(), pending[i].numbers.end(), 0);
    if (held[i].period) std::fill_n(held[i].memory.data(), held[i].memory.size(), 0.0f);
  }
}

void State::write(const Program& program, uint32_t row, std::vector<Leaf>& leaves, uint32_t leaf_row) const {
  size_t next = 0;
  for (size_t i = 0; i < rings.size(); i++) {
    const Op& op = program.graph.ops[i];
    if (const Ring& ring = rings[i]; ring.length) {
      const uint32_t channels = program.conv(i).depth;
      float* out = leaves[next].floats.data() + size_t(leaf_row) * ring.length * channels;
      for (uint32_t age = ring.length; age > 0; age--) {
        const std::byte* entry = ring.at(row, ring.slot(row, age));
        for (uint32_t c = 0; c < channels; c++)
          *out++ = holds_bytes(program, i) ? to_float(program, op, c, uint8_t(entry[c]))
                                           : reinterpret_cast<const float*>(entry)[c];
      }
      leaves[next + 1].integers[leaf_row] = 0;
      next += 2;
    } else if (const Pending& frame = pending[i]; frame.period) {
      const size_t size = size_t(frame.period) * frame.channels, filled = size_t(frame.numbers[row]) * frame.channels;
      float* out = leaves[next].floats.data() + leaf_row * size;
      std::fill_n(std::copy_n(frame.at(row, 0), filled, out), size - filled, 0.0f);
      leaves[next + 1].integers[leaf_row] = frame.numbers[row];
      next += 2;
    } else if (const Held& frames = held[i]; frames.period) {
      const size_t size = size_t(frames.period) * frames.channels;
      std::copy_n(frames.at(row), size, leaves[next++].floats.data() + leaf_row * size);
    }
  }
}

void State::read(const Program& program, uint32_t row, const std::vector<Leaf>& leaves, uint32_t leaf_row) {
  size_t next = 0;
  for (size_t i = 0; i < rings.size(); i++) {
    const Op& op = program.graph.ops[i];
    if (Ring& ring = rings[i]; ring.length) {
      const uint32_t channels = program.conv(i).depth;
      const float* in = leaves[next].floats.data() + size_t(leaf_row) * ring.length * channels;
      const int64_t oldest = leaves[next + 1].integers[leaf_row];
      for (uint32_t slot = 0; slot < ring.length; slot++) {
        const float* from = in + size_t((oldest + slot) % ring.length) * channels;
        std::byte* entry = ring.at(row, slot);
        for (uint32_t c = 0; c < channels; c++) {
          if (holds_bytes(program, i))
            entry[c] = std::byte(to_byte(program, op, c, from[c]));
          else
            reinterpret_cast<float*>(entry)[c] = from[c];
        }
      }
      ring.cursors[row] = 0;
      next += 2;
    } else if (Pending& frame = pending[i]; frame.period) {
      const size_t size = size_t(frame.period) * frame.channels;
      const int64_t number = leaves[next + 1].integers[leaf_row];
      std::copy_n(leaves[next].floats.data() + leaf_row * size, size, frame.at(row, 0));
      frame.numbers[row] = uint32_t(number);
      next += 2;
    } else if (const Held& frames = held[i]; frames.period) {
      const size_t size = size_t(frames.period) * frames.channels;
      std::copy_n(leaves[next++].floats.data() + leaf_row * size, size, frames.at(row));
    }
  }
}

std::vector<Leaf> in_order(const Program& program, uint32_t rows, std::vector<Leaf> leaves) {
  std::map<std::string, Leaf*> by_name;
  for (Leaf& leaf : leaves) by_name[leaf.name] = &leaf;
  std::vector<Leaf> own = empty_leaves(program, rows);
  for (size_t i = 0; i < own.size(); i++) {
    const auto found = by_name.find(own[i].name);
    if (found == by_name.end()) throw std::invalid_argument("the state has no " + own[i].name);
    check_leaf(*found->second, own[i]);
    own[i] = std::move(*found->second);
    by_name.erase(found);
    // A cursor or a number of inputs counts the entries of the leaf before it.
    for (int64_t integer : own[i].integers)
      if (integer < 0 || integer >= own[i - 1].shape[1])
        throw std::invalid_argument("the state's " + own[i].name + " is out of bounds");
  }
  if (!by_name.empty()) throw std::invalid_argument("the state has " + by_name.begin()->first + ", which this model has not");
  return own;
}

std::vector<Leaf> empty_leaves(const Program& program, uint32_t rows) {
  const Graph& graph = program.graph;
  std::vector<Leaf> leaves;
  const auto add = [&](const Op& op, uint32_t length, uint32_t channels) {
    const std::vector<std::string> names = leaf_names(op);
    leaves.push_back({names[0], {rows, length, channels}, false, std::vector<float>(size_t(rows) * length * channels), {}});
    if (names.size() > 1) leaves.push_back({names[1], {rows}, true, {}, std::vector<int64_t>(rows)});
  };
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const Op& op = graph.ops[i];
    if (op.kind == OpKind::conv && op.history() > 0)
      add(op, uint32_t(op.history()), program.conv(i).depth);
    else if (op.kind == OpKind::frame)
      add(op, graph.domains[graph.values[op.output].domain].period, graph.values[op.inputs[0]].channels);
    else if (op.kind == OpKind::unframe)
      add(op, graph.domains[graph.values[op.inputs[0]].domain].period, graph.values[op.output].channels);
  }
  return leaves;
}

}  // namespace undertow
