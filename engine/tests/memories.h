// Memories of sources for models that read one.
#pragma once

#include <vector>

#include "memory.h"
#include "program.h"
#include "state.h"
#include "undertow/engine.h"

namespace undertow::testing {

constexpr uint32_t num_sources = 2;

// Leaves of two sources, of 21 and 5 steps, of whatever a graph reads; behind a source's length is what nobody may see.
inline std::vector<Leaf> memories(const Graph& graph) {
  const std::vector<int64_t> lengths = {21, 5};
  std::vector<Leaf> leaves{{"lengths", {num_sources}, true, {}, lengths}};
  for (const MemoryShape& shape : memory_shapes(graph)) {
    Leaf leaf{shape.name, {num_sources, lengths[0], shape.channels}, false, {}, {}};
    for (uint32_t source = 0; source < num_sources; source++)
      for (int64_t step = 0; step < lengths[0]; step++)
        for (uint32_t c = 0; c < shape.channels; c++)
          leaf.floats.push_back(step < lengths[source] ? float((leaf.floats.size() * 37 + leaves.size()) % 101) / 40 - 1.25f : 1e9f);
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

// Give an engine memories, if its model reads any: its rows are those from `first_row` on, and take turns of the sources.
inline void remember(Engine& engine, uint32_t first_row = 0) {
  if (memory_shapes(engine.program().graph).empty()) return;
  std::vector<int64_t> sources;
  for (uint32_t row = 0; row < engine.slots(); row++) sources.push_back((first_row + row) % num_sources);
  engine.set_memory(memories(engine.program().graph), sources);
}

}  // namespace undertow::testing
