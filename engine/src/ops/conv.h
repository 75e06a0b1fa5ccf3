// conv       y = act(b + Σ_i W_i x[t - lag_i] + add)    W (O, k, I); several inputs are read side by side
//
// Settings: 0, then the k lags, in any order, each once; 0 is the current step. In an encoder a lag may be below 0, of a
// step to come: such a convolution sees zeros on both sides of the row, and keeps nothing. Of a raster: its width in steps; by how
// many places its inputs are late, and its outputs are ahead of those (or behind them, where it is below 0); the lags; and
// for each tap how many columns to the right of the output's it looks. A tap sees zeros beyond the ends of its row, and
// before the first place. In a domain whose ticks come a row at a time a lag may be below 0, of a pixel of the same row.
//
// A raster of several phases, such as the channels of a pixel, has their number as its last setting. A place's phase is
// its remainder; W is (phases O, k, I), and each phase has rows, biases and scales of its own. The lags and columns are
// those of phase 0, and signed: in phase p a tap looks p steps further back and p columns less to the right. Where that
// would be a step to come there is no tap.
//
// What reads one tap of an embedded symbol, and nothing else, is worked out for every symbol when the weights are packed.
//
// Its weights in the kernels' order (conv.cpp), its memory and its work on a block of steps at once (conv_unit.cpp), and
// a step cut into tasks that threads share, with the past taps of a burst of steps added beforehand (conv_step.cpp).
#pragma once

#include <vector>

#include "op.h"
#include "pass.h"
#include "program.h"
#include "ring.h"
#include "room.h"
#include "schedule.h"

namespace undertow {

// Where a tap looks: `index` is its place in the weight.
struct Tap {
  uint32_t index;
  int32_t lag;
  int32_t columns = 0;
};

// The taps of a convolution in one phase: those of the past, and those of the current step, of which a raster may have two.
struct Taps {
  std::vector<Tap> past, now;
  uint32_t width = 0;      // of a raster; 0: the past has no columns
  uint32_t late = 0;
  int32_t ahead = 0;
  int64_t history = 0;     // the longest lag, of all phases; of a whole row: 0
  int64_t forward = 0;     // of a whole row: how many steps to come it sees, above 0
  bool looks_right = false;  // of a raster: at pixels to come of the same row
  uint32_t nearest = 0;    // the shortest but 0
  uint32_t number = 0;     // in the weight
  uint32_t phases = 1;

  // Whether a tap so many columns aside sees anything, where the input stands at this place.
  bool sees(int32_t columns, int64_t place) const {
    const int64_t output = place + ahead;
    return output >= 0 && uint64_t(output % width + columns) < width;
  }

  // The phase of the output, where the input stands at this place.
  uint32_t phase(int64_t place) const {
    const int64_t rest = (place + ahead) % int64_t(phases);
    return uint32_t(rest < 0 ? rest + phases : rest);
  }
};

// Throws nothing and reads as far as there are settings, so that it may be asked before they are checked.
Taps taps_of(const Op& op, uint32_t phase = 0);

// Part of a convolution's inputs at one tap: `depth` of them from `first` on (for int8 padded to a multiple of 4).
struct Block {
  size_t offset;  // of the weights, in the program's memory
  uint32_t first, depth;
  uint32_t first_input, last_input;  // of the op's inputs, those it covers; `last_input` is one past the end
  int32_t columns = 0;               // of its tap
};

// What a convolution of one phase multiplies.
struct PackedPhase {
  Taps taps;
  std::vector<Block> past;  // one a past tap
  std::vector<Block> now;   // the current inputs, in parts that can be begun before the next ones are known
  size_t start;             // int32: where int8 sums begin, -zero_point · Σ w; float: the bias
  size_t bias, scale;       // int8: float each
};

// Accumulators are in the kernels' order: the parts of a gate, and of multiplicative units, in turns of 16.
class PackedConv final : public Packed {
 public:
  PackedConv(const Graph& graph, const Op& op, Room& room);

  void reserve_past(Room& room) override;
  void fill(std::byte* memory) const override;
  void tabulate(const Program& program, std::byte* memory) const override;
  uint32_t width() const override { return num_sums; }
  size_t gathered() const override { return op_.inputs.size() > 1 ? round_up(depth, 64) * sizeof(float) : 0; }

  Type type;
  uint32_t depth;           // inputs side by side
  uint32_t num_sums;        // accumulators, a multiple of 16
  uint32_t channels;        // of y
  std::vector<PackedPhase> phases;
  int64_t embedding;        // the op that embeds the symbols that it reads alone, where a table has all outputs; else -1
  size_t table = 0;         // (symbols, padded channels) float

  size_t padded() const { return round_up(channels, lane_group); }

