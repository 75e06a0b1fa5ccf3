#include "state.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "op.h"

namespace undertow {

namespace {

// A leaf of so many rows and, where it grows, so many entries.
Leaf empty_leaf(const LeafShape& shape, uint32_t rows, uint32_t entries) {
  if (shape.is_integer()) return {shape.name, {rows}, true, {}, std::vector<int64_t>(rows)};
  Leaf leaf{shape.name, {rows}, false, {}, {}};
  leaf.shape.insert(leaf.shape.end(), shape.dims.begin(), shape.dims.end());
  if (shape.grows) leaf.shape[1] = entries;
  size_t size = 1;
  for (int64_t dim : leaf.shape) size *= size_t(dim);
  leaf.floats.resize(size);
  return leaf;
}

// Refuse a leaf that is not as `shape` says; where it grows, it may have from one entry to the most.
void check_leaf(const Leaf& leaf, const LeafShape& shape, uint32_t rows) {
  int64_t entries = shape.grows ? shape.dims[0] : 0;
  if (shape.grows && leaf.shape.size() > 1 && leaf.shape[1] > 0) entries = std::min(leaf.shape[1], entries);
  const Leaf own = empty_leaf(shape, rows, uint32_t(entries));
  if (leaf.shape != own.shape || leaf.integer != own.integer || leaf.floats.size() != own.floats.size() ||
      leaf.integers.size() != own.integers.size())
    throw std::invalid_argument("the state's " + own.name + " is " + text(leaf) + ", not " + text(own));
}

void check_integers(const Leaf& leaf, int64_t least, uint64_t below) {
  for (int64_t integer : leaf.integers)
    if (integer < least || integer >= int64_t(below))
      throw std::invalid_argument("the state's " + leaf.name + " is out of bounds");
}

// One op's leaves, of those given; it may go beyond no entries that are not there.
void take_leaves(const std::vector<LeafShape>& shapes, uint32_t rows, const std::map<std::string, const Leaf*>& by_name,
                 std::vector<Leaf>& ordered) {
  uint64_t entries = 0;
  for (const LeafShape& shape : shapes) {
    const auto found = by_name.find(shape.name);
    if (found == by_name.end()) throw std::invalid_argument("the state has no " + shape.name);
    check_leaf(*found->second, shape, rows);
    ordered.push_back(*found->second);
    if (shape.is_integer()) check_integers(ordered.back(), shape.least, shape.below);
    if (shape.counts) check_integers(ordered.back(), 0, entries + 1);
    if (!shape.grows) continue;
    const uint64_t own = uint64_t(ordered.back().shape[1]);
    entries = entries == 0 ? own : std::min(entries, own);
  }
}

}  // namespace

std::string text(const Leaf& leaf) {
  std::string sizes;
  for (int64_t size : leaf.shape) sizes += (sizes.empty() ? "" : "x") + std::to_string(size);
  return sizes + (leaf.integer ? " int64" : " float32");
}

std::vector<Leaf> empty_leaves(const Graph& graph, uint32_t rows, const std::vector<uint32_t>& entries) {
  std::vector<Leaf> leaves;
  for (size_t i = 0; i < graph.ops.size(); i++)
    for (const LeafShape& shape : rules_of(graph.ops[i]).leaves(graph, graph.ops[i]))
      leaves.push_back(empty_leaf(shape, rows, entries[i]));
  return leaves;
}

std::vector<Leaf> distinct(std::vector<Leaf> leaves) {
  std::set<std::string> seen;
  std::vector<Leaf> kept;
  for (; !leaves.empty(); leaves.pop_back())
    if (seen.insert(leaves.back().name).second) kept.push_back(std::move(leaves.back()));
  std::ranges::reverse(kept);
  return kept;
}

std::vector<Leaf> in_order(const Graph& graph, uint32_t rows, std::vector<Leaf> leaves) {
  std::map<std::string, const Leaf*> by_name;
  for (const Leaf& leaf : leaves) by_name[leaf.name] = &leaf;
  std::vector<Leaf> ordered;
  for (const Op& op : graph.ops) take_leaves(rules_of(op).leaves(graph, op), rows, by_name, ordered);
  for (const Leaf& leaf : ordered) by_name.erase(leaf.name);
  if (!by_name.empty())
    throw std::invalid_argument("the state has " + by_name.begin()->first + ", which this model has not");
  return ordered;
}

}  // namespace undertow
