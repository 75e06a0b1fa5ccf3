#include "state.h"

#include <map>
#include <stdexcept>

#include "op.h"

namespace undertow {

namespace {

std::string text(const Leaf& leaf) {
  std::string sizes;
  for (int64_t size : leaf.shape) sizes += (sizes.empty() ? "" : "x") + std::to_string(size);
  return sizes + (leaf.integer ? " int64" : " float32");
}

void check_leaf(const Leaf& leaf, const Leaf& own) {
  if (leaf.shape != own.shape || leaf.integer != own.integer || leaf.floats.size() != own.floats.size() ||
      leaf.integers.size() != own.integers.size())
    throw std::invalid_argument("the state's " + own.name + " is " + text(leaf) + ", not " + text(own));
}

Leaf empty_leaf(const LeafShape& shape, uint32_t rows) {
  if (shape.is_integer()) return {shape.name, {rows}, true, {}, std::vector<int64_t>(rows)};
  const size_t size = size_t(rows) * shape.length * shape.channels;
  return {shape.name, {rows, shape.length, shape.channels}, false, std::vector<float>(size), {}};
}

std::vector<LeafShape> leaf_shapes(const Graph& graph) {
  std::vector<LeafShape> shapes;
  for (const Op& op : graph.ops)
    for (LeafShape& shape : rules_of(op).leaves(graph, op)) shapes.push_back(std::move(shape));
  return shapes;
}

}  // namespace

std::vector<Leaf> empty_leaves(const Graph& graph, uint32_t rows) {
  std::vector<Leaf> leaves;
  for (const LeafShape& shape : leaf_shapes(graph)) leaves.push_back(empty_leaf(shape, rows));
  return leaves;
}

std::vector<Leaf> in_order(const Graph& graph, uint32_t rows, std::vector<Leaf> leaves) {
  std::map<std::string, Leaf*> by_name;
  for (Leaf& leaf : leaves) by_name[leaf.name] = &leaf;
  std::vector<Leaf> ordered;
  for (const LeafShape& shape : leaf_shapes(graph)) {
    const auto found = by_name.find(shape.name);
    if (found == by_name.end()) throw std::invalid_argument("the state has no " + shape.name);
    check_leaf(*found->second, empty_leaf(shape, rows));
    ordered.push_back(std::move(*found->second));
    by_name.erase(found);
    for (int64_t integer : ordered.back().integers)
      if (integer < 0 || integer >= int64_t(shape.length))
        throw std::invalid_argument("the state's " + shape.name + " is out of bounds");
  }
  if (!by_name.empty())
    throw std::invalid_argument("the state has " + by_name.begin()->first + ", which this model has not");
  return ordered;
}

}  // namespace undertow
