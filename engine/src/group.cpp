// A group's memory and its state, and blocks of known steps: each weight is read once for all of them. Everything is
// allocated here, nothing while stepping.
#include "group.h"

#include <algorithm>

namespace undertow {

namespace {

constexpr uint32_t block_vectors = 128;  // of one value in a block, over all rows
constexpr uint32_t burst_vectors = 6;    // past taps' products are shared by about so many steps and rows

}  // namespace

Group::Group(const Program& program, uint32_t first_row, uint32_t rows, uint32_t threads)
    : pending(rows, program.graph.num_symbols), program_(program), first_row_(first_row), rows_(rows),
      block_steps_(std::max(1u, block_vectors / rows)), values_(program, rows, block_steps_),
      block_(program, first_row, rows, values_.block(), scratch_),
      step_(program, first_row, rows, values_.step(), scratch_), progress_(new Progress[threads]),
      sampler_(program.graph.emission, program.graph.num_symbols, program.num_params(), program.kernels.softmax),
      uniforms_(sampler_.num_uniforms()) {
  make_scratch();
  make_units(threads);
  reset();
}

void Group::make_units(uint32_t threads) {
  const Graph& graph = program_.graph;
  const uint32_t burst = std::max(1u, burst_vectors / rows_);
  uint32_t num_leaves = 0;
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const OpRules& rules = rules_of(graph.ops[i]);
    units_.push_back(rules.unit(program_, i, rows_, burst));
    leaves_.push_back(num_leaves);
    num_leaves += uint32_t(rules.leaves(graph, graph.ops[i]).size());
  }
  Tasks tasks(graph, rows_, threads);
  for (size_t i = 0; i < graph.ops.size(); i++)
    if (!program_.holding(graph.ops[i].output).ahead) {
      units_[i]->plan(tasks, step_);
      stepped_.push_back(units_[i].get());
    }
  const std::vector<Task> planned = tasks.take();
  for (const Task& task : planned) calls_.push_back({task.op == no_op ? nullptr : units_[task.op].get(), task.number});
  schedule_ = make_schedule(planned, threads);
  const Unit* following = nullptr;
  for (size_t round = 2 * units_.size(); round-- > 0;) {
    Unit& unit = *units_[round % units_.size()];
    unit.following = following;
    if (unit.works_ahead()) following = &unit;
  }
  std::fill(step_.counts[0].begin(), step_.counts[0].end(), 1);
}

void Group::make_scratch() {
  const size_t most = size_t(rows_) * values_.most_ticks();
  size_t width = 0;
  for (size_t i = 0; i < program_.graph.ops.size(); i++) {
    const Packed* packed = program_.packed(i);
    if (packed) scratch_.room = std::max(scratch_.room, packed->gathered());
    if (packed) width = std::max<size_t>(width, packed->width());
  }
  scratch_.x.resize(most), scratch_.add.resize(most), scratch_.input.resize(most);
  scratch_.y.resize(most), scratch_.bytes.resize(most);
  scratch_.gathered = Aligned<std::byte>(most * scratch_.room);
  scratch_.acc = Aligned<std::byte>(most * width * sizeof(float));
}

void Group::reset() {
  for (auto& unit : units_) unit->reset();
  std::fill(pending.begin(), pending.end(), int64_t(program_.graph.num_symbols));
  forget();
}

void Group::forget() {
  for (auto& unit : units_) unit->forget();
}

void Group::make_room(uint64_t steps) {
  for (auto& unit : units_)
    for (uint32_t row = 0; row < rows_; row++) unit->make_room(row, steps);
}

std::vector<uint32_t> Group::entries() const {
  std::vector<uint32_t> most;
  for (const auto& unit : units_) {
    most.push_back(1);
    for (uint32_t row = 0; row < rows_; row++) most.back() = std::max(most.back(), unit->entries(row));
  }
  return most;
}

void Group::write(uint32_t row, std::vector<Leaf>& leaves) const {
  for (size_t i = 0; i < units_.size(); i++)
    units_[i]->write(row, std::span(leaves).subspan(leaves_[i]), first_row_ + row);
}

void Group::read(uint32_t row, const std::vector<Leaf>& leaves) {
  for (size_t i = 0; i < units_.size(); i++)
    units_[i]->read(row, std::span(leaves).subspan(leaves_[i]), first_row_ + row);
  forget();
}

void Group::feed(const Feed& feed) {
  const uint32_t num_params = program_.num_params();
  forget();
  for (int64_t done = 0; done < feed.steps; done += block_steps_) {
    const uint32_t steps = uint32_t(std::min<int64_t>(block_steps_, feed.steps - done));
    block_.begin(steps, feed.condition, done);
    block_.symbols = feed.symbols + int64_t(first_row_) * feed.steps + done;
    block_.symbol_stride = size_t(feed.steps);
    for (size_t i = 0; i < units_.size(); i++) {
      if (feed.params || program_.feeds_state(i))
        units_[i]->block(block_);
      else
        units_[i]->keep(block_);
    }
    if (!feed.params) continue;
    for (uint32_t row = 0; row < rows_; row++)
      for (uint32_t step = 0; step < steps; step++)
        std::copy_n(block_.floats(program_.graph.output, row, step), num_params,
                    feed.params + ((int64_t(first_row_) + row) * feed.steps + done + step) * num_params);
  }
}

}  // namespace undertow
