// Many known steps of every row, op by op: each weight is read once for all of them.
#include <algorithm>

#include "group.h"

namespace undertow {

void Group::run_block(size_t i) {
  const Op& op = program_.graph.ops[i];
  switch (op.kind) {
    case OpKind::embed: return embed(op);
    case OpKind::condition: return take_condition(op);
    case OpKind::conv: return convolve(i);
    case OpKind::frame: return frame(i);
    case OpKind::unframe: return unframe(i);
    case OpKind::norm: return normalise(i);
    case OpKind::add: return add(op);
  }
}

void Group::embed(const Op& op) {
  const Tensor& table = program_.graph.tensors[op.weight];
  const uint32_t channels = table.dims[1];
  for (uint32_t row = 0; row < rows_; row++)
    for (uint32_t j = 0; j < counts_[0][row]; j++) {
      const size_t symbol = size_t(symbols_[row * symbol_stride_ + j]);
      std::copy_n(table.f32() + symbol * channels, channels, floats(op.output, row, j));
      quantise(op.output, row, j);
    }
}

void Group::take_condition(const Op& op) {
  const uint32_t channels = program_.graph.condition_channels;
  for (uint32_t row = 0; row < rows_; row++) {
    const float* from = condition_.data + int64_t(first_row_ + row) * condition_.stride;
    for (uint32_t j = 0; j < counts_[0][row]; j++) {
      std::copy_n(from + (condition_.steps == 1 ? 0 : size_t(j) * channels), channels, floats(op.output, row, j));
      quantise(op.output, row, j);
    }
  }
}

// Point `condition_` at a run's step; one step that serves all is taken as it is.
void Group::condition_of(const Condition& condition, int64_t step, uint32_t num_steps) {
  condition_ = condition;
  if (condition.steps > 1) {
    condition_.data += step * program_.graph.condition_channels;
    condition_.steps = num_steps > 1 ? num_steps : 2;  // "one a step", also where the block has but one
  }
}

void Group::frame(size_t i) {
  const Op& op = program_.graph.ops[i];
  Pending& frame = state_.pending[i];
  const uint32_t from = program_.graph.values[op.inputs[0]].domain, to = domain_of(op);
  for (uint32_t row = 0; row < rows_; row++) {
    phases_[to][row] = frame.numbers[row];
    counts_[to][row] = 0;
    for (uint32_t j = 0; j < counts_[from][row]; j++) {
      std::copy_n(floats(op.inputs[0], row, j), frame.channels, frame.at(row, frame.numbers[row]));
      if (++frame.numbers[row] < frame.period) continue;
      const uint32_t whole = counts_[to][row]++;
      std::copy_n(frame.at(row, 0), size_t(frame.period) * frame.channels, floats(op.output, row, whole));
      quantise(op.output, row, whole);
      frame.numbers[row] = 0;
    }
  }
}

void Group::unframe(size_t i) {
  const Op& op = program_.graph.ops[i];
  const Held& held = state_.held[i];
  const uint32_t from = program_.graph.values[op.inputs[0]].domain, to = domain_of(op);
  for (uint32_t row = 0; row < rows_; row++) {
    uint32_t slot = phases_[from][row], frame = 0;
    for (uint32_t j = 0; j < counts_[to][row]; j++) {
      slot = slot + 1 == held.period ? 0 : slot + 1;
      if (slot == 0)
        std::copy_n(floats(op.inputs[0], row, frame++), size_t(held.period) * held.channels, held.at(row));
      std::copy_n(held.at(row) + size_t(slot) * held.channels, held.channels, floats(op.output, row, j));
      quantise(op.output, row, j);
    }
  }
}

void Group::normalise(size_t i) {
  const Op& op = program_.graph.ops[i];
  const auto [weight, bias] = program_.norm(i);
  for (uint32_t row = 0; row < rows_; row++)
    for (uint32_t j = 0; j < counts_[domain_of(op)][row]; j++) {
      program_.kernels.normalise({op.activation, program_.graph.values[op.output].channels,
                                  floats(op.inputs[0], row, j), program_.floats(weight), program_.floats(bias),
                                  floats(op.output, row, j)});
      quantise(op.output, row, j);
    }
}

void Group::add(const Op& op) {
  Finish finish{};
  finish.activation = op.activation;
  finish.end = uint32_t(round_up(program_.graph.values[op.output].channels, lane_group));
  finish.num_rows = 1;
  for (uint32_t row = 0; row < rows_; row++)
    for (uint32_t j = 0; j < counts_[domain_of(op)][row]; j++) {
      const float* added = floats(uint32_t(op.add), row, j);
      float* y = floats(op.output, row, j);
      finish.acc = floats(op.inputs[0], row, j);
      finish.add = &added;
      finish.y = &y;
      program_.kernels.finish(finish);
      quantise(op.output, row, j);
    }
}

// The bytes of a vector whose floats are there, where anything reads them.
void Group::quantise(uint32_t value, uint32_t row, uint32_t j) {
  const Holding& holding = program_.holding(value);
  if (!holding.bytes) return;
  uint8_t* target = bytes(value, row, j);
  Finish finish{};
  finish.end = uint32_t(round_up(program_.graph.values[value].channels, lane_group));
  finish.num_rows = 1;
  finish.acc = floats(value, row, j);
  finish.bytes = &target;
  finish.inverse_step = holding.inverse_step.data();
  finish.zero_point = holding.zero_point;
  program_.kernels.finish(finish);
}

void Group::convolve(size_t i) {
  const Op& op = program_.graph.ops[i];
  const Conv& conv = program_.conv(i);
  const auto& counts = counts_[domain_of(op)];
  const Holding& holding = program_.holding(op.output);
  uint32_t vectors = 0;
  for (uint32_t row = 0; row < rows_; row++)
    for (uint32_t j = 0; j < counts[row]; j++, vectors++) {
      if (op.add >= 0) add_[vectors] = floats(op.add, row, j);
      if (op.activation == Activation::multiply) input_[vectors] = floats(op.inputs[0], row, j);
      y_[vectors] = floats(op.output, row, j);
      if (holding.bytes) y_bytes_[vectors] = bytes(op.output, row, j);
    }
  if (vectors == 0) return;
  Product product{nullptr, 0, 0, conv.width, vectors, x_.data(), acc_.data(), conv.width, program_.memory(conv.start)};
  const auto multiply = [&](const Block& block) {
    product.weights = program_.memory(block.offset), product.depth = block.depth;
    product_of(conv.type)(product);
    product.start = nullptr;
  };
  for (size_t tap = 0; tap < conv.past.size(); tap++) {
    gather_past(i, uint32_t(conv.past.size() - tap) * conv.dilation);
    multiply(conv.past[tap]);
  }
  const size_t room = gathered_.size() / x_.size();
  for (const Block& block : conv.now) {
    for (uint32_t row = 0, n = 0; row < rows_; row++)
      for (uint32_t j = 0; j < counts[row]; j++, n++) x_[n] = input(i, block, row, j, gathered_.data() + n * room);
    multiply(block);
  }
  const bool integer = conv.type == Type::i8;
  program_.kernels.finish({op.activation, 0, uint32_t(round_up(conv.channels, lane_group)), vectors, acc_.data(),
                           conv.width, integer ? program_.floats(conv.scale) : nullptr,
                           integer ? program_.floats(conv.bias) : nullptr, op.add >= 0 ? add_.data() : nullptr,
                           conv.channels, holding.floats ? y_.data() : nullptr,
                           holding.bytes ? y_bytes_.data() : nullptr, holding.inverse_step.data(),
                           holding.zero_point, input_.data()});
  store_block(i);
}

// What a past tap reads at each step: an earlier step of this block, or the ring.
void Group::gather_past(size_t i, uint32_t lag) {
  const Op& op = program_.graph.ops[i];
  const Ring& ring = state_.rings[i];
  const auto& counts = counts_[domain_of(op)];
  for (uint32_t row = 0, n = 0; row < rows_; row++)
    for (uint32_t j = 0; j < counts[row]; j++, n++)
      x_[n] = j >= lag ? held(program_.conv(i).type, op.inputs[0], row, j - lag)
                       : ring.at(row, ring.slot(row, lag - j));
}

// Keep a block's inputs in the ring, as far as it reaches.
void Group::store_block(size_t i) {
  const Op& op = program_.graph.ops[i];
  Ring& ring = state_.rings[i];
  if (!ring.length) return;
  const auto& counts = counts_[domain_of(op)];
  for (uint32_t row = 0; row < rows_; row++)
    for (uint32_t j = counts[row] - std::min(counts[row], ring.length); j < counts[row]; j++) {
      const auto* from = static_cast<const std::byte*>(held(program_.conv(i).type, op.inputs[0], row, j));
      std::copy_n(from, ring.entry, ring.at(row, ring.cursors[row]));
      ring.advance(row);
    }
}

void Group::feed(const Feed& feed) {
  const uint32_t num_params = program_.num_params();
  stepping_ = false;
  forget_sums();
  for (int64_t done = 0; done < feed.steps; done += block_) {
    const uint32_t steps = uint32_t(std::min<int64_t>(block_, feed.steps - done));
    std::fill(counts_[0].begin(), counts_[0].end(), steps);
    symbols_ = feed.symbols + int64_t(first_row_) * feed.steps + done;
    symbol_stride_ = size_t(feed.steps);
    condition_of(feed.condition, done, steps);
    for (size_t i = 0; i < program_.graph.ops.size(); i++) {
      if (feed.params || program_.feeds_state(i))
        run_block(i);
      else
        store_block(i);
    }
    if (!feed.params) continue;
    for (uint32_t row = 0; row < rows_; row++)
      for (uint32_t j = 0; j < steps; j++)
        std::copy_n(floats(program_.graph.output, row, j), num_params,
                    feed.params + ((int64_t(first_row_) + row) * feed.steps + done + j) * num_params);
  }
}

}  // namespace undertow
