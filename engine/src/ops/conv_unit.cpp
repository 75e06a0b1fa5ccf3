#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/conv.h"
#include "state.h"

namespace undertow {
namespace {

void (*product_of(const Kernels& kernels, Type type))(const Product&) {
  return type == Type::i8 ? kernels.product_i8 : type == Type::bf16 ? kernels.product_bf16 : kernels.product_f32;
}

}  // namespace

Conv::Conv(const Program& program, size_t op, uint32_t slots, uint32_t burst)
    : Unit(program, op, slots), packed_(program.packed<PackedConv>(op)), one_(packed_.phases[0]),
      multiply_(product_of(program.kernels, packed_.type)),
      is_stepped_(burst > 0 && domain() == 0 && packed_.embedding < 0 && packed_.phases.size() == 1 &&
                  !program.holding(this->op().output).ahead) {
  ring_.entry = holds_bytes() ? round_up(packed_.depth, 4) : packed_.depth * sizeof(float);
  if (one_.taps.history > 0) {
    ring_.length = uint32_t(one_.taps.history), ring_.slots = slots;
    ring_.memory = Aligned<std::byte>(size_t(slots) * ring_.length * ring_.entry);
    ring_.cursors.assign(slots, 0);
  }
  if (is_raster()) places_.assign(slots, 0);
  if (is_raster() || one_.taps.forward > 0) {
    zero_ = Aligned<std::byte>(ring_.entry);
    std::memset(zero_.data(), zero(), zero_.size());
  }
  if (!is_stepped_) return;
  if (!one_.taps.past.empty()) sums_.burst = std::min(burst, one_.taps.nearest);
  sums_.memory = Aligned<std::byte>(slots * sums_.burst * size_t(packed_.num_sums) * sizeof(float));
}

// What a zero is in the ring.
int Conv::zero() const {
  return holds_bytes() ? int(program_.graph.values[op().inputs[0]].zero_point) : 0;
}

void Conv::reset(uint32_t slot) {
  if (is_raster()) places_[slot] = -int64_t(one_.taps.late);
  if (ring_.length == 0) return;
  for (uint32_t place = 0; place < ring_.length; place++) std::memset(ring_.at(slot, place), zero(), ring_.entry);
  ring_.cursors[slot] = 0;
}

void Conv::copy(uint32_t slot, const Unit& other, uint32_t other_slot) {
  const auto& from = static_cast<const Conv&>(other);
  if (is_raster()) places_[slot] = from.places_[other_slot];
  if (ring_.length == 0) return;
  for (uint32_t place = 0; place < ring_.length; place++)
    std::copy_n(from.ring_.at(other_slot, place), ring_.entry, ring_.at(slot, place));
  ring_.cursors[slot] = from.ring_.cursors[other_slot];
}

void Conv::write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const {
  if (is_raster()) leaves[ring_.length > 0 ? 2 : 0].integers[leaf_row] = places_[slot];
  if (ring_.length == 0) return;
  const Value& value = program_.graph.values[op().inputs[0]];
  const float* step = holds_bytes() ? program_.graph.tensors[value.step].f32() : nullptr;
  float* out = leaves[0].floats.data() + size_t(leaf_row) * ring_.length * packed_.depth;
  for (uint32_t age = ring_.length; age > 0; age--) {
    const std::byte* entry = ring_.at(slot, ring_.place(slot, age));
    for (uint32_t c = 0; c < packed_.depth; c++)
      *out++ = step ? (float(uint8_t(entry[c])) - float(value.zero_point)) * step[c]
                    : reinterpret_cast<const float*>(entry)[c];
  }
  leaves[1].integers[leaf_row] = 0;
}

// As the kernels round.
void Conv::read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) {
  if (is_raster()) places_[slot] = leaves[ring_.length > 0 ? 2 : 0].integers[leaf_row];
  if (ring_.length == 0) return;
  const Holding& holding = program_.holding(op().inputs[0]);
  const auto to_byte = [&](uint32_t c, float x) -> uint8_t {
    const float level = std::nearbyint(x * holding.inverse_step[c]) + holding.zero_point;
    return !(level > 0.0f) ? 0 : level < 255.0f ? uint8_t(level) : 255;
  };
  const float* in = leaves[0].floats.data() + size_t(leaf_row) * ring_.length * packed_.depth;
  const int64_t oldest = leaves[1].integers[leaf_row];
  for (uint32_t number = 0; number < ring_.length; number++) {
    const float* from = in + size_t((oldest + number) % ring_.length) * packed_.depth;
    std::byte* entry = ring_.at(slot, number);
    for (uint32_t c = 0; c < packed_.depth; c++) {
      if (holds_bytes())
        entry[c] = std::byte(to_byte(c, from[c]));
      else
        reinterpret_cast<float*>(entry)[c] = from[c];
    }
  }
  ring_.cursors[slot] = 0;
}

// A part of the current inputs: where they lie, or gathered side by side.
const void* Conv::input(const Pass& pass, const Block& block, uint32_t row, uint32_t tick, std::byte* gathered) const {
  if (op().inputs.size() == 1) return pass.held(packed_.type, op().inputs[0], row, tick);
  const size_t item = holds_bytes() ? 1 : sizeof(float);
  std::byte* target = gathered;
  for (uint32_t n = block.first_input; n < block.last_input; n++) {
    const uint32_t value = op().inputs[n];
    const auto* from = static_cast<const std::byte*>(pass.held(packed_.type, value, row, tick));
    target = std::copy_n(from, program_.graph.values[value].channels * item, target);
  }
  return gathered;
}

