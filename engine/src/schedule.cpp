#include "schedule.h"

#include <algorithm>

namespace undertow {

namespace {

constexpr double bytes_per_ns = 60, task_ns = 25, channel_ns = 0.7, plain_channel_ns = 0.15, signal_ns = 150;
constexpr size_t worth_cutting = 32768;  // weights of a part that several threads may share

class TaskList {
 public:
  TaskList(const Program& program, uint32_t rows, uint32_t threads, uint32_t burst)
      : program_(program), rows_(rows), threads_(threads), burst_(burst), makers_(program.graph.values.size()) {
    tasks_.push_back({Task::Kind::begin});
    tasks_.back().cost = task_ns;
    for (size_t op = 0; op < program.graph.ops.size(); op++) add(op);
  }

  std::vector<Task> take() { return std::move(tasks_); }

 private:
  void add(size_t i) {
    const Op& op = program_.graph.ops[i];
    if (program_.holding(op.output).ahead) return;
    const bool slow = program_.graph.values[op.output].domain != 0;
    if (op.kind != OpKind::conv || slow) {
      Task task{Task::Kind::whole, i};
      const double channels = double(program_.graph.values[op.output].channels) * rows_;
      task.cost = slow ? 2 * task_ns : task_ns + plain_channel_ns * channels;
      need(task, op.inputs);
      if (op.add >= 0) need(task, {uint32_t(op.add)});
      makers_[op.output] = {push(task)};
      return;
    }
    add_conv(i, op, program_.conv(i));
  }

  void add_conv(size_t i, const Op& op, const Conv& conv) {
    std::vector<uint32_t> past, parts;
    if (!conv.past.empty()) {
      Task task{Task::Kind::past, i};
      const double burst = std::min(burst_, conv.dilation);
      task.end = conv.width;
      task.cost = task_ns + double(conv.past.size()) * reading(conv, conv.depth, conv.width) / burst;
      past.push_back(push(task, false));
    }
    std::vector<uint32_t> makers;
    for (const auto& [begin, end] : slices(conv)) {
      std::vector<uint32_t> before = past;
      for (uint32_t block = 0; block < conv.now.size(); block++) {
        const Block& part = conv.now[block];
        Task task{Task::Kind::now, i, block, begin, end, block + 1 == conv.now.size()};
        task.cost = task_ns + reading(conv, part.depth, end - begin) + (task.last ? channel_ns * (end - begin) : 0);
        task.needs = before;
        need(task, {op.inputs.begin() + part.first_input, op.inputs.begin() + part.last_input});
        if (task.last && op.add >= 0) need(task, {uint32_t(op.add)});
        before = {push(task)};
      }
      makers.insert(makers.end(), before.begin(), before.end());
    }
    if (conv.history) {
      Task task{Task::Kind::store, i};
      task.cost = task_ns;
      task.needs = makers;
      push(task);
    }
    makers_[op.output] = makers;
  }

  // Accumulators from … to of each part of a convolution that threads share.
  std::vector<std::pair<uint32_t, uint32_t>> slices(const Conv& conv) const {
    const uint32_t panels = (conv.width + panel_width - 1) / panel_width;
    uint32_t parts = std::min(panels, threads_);
    if (size_t(conv.width) * conv.depth < worth_cutting) parts = 1;
    std::vector<std::pair<uint32_t, uint32_t>> slices;
    for (uint32_t part = 0; part < parts; part++)
      slices.push_back({panels * part / parts * panel_width,
                        std::min(panels * (part + 1) / parts * panel_width, conv.width)});
    return slices;
  }

  double reading(const Conv& conv, uint32_t depth, uint32_t width) const {
    return double(depth) * width * double(item_size(conv.type)) / bytes_per_ns * (1 + 0.25 * (rows_ - 1));
  }

  void need(Task& task, const std::vector<uint32_t>& values) const {
    for (uint32_t value : values)
      task.needs.insert(task.needs.end(), makers_[value].begin(), makers_[value].end());
  }

  uint32_t push(Task task, bool after_begin = true) {
    if (after_begin) task.needs.push_back(0);
    tasks_.push_back(std::move(task));
    return uint32_t(tasks_.size() - 1);
  }

  const Program& program_;
  uint32_t rows_, threads_, burst_;
  std::vector<std::vector<uint32_t>> makers_;  // of each value, the tasks after which it is there
  std::vector<Task> tasks_;
};

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
      for (uint32_t thread = 0; thread < (pinned(task) ? 1 : threads); thread++) {
        const double start = soonest(task, thread);
        const bool sooner = start < best_start || (start == best_start && urgency_[task] > urgency_[best]);
        if (best_thread == threads || sooner) best = task, best_thread = thread, best_start = start;
      }
    }
    assign(best, best_thread, best_start);
  }

  // What has scratch or clocks in common stays on the first thread.
  bool pinned(uint32_t task) const {
    return tasks_[task].kind == Task::Kind::begin || tasks_[task].kind == Task::Kind::whole;
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

std::vector<Task> step_tasks(const Program& program, uint32_t rows, uint32_t threads, uint32_t burst) {
  return TaskList(program, rows, threads, burst).take();
}

Schedule make_schedule(const std::vector<Task>& tasks, uint32_t threads) {
  if (threads > 1) return Scheduler(tasks, threads).take();
  Schedule schedule(1);
  for (uint32_t task = 0; task < tasks.size(); task++) schedule[0].push_back({task, {}});
  return schedule;
}

}  // namespace undertow
