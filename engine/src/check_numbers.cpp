#include <bit>

#include "check.h"

namespace undertow {
namespace {

bool finite(const Tensor& tensor) {
  bool all = true;
  if (tensor.type == Type::f32) {
    for (size_t i = 0; i < tensor.bytes / 4; ++i) {
      all &= (std::bit_cast<uint32_t>(tensor.f32()[i]) & 0x7F800000u) != 0x7F800000u;
    }
  } else if (tensor.type == Type::bf16) {
    for (size_t i = 0; i < tensor.bytes / 2; ++i) all &= (tensor.bf16()[i] & 0x7F80u) != 0x7F80u;
  }
  return all;
}

// Two products of u8 and these weights, added, must fit 16 bits: 255 · 128 does, on either side of zero.
bool fits_pair(int first, int second) {
  const int positive = (first > 0 ? first : 0) + (second > 0 ? second : 0);
  const int negative = (first < 0 ? -first : 0) + (second < 0 ? -second : 0);
  return first >= -127 && second >= -127 && positive <= 128 && negative <= 128;
}

// A tap of one output: the position of the first pair that does not fit, or `size`.
size_t first_bad_pair(const int8_t* weights, size_t size) {
  for (size_t i = 0; i < size; i += 2) {
    if (!fits_pair(weights[i], i + 1 < size ? weights[i + 1] : 0)) return i;
  }
  return size;
}

void check_pairs(const Tensor& weight, size_t index) {
  const size_t size = weight.dims[2];
  for (size_t tap = 0; tap < size_t(weight.dims[0]) * weight.dims[1]; ++tap) {
    const int8_t* weights = weight.i8() + tap * size;
    const size_t bad = first_bad_pair(weights, size);
    if (bad == size) continue;
    refuse("tensor ", index, ": the int8 weights ", int(weights[bad]), " and ",
           bad + 1 < size ? int(weights[bad + 1]) : 0, " of output ", tap / weight.dims[1],
           " are too large side by side (at most 127 each, 128 of one sign together)");
  }
}

}  // namespace

void check_numbers(const Graph& graph) {
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    if (!finite(graph.tensors[i])) refuse("tensor ", i, " has a number that is NaN or infinite");
  }
  for (const Op& op : graph.ops) {
    if (op.kind == OpKind::conv && graph.tensors[op.weight].type == Type::i8) {
      check_pairs(graph.tensors[op.weight], size_t(op.weight));
    }
  }
}

}  // namespace undertow