// The same, or zeros where a raster has nothing there.
const void* Conv::now_input(const Pass& pass, const Block& block, uint32_t row, uint32_t tick, std::byte* gathered) const {
  if (is_raster()) {
    const int64_t place = places_[pass.slot(row)] + tick;
    if (place < 0 || !one_.taps.sees(block.columns, place)) return zero_.data();
  }
  return input(pass, block, row, tick, gathered);
}

void Conv::look_up(Pass& pass) {
  const float* table = program_.floats(packed_.table);
  for (uint32_t row = 0; row < pass.rows(); row++)
    for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
      const float* from = table + size_t(*pass.symbols_of(row, tick)) * packed_.padded();
      std::copy_n(from, packed_.channels, pass.floats(op().output, row, tick));
      pass.quantise(op().output, row, tick);
    }
}

void Conv::block(Pass& pass) {
  if (packed_.embedding >= 0) return look_up(pass);
  for (uint32_t phase = 0; phase < packed_.phases.size(); phase++) block_of(phase, pass);
  keep(pass);
}

// The ticks of a pass that are in a phase; a convolution of one phase has no places.
bool Conv::in_phase(uint32_t phase, uint32_t slot, uint32_t tick) const {
  return packed_.phases.size() == 1 || one_.taps.phase(places_[slot] + tick) == phase;
}

void Conv::block_of(uint32_t number, Pass& pass) {
  Scratch& scratch = pass.scratch;
  const PackedPhase& phase = packed_.phases[number];
  const Holding& holding = program_.holding(op().output);
  uint32_t vectors = 0;
  for (uint32_t row = 0; row < pass.rows(); row++)
    for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
      if (!in_phase(number, pass.slot(row), tick)) continue;
      if (op().add >= 0) scratch.add[vectors] = pass.floats(op().add, row, tick);
      if (op().activation == Activation::multiply) scratch.input[vectors] = pass.floats(op().inputs[0], row, tick);
      scratch.y[vectors] = pass.floats(op().output, row, tick);
      if (holding.bytes) scratch.bytes[vectors] = pass.bytes(op().output, row, tick);
      vectors++;
    }
  if (vectors == 0) return;
  const uint32_t width = packed_.num_sums;
  Product product{nullptr, 0, 0, width, vectors, scratch.x.data(), scratch.acc.data(), width,
                  program_.memory(phase.start)};
  const auto add_block = [&](const Block& block) {
    product.weights = program_.memory(block.offset), product.depth = block.depth;
    multiply_(product);
    product.start = nullptr;
  };
  for (size_t tap = 0; tap < phase.past.size(); tap++) {
    // What a past tap reads at each step: an earlier step of this block, or the ring.
    const Tap& at = phase.taps.past[tap];
    for (uint32_t row = 0, n = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        const uint32_t slot = pass.slot(row);
        if (!in_phase(number, slot, tick)) continue;
        if (int64_t(tick) < at.lag)
          scratch.x[n] = past_input(at, slot, tick);
        else if (at.lag < 0 && tick + uint32_t(-at.lag) >= pass.count(domain(), row))
          scratch.x[n] = zero_.data();
        else if (is_raster() && (places_[slot] + tick < at.lag || !one_.taps.sees(at.columns, places_[slot] + tick)))
          scratch.x[n] = zero_.data();
        else
          scratch.x[n] = pass.held(packed_.type, op().inputs[0], row, tick - uint32_t(at.lag));
        n++;
      }
    add_block(phase.past[tap]);
  }
  for (const Block& block : phase.now) {
    for (uint32_t row = 0, n = 0; row < pass.rows(); row++)
      for (uint32_t tick = 0; tick < pass.count(domain(), row); tick++) {
        if (!in_phase(number, pass.slot(row), tick)) continue;
        scratch.x[n] = now_input(pass, block, row, tick, scratch.gathered.data() + n * scratch.room);
        n++;
      }
    add_block(block);
  }
  const bool integer = holds_bytes();
  program_.kernels.finish({op().activation, 0, uint32_t(round_up(packed_.channels, lane_group)), vectors,
                           scratch.acc.data(), width, integer ? program_.floats(phase.scale) : nullptr,
                           integer ? program_.floats(phase.bias) : nullptr,
                           op().add >= 0 ? scratch.add.data() : nullptr, packed_.channels,
                           holding.floats ? scratch.y.data() : nullptr, holding.bytes ? scratch.bytes.data() : nullptr,
                           holding.inverse_step.data(), holding.zero_point, scratch.input.data()});
}

// Keep a block's inputs in the ring, as far as it reaches.
void Conv::keep(Pass& pass) {
  if (ring_.length == 0 && !is_raster()) return;
  for (uint32_t row = 0; row < pass.rows(); row++) {
    const uint32_t count = pass.count(domain(), row), slot = pass.slot(row);
    for (uint32_t tick = count - std::min(count, ring_.length); tick < count; tick++) {
      const auto* from = static_cast<const std::byte*>(pass.held(packed_.type, op().inputs[0], row, tick));
      if (is_raster() && places_[slot] + tick < 0) from = zero_.data();
      std::copy_n(from, ring_.entry, ring_.at(slot, ring_.cursors[slot]));
      ring_.advance(slot);
    }
    if (is_raster()) places_[slot] += count;
  }
}

}  // namespace undertow
