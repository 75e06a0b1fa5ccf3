// Who does what in a step: its tasks, which of them wait for which, and each thread's list, made once.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "undertow/graph.h"

namespace undertow {

constexpr double task_ns = 25;             // about, that a task costs whatever it does
constexpr size_t no_op = size_t(-1);       // the step's beginning: its symbol and what is known of it

// A piece of an op's work in a step, by the number that the op knows it by.
struct Task {
  size_t op = no_op;
  uint32_t number = 0;
  bool pinned = false;               // stays on the first thread: it has scratch or clocks in common with others
  double cost = task_ns;             // about, in nanoseconds
  std::vector<uint32_t> needs = {};  // tasks before it in the same step
};

// The tasks of a step in an order in which one thread can do them; ops add theirs.
class Tasks {
 public:
  Tasks(const Graph& graph, uint32_t rows, uint32_t threads);

  // An op whose block is its step, as one task.
  void push_whole(size_t index, const Op& op);

  // Add a task, and return its place. All but those that read nothing of this step come after its beginning.
  uint32_t push(Task task, bool after_begin = true);
  void need(Task& task, uint32_t value) const;                       // let it wait for what makes a value
  void need_clock(Task& task, uint32_t domain) const;                // for what counts the ticks of a slower clock
  void makes(uint32_t value, std::vector<uint32_t> tasks) { makers_[value] = std::move(tasks); }

  uint32_t threads() const { return threads_; }
  double reading(double bytes) const;  // what reading weights costs, for all rows

  std::vector<Task> take() { return std::move(tasks_); }

 private:
  const Graph& graph_;
  uint32_t rows_, threads_;
  std::vector<std::vector<uint32_t>> makers_;  // of each value, the tasks after which it is there
  std::vector<Task> tasks_;
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

Schedule make_schedule(const std::vector<Task>& tasks, uint32_t threads);

}  // namespace undertow
