// The state of rows as others know it: leaves by name.
#pragma once

#include <cstdint>
#include <vector>

#include "undertow/graph.h"
#include "undertow/leaf.h"

namespace undertow {

std::string text(const Leaf& leaf);  // its sizes and type

// Leaves of the right shapes for so many rows, zeroed, in the order of the ops, each op with all of its own; of those
// that grow, as many entries as `entries` says of each op.
std::vector<Leaf> empty_leaves(const Graph& graph, uint32_t rows, const std::vector<uint32_t>& entries);

// The same leaves, what several ops share once, where the last of them has it.
std::vector<Leaf> distinct(std::vector<Leaf> leaves);

// Leaves in the order of the ops, each op with all of its own. Throws std::invalid_argument where they are not those of
// so many rows of this graph, or their integers are out of bounds.
std::vector<Leaf> in_order(const Graph& graph, uint32_t rows, std::vector<Leaf> leaves);

}  // namespace undertow