 private:
  Block block(Room& room, uint32_t first, uint32_t depth, uint32_t first_input, uint32_t last_input) const;
  void begin_phase(PackedPhase& phase, Room& room) const;
  template <class T>
  void fill_block(std::byte* memory, const Block& block, uint32_t phase, uint32_t tap, const T* weights) const;
  void fill_sums(std::byte* memory) const;
  int32_t zeros(size_t channel, uint32_t tap) const;
  uint32_t made() const { return parts_of(op_.activation) * channels; }  // rows of the weight in a phase
  int64_t channel_of(uint32_t sum) const;

  const Graph& graph_;
  const Op& op_;
};

// State: "past", a ring of inputs, of which int8 convolutions keep the bytes, and where a row stands in it, "cursor"; of
// a raster, the "place" of the next input too.
class Conv final : public Unit {
 public:
  Conv(const Program& program, size_t op, uint32_t slots, uint32_t burst);

  void reset(uint32_t slot) override;
  void copy(uint32_t slot, const Unit& other, uint32_t other_slot) override;
  void write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const override;
  void read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) override;

  void block(Pass& pass) override;
  void keep(Pass& pass) override;

  void plan(Tasks& tasks, const Pass& step) override;
  void work(uint32_t number, Pass& step) override;
  void work_all(Pass& step) override;
  void forget() override;
  bool works_ahead() const override { return is_stepped_ && !one_.past.empty(); }
  void fetch(const Pass& step) const override;

 private:
  // past   the past taps, for a burst of steps
  // now    a part of the current inputs, for some of the sums; the last part also finishes them
  // store  the current input into the ring
  enum class Part { past, now, store };

  // One task and the scratch it works in.
  struct Work {
    Part part;
    bool last = false;                        // now: the part that finishes
    bool alternates = false;                  // goes through its weights to and fro: the caches have kept the nearer half
    bool x_stays = false, add_stays = false;  // the pointers are the same at every step, and set; `input` as `x`
    uint32_t block = 0;                       // now: which part of the inputs
    std::vector<const void*> x{};
    std::vector<const float*> add{}, input{};
    std::vector<float*> y{};
    std::vector<uint8_t*> bytes{};
    Aligned<std::byte> gathered{};
    Product product{};
    Finish finish{};
  };

  // Sums while stepping: of a burst of steps, past taps already in.
  struct Sums {
    uint32_t burst = 1;  // steps whose past taps are added at once: at most the shortest lag
    uint32_t at = 0, left = 0, next = 1;
    Aligned<std::byte> memory{};  // (lanes, burst, sums), four bytes each
  };

  bool holds_bytes() const { return packed_.type == Type::i8; }
  bool in_phase(uint32_t phase, uint32_t slot, uint32_t tick) const;
  void block_of(uint32_t phase, Pass& pass);
  int zero() const;
  bool is_raster() const { return one_.taps.width > 0; }
  const void* past_input(const Tap& tap, uint32_t slot, uint32_t ahead) const;
  const void* now_input(const Pass& pass, const Block& block, uint32_t row, uint32_t tick, std::byte* gathered) const;
  const void* input(const Pass& pass, const Block& block, uint32_t row, uint32_t tick, std::byte* gathered) const;

  std::vector<uint32_t> plan_now(Tasks& tasks, const std::vector<uint32_t>& past, const Pass& step);
  void point(Work& work, uint32_t begin, uint32_t end, const Pass& step);
  double reading(const Tasks& tasks, uint32_t depth, uint32_t width) const;
  void look_up(Pass& pass);
  void work_on(Work& work, Pass& step);
  void add_past(Work& work, const Pass& step);
  void add_now(Work& work, const Pass& step);
  void store(const Pass& step);

  const PackedConv& packed_;
  const PackedPhase& one_;  // the only phase, where steps are cut into tasks; of all, what lies in the past is the same
  void (*const multiply_)(const Product&);
  const bool is_stepped_;
  Ring ring_;
  std::vector<int64_t> places_;  // of each slot, where in the raster its next input stands
  Aligned<std::byte> zero_;      // what a tap sees beyond a raster's row, and before its first place
  Sums sums_;
  std::vector<Work> work_;
  bool alone_ = true;  // whether one thread steps these rows
};

// What a past tap of a slot's row reads, so many steps ahead of where the row stands; fewer than its lag.
inline const void* Conv::past_input(const Tap& tap, uint32_t slot, uint32_t ahead) const {
  if (is_raster() && !one_.taps.sees(tap.columns, places_[slot] + ahead)) return zero_.data();
  if (one_.taps.forward > 0) return zero_.data();
  return ring_.at(slot, ring_.place(slot, uint32_t(tap.lag) - ahead));
}

}  // namespace undertow
