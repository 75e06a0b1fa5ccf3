// Steps a model: many known steps at once, or one after another, each symbol drawn from the distribution before it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "undertow/cdf.h"
#include "undertow/leaf.h"
#include "undertow/sampling.h"

namespace undertow {

class Program;
class Group;
class Team;
class Pace;
struct Graph;
class Memory;

// What is known of each step: (rows, steps, channels) floats; one step serves them all, or there is one for each.
struct Condition {
  const float* data = nullptr;
  int64_t steps = 0;      // 0: the model has no condition
  int64_t stride = 0;     // floats from one row to the next
};

// Rows of a call are those in the slots that it names, in that order, each slot once; or in all slots, where it names none.
using Slots = std::span<const uint32_t>;

// Known symbols to step through.
struct Feed {
  const int64_t* symbols;  // (rows, steps), or (rows, steps, elements) of vectors; null where steps are floats
  int64_t steps;
  Condition condition;
  float* params;           // (rows, steps, num_params) of the symbols after each; null when they are not wanted
  Slots slots = {};
  Counting counting = {};  // integers of the same
  const float* inputs = nullptr;  // (rows, steps, input channels), where steps are floats
};

// Symbols to draw. Uniforms are supplied, or made of keys (rows, 3): seed, row, first step.
struct Run {
  int64_t* out;            // (rows, stride), of vectors their elements side by side
  int64_t steps, stride;
  Condition condition;
  Sampling sampling;
  const double* uniforms;  // (rows, uniform_stride), num_uniforms a step; or null
  int64_t uniform_stride;
  const int64_t* keys;
  Slots slots = {};
  const Sampling* samplings = nullptr;  // one a row, in place of the one for all
  int64_t skipped = 0;                  // steps behind the keys' first that are done already
  float* params = nullptr;              // (rows, params_stride): those that each symbol is drawn from, num_params a step;
  int64_t params_stride = 0;            // null when they are not wanted
};

// So many steps of a run from one on, as a run of its own.
Run part_of(const Run& whole, int64_t first, int64_t steps, const Graph& graph);

// One thread at a time may use an engine: another one's call throws std::logic_error.
class Engine {
 public:
  // Slots for rows, each at the beginning, before the start symbol. More threads than slots step each row together.
  Engine(std::shared_ptr<const Program> program, uint32_t slots, uint32_t threads);
  ~Engine();

  // Step the rows of some slots; the others stand as they are, and cost nothing.
  void feed(const Feed& feed);
  void run(const Run& run);

  // Room for so many more steps of some rows, whose caches otherwise grow when a feed or a run begins.
  void reserve(uint64_t steps, Slots slots = {});

  // A row at the beginning; and one that is where another is.
  void reset(Slots slots = {});
  void copy(uint32_t from, uint32_t to);

  // Of each row, the last symbol, or the elements of its vector: drawn, and not yet fed.
  std::vector<int64_t> pending(Slots slots = {}) const;
  void set_pending(std::span<const int64_t> symbols, Slots slots = {});

  // Rings, frames and what they hold, by name, in the order of the ops; `restore` takes them in any order, and throws
  // std::invalid_argument, which names what does not fit.
  std::vector<Leaf> state(Slots slots = {}) const;
  void restore(std::vector<Leaf> given, Slots slots = {});

  // Of a decoder: the memories of sources, (sources, steps, channels) by name with their "lengths", as a state has them
  // under "memory"; and for each slot the number of its source, which `copy` copies too. They stay until others are given,
  // also through `reset` and `restore`. Throws std::invalid_argument, which names what does not fit.
  void set_memory(const std::vector<Leaf>& leaves, const std::vector<int64_t>& sources);
  void set_source(uint32_t slot, uint32_t source);

  const Program& program() const { return *program_; }
  uint32_t slots() const { return slots_; }
  uint32_t threads() const { return threads_; }
  uint32_t threads_used() const;  // threads that share each row may be slower than one: it is found out by timing both

 private:
  // A slot's group and its number there.
  struct Seat {
    Group& group;
    uint32_t slot;
  };

  Seat seat(uint32_t slot) const;
  void name(Slots slots) const;  // into named_: throws std::invalid_argument where they are not slots, each once
  void take(Slots slots);        // for a feed or a run
  void check_symbols(std::span<const int64_t> symbols) const;
  void run_groups(const Run& run);
  void check_memory() const;

  std::shared_ptr<const Program> program_;
  uint32_t slots_, threads_;
  mutable std::vector<uint32_t> named_;
  mutable std::vector<bool> seen_;
  std::unique_ptr<Memory> memory_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<uint32_t> first_slots_;  // of each group
  std::unique_ptr<Pace> pace_;
  std::unique_ptr<Team> team_;
  mutable std::atomic_flag stepping_;
};

}  // namespace undertow
