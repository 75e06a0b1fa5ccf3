#include "undertow/engine.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

#include "group.h"
#include "memory.h"
#include "state.h"
#include "pace.h"
#include "team.h"
#include "use.h"

namespace undertow {

namespace {

constexpr uint32_t most_rows = 1 << 16;
constexpr uint64_t most_bytes = uint64_t(1) << 36;

// What a row takes, about, before it has had a step: its state, its vectors of every value, and its sums.
uint64_t row_bytes(const Program& program) {
  uint64_t bytes = 0, longest = 1;
  for (const Op& op : program.graph.ops)
    for (const LeafShape& leaf : rules_of(op).leaves(program.graph, op)) bytes += leaf.grows ? 0 : leaf.bytes();
  for (size_t v = 0; v < program.graph.values.size(); v++) {
    const uint32_t domain = program.graph.values[v].domain;
    const uint64_t ticks = std::max(1u, program.row_ticks(domain));
    bytes += 10 * program.holding(v).stride * ticks, longest = std::max(longest, ticks);
  }
  for (size_t i = 0; i < program.graph.ops.size(); i++)
    bytes += program.packed(i) ? sizeof(float) * program.packed(i)->width() * longest : 0;
  return bytes;
}

}  // namespace

// Some of a run's steps.
Run part_of(const Run& whole, int64_t first, int64_t steps, const Graph& graph) {
  Run part = whole;
  part.steps = steps, part.skipped += first;
  part.out += first * graph.num_elements();
  if (whole.params) part.params += first * graph.values[graph.output].channels;
  if (whole.condition.steps > 1) {
    part.condition.data += first * graph.condition_channels;
    part.condition.steps = std::max<int64_t>(2, steps);
  }
  if (whole.uniforms) part.uniforms += first * graph.emission.num_uniforms();
  return part;
}

Engine::Engine(std::shared_ptr<const Program> program, uint32_t slots, uint32_t threads)
    : program_(std::move(program)), slots_(slots), threads_(threads), seen_(slots) {
  if (program_->graph.is_encoder()) throw std::invalid_argument("this model is an encoder, which reads whole sources");
  if (slots < 1 || slots > most_rows) throw std::invalid_argument("rows must be from 1 to 65536");
  if (slots * row_bytes(*program_) > most_bytes)
    throw std::invalid_argument("so many rows would take more than 64 GiB of memory");
  check_threads(threads);
  memory_ = std::make_unique<Memory>(program_->graph, slots);
  const DefinedArithmetic arithmetic;
  // With a slot or more for each thread, every thread has slots of its own; with fewer, all of them share each row.
  const uint32_t num_groups = slots >= threads ? threads : 1;
  for (uint32_t n = 0; n < num_groups; n++) {
    const uint32_t first = uint64_t(slots) * n / num_groups, end = uint64_t(slots) * (n + 1) / num_groups;
    groups_.push_back(std::make_unique<Group>(*program_, *memory_, first, end - first, slots, threads / num_groups));
    first_slots_.push_back(first);
  }
  named_.reserve(slots);
  team_ = std::make_unique<Team>(threads);
  pace_ = std::make_unique<Pace>();
}

Engine::~Engine() = default;

Engine::Seat Engine::seat(uint32_t slot) const {
  if (slot >= slots_)
    throw std::invalid_argument("there is no slot " + std::to_string(slot) + "; they are 0 to " +
                                std::to_string(slots_ - 1));
  const size_t group = size_t(std::upper_bound(first_slots_.begin(), first_slots_.end(), slot) - first_slots_.begin()) - 1;
  return {*groups_[group], slot - first_slots_[group]};
}

void Engine::name(Slots slots) const {
  named_.assign(slots.begin(), slots.end());
  if (slots.empty())
    for (uint32_t slot = 0; slot < slots_; slot++) named_.push_back(slot);
  std::fill(seen_.begin(), seen_.end(), false);
  for (uint32_t slot : named_) {
    seat(slot);
    if (seen_[slot]) throw std::invalid_argument("slot " + std::to_string(slot) + " is named twice");
    seen_[slot] = true;
  }
}

void Engine::take(Slots slots) {
  name(slots);
  for (auto& group : groups_) group->take(named_);
}

void Engine::feed(const Feed& feed) {
  const Use use(stepping_);
  check_memory();
  take(feed.slots);
  const int64_t emissions = feed.steps * int64_t(named_.size());
  if ((feed.symbols == nullptr) != (program_->graph.num_symbols == 0) ||
      (feed.inputs == nullptr) != (program_->graph.input_channels() == 0))
    throw std::invalid_argument(program_->graph.num_symbols == 0 ? "steps of this model are floats, not symbols"
                                                                 : "steps of this model are symbols, not floats");
  if (feed.symbols) check_symbols({feed.symbols, size_t(emissions * program_->graph.num_elements())});
  groups_[0]->cdf().check(feed.counting, emissions);
  for (auto& group : groups_) group->make_room(uint64_t(feed.steps));
  team_->run([&](uint32_t member) {
    if (member < groups_.size()) groups_[member]->feed(feed);
  });
}

void Engine::check_symbols(std::span<const int64_t> symbols) const {
  for (int64_t symbol : symbols)
    if (symbol < 0 || symbol > program_->graph.num_symbols)
      throw std::invalid_argument("a symbol lies outside the alphabet");
}

void Engine::run(const Run& run) {
  const Use use(stepping_);
  check_memory();
  if (program_->graph.emission.kind == EmissionKind::none)
    throw std::invalid_argument("this model has outputs, from which nothing is drawn");
  take(run.slots);
  for (auto& group : groups_) group->make_room(uint64_t(run.steps));
  const uint32_t each = groups_[0]->threads();
  if (each == 1) return run_groups(run);
  for (int64_t done = 0; done < run.steps;) {
    const Run part = part_of(run, done, pace_->next(run.steps - done), program_->graph);
    const auto begin = std::chrono::steady_clock::now();
    run_groups(part);
    pace_->done(part.steps, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    done += part.steps;
  }
}

// Threads with slots of their own each step theirs; those that share every row do it together, or the first one alone.
void Engine::run_groups(const Run& run) {
  for (auto& group : groups_) group->prepare();
  const uint32_t each = groups_[0]->threads();
  if (each == 1) {
    team_->run([&](uint32_t member) { groups_[member]->run_alone(run); });
  } else if (pace_->alone()) {
    const DefinedArithmetic arithmetic;
    groups_[0]->run_alone(run);
  } else {
    team_->run([&](uint32_t member) { groups_[0]->run(run, member); });
  }
}

uint32_t Engine::threads_used() const { return groups_[0]->threads() > 1 && pace_->chosen() ? 1 : threads_; }

void Engine::reserve(uint64_t steps, Slots slots) {
  const Use use(stepping_);
  take(slots);
  for (auto& group : groups_) group->make_room(steps);
}

void Engine::reset(Slots slots) {
  const Use use(stepping_);
  name(slots);
  for (uint32_t slot : named_) seat(slot).group.reset(seat(slot).slot);
}

void Engine::copy(uint32_t from, uint32_t to) {
  const Use use(stepping_);
  const Seat source = seat(from), target = seat(to);
  if (from == to) return;
  target.group.copy(target.slot, source.group, source.slot);
  memory_->choose(to, memory_->source(from));
}

void Engine::set_memory(const std::vector<Leaf>& leaves, const std::vector<int64_t>& sources) {
  const Use use(stepping_);
  memory_->give(leaves, sources);
  for (auto& group : groups_) group->remember(*memory_);
}

void Engine::set_source(uint32_t slot, uint32_t source) {
  const Use use(stepping_);
  check_memory();
  seat(slot);
  if (source >= memory_->sources()) throw std::invalid_argument("there is no source " + std::to_string(source));
  memory_->choose(slot, source);
}

void Engine::check_memory() const {
  if (memory_->is_read() && !memory_->is_given())
    throw std::invalid_argument("this model reads the memory of a source, and has been given none");
}

std::vector<int64_t> Engine::pending(Slots slots) const {
  const Use use(stepping_);
  name(slots);
  std::vector<int64_t> symbols;
  for (uint32_t slot : named_) {
    const std::span<int64_t> last = seat(slot).group.pending(seat(slot).slot);
    symbols.insert(symbols.end(), last.begin(), last.end());
  }
  return symbols;
}

void Engine::set_pending(std::span<const int64_t> symbols, Slots slots) {
  const Use use(stepping_);
  name(slots);
  const uint32_t elements = program_->graph.num_elements();
  if (symbols.size() != named_.size() * elements)
    throw std::invalid_argument(program_->graph.is_vector() ? "there is to be one pending vector a row"
                                                            : "there is to be one pending symbol a row");
  check_symbols(symbols);
  for (size_t row = 0; row < named_.size(); row++) {
    const Seat at = seat(named_[row]);
    std::copy_n(symbols.begin() + row * elements, elements, at.group.pending(at.slot).begin());
  }
}

std::vector<Leaf> Engine::state(Slots slots) const {
  const Use use(stepping_);
  const DefinedArithmetic arithmetic;
  name(slots);
  std::vector<uint32_t> entries(program_->graph.ops.size(), 1);
  for (uint32_t slot : named_) seat(slot).group.count_entries(seat(slot).slot, entries);
  std::vector<Leaf> leaves = empty_leaves(program_->graph, uint32_t(named_.size()), entries);
  for (uint32_t row = 0; row < named_.size(); row++) {
    const Seat at = seat(named_[row]);
    at.group.write(at.slot, leaves, row);
  }
  return distinct(std::move(leaves));
}

void Engine::restore(std::vector<Leaf> given, Slots slots) {
  const Use use(stepping_);
  const DefinedArithmetic arithmetic;
  name(slots);
  const std::vector<Leaf> leaves = in_order(program_->graph, uint32_t(named_.size()), std::move(given));
  for (uint32_t row = 0; row < named_.size(); row++) {
    const Seat at = seat(named_[row]);
    at.group.read(at.slot, leaves, row);
  }
}

}  // namespace undertow
