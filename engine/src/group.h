// A set of rows and the threads that step them together.
//
// Two ways through the same ops: a block, many known steps of every row at once, op by op; and a step, whose symbol is
// known only when the step before it is done, cut into tasks that threads share (schedule.h).
#pragma once

#include <atomic>
#include <memory>
#include <vector>

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
  // Rows first_row … first_row + rows - 1 of what an engine is given.
  Group(const Program& program, uint32_t first_row, uint32_t rows, uint32_t threads);

  uint32_t first_row() const { return first_row_; }
  uint32_t rows() const { return rows_; }
  uint32_t threads() const { return uint32_t(schedule_.size()); }

  void reset();
  void feed(const Feed& feed);
  void prepare();                             // by one thread, before `run`
  void run(const Run& run, uint32_t thread);  // by every thread of the group at once
  void conclude(int64_t steps);               // by one thread, after `run`

  // Allocate what the coming steps need. Throws std::invalid_argument where they are too many.
  void make_room(uint64_t steps);

  // Of each op, the entries of its leaves that grow which some row has.
  std::vector<uint32_t> entries() const;

  // A row's part of all leaves, in the order of the ops.
  void write(uint32_t row, std::vector<Leaf>& leaves) const;
  void read(uint32_t row, const std::vector<Leaf>& leaves);

  std::vector<int64_t> pending;  // of each row, the last symbol: drawn, and not yet fed

 private:
  // A task, found at once; without a unit it is the step's beginning.
  struct Call {
    Unit* unit;
    uint32_t number;
  };

  // group.cpp
  void make_units(uint32_t threads);
  void make_scratch();
  void forget();

  // group_step.cpp
  void run_alone(const Run& run);
  void begin_step(const Run& run, int64_t step);
  void know_ahead(const Run& run, int64_t step);
  void draw(const Run& run, int64_t step);
  void wait(uint32_t thread, uint64_t count);

  const Program& program_;
  uint32_t first_row_, rows_;
  uint32_t block_steps_;  // a block may have
  Values values_;
  Scratch scratch_;
  Pass block_, step_;
  std::vector<std::unique_ptr<Unit>> units_;  // one an op
  std::vector<uint32_t> leaves_;              // of each op, the number of leaves before its own
  std::vector<Call> calls_;                   // one a task
  std::vector<Unit*> stepped_;                // those that a step has work for, in the order of the ops
  Schedule schedule_;
  int turns_alone_ = 0;                       // runs for which it goes alone
  std::atomic<int64_t> naps_{0};              // times that a thread of this run slept
  int64_t ahead_until_ = 0;                   // steps of this run for which what is known ahead is worked out
  std::unique_ptr<Progress[]> progress_;      // of each thread, tasks done in this run
  Sampler sampler_;
  std::vector<double> uniforms_;
};

}  // namespace undertow
