// A convolution's step: cut into tasks that threads share, with the past taps of a burst of steps added beforehand.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/conv.h"

namespace undertow {
namespace {

constexpr double channel_ns = 0.7;
constexpr size_t worth_cutting = 32768;  // weights of a part that several threads may share
constexpr size_t worth_alternating = 1 << 19;  // bytes of weights of which a cache loses some until they are read again

// Sums from … to of each part of a convolution that threads share.
std::vector<std::pair<uint32_t, uint32_t>> slices(const PackedConv& conv, uint32_t threads) {
  const uint32_t panels = (conv.num_sums + panel_width - 1) / panel_width;
  uint32_t parts = std::min(panels, threads);
  if (size_t(conv.num_sums) * conv.depth < worth_cutting) parts = 1;
  std::vector<std::pair<uint32_t, uint32_t>> slices;
  for (uint32_t part = 0; part < parts; part++)
    slices.push_back({panels * part / parts * panel_width,
                      std::min(panels * (part + 1) / parts * panel_width, conv.num_sums)});
  return slices;
}

}  // namespace

void Conv::plan(Tasks& tasks, const Pass& step) {
  if (!is_stepped_) return Unit::plan(tasks, step);
  alone_ = tasks.threads() == 1;
  std::vector<uint32_t> past;
  if (!one_.past.empty()) {
    Task task{index_, uint32_t(work_.size())};
    task.cost = task_ns + double(one_.past.size()) * reading(tasks, packed_.depth, packed_.num_sums) / sums_.burst;
    past.push_back(tasks.push(task, false));
    work_.push_back({Part::past});
    work_.back().x.resize(slots_ * sums_.burst);
  }
  const std::vector<uint32_t> makers = plan_now(tasks, past, step);
  if (ring_.length > 0 || is_raster()) {
    Task task{index_, uint32_t(work_.size())};
    task.cost = task_ns;
    task.needs = makers;
    tasks.need(task, op().inputs[0]);
    tasks.push(task);
    work_.push_back({Part::store});
  }
  tasks.makes(op().output, makers);
}

std::vector<uint32_t> Conv::plan_now(Tasks& tasks, const std::vector<uint32_t>& past, const Pass& step) {
  std::vector<uint32_t> makers;
  for (const auto& [begin, end] : slices(packed_, tasks.threads())) {
    std::vector<uint32_t> before = past;
    for (uint32_t number = 0; number < one_.now.size(); number++) {
      const Block& part = one_.now[number];
      const bool last = number + 1 == one_.now.size();
      Task task{index_, uint32_t(work_.size())};
      task.cost = task_ns + reading(tasks, part.depth, end - begin) + (last ? channel_ns * (end - begin) : 0);
      task.needs = before;
      for (uint32_t n = part.first_input; n < part.last_input; n++) tasks.need(task, op().inputs[n]);
      if (last && op().add >= 0) tasks.need(task, uint32_t(op().add));
      before = {tasks.push(task)};
      work_.push_back({Part::now, last});
      work_.back().block = number;
      point(work_.back(), begin, end, step);
    }
    makers.insert(makers.end(), before.begin(), before.end());
  }
  return makers;
}

double Conv::reading(const Tasks& tasks, uint32_t depth, uint32_t width) const {
  return tasks.reading(double(depth) * width * double(item_size(packed_.type)));
}

// Set what stays as it is from step to step: pointers, and what is asked of the kernels, but for where the sums are in
// the burst.
void Conv::point(Work& work, uint32_t begin, uint32_t end, const Pass& step) {
  const Block& block = one_.now[work.block];
  const Place& y = step.place(op().output);
  const bool direct = op().inputs.size() == 1 || program_.side_by_side(index_);
  work.x_stays = direct && !is_raster() && !program_.holding(op().inputs[block.first_input]).ahead;
  work.add_stays = !work.last || op().add < 0 || !program_.holding(op().add).ahead;
  work.x.resize(slots_), work.add.resize(slots_), work.input.resize(slots_);
  if (!direct) work.gathered = Aligned<std::byte>(slots_ * round_up(block.depth, 64) * sizeof(float));
  for (uint32_t row = 0; row < slots_; row++) {
    work.y.push_back(y.floats + row * y.row);
    if (y.bytes) work.bytes.push_back(y.bytes + row * y.row);
    if (work.x_stays) work.x[row] = step.held(packed_.type, op().inputs[block.first_input], row, 0);
    if (work.x_stays) work.input[row] = step.floats(op().inputs[block.first_input], row, 0);
    if (work.add_stays && work.last && op().add >= 0) work.add[row] = step.floats(uint32_t(op().add), row, 0);
  }
  const Holding& holding = program_.holding(op().output);
  const size_t stride = sums_.burst * size_t(packed_.num_sums);
  const bool starts = work.block == 0 && one_.past.empty(), integer = holds_bytes();
  work.alternates = size_t(block.depth) * (end - begin) * item_size(packed_.type) >= worth_alternating;
  const uint32_t parts = parts_of(op().activation);
  work.product = {program_.memory(block.offset), block.depth, begin, end, slots_, work.x.data(), nullptr, stride,
                  starts ? program_.memory(one_.start) : nullptr};
  work.finish = {op().activation, begin / parts, end / parts, slots_, nullptr, stride,
                 integer ? program_.floats(one_.scale) : nullptr, integer ? program_.floats(one_.bias) : nullptr,
                 op().add >= 0 ? work.add.data() : nullptr, packed_.channels, holding.floats ? work.y.data() : nullptr,
                 holding.bytes ? work.bytes.data() : nullptr, holding.inverse_step.data(), holding.zero_point,
                 work.input.data()};
}

void Conv::work(uint32_t number, Pass& step) {
  if (!is_stepped_) return block(step);
  work_on(work_[number], step);
}

void Conv::work_all(Pass& step) {
  if (!is_stepped_) return block(step);
  for (Work& work : work_) work_on(work, step);
}

inline void Conv::work_on(Work& work, Pass& step) {
  switch (work.part) {
    case Part::past: return add_past(work, step);
    case Part::now: return add_now(work, step);
    case Part::store: return store(step);
  }
}

// Past taps that were added ahead no longer hold. Bursts begin one after another, so that no step has all of them.
void Conv::forget() {
  sums_.left = 0;
  sums_.next = 1 + uint32_t(index_) % sums_.burst;
}

// Begin the sums of the next steps, as many as the shortest lag lets past taps be known for.
void Conv::add_past(Work& work, const Pass& step) {
  if (alone_) following->fetch(step);  // else another thread may be writing there
  if (sums_.left > 0) return;
  const uint32_t rows = step.rows(), steps = sums_.next, width = packed_.num_sums;
  sums_.left = steps, sums_.at = 0, sums_.next = sums_.burst;
  for (size_t tap = 0; tap < one_.past.size(); tap++) {
    const Block& block = one_.past[tap];
    const Tap& at = one_.taps.past[tap];
    const std::byte* start = tap == 0 ? program_.memory(one_.start) : nullptr;
    for (uint32_t row = 0; row < rows; row++)
      for (uint32_t n = 0; n < steps; n++) work.x[row * steps + n] = past_input(at, step.slot(row), n);
    if (steps == sums_.burst) {
      multiply_({program_.memory(block.offset), block.depth, 0, width, rows * steps, work.x.data(),
                sums_.memory.data(), width, start});
      continue;
    }
    for (uint32_t row = 0; row < rows; row++)
      multiply_({program_.memory(block.offset), block.depth, 0, width, steps, work.x.data() + row * steps,
                sums_.memory.data() + row * sums_.burst * width * sizeof(float), width, start});
  }
}

// Ask for what the past taps will read soon: with many rows it lies in memory, not in a cache.
void Conv::fetch(const Pass& step) const {
  if (sums_.left > 0) return;
  for (const Tap& tap : one_.taps.past)
    for (uint32_t row = 0; row < step.rows(); row++)
      for (uint32_t n = 0; n < sums_.next; n++) {
        const uint32_t slot = step.slot(row);
        const std::byte* entry = ring_.at(slot, ring_.place(slot, uint32_t(tap.lag) - n));
        for (size_t at = 0; at < ring_.entry; at += 64) __builtin_prefetch(entry + at);
      }
}

void Conv::add_now(Work& work, const Pass& step) {
  const uint32_t rows = step.rows();
  if (!work.x_stays) {
    const size_t room = work.gathered.size() / slots_;
    const Block& block = one_.now[work.block];
    for (uint32_t row = 0; row < rows; row++) {
      work.x[row] = now_input(step, block, row, 0, work.gathered.data() + row * room);
      work.input[row] = step.floats(op().inputs[block.first_input], row, 0);
    }
  }
  if (work.alternates) work.product.backwards = !work.product.backwards;
  work.product.num_rows = rows;
  work.product.acc = sums_.memory.data() + sums_.at * size_t(packed_.num_sums) * sizeof(float);
  multiply_(work.product);
  if (!work.last) return;
  if (!work.add_stays)
    for (uint32_t row = 0; row < rows; row++) work.add[row] = step.floats(uint32_t(op().add), row, 0);
  work.finish.num_rows = rows;
  work.finish.acc = work.product.acc;
  program_.kernels.finish(work.finish);
}

void Conv::store(const Pass& step) {
  for (uint32_t row = 0; row < step.rows(); row++) {
    const uint32_t slot = step.slot(row);
    if (ring_.length > 0) {
      const auto* from = static_cast<const std::byte*>(step.held(packed_.type, op().inputs[0], row, 0));
      if (is_raster() && places_[slot] < 0) from = zero_.data();
      std::copy_n(from, ring_.entry, ring_.at(slot, ring_.cursors[slot]));
      ring_.advance(slot);
    }
    if (is_raster()) places_[slot]++;
  }
  if (ring_.length > 0) sums_.at++, sums_.left--;
}

}  // namespace undertow
