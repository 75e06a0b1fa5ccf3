#include "pass.h"

#include <algorithm>
#include <utility>

namespace undertow {

Pass::Pass(const Program& program, const Lanes& lanes, uint32_t most_lanes, std::vector<Place> places, Scratch& shared)
    : scratch(shared), program_(program), lanes_(lanes), places_(std::move(places)) {
  for (size_t domain = 0; domain < program.graph.domains.size(); domain++) {
    counts.emplace_back(most_lanes);
    phases.emplace_back(most_lanes);
  }
  counts_.resize(most_lanes);
}

void Pass::begin(uint32_t steps, const Condition& condition, int64_t step) {
  std::fill(counts[0].begin(), counts[0].end(), steps);
  condition_ = condition;
  if (condition.steps > 1) condition_.data += step * program_.graph.condition_channels;
}

uint32_t Pass::most_ticks(uint32_t domain) const {
  return *std::max_element(counts[domain].begin(), counts[domain].begin() + rows());
}

void Pass::narrow(uint32_t domain, uint32_t tick) {
  if (tick == 0) counts_ = counts[domain];
  first_ = tick;
  for (uint32_t row = 0; row < rows(); row++) counts[domain][row] = tick < counts_[row];
}

void Pass::widen(uint32_t domain) {
  counts[domain] = counts_;
  first_ = 0;
}

const float* Pass::condition(uint32_t row, uint32_t tick) const {
  const size_t step = condition_.steps == 1 ? 0 : size_t(first_ + tick) * program_.graph.condition_channels;
  return condition_.data + int64_t(lanes_.places[row]) * condition_.stride + step;
}

void Pass::quantise(uint32_t value, uint32_t row, uint32_t tick) const {
  const Holding& holding = program_.holding(value);
  if (!holding.bytes) return;
  uint8_t* target = bytes(value, row, tick);
  Finish finish{};
  finish.end = uint32_t(round_up(program_.graph.values[value].channels, lane_group));
  finish.num_rows = 1;
  finish.acc = floats(value, row, tick);
  finish.bytes = &target;
  finish.inverse_step = holding.inverse_step.data();
  finish.zero_point = holding.zero_point;
  program_.kernels.finish(finish);
}

}  // namespace undertow
