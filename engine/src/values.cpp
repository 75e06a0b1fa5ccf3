#include "values.h"

#include <algorithm>

namespace undertow {

namespace {

constexpr uint32_t block_vectors = 128;  // of one value in a block, over all rows

}  // namespace

Values::Values(const Program& program, uint32_t rows) : program_(program) {
  make_block(rows);
  make_step(rows);
  arrange(rows);
}

uint32_t Values::block_steps(uint32_t rows) { return std::max(1u, block_vectors / std::max(1u, rows)); }

uint32_t Values::ticks(uint32_t domain, uint32_t steps) const {
  if (domain == 0) return steps;
  const auto [parent, period] = program_.graph.domains[domain];
  const uint32_t above = ticks(parent, steps);
  // Wherever they begin, every second one of one row in two.
  if (const uint32_t width = program_.halved(domain))
    return std::min((above + 1) / 2, (above + 2 * width - 1) / (2 * width) * (width / 2));
  const uint32_t whole = (above + period - 1) / period;
  return program_.row_ticks(domain) > 0 ? whole * period : whole + 1;
}

// Room for the most vectors that any number of rows may need.
void Values::make_block(uint32_t rows) {
  const Graph& graph = program_.graph;
  std::vector<size_t> most(graph.domains.size());
  for (uint32_t some = 1; some <= rows; some++)
    for (uint32_t domain = 0; domain < graph.domains.size(); domain++)
      most[domain] = std::max(most[domain], size_t(some) * ticks(domain, block_steps(some)));
  most_vectors_ = *std::max_element(most.begin(), most.end());
  size_t num_floats = 0, num_bytes = 0;
  for (size_t v = 0; v < graph.values.size(); v++) {
    const size_t size = program_.holding(v).stride * most[graph.values[v].domain];
    num_floats += size, num_bytes += program_.holding(v).bytes ? size : 0;
  }
  block_floats_ = Aligned<float>(num_floats), block_bytes_ = Aligned<uint8_t>(num_bytes);
  float* floats = block_floats_.data();
  uint8_t* bytes = block_bytes_.data();
  for (size_t v = 0; v < graph.values.size(); v++) {
    const Holding& holding = program_.holding(v);
    const size_t size = holding.stride * most[graph.values[v].domain];
    block_.push_back({floats, holding.bytes ? bytes : nullptr, 0, holding.stride});
    floats += size, bytes += holding.bytes ? size : 0;
  }
}

void Values::make_step(uint32_t rows) {
  const Graph& graph = program_.graph;
  size_t size = 0;
  std::vector<size_t> offset(graph.values.size());
  for (size_t v = 0; v < graph.values.size(); v++)
    if (program_.layout(v).first == v) offset[v] = size, size += size_t(rows) * program_.layout(v).stride;
  step_floats_ = Aligned<float>(size), step_bytes_ = Aligned<uint8_t>(size);
  for (size_t v = 0; v < graph.values.size(); v++) {
    const Holding& holding = program_.holding(v);
    if (holding.ahead || graph.values[v].domain != 0) {
      step_.push_back(block_[v]);
      step_.back().ahead = holding.ahead;
      continue;
    }
    const Layout& layout = program_.layout(v);
    const size_t at = offset[layout.first] + layout.before;
    step_.push_back({step_floats_.data() + at, holding.bytes ? step_bytes_.data() + at : nullptr, layout.stride, 0});
  }
}

void Values::arrange(uint32_t rows) {
  const Graph& graph = program_.graph;
  for (size_t v = 0; v < graph.values.size(); v++) {
    block_[v].row = ticks(graph.values[v].domain, block_steps(rows)) * block_[v].step;
    if (program_.holding(v).ahead || graph.values[v].domain != 0) step_[v].row = block_[v].row;
  }
}

}  // namespace undertow
