#include "schedule.h"

#include <algorithm>
#include <utility>

namespace undertow {

namespace {

constexpr double bytes_per_ns = 60, plain_channel_ns = 0.15, signal_ns = 150;

// The longest way from each task to the end of the step.
std::vector<double> urgency(const std::vector<Task>& tasks) {
  std::vector<double> longest(tasks.size());
  for (size_t i = tasks.size(); i-- > 0;) {
    longest[i] += tasks[i].cost;
    for (uint32_t before : tasks[i].needs) longest[before] = std::max(longest[before], longest[i]);
  }
  return longest;
}

// List scheduling: whichever task is most urgent among those that could start soonest, where it starts soonest.
class Scheduler {
 public:
  Scheduler(const std::vector<Task>& tasks, uint32_t threads)
      : tasks_(tasks), urgency_(urgency(tasks)), thread_of_(tasks.size(), threads), end_(tasks.size()),
        place_(tasks.size()), free_(threads), schedule_(threads), unmet_(tasks.size()), followers_(tasks.size()) {
    for (uint32_t task = 0; task < tasks.size(); task++) {
      unmet_[task] = tasks[task].needs.size();
      for (uint32_t before : tasks[task].needs) followers_[before].push_back(task);
      if (unmet_[task] == 0) ready_.push_back(task);
    }
    while (!ready_.empty()) place_next();
  }

  Schedule take() { return std::move(schedule_); }

 private:
  void place_next() {
    const uint32_t threads = uint32_t(free_.size());
    uint32_t best = 0, best_thread = threads;
    double best_start = 0;
    for (uint32_t task : ready_) {
      for (uint32_t thread = 0; thread < (tasks_[task].pinned ? 1 : threads); thread++) {
        const double start = soonest(task, thread);
        const bool sooner = start < best_start || (start == best_start && urgency_[task] > urgency_[best]);
        if (best_thread == threads || sooner) best = task, best_thread = thread, best_start = start;
      }
    }
    assign(best, best_thread, best_start);
  }

  double soonest(uint32_t task, uint32_t thread) const {
    double start = free_[thread];
    for (uint32_t before : tasks_[task].needs)
      start = std::max(start, end_[before] + (thread_of_[before] == thread ? 0 : signal_ns));
    return start;
  }

  void assign(uint32_t task, uint32_t thread, double start) {
    Turn turn{task, {}};
    for (uint32_t before : tasks_[task].needs) {
      const uint32_t other = thread_of_[before];
      if (other == thread) continue;
      const uint32_t count = place_[before] + 1;
      auto wait = std::find_if(turn.waits.begin(), turn.waits.end(), [&](auto& w) { return w.thread == other; });
      if (wait == turn.waits.end())
        turn.waits.push_back({other, count});
      else
        wait->count = std::max(wait->count, count);
    }
    thread_of_[task] = thread;
    end_[task] = free_[thread] = start + tasks_[task].cost;
    place_[task] = uint32_t(schedule_[thread].size());
    schedule_[thread].push_back(std::move(turn));
    ready_.erase(std::find(ready_.begin(), ready_.end(), task));
    for (uint32_t follower : followers_[task])
      if (--unmet_[follower] == 0) ready_.push_back(follower);
  }

  const std::vector<Task>& tasks_;
  std::vector<double> urgency_;
  std::vector<uint32_t> thread_of_;
  std::vector<double> end_;
  std::vector<uint32_t> place_;
  std::vector<double> free_;
  Schedule schedule_;
  std::vector<uint32_t> ready_;                  // tasks that wait for none but their turn
  std::vector<size_t> unmet_;                    // of each task, how many it still waits for
  std::vector<std::vector<uint32_t>> followers_;  // of each task, those that wait for it
};

}  // namespace

Tasks::Tasks(const Graph& graph, uint32_t rows, uint32_t threads)
    : graph_(graph), rows_(rows), threads_(threads), makers_(graph.values.size()) {
  push({.pinned = true}, false);
}

void Tasks::push_whole(size_t index, const Op& op) {
  const Value& output = graph_.values[op.output];
  Task task{.op = index, .pinned = true};
  task.cost = output.domain != 0 ? 2 * task_ns : task_ns + plain_channel_ns * double(output.channels) * rows_;
  for (uint32_t input : op.inputs) need(task, input);
  if (op.add >= 0) need(task, uint32_t(op.add));
  need_clock(task, output.domain);
  makes(op.output, {push(std::move(task))});
}

uint32_t Tasks::push(Task task, bool after_begin) {
  if (after_begin) task.needs.push_back(0);
  tasks_.push_back(std::move(task));
  return uint32_t(tasks_.size() - 1);
}

void Tasks::need(Task& task, uint32_t value) const {
  task.needs.insert(task.needs.end(), makers_[value].begin(), makers_[value].end());
}

void Tasks::need_clock(Task& task, uint32_t domain) const {
  if (const Op* clock = graph_.clock_of(domain)) need(task, clock->output);
}

double Tasks::reading(double bytes) const { return bytes / bytes_per_ns * (1 + 0.25 * (rows_ - 1)); }

Schedule make_schedule(const std::vector<Task>& tasks, uint32_t threads) {
  if (threads > 1) return Scheduler(tasks, threads).take();
  Schedule schedule(1);
  for (uint32_t task = 0; task < tasks.size(); task++) schedule[0].push_back({task, {}});
  return schedule;
}

}  // namespace undertow
