// Who does what in a step: its tasks, which of them wait for which, and each thread's list, made once.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "program.h"

namespace undertow {

// begin   the step's symbol and condition; all but past taps come after it
// past    the past taps of a convolution, for a burst of steps
// now     a part of its current inputs, for some of its outputs; the last part also finishes them
// store   the current input into its ring
// whole   any other op
struct Task {
  enum class Kind { begin, past, now, store, whole };

  Kind kind;
  size_t op = 0;
  uint32_t block = 0;          // now: which part
  uint32_t begin = 0, end = 0; // accumulators
  bool last = false;           // now: the part that finishes
  double cost = 0;             // about, in nanoseconds
  std::vector<uint32_t> needs = {}; // tasks before it in the same step
};

// A thread's next task, and how far others must have come before it.
struct Turn {
  uint32_t task;
  struct Wait {
    uint32_t thread, count;
  };
  std::vector<Wait> waits;
};

using Schedule = std::vector<std::vector<Turn>>;  // of each thread

// Tasks done by one thread; alone on its cache lines, for others watch it.
struct alignas(128) Progress {
  std::atomic<uint64_t> count{0};
};

// The tasks of a step over `rows` rows, in an order in which one thread can do them; past taps come in bursts of at most
// `burst` steps. Wide convolutions are cut for several threads.
std::vector<Task> step_tasks(const Program& program, uint32_t rows, uint32_t threads, uint32_t burst);

Schedule make_schedule(const std::vector<Task>& tasks, uint32_t threads);

}  // namespace undertow
