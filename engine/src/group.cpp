// A group's memory and its state, and blocks of known steps: each weight is read once for all of them. Everything is
// allocated here, nothing while stepping.
#include "group.h"

#include <algorithm>

namespace undertow {

namespace {

constexpr uint32_t burst_vectors = 6;    // past taps' products are shared by about so many steps and rows

}  // namespace

Group::Group(const Program& program, const Memory& memory, uint32_t first_slot, uint32_t slots, uint32_t most_rows,
             uint32_t threads)
    : program_(program), first_slot_(first_slot), slots_(slots), elements_(program.graph.num_elements()),
      pending_(size_t(slots) * elements_), symbols_(size_t(most_rows) * elements_), values_(program, slots),
      block_(program, lanes_, slots, values_.block(), scratch_),
      step_(program, lanes_, slots, values_.step(), scratch_), progress_(new Progress[threads]),
      sampler_(program.graph.emission, program.graph.num_symbols, program.num_params(), program.kernels.softmax),
      cdf_(program.graph.emission, program.graph.num_symbols, program.kernels),
      uniforms_(sampler_.num_uniforms()) {
  for (Pass* pass : {&block_, &step_}) pass->memory = &memory, pass->first_slot = first_slot;
  make_scratch();
  make_units(threads);
  for (uint32_t slot = 0; slot < slots; slot++) reset(slot);
  lanes_.slots.reserve(slots), lanes_.places.reserve(slots);
}

void Group::make_units(uint32_t threads) {
  const Graph& graph = program_.graph;
  const uint32_t burst = std::max(1u, burst_vectors / slots_);
  uint32_t num_leaves = 0;
  for (size_t i = 0; i < graph.ops.size(); i++) {
    const OpRules& rules = rules_of(graph.ops[i]);
    units_.push_back(rules.unit(program_, i, slots_, burst));
    leaves_.push_back(num_leaves);
    num_leaves += uint32_t(rules.leaves(graph, graph.ops[i]).size());
    const size_t end = program_.loop_end(i);
    loops_.push_back(end == 0 ? nullptr : std::make_unique<Loop>(program_, i, end, units_, slots_));
  }
  Tasks tasks(graph, slots_, threads);
  std::vector<Unit*> planned_by(graph.ops.size());
  for (size_t i = 0; i < graph.ops.size(); i++) {
    planned_by[i] = units_[i].get();
    if (loops_[i] && program_.row_ticks(graph.values[graph.ops[i].output].domain) > 0) {
      planned_by[i] = loops_[i].get();
      loops_[i]->plan(tasks, step_);
      stepped_.push_back({loops_[i].get(), false});
      i = loops_[i]->end() - 1;
      continue;
    }
    if (!program_.holding(graph.ops[i].output).ahead) {
      units_[i]->plan(tasks, step_);
      stepped_.push_back({units_[i].get(), false});
    }
    for (size_t repeater : program_.repeaters(i)) {
      units_[repeater]->plan_repeated(tasks);
      stepped_.push_back({units_[repeater].get(), true});
    }
  }
  const std::vector<Task> planned = tasks.take();
  for (const Task& task : planned) calls_.push_back({task.op == no_op ? nullptr : planned_by[task.op], task.number});
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
  const size_t most = values_.most_vectors();
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

// Other rows than those of the last call find nothing that was worked out for these.
void Group::take(const std::vector<uint32_t>& slots) {
  Lanes& lanes = lanes_;
  const auto mine = [&](uint32_t slot) { return slot >= first_slot_ && slot - first_slot_ < slots_; };
  size_t lane = 0;
  bool same = true;
  for (size_t place = 0; place < slots.size(); place++)
    if (mine(slots[place])) {
      const uint32_t slot = slots[place] - first_slot_;
      if (lane == lanes.slots.size()) lanes.slots.push_back(slot), lanes.places.push_back(0), same = false;
      same &= lanes.slots[lane] == slot;
      lanes.slots[lane] = slot, lanes.places[lane] = uint32_t(place);
      lane++;
    }
  same &= lane == lanes.slots.size();
  if (same) return;
  lanes.slots.resize(lane), lanes.places.resize(lane);
  values_.arrange(uint32_t(lane));
  block_.place(values_.block()), step_.place(values_.step());
  forget();
}

void Group::reset(uint32_t slot) {
  for (auto& unit : units_) unit->reset(slot);
  std::ranges::fill(pending(slot), int64_t(program_.graph.num_symbols));
  forget();
}

void Group::copy(uint32_t slot, Group& other, uint32_t other_slot) {
  for (size_t i = 0; i < units_.size(); i++) units_[i]->copy(slot, *other.units_[i], other_slot);
  std::ranges::copy(other.pending(other_slot), pending(slot).begin());
  forget();
}

void Group::forget() {
  for (auto& unit : units_) unit->forget();
}

void Group::remember(const Memory& memory) {
  for (auto& unit : units_) unit->remember(memory);
}

void Group::make_room(uint64_t steps) {
  for (auto& unit : units_)
    for (uint32_t slot : lanes_.slots) unit->make_room(slot, steps);
}

void Group::count_entries(uint32_t slot, std::vector<uint32_t>& most) const {
  for (size_t i = 0; i < units_.size(); i++) most[i] = std::max(most[i], units_[i]->entries(slot));
}

void Group::write(uint32_t slot, std::vector<Leaf>& leaves, uint32_t row) const {
  for (size_t i = 0; i < units_.size(); i++) units_[i]->write(slot, std::span(leaves).subspan(leaves_[i]), row);
}

void Group::read(uint32_t slot, const std::vector<Leaf>& leaves, uint32_t row) {
  for (size_t i = 0; i < units_.size(); i++) units_[i]->read(slot, std::span(leaves).subspan(leaves_[i]), row);
  forget();
}

void Group::feed(const Feed& feed) {
  const bool wanted = feed.params || feed.counting.wanted();
  const uint32_t most = Values::block_steps(lanes_.size());
  if (lanes_.size() == 0) return;
  forget();
  for (int64_t done = 0; done < feed.steps; done += most) {
    const uint32_t steps = uint32_t(std::min<int64_t>(most, feed.steps - done));
    block_.begin(steps, feed.condition, done);
    block_.symbols = feed.symbols ? feed.symbols + done * elements_ : nullptr;
    block_.inputs = feed.inputs ? feed.inputs + done * program_.graph.input_channels() : nullptr;
    block_.symbol_stride = size_t(feed.steps);
    for (size_t i = 0; i < units_.size(); i++) {
      if (loops_[i])
        loops_[i]->run(block_, wanted), i = loops_[i]->end() - 1;
      else
        work_on_block(program_, units_, i, block_, wanted);
    }
    if (wanted) tell(feed, done, steps);
  }
}

// What is wanted of the emissions of a block.
void Group::tell(const Feed& feed, int64_t done, uint32_t steps) {
  const uint32_t num_params = program_.num_params();
  for (uint32_t lane = 0; lane < lanes_.size(); lane++)
    for (uint32_t step = 0; step < steps; step++) {
      const float* params = block_.floats(program_.graph.output, lane, step);
      const int64_t place = lanes_.places[lane] * feed.steps + done + step;
      if (feed.params) std::copy_n(params, num_params, feed.params + place * num_params);
      if (feed.counting.wanted()) cdf_.count(feed.counting, params, place);
    }
}

}  // namespace undertow
