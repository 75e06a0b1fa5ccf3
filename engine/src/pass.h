// Where values lie while ops work on them, and how many ticks each clock has: in a block of steps that are known, or in
// the one step that is being drawn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "aligned.h"
#include "memory.h"
#include "program.h"
#include "undertow/engine.h"

namespace undertow {

// A value's vectors: of row r and tick j at r · row + j · step.
struct Place {
  float* floats = nullptr;
  uint8_t* bytes = nullptr;  // null where nothing reads them
  size_t row = 0, step = 0;
  bool ahead = false;  // worked out for a block of steps, of which this pass is at one
};

// The rows of a call that a group steps, side by side: what is kept of each lane's row, and its place among the caller's.
struct Lanes {
  std::vector<uint32_t> slots, places;

  uint32_t size() const { return uint32_t(slots.size()); }
};

// Pointers and sums of the ops that one thread works on as a whole, one after another.
struct Scratch {
  std::vector<const void*> x;
  std::vector<const float*> add, input;
  std::vector<float*> y;
  std::vector<uint8_t*> bytes;
  Aligned<std::byte> gathered, acc;
  size_t room = 0;  // bytes of `gathered` for each vector
};

class Pass {
 public:
  // For at most so many lanes.
  Pass(const Program& program, const Lanes& lanes, uint32_t most_lanes, std::vector<Place> places, Scratch& scratch);

  float* floats(uint32_t value, uint32_t row, uint32_t tick) const {
    const Place& at = places_[value];
    return at.floats + row * at.row + (at.ahead ? ahead : first_ + tick) * at.step;
  }
  uint8_t* bytes(uint32_t value, uint32_t row, uint32_t tick) const {
    const Place& at = places_[value];
    return at.bytes + row * at.row + (at.ahead ? ahead : first_ + tick) * at.step;
  }
  // What a convolution of such weights reads.
  const void* held(Type type, uint32_t value, uint32_t row, uint32_t tick) const {
    return type == Type::i8 ? static_cast<const void*>(bytes(value, row, tick)) : floats(value, row, tick);
  }
  const Place& place(uint32_t value) const { return places_[value]; }
  void place(const std::vector<Place>& places) { places_ = places; }

  // The bytes of a vector whose floats are there, where anything reads them.
  void quantise(uint32_t value, uint32_t row, uint32_t tick) const;

  // So many steps, from `step` of what is known on; one step of a condition that serves all is taken as it is.
  void begin(uint32_t steps, const Condition& condition, int64_t step);

  // Narrow the pass to one tick of a clock, and widen it again.
  uint32_t most_ticks(uint32_t domain) const;
  void narrow(uint32_t domain, uint32_t tick);
  void widen(uint32_t domain);

  // Values of its rows lie side by side, lane by lane; what is kept of a row from step to step lies in its slot.
  uint32_t rows() const { return lanes_.size(); }
  uint32_t slot(uint32_t lane) const { return lanes_.slots[lane]; }
  uint32_t source(uint32_t lane) const { return memory->source(first_slot + slot(lane)); }
  uint32_t count(uint32_t domain, uint32_t row) const { return counts[domain][row]; }
  const int64_t* symbols_of(uint32_t row, uint32_t tick) const {
    return symbols + (lanes_.places[row] * symbol_stride + first_ + tick) * program_.graph.num_elements();
  }
  const float* input(uint32_t row, uint32_t tick, uint32_t channels) const {
    return inputs + (lanes_.places[row] * symbol_stride + first_ + tick) * channels;
  }
  const float* condition(uint32_t row, uint32_t tick) const;

  std::vector<std::vector<uint32_t>> counts;  // of each domain and lane, ticks of this pass
  std::vector<std::vector<uint32_t>> phases;  // inputs pending of its frame when the pass began
  const int64_t* symbols = nullptr;           // (the caller's rows, symbol_stride, elements): what is embedded
  const float* inputs = nullptr;              // (the caller's rows, symbol_stride, channels): instead of symbols
  size_t symbol_stride = 0;
  const uint32_t* lengths = nullptr;          // of each lane's source, in an encoder
  const Memory* memory = nullptr;             // of the sources of an engine's slots
  uint32_t first_slot = 0;                    // where those of this pass begin among them
  uint32_t ahead = 0;                         // the step in the block of what is known ahead
  Scratch& scratch;

 private:
  const Program& program_;
  const Lanes& lanes_;
  std::vector<Place> places_;
  Condition condition_{};
  uint32_t first_ = 0;            // the tick that is narrowed to
  std::vector<uint32_t> counts_;  // of each lane, while narrowed: all ticks of that clock
};

}  // namespace undertow
