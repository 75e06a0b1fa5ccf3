// A set of slots and the threads that step the rows in them together.
//
// Two ways through the same ops: a block, many known steps of every row at once, op by op; and a step, whose symbol is
// known only when the step before it is done, cut into tasks that threads share (schedule.h).
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "loop.h"
#include "op.h"
#include "pass.h"
#include "program.h"
#include "schedule.h"
#include "state.h"
#include "undertow/engine.h"
#include "undertow/sampling.h"
#include "values.h"

namespace undertow {

class Group {
 public:
  // Slots first_slot … first_slot + slots - 1 of an engine, which is given at most so many rows at once.
  Group(const Program& program, const Memory& memory, uint32_t first_slot, uint32_t slots, uint32_t most_rows,
        uint32_t threads);

  uint32_t threads() const { return uint32_t(schedule_.size()); }

  // Which of its slots the next feed or run is for, and where those stand among all that the caller named.
  void take(const std::vector<uint32_t>& slots);

  void reset(uint32_t slot);
  void copy(uint32_t slot, Group& other, uint32_t other_slot);
  void feed(const Feed& feed);
  void prepare();                             // by one thread, before a run
  void run(const Run& run, uint32_t thread);  // by every thread of the group at once
  void run_alone(const Run& run);             // or by one for all

  void remember(const Memory& memory);  // that its engine was given

  // Allocate what the coming steps of the rows taken need. Throws std::invalid_argument where they are too many.
  void make_room(uint64_t steps);

  // Raise, of each op, the entries of its leaves that grow to those that a slot has.
  void count_entries(uint32_t slot, std::vector<uint32_t>& most) const;

  // A slot to a row of all leaves, in the order of the ops, and from it.
  void write(uint32_t slot, std::vector<Leaf>& leaves, uint32_t row) const;
  void read(uint32_t slot, const std::vector<Leaf>& leaves, uint32_t row);

  // Of a slot, the last symbol or its elements: drawn, and not yet fed.
  std::span<int64_t> pending(uint32_t slot) { return std::span(pending_).subspan(slot * elements_, elements_); }
  const IntegerCdf& cdf() const { return cdf_; }

 private:
  // A task, found at once; without a unit it is the step's beginning.
  struct Call {
    Unit* unit;
    uint32_t number;
  };
  // A unit's work on a step, or its keeping of what it repeats.
  struct Part {
    Unit* unit;
    bool repeated;
  };

  // group.cpp
  void make_units(uint32_t threads);
  void make_scratch();
  void forget();
  void tell(const Feed& feed, int64_t done, uint32_t steps);

  // group_step.cpp
  void begin_step(const Run& run, int64_t step);
  void know_ahead(const Run& run, int64_t step);
  void draw(const Run& run, int64_t step);
  void wait(uint32_t thread, uint64_t count);

  const Program& program_;
  const uint32_t first_slot_, slots_;
  Lanes lanes_;
  const uint32_t elements_;       // symbols of a step
  std::vector<int64_t> pending_;  // of each slot
  std::vector<int64_t> symbols_;  // of each of the caller's rows, what a step embeds
  Values values_;
  Scratch scratch_;
  Pass block_, step_;
  Units units_;
  std::vector<uint32_t> leaves_;              // of each op, the number of leaves before its own
  std::vector<Call> calls_;                   // one a task
  std::vector<Part> stepped_;                 // what one thread does of a step alone, in the order of the ops
  Schedule schedule_;
  int64_t ahead_until_ = 0;                   // steps of this run for which what is known ahead is worked out
  std::unique_ptr<Progress[]> progress_;      // of each thread, tasks done in this run
  Sampler sampler_;
  IntegerCdf cdf_;
  std::vector<double> uniforms_;
  std::vector<std::unique_ptr<Loop>> loops_;  // of each op, the loop that begins there, or none
};

}  // namespace undertow
