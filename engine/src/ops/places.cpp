#include "ops/places.h"

#include <algorithm>

#include "program.h"
#include "state.h"

namespace undertow {

Placed::Placed(const Program& program, size_t op, uint32_t slots, uint32_t channels)
    : Unit(program, op, slots), width_(this->op().settings[0]), channels_(channels),
      held_(size_t(slots) * width_ * channels), places_(slots) {}

void Placed::reset(uint32_t slot) {
  std::fill_n(held(slot, 0), size_t(width_) * channels_, 0.0f);
  places_[slot] = 0;
}

void Placed::copy(uint32_t slot, const Unit& other, uint32_t other_slot) {
  const auto& from = static_cast<const Placed&>(other);
  std::copy_n(from.held(other_slot, 0), size_t(width_) * channels_, held(slot, 0));
  places_[slot] = from.places_[other_slot];
}

void Placed::write(uint32_t slot, std::span<Leaf> leaves, uint32_t leaf_row) const {
  const size_t size = size_t(width_) * channels_;
  if (size > 0) std::copy_n(held(slot, 0), size, leaves[0].floats.data() + leaf_row * size);
  leaves[size > 0].integers[leaf_row] = places_[slot];
}

void Placed::read(uint32_t slot, std::span<const Leaf> leaves, uint32_t leaf_row) {
  const size_t size = size_t(width_) * channels_;
  if (size > 0) std::copy_n(leaves[0].floats.data() + leaf_row * size, size, held(slot, 0));
  places_[slot] = uint32_t(leaves[size > 0].integers[leaf_row]);
}

std::vector<LeafShape> placed_leaves(const Op& op, uint32_t width, uint32_t channels, uint32_t domain) {
  std::vector<LeafShape> leaves;
  if (channels > 0) leaves.push_back({.name = op.name + ".held", .dims = {width, channels}});
  leaves.push_back({.name = clock_leaf("place", domain), .below = 2 * uint64_t(width), .shared = true});
  return leaves;
}

void check_placed(OpCheck& check, const Op& op) {
  check.inputs(op, 1);
  check.no_tensors(op);
  if (op.settings.size() != 1 || op.settings[0] < 1 || op.settings[0] > max_turned) {
    check.fail("has settings other than the pixels of a row, 1 to ", max_turned);
  }
  if (op.kind != OpKind::shrink) check.ticks(check.value(op.output).domain);
}

void check_even_rows(OpCheck& check, const Op& op, uint32_t domain) {
  const uint32_t width = op.settings[0], found = check.graph.row_ticks(domain);
  if (width % 2 != 0) check.fail("halves rows of ", width, " pixels");
  if (found != 0 && found != width) check.fail("has rows of ", width, ", and domain ", domain, " of ", found);
}

std::string clock_leaf(const char* what, uint32_t domain) { return what + std::string(1, '.') + std::to_string(domain); }

}  // namespace undertow
