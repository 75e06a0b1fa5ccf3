// One step after another: each symbol is drawn from the parameters of the step before it, then fed.
#include <algorithm>
#include <chrono>
#include <thread>

#include "group.h"
#include "undertow/philox.h"

#ifdef UNDERTOW_X86
#include <immintrin.h>
#endif

namespace undertow {

namespace {

constexpr int spins = 1024;  // before a waiting thread sleeps, so that the one it waits for may have its core
constexpr std::chrono::microseconds nap{20};
constexpr int runs_alone = 16;  // after one in which threads slept more than stepped: before they try again

void relax() {
#ifdef UNDERTOW_X86
  _mm_pause();
#endif
}

}  // namespace

void Group::reset() {
  state_.reset(program_);
  std::fill(pending.begin(), pending.end(), int64_t(program_.graph.num_symbols));
  forget_sums();
}

void Group::read(uint32_t row, const std::vector<Leaf>& leaves) {
  state_.read(program_, row, leaves, first_row_ + row);
  forget_sums();
}

// Past taps that were added ahead no longer hold. Bursts begin one after another, so that no step has all of them.
void Group::forget_sums() {
  uint32_t turn = 0;
  for (Sums& sums : sums_) {
    sums.left = 0;
    sums.next = 1 + turn++ % sums.burst;
  }
}

void Group::prepare() {
  stepping_ = true;
  ahead_until_ = 0;
  for (uint32_t thread = 0; thread < threads(); thread++) progress_[thread].count.store(0, std::memory_order_relaxed);
}

// Threads that sleep more often than they step have no cores of their own: the first one is faster alone for a while.
void Group::conclude(int64_t steps) {
  if (turns_alone_ > 0)
    turns_alone_--;
  else if (naps_ > steps)
    turns_alone_ = runs_alone;
  naps_ = 0;
}

void Group::run(const Run& run, uint32_t thread) {
  const Schedule& schedule = turns_alone_ > 0 ? alone_ : schedule_;
  if (thread >= schedule.size()) return;
  const auto& turns = schedule[thread];
  std::atomic<uint64_t>& done = progress_[thread].count;
  uint64_t count = 0;
  for (int64_t step = 0; step < run.steps; step++) {
    // Everything of the last step is done before anything of this one.
    for (uint32_t other = 0; other < schedule.size(); other++)
      if (other != thread) wait(other, step * schedule[other].size());
    if (thread == 0 && step > 0) draw(run, step - 1);
    for (const Turn& turn : turns) {
      for (const auto& [other, least] : turn.waits) wait(other, step * schedule[other].size() + least);
      Work& work = work_[turn.task];
      if (work.task.kind == Task::Kind::begin)
        begin_step(run, step);
      else
        work_on(work);
      done.store(++count, std::memory_order_release);
    }
  }
  if (thread != 0) return;
  for (uint32_t other = 1; other < schedule.size(); other++) wait(other, run.steps * schedule[other].size());
  if (run.steps > 0) draw(run, run.steps - 1);
}

void Group::wait(uint32_t thread, uint64_t count) {
  const std::atomic<uint64_t>& done = progress_[thread].count;
  for (int spin = 0; done.load(std::memory_order_acquire) < count; spin++) {
    if (spin < spins) {
      relax();
    } else {
      naps_.fetch_add(1, std::memory_order_relaxed);
      std::this_thread::sleep_for(nap);
    }
  }
}

// Take the pending symbols; where what follows from the condition is not known yet, work it out for a block of steps.
void Group::begin_step(const Run& run, int64_t step) {
  const bool constant = run.condition.steps <= 1;
  if (step >= ahead_until_) {
    const uint32_t steps = constant ? 1 : uint32_t(std::min<int64_t>(block_, run.steps - step));
    stepping_ = false;
    std::fill(counts_[0].begin(), counts_[0].end(), steps);
    condition_of(run.condition, step, steps);
    for (size_t i = 0; i < program_.graph.ops.size(); i++)
      if (program_.holding(program_.graph.ops[i].output).ahead) run_block(i);
    stepping_ = true;
    std::fill(counts_[0].begin(), counts_[0].end(), 1);
    ahead_at_ = 0;
    ahead_until_ = constant ? run.steps : step + steps;
  } else if (!constant) {
    ahead_at_++;
  }
  symbols_ = pending.data(), symbol_stride_ = 1;
}

void Group::work_on(Work& work) {
  switch (work.task.kind) {
    case Task::Kind::past: return add_past(work);
    case Task::Kind::now: return add_now(work);
    case Task::Kind::store: return store(work.task.op);
    default: return run_block(work.task.op);
  }
}

// Begin the sums of the next steps, as many as the dilation lets past taps be known for.
void Group::add_past(Work& work) {
  const size_t i = work.task.op;
  const Conv& conv = program_.conv(i);
  Sums& sums = sums_[i];
  if (threads() == 1) fetch_past(sums.following);  // else another thread may be writing there
  if (sums.left > 0) return;
  const uint32_t steps = sums.next;
  sums.left = steps, sums.at = 0, sums.next = sums.burst;
  const Ring& ring = state_.rings[i];
  const size_t width = conv.width;
  const auto multiply = product_of(conv.type);
  for (size_t tap = 0; tap < conv.past.size(); tap++) {
    const Block& block = conv.past[tap];
    const uint32_t lag = uint32_t(conv.past.size() - tap) * conv.dilation;
    const std::byte* start = tap == 0 ? program_.memory(conv.start) : nullptr;
    if (steps == sums.burst) {
      for (uint32_t n = 0; n < rows_ * steps; n++) work.x[n] = ring.at(n / steps, ring.slot(n / steps, lag - n % steps));
      multiply({program_.memory(block.offset), block.depth, 0, conv.width, rows_ * steps, work.x.data(),
                sums.memory.data(), width, start});
      continue;
    }
    for (uint32_t row = 0; row < rows_; row++) {
      for (uint32_t n = 0; n < steps; n++) work.x[n] = ring.at(row, ring.slot(row, lag - n));
      multiply({program_.memory(block.offset), block.depth, 0, conv.width, steps, work.x.data(),
                sums.memory.data() + row * sums.burst * width * sizeof(float), width, start});
    }
  }
}

// Ask for what the past taps of an op will read soon: with many rows it lies in memory, not in a cache.
void Group::fetch_past(size_t i) const {
  const Conv& conv = program_.conv(i);
  const Sums& sums = sums_[i];
  if (sums.left > 0) return;
  const Ring& ring = state_.rings[i];
  for (size_t tap = 1; tap <= conv.past.size(); tap++)
    for (uint32_t row = 0; row < rows_; row++)
      for (uint32_t n = 0; n < sums.next; n++) {
        const std::byte* entry = ring.at(row, ring.slot(row, uint32_t(tap) * conv.dilation - n));
        for (size_t at = 0; at < ring.entry; at += 64) __builtin_prefetch(entry + at);
      }
}

void Group::add_now(Work& work) {
  const Task& task = work.task;
  const Sums& sums = sums_[task.op];
  if (!work.x_stays) {
    const size_t room = work.gathered.size() / rows_;
    const Block& block = program_.conv(task.op).now[task.block];
    for (uint32_t row = 0; row < rows_; row++) {
      work.x[row] = input(task.op, block, row, 0, work.gathered.data() + row * room);
      work.input[row] = floats(program_.graph.ops[task.op].inputs[block.first_input], row, 0);
    }
  }
  work.product.acc = sums.memory.data() + sums.at * size_t(program_.conv(task.op).width) * sizeof(float);
  work.multiply(work.product);
  if (!task.last) return;
  if (!work.add_stays)
    for (uint32_t row = 0; row < rows_; row++) work.add[row] = floats(work.added, row, 0);
  work.finish.acc = work.product.acc;
  program_.kernels.finish(work.finish);
}

void Group::store(size_t i) {
  const Op& op = program_.graph.ops[i];
  Ring& ring = state_.rings[i];
  for (uint32_t row = 0; row < rows_; row++) {
    std::copy_n(static_cast<const std::byte*>(held(program_.conv(i).type, op.inputs[0], row, 0)), ring.entry,
                ring.at(row, ring.cursors[row]));
    ring.advance(row);
  }
  Sums& sums = sums_[i];
  sums.at++, sums.left--;
}

void Group::draw(const Run& run, int64_t step) {
  const uint32_t num_uniforms = sampler_.num_uniforms();
  for (uint32_t row = 0; row < rows_; row++) {
    const int64_t place = first_row_ + row;
    const double* uniforms = uniforms_.data();
    if (run.uniforms) {
      uniforms = run.uniforms + place * run.uniform_stride + step * num_uniforms;
    } else {
      const int64_t* key = run.keys + 3 * place;
      undertow::uniforms(uint64_t(key[0]), uint64_t(key[1]), uint64_t(key[2]) + uint64_t(step), num_uniforms,
                         uniforms_.data());
    }
    pending[row] = sampler_.draw(floats(program_.graph.output, row, 0), uniforms, run.sampling);
    run.out[place * run.stride + step] = pending[row];
  }
}

}  // namespace undertow
