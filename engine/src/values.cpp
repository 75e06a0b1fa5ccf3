#include "values.h"

#include <algorithm>
#include <utility>

namespace undertow {

Values::Values(const Program& program, uint32_t rows, uint32_t steps) {
  for (const Domain& domain : program.graph.domains) {
    const bool base = capacity_.empty();
    capacity_.push_back(base ? steps : (capacity_[domain.parent] + domain.period - 1) / domain.period + 1);
  }
  place_block(program, rows);
  place_step(program, rows);
}

uint32_t Values::most_ticks() const { return *std::max_element(capacity_.begin(), capacity_.end()); }

void Values::place_block(const Program& program, uint32_t rows) {
  const Graph& graph = program.graph;
  const auto take = [](size_t& total, size_t size) { return total += size, total - size; };
  size_t num_floats = 0, num_bytes = 0;
  std::vector<std::pair<size_t, size_t>> offsets;
  for (size_t v = 0; v < graph.values.size(); v++) {
    const Holding& holding = program.holding(v);
    const size_t size = rows * holding.stride * capacity_[graph.values[v].domain];
    offsets.push_back({take(num_floats, size), take(num_bytes, holding.bytes ? size : 0)});
  }
  block_floats_ = Aligned<float>(num_floats), block_bytes_ = Aligned<uint8_t>(num_bytes);
  for (size_t v = 0; v < graph.values.size(); v++) {
    const Holding& holding = program.holding(v);
    uint8_t* bytes = holding.bytes ? block_bytes_.data() + offsets[v].second : nullptr;
    block_.push_back({block_floats_.data() + offsets[v].first, bytes,
                      capacity_[graph.values[v].domain] * holding.stride, holding.stride});
  }
}

void Values::place_step(const Program& program, uint32_t rows) {
  const Graph& graph = program.graph;
  size_t size = 0;
  std::vector<size_t> offset(graph.values.size());
  for (size_t v = 0; v < graph.values.size(); v++)
    if (program.layout(v).first == v) offset[v] = size, size += size_t(rows) * program.layout(v).stride;
  step_floats_ = Aligned<float>(size), step_bytes_ = Aligned<uint8_t>(size);
  for (size_t v = 0; v < graph.values.size(); v++) {
    const Holding& holding = program.holding(v);
    if (holding.ahead || graph.values[v].domain != 0) {
      step_.push_back(block_[v]);
      step_.back().ahead = holding.ahead;
      continue;
    }
    const Layout& layout = program.layout(v);
    const size_t at = offset[layout.first] + layout.before;
    step_.push_back({step_floats_.data() + at, holding.bytes ? step_bytes_.data() + at : nullptr, layout.stride, 0});
  }
}

}  // namespace undertow
