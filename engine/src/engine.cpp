#include "undertow/engine.h"

#include <algorithm>
#include <stdexcept>

#include "group.h"
#include "team.h"

namespace undertow {

namespace {

constexpr uint32_t most_rows = 1 << 16;
constexpr uint64_t most_bytes = uint64_t(1) << 36;

// One caller at a time.
class Use {
 public:
  explicit Use(std::atomic_flag& flag) : flag_(flag) {
    if (flag_.test_and_set()) throw std::logic_error("this engine is in use in another thread; each wants its own");
  }
  ~Use() { flag_.clear(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  std::atomic_flag& flag_;
};

// What a row takes, about: its state, its vectors of every value, and its sums.
uint64_t row_bytes(const Program& program) {
  uint64_t bytes = program.graph.state_bytes();
  for (size_t v = 0; v < program.graph.values.size(); v++) bytes += 10 * program.holding(v).stride;
  for (size_t i = 0; i < program.graph.ops.size(); i++) bytes += program.packed(i) ? sizeof(float) * program.packed(i)->width() : 0;
  return bytes;
}

}  // namespace

Engine::Engine(std::shared_ptr<const Program> program, uint32_t rows, uint32_t threads)
    : program_(std::move(program)), rows_(rows), threads_(threads) {
  if (rows < 1 || rows > most_rows) throw std::invalid_argument("rows must be from 1 to 65536");
  if (rows * row_bytes(*program_) > most_bytes)
    throw std::invalid_argument("so many rows would take more than 64 GiB of memory");
  check_threads(threads);
  const DefinedArithmetic arithmetic;
  // With a row or more for each thread, every thread has rows of its own; with fewer, all of them share each row.
  const uint32_t num_groups = rows >= threads ? threads : 1;
  for (uint32_t n = 0; n < num_groups; n++) {
    const uint32_t first = uint64_t(rows) * n / num_groups, end = uint64_t(rows) * (n + 1) / num_groups;
    groups_.push_back(std::make_unique<Group>(*program_, first, end - first, threads / num_groups));
  }
  team_ = std::make_unique<Team>(threads);
}

Engine::~Engine() = default;

void Engine::feed(const Feed& feed) {
  const Use use(stepping_);
  for (int64_t i = 0; i < feed.steps * rows_; i++)
    if (feed.symbols[i] < 0 || feed.symbols[i] > program_->graph.num_symbols)
      throw std::invalid_argument("a symbol lies outside the alphabet");
  for (auto& group : groups_) group->make_room(uint64_t(feed.steps));
  team_->run([&](uint32_t member) {
    if (member < groups_.size()) groups_[member]->feed(feed);
  });
}

void Engine::run(const Run& run) {
  const Use use(stepping_);
  for (auto& group : groups_) group->make_room(uint64_t(run.steps));
  for (auto& group : groups_) group->prepare();
  const uint32_t each = groups_[0]->threads();
  team_->run([&](uint32_t member) { groups_[member / each]->run(run, member % each); });
  for (auto& group : groups_) group->conclude(run.steps);
}

void Engine::reset() {
  const Use use(stepping_);
  for (auto& group : groups_) group->reset();
}

std::vector<int64_t> Engine::pending() const {
  const Use use(stepping_);
  std::vector<int64_t> symbols;
  for (const auto& group : groups_) symbols.insert(symbols.end(), group->pending.begin(), group->pending.end());
  return symbols;
}

void Engine::set_pending(std::span<const int64_t> symbols) {
  const Use use(stepping_);
  if (symbols.size() != rows_) throw std::invalid_argument("there is to be one pending symbol a row");
  for (int64_t symbol : symbols)
    if (symbol < 0 || symbol > program_->graph.num_symbols)
      throw std::invalid_argument("a symbol lies outside the alphabet");
  for (auto& group : groups_)
    std::copy_n(symbols.begin() + group->first_row(), group->rows(), group->pending.begin());
}

std::vector<Leaf> Engine::state() const {
  const Use use(stepping_);
  const DefinedArithmetic arithmetic;
  std::vector<uint32_t> entries(program_->graph.ops.size(), 1);
  for (const auto& group : groups_)
    std::ranges::transform(entries, group->entries(), entries.begin(), [](auto a, auto b) { return std::max(a, b); });
  std::vector<Leaf> leaves = empty_leaves(program_->graph, rows_, entries);
  for (const auto& group : groups_)
    for (uint32_t row = 0; row < group->rows(); row++) group->write(row, leaves);
  return distinct(std::move(leaves));
}

void Engine::restore(std::vector<Leaf> given) {
  const Use use(stepping_);
  const DefinedArithmetic arithmetic;
  const std::vector<Leaf> leaves = in_order(program_->graph, rows_, std::move(given));
  for (auto& group : groups_)
    for (uint32_t row = 0; row < group->rows(); row++) group->read(row, leaves);
}

}  // namespace undertow
