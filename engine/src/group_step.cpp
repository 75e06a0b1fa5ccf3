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

void relax() {
#ifdef UNDERTOW_X86
  _mm_pause();
#endif
}

}  // namespace

void Group::prepare() {
  ahead_until_ = 0;
  for (uint32_t thread = 0; thread < threads(); thread++) progress_[thread].count.store(0, std::memory_order_relaxed);
}

void Group::run(const Run& run, uint32_t thread) {
  const Schedule& schedule = schedule_;
  if (lanes_.size() == 0) return;
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
      const Call call = calls_[turn.task];
      if (call.unit == nullptr)
        begin_step(run, step);
      else
        call.unit->work(call.number, step_);
      done.store(++count, std::memory_order_release);
    }
  }
  if (thread != 0) return;
  for (uint32_t other = 1; other < schedule.size(); other++) wait(other, run.steps * schedule[other].size());
  if (run.steps > 0) draw(run, run.steps - 1);
}

// One thread does all tasks, op by op.
void Group::run_alone(const Run& run) {
  if (lanes_.size() == 0) return;
  for (int64_t step = 0; step < run.steps; step++) {
    begin_step(run, step);
    for (const auto [unit, repeated] : stepped_) {
      if (repeated)
        unit->keep_repeated(step_);
      else
        unit->work_all(step_);
    }
    draw(run, step);
  }
}

void Group::wait(uint32_t thread, uint64_t count) {
  const std::atomic<uint64_t>& done = progress_[thread].count;
  for (int spin = 0; done.load(std::memory_order_acquire) < count; spin++) {
    if (spin < spins) {
      relax();
    } else {
      std::this_thread::sleep_for(nap);
    }
  }
}

// Take the pending symbols, and what is known of the step.
void Group::begin_step(const Run& run, int64_t step) {
  if (step >= ahead_until_)
    know_ahead(run, step);
  else if (run.condition.steps > 1)
    step_.ahead++;
  for (uint32_t row = 0; row < lanes_.size(); row++)
    std::ranges::copy(pending(lanes_.slots[row]), symbols_.begin() + size_t(lanes_.places[row]) * elements_);
  step_.symbols = symbols_.data(), step_.symbol_stride = 1;
}

// Work out for a block of steps what follows from the condition alone; once for all if it is the same at every step.
void Group::know_ahead(const Run& run, int64_t step) {
  const bool constant = run.condition.steps <= 1;
  const uint32_t steps = constant ? 1 : uint32_t(std::min<int64_t>(Values::block_steps(lanes_.size()), run.steps - step));
  block_.begin(steps, run.condition, step);
  for (size_t i = 0; i < units_.size(); i++)
    if (program_.holding(program_.graph.ops[i].output).ahead) units_[i]->block(block_);
  step_.ahead = 0;
  ahead_until_ = constant ? run.steps : step + steps;
}

void Group::draw(const Run& run, int64_t step) {
  const uint32_t num_uniforms = sampler_.num_uniforms();
  for (uint32_t row = 0; row < lanes_.size(); row++) {
    const int64_t place = lanes_.places[row];
    const double* uniforms = uniforms_.data();
    if (run.uniforms) {
      uniforms = run.uniforms + place * run.uniform_stride + step * num_uniforms;
    } else {
      const int64_t* key = run.keys + 3 * place;
      undertow::uniforms(uint64_t(key[0]), uint64_t(key[1]), uint64_t(key[2]) + uint64_t(run.skipped + step), num_uniforms,
                         uniforms_.data());
    }
    const Sampling& sampling = run.samplings ? run.samplings[place] : run.sampling;
    int64_t* drawn = run.out + place * run.stride + step * elements_;
    const float* params = step_.floats(program_.graph.output, row, 0);
    if (run.params)
      std::copy_n(params, program_.num_params(), run.params + place * run.params_stride + step * program_.num_params());
    sampler_.draw(params, uniforms, sampling, drawn);
    std::copy_n(drawn, elements_, pending(lanes_.slots[row]).begin());
  }
}

}  // namespace undertow
